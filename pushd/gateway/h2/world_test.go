package h2

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
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

// A heldConn holds back what is written until it is flushed, as those of production do.
type heldConn struct {
	net.Conn
	mu  sync.Mutex
	out []byte
}

func (c *heldConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = append(c.out, b...)
	return len(b), nil
}

func (c *heldConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.Conn.Write(c.out)
	c.out = c.out[:0]
	return err
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
	held := &heldConn{Conn: client}
	o.Flush = held.flush
	w.conn = New(held, w, o)
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
