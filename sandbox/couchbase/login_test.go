package couchbase_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
	"github.com/couchbase/gocbcore/v10/memd"

	"liveops/sandbox/couchbase"
)

// quick gives up soon: for what must not succeed.
var quick = gocb.TimeoutsConfig{KVTimeout: time.Second, ConnectTimeout: time.Second}

// ready connects and waits for a bucket.
func ready(t *testing.T, s *couchbase.Server, bucket string, o gocb.ClusterOptions) error {
	t.Helper()
	c, err := gocb.Connect(s.URL(), o)
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = c.Close(nil) })
	b := c.Bucket(bucket)
	if err := b.WaitUntilReady(2*time.Second, &gocb.WaitUntilReadyOptions{RetryStrategy: failFast{}, ServiceTypes: []gocb.ServiceType{gocb.ServiceTypeKeyValue}}); err != nil {
		return err
	}
	_, err = b.DefaultCollection().Upsert("login", 1, nil)
	return err
}

type failFast struct{}

func (failFast) RetryAfter(gocb.RetryRequest, gocb.RetryReason) gocb.RetryAction {
	return &gocb.NoRetryRetryAction{}
}

func TestEveryMechanismAuthenticates(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		s := start(t, couchbase.Options{TLS: encrypted, Users: []couchbase.User{{Name: "ann,=x", Password: "pä=ss,word"}}})
		mechanisms := []gocb.SaslMechanism{gocb.ScramSha512SaslMechanism, gocb.ScramSha256SaslMechanism, gocb.ScramSha1SaslMechanism}
		if encrypted {
			mechanisms = append(mechanisms, gocb.PlainSaslMechanism)
		}
		for _, m := range mechanisms {
			err := ready(t, s, "game", gocb.ClusterOptions{
				Username: "ann,=x", Password: "pä=ss,word", TimeoutsConfig: quick,
				SecurityConfig: gocb.SecurityConfig{AllowedSaslMechanisms: []gocb.SaslMechanism{m}, TLSRootCAs: s.CA()},
			})
			if err != nil {
				t.Errorf("TLS %v, %s: %v", encrypted, m, err)
			}
		}
	}
}

func TestWhoMayNotIsRefused(t *testing.T) {
	s := start(t, couchbase.Options{
		Buckets: []string{"game", "other"},
		Users: []couchbase.User{
			{Name: "ann", Password: "secret", Buckets: []string{"game"}}, {Name: "reader", Password: "secret", ReadOnly: true},
		},
	})
	for _, c := range []struct{ what, user, password, bucket string }{
		{"a wrong password", "ann", "wrong", "game"},
		{"no password", "ann", "", "game"},
		{"an unknown user", "eve", "secret", "game"},
		{"a bucket of others", "ann", "secret", "other"},
		{"no bucket", "ann", "secret", "none"},
		{"a write by who may read", "reader", "secret", "game"},
	} {
		if err := ready(t, s, c.bucket, gocb.ClusterOptions{Username: c.user, Password: c.password, TimeoutsConfig: quick}); err == nil {
			t.Errorf("%s was let in", c.what)
		}
	}
	if err := ready(t, s, "game", gocb.ClusterOptions{Username: "ann", Password: "secret", TimeoutsConfig: quick}); err != nil {
		t.Errorf("who may was refused: %v", err)
	}
	if got := s.Bucket("game").DefaultCollection().IDs(); len(got) != 1 {
		t.Errorf("documents: %v, want the one that was allowed", got)
	}
}

func TestTLSNeedsTheAuthority(t *testing.T) {
	s := start(t, couchbase.Options{TLS: true})
	err := ready(t, s, "game", gocb.ClusterOptions{
		Username: "Administrator", Password: "password", TimeoutsConfig: quick,
		SecurityConfig: gocb.SecurityConfig{TLSRootCAs: x509.NewCertPool()},
	})
	if err == nil {
		t.Error("a client that does not know the authority connected")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CAPEM()) {
		t.Fatal("CAPEM is no certificate")
	}
	u, err := url.Parse(s.WebURL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: pool})
	if err != nil {
		t.Fatalf("with the authority: %v", err)
	}
	_ = c.Close()
}

// dial opens a connection of the data service.
func dial(t *testing.T, s *couchbase.Server) net.Conn {
	t.Helper()
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPasswordsDoNotTravelInTheOpen(t *testing.T) {
	s := start(t, couchbase.Options{})
	c := memd.NewConn(dial(t, s))
	for _, p := range []*memd.Packet{
		{Command: memd.CmdSASLAuth, Key: []byte("PLAIN"), Value: []byte("\x00Administrator\x00password")},
		{Command: memd.CmdSASLAuth, Key: []byte("SCRAM-SHA256"), Value: []byte("n,,n=Administrator")},
		{Command: memd.CmdSASLStep, Key: []byte("SCRAM-SHA256"), Value: []byte("c=biws,r=,p=")},
	} {
		if got := ask(t, c, p).Status; got != memd.StatusAuthError {
			t.Errorf("%s: status %v, want an authentication error", p.Value, got)
		}
	}
	if got := string(ask(t, c, &memd.Packet{Command: memd.CmdSASLListMechs}).Value); got != "SCRAM-SHA512 SCRAM-SHA256 SCRAM-SHA1" {
		t.Errorf("mechanisms: %s", got)
	}
	if got := ask(t, c, &memd.Packet{Command: memd.CmdGet, Key: []byte("k")}).Status; got != memd.StatusAccessError {
		t.Errorf("a get without authentication: %v", got)
	}
}

func ask(t *testing.T, c *memd.Conn, p *memd.Packet) *memd.Packet {
	t.Helper()
	p.Magic = memd.CmdMagicReq
	if err := c.WritePacket(p); err != nil {
		t.Fatal(err)
	}
	r, _, err := c.ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsNotTheProtocolEndsTheConnection(t *testing.T) {
	s := start(t, couchbase.Options{})
	header := func(magic byte, key uint16, extras byte, body uint32) []byte {
		h := make([]byte, 24)
		h[0], h[4] = magic, extras
		binary.BigEndian.PutUint16(h[2:], key)
		binary.BigEndian.PutUint32(h[8:], body)
		return h
	}
	for what, sent := range map[string][]byte{
		"HTTP":                        []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"a body beyond the limit":     header(0x80, 0, 0, 31<<20),
		"a key longer than the body":  header(0x80, 9, 0, 4),
		"frames longer than the body": header(0x08, 9<<8|9, 0, 4),
		"an answer":                   header(0x81, 0, 0, 0),
	} {
		c := dial(t, s)
		if _, err := c.Write(sent); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := io.Copy(&got, c); err != nil && !errors.Is(err, io.EOF) && !isReset(err) || got.Len() > 0 {
			t.Errorf("%s: %v, answered %q", what, err, got.Bytes())
		}
	}
}

// isReset says that the other side closed a connection with something unread.
func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !op.Timeout()
}
