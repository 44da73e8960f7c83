package h2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A world is a connection, and the gateway at its other end, which is the test.
type world struct {
	t       *testing.T
	conn    *Conn
	net     net.Conn
	framer  *http2.Framer
	encoded bytes.Buffer
	encoder *hpack.Encoder
	now     time.Time
	ended   chan error

	mu    sync.Mutex
	todo  []Post
	ends  map[int]Answer
	told  chan int // the index of each message whose end was told
	twice bool
}

func start(t *testing.T, o Options, settings ...http2.Setting) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, net: server, framer: http2.NewFramer(server, server), now: time.Unix(1_800_000_000, 0), ended: make(chan error, 1),
		ends: map[int]Answer{}, told: make(chan int, 1000)}
	w.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	w.encoder = hpack.NewEncoder(&w.encoded)
	o.Now = func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
	w.conn = New(client, w, o)
	go func() { w.ended <- w.conn.Run(context.Background()) }()
	t.Cleanup(func() { server.Close(); client.Close() })
	server.SetDeadline(time.Now().Add(20 * time.Second))
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(server, preface); err != nil || string(preface) != http2.ClientPreface {
		t.Fatalf("preface %q: %v", preface, err)
	}
	w.framer.WriteSettings(settings...)
	return w
}

// Next gives the messages that wait.
func (w *world) Next(_ *Conn, into []Post) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := copy(into, w.todo)
	w.todo = w.todo[n:]
	return n
}

// Ended keeps the end of a message.
func (w *world) Ended(index int, a *Answer) {
	w.mu.Lock()
	kept := *a
	kept.Body = bytes.Clone(a.Body)
	_, known := w.ends[index]
	w.twice = w.twice || known
	w.ends[index] = kept
	w.mu.Unlock()
	w.told <- index
}

// head is that of all messages of the tests.
var head = &Head{Authority: "gateway", Path: "/device/", PathOpen: true, Fields: []Field{{"authorization", "bearer x", Indexed}, {"secret", "s", Literal}, {"expires", "1", NameIndexed}}}

// post has n messages sent, from the index on.
func (w *world) post(from, n int, body string) {
	w.mu.Lock()
	for i := from; i < from+n; i++ {
		w.todo = append(w.todo, Post{Owner: w, Index: i, Head: head, Path: fmt.Append(nil, i), Body: [3][]byte{nil, []byte(body), nil}})
	}
	w.mu.Unlock()
	w.conn.WakeIdle()
	w.conn.Wake()
}

// next reads until a frame of a kind.
func (w *world) next(kind http2.FrameType) http2.Frame {
	w.t.Helper()
	for {
		f, err := w.framer.ReadFrame()
		if err != nil {
			w.t.Fatalf("waiting for %v: %v", kind, err)
		}
		if s, ok := f.(*http2.SettingsFrame); f.Header().Type == kind && (!ok || !s.IsAck()) {
			return f
		}
	}
}

// request reads one whole message, and gives its stream and path.
func (w *world) request() (uint32, string) {
	w.t.Helper()
	h := w.next(http2.FrameHeaders).(*http2.MetaHeadersFrame)
	for {
		if d := w.next(http2.FrameData).(*http2.DataFrame); d.StreamEnded() {
			return h.StreamID, h.PseudoValue("path")
		}
	}
}

// answer answers a stream.
func (w *world) answer(stream uint32, status string, body string, more ...string) {
	w.encoded.Reset()
	w.encoder.WriteField(hpack.HeaderField{Name: ":status", Value: status})
	for i := 0; i < len(more); i += 2 {
		w.encoder.WriteField(hpack.HeaderField{Name: more[i], Value: more[i+1]})
	}
	w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: w.encoded.Bytes(), EndHeaders: true, EndStream: body == ""})
	if body != "" {
		w.framer.WriteData(stream, true, []byte(body))
	}
}

// end waits for the end of a message.
func (w *world) end(index int) Answer {
	w.t.Helper()
	for {
		w.mu.Lock()
		a, ok := w.ends[index]
		w.mu.Unlock()
		if ok {
			return a
		}
		select {
		case <-w.told:
		case <-time.After(20 * time.Second):
			w.t.Fatalf("message %d has no end", index)
		}
	}
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.conn.Tick()
}

func limit(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: n}
}

