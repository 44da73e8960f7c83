package push

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"hash/fnv"
	"io"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// echo accepts every message; the token is the path.
type echo struct{}

func (echo) Session() Session                       { return echo{} }
func (echo) Streams() uint32                        { return 0 }
func (echo) Accepted(b []byte, serial int64) []byte { return fmt.Appendf(b, "message %d", serial) }
func (echo) Answer(r *Request) Answer {
	h := fnv.New64a()
	h.Write(r.Body)
	return Answer{Status: 200, Mark: MarkOf([]byte(r.Path)), Text: h.Sum64(), NewText: true}
}

// A client speaks frames.
type client struct {
	t       *testing.T
	net     *tls.Conn
	framer  *http2.Framer
	encoded bytes.Buffer
	encoder *hpack.Encoder
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	o.Vendor = echo{}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dial(t *testing.T, s *Server) *client {
	t.Helper()
	n, err := tls.Dial("tcp", s.listener.Addr().String(), &tls.Config{RootCAs: s.CA(), NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	n.SetDeadline(time.Now().Add(20 * time.Second))
	c := &client{t: t, net: n, framer: http2.NewFramer(n, n)}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.encoded)
	io.WriteString(n, http2.ClientPreface)
	c.framer.WriteSettings()
	c.framer.WriteSettingsAck()
	return c
}

func (c *client) head(id uint32, path string, end bool) {
	c.encoded.Reset()
	for _, f := range [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", "gateway"}, {":path", path}, {"authorization", "bearer x"}} {
		c.encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.encoded.Bytes(), EndHeaders: true, EndStream: end})
}

// next reads until a frame of one of the kinds, on a stream or on 0.
func (c *client) next(kinds ...http2.FrameType) http2.Frame {
	c.t.Helper()
	for {
		f, err := c.framer.ReadFrame()
		if err != nil {
			c.t.Fatalf("waiting for %v: %v", kinds, err)
		}
		for _, k := range kinds {
			if s, ok := f.(*http2.SettingsFrame); f.Header().Type == k && (!ok || !s.IsAck()) {
				return f
			}
		}
	}
}

func TestAnswers(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	for i := range uint32(3) {
		c.head(2*i+1, "/device", false)
		c.framer.WriteData(2*i+1, true, []byte("hello"))
		h := c.next(http2.FrameHeaders).(*http2.MetaHeadersFrame)
		if h.PseudoValue("status") != "200" || h.StreamID != 2*i+1 {
			t.Fatalf("answer %v", h)
		}
		if d := c.next(http2.FrameData).(*http2.DataFrame); string(d.Data()) != fmt.Sprintf("message %d", i+1) || !d.StreamEnded() {
			t.Fatalf("body %q", d.Data())
		}
	}
	if n := s.Counts(); n.Accepted != 3 || n.Tokens != 1 || n.Repeated != 1 || n.Most != 3 || n.Texts != 1 {
		t.Errorf("counts %+v", n)
	}
}

func TestBodiesInPiecesAndInterleaved(t *testing.T) {
	s := start(t, Options{Settings: Settings{Window: 10}})
	c := dial(t, s)
	c.head(1, "/a", false)
	c.framer.WriteData(1, false, []byte("0123456789"))
	c.head(3, "/b", false)
	if u := c.next(http2.FrameWindowUpdate).(*http2.WindowUpdateFrame); u.StreamID != 1 || u.Increment != 10 {
		t.Fatalf("window update %v", u)
	}
	c.framer.WriteData(3, true, []byte("x"))
	c.framer.WriteData(1, true, []byte("tail"))
	for _, want := range []uint32{3, 1} {
		if h := c.next(http2.FrameHeaders); h.Header().StreamID != want {
			t.Errorf("answered %d, want %d", h.Header().StreamID, want)
		}
	}
	c.head(5, "/c", false)
	c.framer.WriteData(5, true, []byte("0123456789tail"[:10]))
	c.framer.WriteData(5, false, nil) // after its end: ignored
	c.next(http2.FrameHeaders)
	c.head(7, "/d", false)
	c.framer.WriteData(7, false, []byte("0123456789"))
	c.framer.WriteData(7, true, []byte("tail"))
	c.next(http2.FrameHeaders)
	// "x", "0123456789" and twice "0123456789tail"
	if n := s.Counts(); n.Tokens != 4 || n.Texts != 3 {
		t.Errorf("counts %+v", n)
	}
}

func TestProtocolErrors(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(*client)
		want http2.ErrCode
	}{
		{"a stream twice", func(c *client) { c.head(3, "/a", true); c.head(3, "/a", true) }, http2.ErrCodeProtocol},
		{"an even stream", func(c *client) { c.framer.AllowIllegalWrites = true; c.head(2, "/a", true) }, http2.ErrCodeProtocol},
		{"data of no stream", func(c *client) { c.framer.WriteData(5, true, []byte("x")) }, http2.ErrCodeProtocol},
		{"more than a stream's window", func(c *client) { c.head(1, "/a", false); c.framer.WriteData(1, true, make([]byte, 200)) }, http2.ErrCodeFlowControl},
		{"a window too small for answers", func(c *client) {
			c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
		}, http2.ErrCodeFlowControl},
		{"a header that cannot be decoded", func(c *client) {
			c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0xff, 0xff, 0x7f}, EndHeaders: true})
		}, http2.ErrCodeCompression},
		{"another frame within a header", func(c *client) {
			c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}})
			c.framer.WritePing(false, [8]byte{})
		}, http2.ErrCodeProtocol},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, start(t, Options{Settings: Settings{Window: 100}}))
			test.do(c)
			if g := c.next(http2.FrameGoAway).(*http2.GoAwayFrame); g.ErrCode != test.want {
				t.Errorf("GOAWAY with %v, want %v", g.ErrCode, test.want)
			}
		})
	}
}

