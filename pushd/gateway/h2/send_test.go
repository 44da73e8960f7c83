package h2

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

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

// A stream that is free alone is not worth a write where there are many: the connection waits for an eighth of them, and
// others are asked to send meanwhile.
func TestFewFreeStreams(t *testing.T) {
	w := start(t, Options{}, limit(16))
	w.post(0, 15, "x")
	var open []uint32
	for range 15 {
		s, _ := w.request()
		open = append(open, s)
	}
	if w.conn.WakeIdle() {
		t.Error("a connection with one stream free of 16 is woken")
	}
	w.post(15, 2, "x") // it looks at the source, as if for another reason
	w.framer.WritePing(false, [8]byte{1})
	for {
		f, err := w.framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if f.Header().Type == http2.FrameHeaders {
			t.Fatal("a message alone")
		}
		if p, ok := f.(*http2.PingFrame); ok && p.IsAck() {
			break
		}
	}
	w.answer(open[0], "200", "")
	w.request() // the second stream is free: both go
	w.request()
	for _, s := range open[1:13] {
		w.answer(s, "200", "")
	}
	for i := range 13 {
		w.end(i)
	}
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

// Answers may come in pieces, with those of others between them, and some of nobody that waits any more.
func TestAnswersInPieces(t *testing.T) {
	w := start(t, Options{MaxStreams: 3})
	w.post(0, 3, "x")
	var streams []uint32
	for range 3 {
		s, _ := w.request()
		streams = append(streams, s)
		w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: fmt.Appendf(nil, "\x88\x00\x07apns-id\x01%d", len(streams)), EndHeaders: true})
	}
	for piece := range 3 {
		for i, s := range streams {
			w.framer.WriteData(s, piece == 2 && i != 1, fmt.Appendf(nil, "%d%d ", i, piece))
		}
	}
	for i, want := range map[int]string{0: "00 01 02 ", 2: "20 21 22 "} {
		if a := w.end(i); string(a.Body) != want || a.ID != fmt.Sprint(i+1) || a.Status != 200 {
			t.Errorf("message %d: %q, %+v", i, a.Body, a)
		}
	}
	w.framer.WriteRSTStream(streams[1], http2.ErrCodeInternal)
	if a := w.end(1); a.End != Lost {
		t.Errorf("%+v", a)
	}
	for n := 3; n < 12; n++ { // each begins and is reset: nothing is kept of it, and the next is answered
		w.post(n, 1, "x")
		s, _ := w.request()
		w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: []byte("\x88"), EndHeaders: true})
		w.framer.WriteData(s, false, []byte("lost"))
		if n%2 == 0 {
			w.framer.WriteData(s, true, nil)
			if a := w.end(n); string(a.Body) != "lost" {
				t.Errorf("message %d: %q, %+v", n, a.Body, a)
			}
			continue
		}
		w.framer.WriteRSTStream(s, http2.ErrCodeInternal)
		if a := w.end(n); a.End != Lost || a.Body != nil {
			t.Errorf("message %d: %+v", n, a)
		}
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