func TestAnswers(t *testing.T) {
	w := start(t, Options{})
	w.post(0, 5, "hello")
	for i := range 5 {
		stream, path := w.request()
		if path != fmt.Sprint("/device/", i) {
			t.Errorf("path %q", path)
		}
		w.answer(stream, "429", "slow down", "retry-after", "7", "apns-id", "abc")
	}
	for i := range 5 {
		if a := w.end(i); a.End != Answered || a.Status != 429 || string(a.Body) != "slow down" || a.RetryAfter != "7" || a.ID != "abc" || a.Head != head {
			t.Errorf("%+v", a)
		}
	}
}

func TestHeaderFields(t *testing.T) {
	w := start(t, Options{})
	w.mu.Lock()
	for i := range 4 {
		w.todo = append(w.todo, Post{Owner: w, Index: i, Head: head, Path: []byte(strings.Repeat("x", 300)), Extra: Field{"apns-collapse-id", fmt.Sprint("c", i), NameIndexed}})
	}
	w.mu.Unlock()
	w.conn.WakeIdle()
	for i := range 4 {
		h := w.next(http2.FrameHeaders).(*http2.MetaHeadersFrame)
		want := []hpack.HeaderField{{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "gateway"}, {Name: ":path", Value: "/device/" + strings.Repeat("x", 300)},
			{Name: "authorization", Value: "bearer x"}, {Name: "secret", Value: "s"}, {Name: "expires", Value: "1", Sensitive: i > 0}, {Name: "apns-collapse-id", Value: fmt.Sprint("c", i), Sensitive: i > 0}}
		if fmt.Sprint(h.Fields) != fmt.Sprint(want) {
			t.Errorf("message %d has %v", i, h.Fields)
		}
	}
}

func TestHeaderTableOfTheGateway(t *testing.T) {
	for _, size := range []uint32{0, 60, 1 << 16} {
		w := start(t, Options{}, http2.Setting{ID: http2.SettingHeaderTableSize, Val: size})
		w.framer.ReadMetaHeaders = hpack.NewDecoder(size, nil)
		w.post(0, 20, "x")
		for i := range 20 {
			if _, path := w.request(); path != fmt.Sprint("/device/", i) {
				t.Errorf("table of %d: path %q", size, path)
			}
		}
	}
}

func TestStreamLimitIsFollowed(t *testing.T) {
	w := start(t, Options{}, limit(1))
	w.post(0, 6, "x")
	first, _ := w.request()
	w.framer.WritePing(false, [8]byte{1})
	if f, _ := w.framer.ReadFrame(); f.Header().Type == http2.FrameHeaders {
		t.Fatal("a second message before the first was answered")
	}
	w.framer.WriteSettings(limit(3))
	w.answer(first, "200", "")
	var open []uint32
	for range 3 {
		s, _ := w.request()
		open = append(open, s)
	}
	w.framer.WriteSettings(limit(1)) // lower than what is open
	w.answer(open[0], "200", "")
	w.answer(open[1], "200", "")
	w.end(2)
	w.framer.WritePing(false, [8]byte{2})
	for {
		f, err := w.framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if f.Header().Type == http2.FrameHeaders {
			t.Fatal("a message over the new limit")
		}
		if p, ok := f.(*http2.PingFrame); ok && p.Data[0] == 2 {
			break
		}
	}
	w.answer(open[2], "200", "")
	w.request()
}

func TestWindows(t *testing.T) {
	w := start(t, Options{}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
	w.post(0, 1, strings.Repeat("a", 25))
	data := func(want int, end bool) {
		t.Helper()
		if d := w.next(http2.FrameData).(*http2.DataFrame); len(d.Data()) != want || d.StreamEnded() != end {
			t.Fatalf("%d bytes, end %v; want %d, %v", len(d.Data()), d.StreamEnded(), want, end)
		}
	}
	data(10, false)
	w.framer.WriteWindowUpdate(1, 5)
	data(5, false)
	w.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 17}) // opens it by 7
	data(7, false)
	w.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}) // closes it by 17
	w.framer.WriteWindowUpdate(1, 17)
	w.framer.WriteWindowUpdate(1, 100)
	data(3, true)
}

