package gateway

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/net/http2"

	standfcm "liveops/sandbox/fcm"
)

// A gateway that breaks the rules is told so, though what is written on a connection is held back.
func TestTheRuleThatWasBrokenIsTold(t *testing.T) {
	w, g := fcmWorld(t, standfcm.Options{}, Options{})
	certified := httptest.NewUnstartedServer(nil)
	certified.EnableHTTP2 = true
	certified.StartTLS()
	defer certified.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	roots := g.CA()
	roots.AddCert(certified.Certificate())
	s, err := NewFCM(FCM{ServiceAccount: g.ServiceAccount()}, Options{URL: "https://" + l.Addr().String(), RootCAs: roots, MaxConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	go func() { _ = s.Send(t.Context(), w.batch(0, 1), make([]Result, 1)) }()
	raw, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	config := certified.TLS.Clone()
	config.NextProtos = []string{http2.NextProtoTLS}
	c := tls.Server(raw, config)
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(c, c)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	if err := framer.WriteRawFrame(http2.FrameSettings, 0, 0, []byte("12345")); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("it is not told: %v", err)
		}
		if away, ok := f.(*http2.GoAwayFrame); ok {
			if away.ErrCode != http2.ErrCodeFrameSize {
				t.Errorf("it is told %v", away.ErrCode)
			}
			return
		}
	}
}
