package h2

import (
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

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
			if g := w.next(http2.FrameGoAway).(*http2.GoAwayFrame); g.ErrCode != test.want {
				t.Errorf("it was told %v, want %v", g.ErrCode, test.want)
			}
			if a := w.end(0); a.End != Lost {
				t.Errorf("%+v", a)
			}
		})
	}
}