func TestConnectionWindow(t *testing.T) {
	w := start(t, Options{})
	w.post(0, 20, strings.Repeat("a", 4000)) // 80,000 bytes
	received := 0
	for received < defaultWindow {
		received += len(w.next(http2.FrameData).(*http2.DataFrame).Data())
	}
	if received != defaultWindow {
		t.Fatalf("%d bytes were sent", received)
	}
	w.framer.WriteWindowUpdate(0, 80_000)
	for received < 80_000 {
		received += len(w.next(http2.FrameData).(*http2.DataFrame).Data())
	}
}

func TestGoAway(t *testing.T) {
	w := start(t, Options{})
	w.post(0, 4, "x")
	var streams []uint32
	for range 4 {
		s, _ := w.request()
		streams = append(streams, s)
	}
	w.framer.WriteGoAway(1<<31-1, http2.ErrCodeNo, nil) // "about to": nothing is refused yet
	w.framer.WriteGoAway(streams[1], http2.ErrCodeNo, []byte("bye"))
	for _, i := range []int{2, 3} {
		if a := w.end(i); a.End != Refused || a.Err == nil {
			t.Errorf("message %d: %+v", i, a)
		}
	}
	if w.post(4, 1, "x"); !w.conn.Draining() {
		t.Error("not draining")
	}
	w.answer(streams[0], "200", "")
	w.answer(streams[1], "200", "")
	if err := <-w.ended; !errors.Is(err, ErrDrained) {
		t.Errorf("ended with %v", err)
	}
	if a := w.end(1); a.End != Answered || w.twice {
		t.Errorf("%+v", a)
	}
	if _, ok := w.ends[4]; ok || len(w.todo) != 1 {
		t.Error("a message was taken after GOAWAY")
	}
}

func TestEndsOfStreams(t *testing.T) {
	w := start(t, Options{})
	w.post(0, 3, "x")
	for _, code := range []http2.ErrCode{http2.ErrCodeRefusedStream, http2.ErrCodeInternal} {
		s, _ := w.request()
		w.framer.WriteRSTStream(s, code)
	}
	if a := w.end(0); a.End != Refused {
		t.Errorf("REFUSED_STREAM: %+v", a)
	}
	if a := w.end(1); a.End != Lost {
		t.Errorf("INTERNAL_ERROR: %+v", a)
	}
	s, _ := w.request()
	w.framer.WriteGoAway(0, http2.ErrCodeInternal, nil)
	w.answer(s, "200", "") // may race with the sweep: either is right
	w.end(2)
}

func TestConnectionLost(t *testing.T) {
	w := start(t, Options{}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 2})
	w.post(0, 1, "ab")
	w.post(1, 1, "abc")
	w.request()
	w.next(http2.FrameData)
	w.net.Close()
	if err := <-w.ended; err == nil {
		t.Error("ended without an error")
	}
	if a := w.end(0); a.End != Lost || a.Err == nil {
		t.Errorf("a whole message: %+v", a)
	}
	if a := w.end(1); a.End != Refused {
		t.Errorf("half a message: %+v", a)
	}
}

func TestNoAnswerInTime(t *testing.T) {
	w := start(t, Options{AnswerTimeout: 30 * time.Second, PingAfter: time.Hour})
	w.post(0, 1, "x")
	stream, _ := w.request()
	w.pass(29 * time.Second)
	w.post(1, 1, "x")
	w.request()
	w.pass(time.Second)
	if r := w.next(http2.FrameRSTStream).(*http2.RSTStreamFrame); r.StreamID != stream || r.ErrCode != http2.ErrCodeCancel {
		t.Errorf("%v", r)
	}
	if a := w.end(0); a.End != Lost || !errors.Is(a.Err, ErrNoAnswer) {
		t.Errorf("%+v", a)
	}
	w.answer(stream, "200", "late")
	w.answer(stream+2, "200", "")
	if a := w.end(1); a.Status != 200 || w.twice {
		t.Errorf("%+v", a)
	}
}

func TestSilence(t *testing.T) {
	w := start(t, Options{PingAfter: 15 * time.Second, PingTimeout: 10 * time.Second, AnswerTimeout: time.Hour})
	w.post(0, 1, "x")
	w.request()
	w.pass(15 * time.Second)
	p := w.next(http2.FramePing).(*http2.PingFrame)
	w.framer.WritePing(true, p.Data)
	w.framer.WritePing(false, [8]byte{7})
	w.next(http2.FramePing) // so that the answer to the first was read
	w.pass(15 * time.Second)
	w.next(http2.FramePing)
	w.pass(10 * time.Second)
	if err := <-w.ended; !errors.Is(err, ErrSilent) {
		t.Errorf("ended with %v", err)
	}
	if a := w.end(0); a.End != Lost || !errors.Is(a.Err, ErrSilent) {
		t.Errorf("%+v", a)
	}
}

