package h2

import (
	"bytes"
	"time"

	"golang.org/x/net/http2"
)

// writeSize is how much is gathered before it is written.
const writeSize = 48 << 10

// writing is what the writer alone uses.
type writing struct {
	out      []byte
	heads    headWriter
	next     uint32 // the last stream that was opened
	posts    [128]Post
	partials []*partial
	swept    int64 // the goAway that was obeyed
}

// A partial is a message whose body waits for a window (RFC 9113, section 6.9).
type partial struct {
	stream uint32
	rest   []byte
	window int64 // of the stream
	base   int64 // SETTINGS_INITIAL_WINDOW_SIZE that it has taken into account
}

// incomplete says whether a stream's body was not sent to its end.
func (w *writing) incomplete(stream uint32) bool {
	for _, p := range w.partials {
		if p.stream == stream {
			return true
		}
	}
	return false
}

// write sends what the source gives, until the reader has ended, or there is nothing more to do, or an error.
func (c *Conn) write(ended <-chan struct{}) error {
	c.writer.out = appendPreface(c.writer.out)
	if err := c.flush(); err != nil {
		return err
	}
	select {
	case <-c.ready:
	case <-ended:
		return nil
	}
	for {
		n, err := c.round()
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-ended:
			return nil
		}
		c.idle.Store(false)
	}
}

// round sends once what is to be sent, and says how many messages were among it.
func (c *Conn) round() (n int, err error) {
	c.obey()
	if c.ticked.Swap(false) {
		if err := c.overdue(c.o.Now()); err != nil {
			return 0, err
		}
	}
	if len(c.writer.partials) > 0 {
		c.sendPartials()
	}
	if away := c.goAway.Load(); away != c.writer.swept {
		c.writer.swept = away
		c.sweep(uint32(away - 1))
	}
	if !c.leaving.Load() {
		n = c.fill()
	}
	if err := c.flush(); err != nil {
		return n, err
	}
	if c.leaving.Load() && c.inFlight.Load() == 0 {
		return 0, ErrDrained
	}
	return n, nil
}

// flush writes what was gathered.
func (c *Conn) flush() error {
	w := &c.writer
	if len(w.out) == 0 {
		return nil
	}
	if err := c.net.SetWriteDeadline(time.Now().Add(c.o.WriteTimeout)); err != nil {
		return err
	}
	_, err := c.net.Write(w.out)
	w.out = w.out[:0]
	if err != nil {
		return err
	}
	return c.o.Flush()
}

// obey does what the reader left.
func (c *Conn) obey() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writer.out = append(c.writer.out, c.control...)
	c.control = c.control[:0]
	for _, size := range c.table {
		c.writer.heads.resize(size)
	}
	c.table = c.table[:0]
	for _, u := range c.updates {
		for _, p := range c.writer.partials {
			if p.stream == u.stream {
				p.window += u.by
			}
		}
	}
	c.updates = c.updates[:0]
}

// fill takes as many messages as there are streams and windows for.
func (c *Conn) fill() (sent int) {
	w := &c.writer
	for len(w.out) < writeSize && c.window.Load() > 0 {
		free := c.allowed() - c.inFlight.Load()
		if free <= 0 || sent == 0 && !c.enough(free) {
			return sent
		}
		n := c.take(w.posts[:min(free, int64(len(w.posts)))])
		if n == 0 {
			return sent
		}
		c.inFlight.Add(int64(n))
		now := c.o.Now().UnixNano()
		for i := range n {
			c.send(&w.posts[i], now)
		}
		clear(w.posts[:n])
		sent += n
		if w.next > maxStreamID-1<<20 { // streams are used up (RFC 9113, section 5.1.1): another connection goes on
			c.leaving.Store(true)
			return sent
		}
	}
	return sent
}

// allowed is how many streams may be in flight.
func (c *Conn) allowed() int64 { return min(c.limit.Load(), int64(c.o.MaxStreams)) }

// enough says whether so many free streams are worth a write: an eighth of them are, of a few all. A gateway at full
// speed would have us write and read for each message on its own, which costs more than the message.
func (c *Conn) enough(free int64) bool { return free >= c.allowed()/8 }

// take asks the source, twice where the first answer is nothing: between the first and the flag it may have got some.
func (c *Conn) take(into []Post) int {
	n := c.source.Next(c, into)
	if n == 0 {
		c.idle.Store(true)
		if n = c.source.Next(c, into); n > 0 {
			c.idle.Store(false)
		}
	}
	return n
}

