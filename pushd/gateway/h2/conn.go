package h2

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Conn is one connection. Run serves it; the other methods may be called from anywhere.
type Conn struct {
	net    net.Conn
	source Source
	o      Options
	slots  slots
	wake   chan struct{}
	ready  chan struct{} // closed by the first SETTINGS

	limit    atomic.Int64 // how many streams the gateway allows
	inFlight atomic.Int64
	window   atomic.Int64 // how many bytes of bodies the gateway takes
	initial  atomic.Int64 // how many of those on a new stream
	goAway   atomic.Int64 // 1 + the last stream of a GOAWAY; 0 for none
	leaving  atomic.Bool  // no new messages
	idle     atomic.Bool  // the writer waits for the source
	ticked   atomic.Bool
	partials atomic.Int64 // bodies that wait for a window
	lastRead atomic.Int64 // nanoseconds since 1970
	pinged   atomic.Int64 // when an unanswered PING was sent; 0 for none
	latency  atomic.Int64 // of answers, smoothed

	mu      sync.Mutex // guards what the reader leaves for the writer
	control []byte     // frames to be sent before all others
	table   []uint32   // header table sizes of SETTINGS
	updates []update   // of streams' windows
	away    *GoAwayError

	writer writing
	reader reading
}

// An update opens the window of a stream.
type update struct {
	stream uint32
	by     int64
}

// New makes a connection of one that is open and has agreed on HTTP/2.
func New(n net.Conn, source Source, o Options) *Conn {
	o = o.complete()
	c := &Conn{net: n, source: source, o: o, slots: newSlots(o.MaxStreams), wake: make(chan struct{}, 1), ready: make(chan struct{})}
	c.limit.Store(noLimit)
	c.window.Store(defaultWindow)
	c.initial.Store(defaultWindow)
	c.lastRead.Store(o.Now().UnixNano())
	c.writer.heads.init()
	c.reader.init(n)
	return c
}

// Run serves the connection until either side ends it. It returns when every message that was taken has been told its
// end, with the reason; ErrDrained if all were answered.
func (c *Conn) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.net.Close() })
	defer stop()
	ended := make(chan struct{})
	var writeErr error
	var writing sync.WaitGroup
	writing.Go(func() {
		writeErr = c.write(ended)
		if writeErr != nil {
			_ = c.net.Close() // so that the reader ends too
		}
	})
	err := c.read()
	c.leaving.Store(true)
	close(ended)
	c.Wake()
	if p := (*ProtocolError)(nil); errors.As(err, &p) {
		_ = c.sayGoodbye(p)
	}
	_ = c.net.Close()
	writing.Wait()
	err = c.reason(ctx, err, writeErr)
	c.endAll(err)
	return err
}

// reason is why the connection ended: what came first is the cause, and the rest follows from it.
func (c *Conn) reason(ctx context.Context, readErr, writeErr error) error {
	c.mu.Lock()
	away := c.away
	c.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(writeErr, ErrDrained) && away != nil:
		return fmt.Errorf("%w: %w", ErrDrained, away)
	case errors.Is(writeErr, ErrDrained), errors.Is(writeErr, ErrSilent):
		return writeErr
	case away != nil:
		return away
	case writeErr != nil && errors.Is(readErr, net.ErrClosed):
		return fmt.Errorf("write to the gateway: %w", writeErr)
	}
	return fmt.Errorf("read from the gateway: %w", readErr)
}

// endAll tells all messages that are still in flight that nobody knows what became of them, except where it is known.
func (c *Conn) endAll(why error) {
	last := c.goAway.Load() - 1
	c.slots.endWhere(c.o.Now(), func(stream uint32, _ time.Time) (End, error) {
		if last >= 0 && int64(stream) > last || c.writer.incomplete(stream) {
			return Refused, why
		}
		return Lost, why
	}, nil)
	c.inFlight.Store(0)
}

// Wake has the writer look at its source, if it waits for it.
func (c *Conn) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// WakeIdle is Wake for a connection that found nothing at its source and has enough streams free to send at once; it says
// whether this is one.
func (c *Conn) WakeIdle() bool {
	if !c.enough(c.allowed()-c.inFlight.Load()) || !c.idle.CompareAndSwap(true, false) {
		return false
	}
	c.Wake()
	return true
}

// Tick has the connection look what is overdue: answers, and signs of life.
func (c *Conn) Tick() {
	c.ticked.Store(true)
	c.Wake()
}

// Drain takes no new messages, and ends the connection when the last one in flight has ended.
func (c *Conn) Drain() {
	c.leaving.Store(true)
	c.Wake()
}

// Draining says whether the connection takes no new messages any more.
func (c *Conn) Draining() bool { return c.leaving.Load() }

// Streams is how many streams may be in flight, 0 before the gateway has said so, and how many are.
func (c *Conn) Streams() (limit, inFlight int) {
	select {
	case <-c.ready:
		return int(c.allowed()), int(c.inFlight.Load())
	default:
		return 0, 0
	}
}

// Latency is how long answers took lately; 0 before the first.
func (c *Conn) Latency() time.Duration { return time.Duration(c.latency.Load()) }