func TestStreamLimit(t *testing.T) {
	s := start(t, Options{Settings: Settings{MaxStreams: 2}})
	s.SetLatency(50 * time.Millisecond)
	c := dial(t, s)
	for i := range uint32(3) {
		c.head(2*i+1, "/a", true)
	}
	if r := c.next(http2.FrameRSTStream).(*http2.RSTStreamFrame); r.StreamID != 5 || r.ErrCode != http2.ErrCodeRefusedStream {
		t.Errorf("%v", r)
	}
	c.next(http2.FrameHeaders)
	c.next(http2.FrameHeaders)
	if n := s.Counts(); n.Overlimit != 1 || n.Accepted != 2 {
		t.Errorf("counts %+v", n)
	}
}

func TestLowerLimitHoldsOnceAcknowledged(t *testing.T) {
	s := start(t, Options{Settings: Settings{MaxStreams: 2}})
	s.SetLatency(time.Hour)
	c := dial(t, s)
	c.next(http2.FrameSettings)
	c.head(1, "/a", true)
	c.framer.WritePing(false, [8]byte{})
	c.next(http2.FramePing)
	s.Configure(Settings{MaxStreams: 1})
	c.next(http2.FrameSettings)
	c.head(3, "/a", true) // may still be sent
	c.framer.WriteSettingsAck()
	c.head(5, "/a", true)
	if r := c.next(http2.FrameRSTStream).(*http2.RSTStreamFrame); r.StreamID != 5 {
		t.Errorf("%v", r)
	}
}