func TestDrain(t *testing.T) {
	w := start(t, Options{})
	w.post(0, 1, "x")
	s, _ := w.request()
	w.conn.Drain()
	w.answer(s, "200", "")
	if err := <-w.ended; !errors.Is(err, ErrDrained) {
		t.Errorf("ended with %v", err)
	}
}

func TestSlowStreamDoesNotStandInTheWay(t *testing.T) {
	w := start(t, Options{MaxStreams: 4})
	w.post(0, 200, "x")
	slow, _ := w.request()
	for range 199 {
		s, _ := w.request()
		w.answer(s, "200", "")
	}
	w.answer(slow, "200", "")
	for i := range 200 {
		if a := w.end(i); a.Status != 200 {
			t.Errorf("message %d: %+v", i, a)
		}
	}
}

func TestBrokenRules(t *testing.T) {
	raw := func(kind http2.FrameType, flags http2.Flags, stream uint32, payload string) func(*world) {
		return func(w *world) { w.framer.WriteRawFrame(kind, flags, stream, []byte(payload)) }
	}
	for _, test := range []struct {
		name string
		do   func(*world)
		want http2.ErrCode
	}{
		{"a push", raw(http2.FramePushPromise, 4, 1, "\x00\x00\x00\x02"), http2.ErrCodeProtocol},
		{"a frame too long", raw(http2.FrameData, 0, 1, strings.Repeat("x", maxFrame+1)), http2.ErrCodeFrameSize},
		{"too much padding", raw(http2.FrameData, http2.FlagDataPadded, 1, "\x09x"), http2.ErrCodeProtocol},
		{"a header that cannot be decoded", raw(http2.FrameHeaders, 4, 1, "\xff\xff\x7f"), http2.ErrCodeCompression},
		{"another frame within a header", func(w *world) {
			raw(http2.FrameHeaders, 0, 1, "\x88")(w)
			raw(http2.FramePing, 0, 0, "12345678")(w)
		}, http2.ErrCodeProtocol},
		{"a header without end", func(w *world) {
			raw(http2.FrameHeaders, 0, 1, "\x88")(w)
			for range 5 {
				raw(http2.FrameContinuation, 0, 1, strings.Repeat("\x88", maxFrame))(w)
			}
		}, http2.ErrCodeEnhanceYourCalm},
		{"a window too wide", raw(http2.FrameWindowUpdate, 0, 0, "\x7f\xff\xff\xff"), http2.ErrCodeFlowControl},
		{"settings cut off", raw(http2.FrameSettings, 0, 0, "12345"), http2.ErrCodeFrameSize},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := start(t, Options{})
			w.post(0, 1, "x")
			w.request()
			test.do(w)
			err := <-w.ended
			if p := (*ProtocolError)(nil); !errors.As(err, &p) || p.Code != test.want {
				t.Errorf("ended with %v, want %v", err, test.want)
			}
			if a := w.end(0); a.End != Lost {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestPaddedContinuedAndInformational(t *testing.T) {
	w := start(t, Options{})
	w.post(0, 1, "x")
	s, _ := w.request()
	w.answer(s, "103", "")                                                       // ends the stream: no final answer
	w.framer.WriteRawFrame(http2.FrameType(99), 0, 0, []byte("an unknown kind")) // ignored
	if a := w.end(0); a.Status != 103 {
		t.Errorf("%+v", a)
	}
	w.post(1, 1, "x")
	s, _ = w.request()
	w.framer.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, s, []byte("\x08\x03103")) // Early Hints
	w.framer.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersPadded, s, []byte("\x02\x8800"))
	w.framer.WriteRawFrame(http2.FrameContinuation, http2.FlagContinuationEndHeaders, s, []byte("\x00\x07apns-id\x01z"))
	w.framer.WriteDataPadded(s, false, []byte("bo"), []byte{0, 0, 0})
	w.framer.WriteData(s, false, []byte("dy"))
	w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: []byte("\x00\x01t\x01v"), EndHeaders: true, EndStream: true}) // trailers
	if a := w.end(1); a.Status != 200 || string(a.Body) != "body" || a.ID != "z" {
		t.Errorf("%+v", a)
	}
}