// send opens a stream for a message.
func (c *Conn) send(p *Post, now int64) {
	w := &c.writer
	s := c.open()
	stream := w.next
	s.owner, s.index, s.head, s.sent = p.Owner, p.Index, p.Head, now
	s.stream.Store(stream)
	at := len(w.out)
	w.out = appendFrame(w.out, 0, http2.FrameHeaders, http2.FlagHeadersEndHeaders, stream)
	w.out = w.heads.append(w.out, p)
	setLength(w.out[at:], len(w.out)-at-frameHeader)
	length := len(p.Body[0]) + len(p.Body[1]) + len(p.Body[2])
	if initial := c.initial.Load(); int64(length) > min(initial, c.window.Load()) || length > maxFrame {
		w.partials = append(w.partials, &partial{stream: stream, rest: bytes.Join(p.Body[:], nil), window: initial, base: initial})
		c.partials.Add(1)
		c.sendPartials()
		return
	}
	c.window.Add(-int64(length))
	w.out = appendFrame(w.out, length, http2.FrameData, http2.FlagDataEndStream, stream)
	for i := range p.Body {
		w.out = append(w.out, p.Body[i]...)
	}
}

// open makes the next stream whose slot is free the current one. Streams may be left out: those are closed
// (RFC 9113, section 5.1.1).
func (c *Conn) open() *slot {
	w := &c.writer
	if w.next == 0 {
		w.next = 1<<32 - 1 // the first is 1
	}
	for {
		w.next += 2
		if s := c.slots.of(w.next); s.stream.Load() == 0 {
			return s
		}
	}
}

// setLength writes the length into a frame's header.
func setLength(b []byte, n int) { b[0], b[1], b[2] = byte(n>>16), byte(n>>8), byte(n) }

// sendPartials sends as much of the waiting bodies as the windows let through.
func (c *Conn) sendPartials() {
	w := &c.writer
	initial := c.initial.Load()
	kept := w.partials[:0]
	for _, p := range w.partials {
		if !c.slots.holds(p.stream) { // it has ended before its body did
			w.out = appendUint32Frame(w.out, http2.FrameRSTStream, p.stream, uint32(http2.ErrCodeCancel))
			continue
		}
		p.window += initial - p.base
		p.base = initial
		for len(p.rest) > 0 {
			n := min(int64(len(p.rest)), p.window, c.window.Load(), maxFrame)
			if n <= 0 {
				break
			}
			flags := http2.Flags(0)
			if n == int64(len(p.rest)) {
				flags = http2.FlagDataEndStream
			}
			w.out = append(appendFrame(w.out, int(n), http2.FrameData, flags, p.stream), p.rest[:n]...)
			p.rest = p.rest[n:]
			p.window -= n
			c.window.Add(-n)
		}
		if len(p.rest) > 0 {
			kept = append(kept, p)
		}
	}
	clear(w.partials[len(kept):])
	w.partials = kept
	c.partials.Store(int64(len(kept)))
}

// sweep ends the messages above the last stream of a GOAWAY: they "were not and will not be processed"
// (RFC 9113, section 6.8).
func (c *Conn) sweep(last uint32) {
	c.mu.Lock()
	why := c.away
	c.mu.Unlock()
	n := c.slots.endWhere(c.o.Now(), func(stream uint32, _ time.Time) (End, error) {
		if stream > last {
			return Refused, why
		}
		return Refused, nil
	}, nil)
	c.inFlight.Add(-int64(n))
}

// overdue gives up messages that were not answered in time, and looks for signs of life.
func (c *Conn) overdue(now time.Time) error {
	w := &c.writer
	n := c.slots.endWhere(now, func(_ uint32, sent time.Time) (End, error) {
		if now.Sub(sent) >= c.o.AnswerTimeout {
			return Lost, ErrNoAnswer
		}
		return Lost, nil
	}, func(stream uint32) {
		w.out = appendUint32Frame(w.out, http2.FrameRSTStream, stream, uint32(http2.ErrCodeCancel))
	})
	c.inFlight.Add(-int64(n))
	if at := c.pinged.Load(); at != 0 {
		if now.Sub(time.Unix(0, at)) >= c.o.PingTimeout {
			return ErrSilent
		}
	} else if now.Sub(time.Unix(0, c.lastRead.Load())) >= c.o.PingAfter {
		c.pinged.Store(now.UnixNano())
		w.out = append(appendFrame(w.out, 8, http2.FramePing, 0, 0), "liveops?"...)
	}
	return nil
}