func TestFaults(t *testing.T) {
	const streams = 4
	for _, test := range []struct {
		name     string
		fault    Fault
		answered int
		goAway   uint32 // the last stream; 0 for none
		reset    uint32
		accepted int64
	}{
		{"GOAWAY", Fault{Kind: GoAway, After: 1, Times: 1}, 2, 3, 0, 2},
		{"GOAWAY at once", Fault{Kind: GoAwayNow, After: 1, Times: 1, Code: http2.ErrCodeInternal}, 1, 1, 0, 1},
		{"reset", Fault{Kind: Reset, After: 1, Times: 1, Code: http2.ErrCodeRefusedStream}, 3, 0, 3, 3},
		{"reset after the work", Fault{Kind: Reset, After: 1, Times: 1, Code: http2.ErrCodeInternal, Taken: true}, 3, 0, 3, 4},
		{"closed", Fault{Kind: Close, After: 2}, 2, 0, 0, 2},
		{"closed after the work", Fault{Kind: Close, After: 2, Taken: true}, 2, 0, 0, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, Options{})
			s.Inject(test.fault)
			c := dial(t, s)
			for i := range uint32(streams) {
				c.head(2*i+1, fmt.Sprint("/", i), true)
			}
			c.framer.WritePing(false, [8]byte{})
			answered, goAway, reset := 0, uint32(0), uint32(0)
			for {
				f, err := c.framer.ReadFrame()
				if err != nil {
					break
				}
				switch f := f.(type) {
				case *http2.MetaHeadersFrame:
					answered++
				case *http2.GoAwayFrame:
					goAway = f.LastStreamID
				case *http2.RSTStreamFrame:
					reset = f.StreamID
				}
				if _, ok := f.(*http2.PingFrame); ok && goAway == 0 {
					break
				}
			}
			if n := s.Counts().Accepted; answered != test.answered || goAway != test.goAway || reset != test.reset || n != test.accepted {
				t.Errorf("answered %d, GOAWAY %d, reset %d, accepted %d", answered, goAway, reset, n)
			}
		})
	}
}

func TestTokensCarryNumbers(t *testing.T) {
	for _, n := range []uint64{0, 1, 65535, 65536, 15_000_000, maxNumber - 1} {
		for name, token := range map[string][]byte{"APNs": APNsToken(nil, n), "FCM": FCMToken(nil, n)} {
			if m := MarkOf(token); !m.Numbered || m.Number != n {
				t.Errorf("the %s token of %d has the mark %+v", name, n, m)
			}
		}
	}
	if m := MarkOf(bytes.Repeat([]byte("a"), 64)); m.Numbered {
		t.Errorf("a foreign token has the mark %+v", m)
	}
}

func TestCounterHoldsFifteenMillionTokens(t *testing.T) {
	c := newCounter()
	for n := range uint64(15_000_000) {
		c.accept(Mark{Number: n, Numbered: true})
	}
	c.accept(Mark{Number: 7, Numbered: true})
	c.accept(Mark{Number: 7})
	var n Counts
	if c.fill(&n); n.Accepted != 15_000_002 || n.Tokens != 15_000_001 || n.Repeated != 1 || n.Most != 2 {
		t.Errorf("counts %+v", n)
	}
	pages := 0
	for i := range c.pages {
		if c.pages[i].Load() != nil {
			pages++
		}
	}
	if bytes := pages * pageBits / 8; bytes > 2<<20 {
		t.Errorf("15 million tokens take %d bytes", bytes)
	}
}

func TestDeadShare(t *testing.T) {
	var d Devices
	d.SetDeadShare(0.03, time.Unix(1, 0))
	d.Set(string(APNsToken(nil, 5)), Foreign, time.Time{})
	dead := 0
	for n := range uint64(100_000) {
		if s, since := d.State(Mark{Number: n, Numbered: true}); s == Dead && since.Equal(time.Unix(1, 0)) {
			dead++
		}
	}
	if dead < 2800 || dead > 3200 {
		t.Errorf("%d of 100,000 are dead, want about 3,000", dead)
	}
	if s, _ := d.State(MarkOf(APNsToken(nil, 5))); s != Foreign {
		t.Errorf("state %v", s)
	}
}

func TestCloseEndsConnections(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	c.next(http2.FrameSettings)
	s.Close()
	s.Close()
	for range 3 { // at most the acknowledgement of our settings was under way
		if _, err := c.framer.ReadFrame(); err != nil {
			return
		}
	}
	t.Error("the connection still stands")
}
