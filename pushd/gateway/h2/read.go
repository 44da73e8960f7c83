package h2

import (
	"encoding/binary"
	"io"
	"maps"
	"time"

	"golang.org/x/net/http2"
)

// reading is what the reader alone uses.
type reading struct {
	frames   frameReader
	heads    headReader
	current  answering            // the one that began last, or went on
	parked   map[uint32]answering // the others that are not complete, by their stream
	block    []byte               // a header block in pieces,
	blockOf  uint32               // of this stream; 0 for none
	blockEnd bool                 // and no body follows
	received int                  // bytes of bodies since the connection's window was last opened
	freed    int64                // streams that ended since the writer was last told
	sent     int64                // when the one of these that ended last was sent
	first    bool                 // the first SETTINGS came
	answer   Answer               // reused
	now      time.Time            // when what is buffered was read; the zero time before it was asked for
}

// An answering is an answer that is not complete.
type answering struct {
	stream uint32
	head   answerHead
	body   []byte
}

// maxBody is how much of an answer's body is kept.
const maxBody = 16 << 10

func (r *reading) init(from io.Reader) {
	r.frames = newFrameReader(from)
	r.parked = map[uint32]answering{}
	r.heads.init()
}

// read reads frames until an error. Before it waits for more, it tells the writer how many streams have ended.
func (c *Conn) read() error {
	r := &c.reader
	for {
		f, ok, err := r.frames.next()
		if !ok {
			c.release()
			if err == nil {
				err = r.frames.more()
			}
		} else {
			err = c.handle(f)
		}
		if err != nil {
			return err
		}
	}
}

// release gives the streams that ended back to the writer.
func (c *Conn) release() {
	r := &c.reader
	if !r.first {
		return
	}
	now := c.readAt().UnixNano()
	r.now = time.Time{}
	c.alive(now)
	if r.freed == 0 {
		return
	}
	if took := now - r.sent; c.latency.Load() == 0 {
		c.latency.Store(took)
	} else {
		c.latency.Add((took - c.latency.Load()) / 8)
	}
	left := c.inFlight.Add(-r.freed)
	r.freed = 0
	if c.enough(c.allowed()-left) || c.leaving.Load() || c.partials.Load() > 0 {
		c.Wake()
	}
}

// readAt is about now: the clock is asked once for all that is buffered.
func (c *Conn) readAt() time.Time {
	if c.reader.now.IsZero() {
		c.reader.now = c.o.Now()
	}
	return c.reader.now
}

// alive notes a sign of life.
func (c *Conn) alive(now int64) {
	c.lastRead.Store(now)
	c.pinged.Store(0)
}

// handle does what a frame asks for.
func (c *Conn) handle(f frame) error {
	r := &c.reader
	if (r.blockOf != 0) != (f.kind == http2.FrameContinuation) || r.blockOf != 0 && f.stream != r.blockOf {
		return broken(http2.ErrCodeProtocol, "%s where a header block should go on", f.kind)
	}
	if !r.first && f.kind != http2.FrameSettings {
		return broken(http2.ErrCodeProtocol, "%s before SETTINGS", f.kind)
	}
	switch f.kind {
	case http2.FrameData:
		return c.data(f)
	case http2.FrameHeaders:
		return c.header(f)
	case http2.FrameContinuation:
		return c.headerGoesOn(f.payload, f.flags.Has(http2.FlagContinuationEndHeaders))
	case http2.FrameRSTStream:
		return c.reset(f)
	case http2.FrameSettings:
		return c.set(f)
	case http2.FramePing:
		return c.ping(f)
	case http2.FrameGoAway:
		return c.goesAway(f)
	case http2.FrameWindowUpdate:
		return c.opens(f)
	case http2.FramePushPromise:
		return broken(http2.ErrCodeProtocol, "PUSH_PROMISE")
	}
	return nil // unknown kinds are ignored (RFC 9113, section 4.1)
}

// header takes a HEADERS frame.
func (c *Conn) header(f frame) error {
	block, err := unpad(f)
	if err != nil {
		return err
	}
	if f.stream%2 == 0 {
		return broken(http2.ErrCodeProtocol, "HEADERS on stream %d", f.stream)
	}
	r := &c.reader
	r.blockOf, r.blockEnd = f.stream, f.flags.Has(http2.FlagHeadersEndStream)
	return c.headerGoesOn(block, f.flags.Has(http2.FlagHeadersEndHeaders))
}

// headerGoesOn takes a piece of a header block.
func (c *Conn) headerGoesOn(piece []byte, end bool) error {
	r := &c.reader
	if !end || len(r.block) > 0 {
		if r.block = append(r.block, piece...); len(r.block) > maxHeadBlock {
			return broken(http2.ErrCodeEnhanceYourCalm, "a header block of more than %d bytes", maxHeadBlock)
		}
		if piece = r.block; !end {
			return nil
		}
	}
	stream := r.blockOf
	head, err := r.heads.read(piece)
	r.block, r.blockOf = r.block[:0], 0
	if err != nil {
		return broken(http2.ErrCodeCompression, "a header block that says %v", err)
	}
	if !c.slots.holds(stream) {
		return nil // we gave it up
	}
	if !c.turnTo(stream) { // else these are trailers
		if head.status >= 100 && head.status < 200 && !r.blockEnd {
			return nil // the final answer follows
		}
		c.park()
		r.current.stream, r.current.head, r.current.body = stream, *head, r.current.body[:0]
	}
	if r.blockEnd {
		c.complete(r.current.body)
	}
	return nil
}

// turnTo makes the answer on a stream the current one; it says whether that has begun.
func (c *Conn) turnTo(stream uint32) bool {
	r := &c.reader
	if r.current.stream == stream {
		return true
	}
	if len(r.parked) == 0 {
		return false
	}
	found, ok := r.parked[stream]
	if ok {
		delete(r.parked, stream)
		c.park()
		r.current = found
	}
	return ok
}

// park puts the current answer aside, if it is not complete and somebody still waits for it. Answers that come in one
// piece, as nearly all do, never get there.
func (c *Conn) park() {
	r := &c.reader
	if c.slots.holds(r.current.stream) {
		if len(r.parked) >= c.o.MaxStreams {
			maps.DeleteFunc(r.parked, func(stream uint32, _ answering) bool { return !c.slots.holds(stream) })
		}
		r.parked[r.current.stream] = r.current
		r.current.body = nil // it has gone along
	}
	r.current.stream = 0
}

// data takes a piece of a body.
func (c *Conn) data(f frame) error {
	piece, err := unpad(f)
	if err != nil {
		return err
	}
	if f.stream%2 == 0 {
		return broken(http2.ErrCodeProtocol, "DATA on stream %d", f.stream)
	}
	r := &c.reader
	if r.received += len(f.payload); r.received > connWindow/2 {
		c.leave(appendUint32Frame(nil, http2.FrameWindowUpdate, 0, uint32(r.received)))
		r.received = 0
	}
	if !c.turnTo(f.stream) || !c.slots.holds(f.stream) {
		return nil // we gave it up
	}
	a := &r.current
	end := f.flags.Has(http2.FlagDataEndStream)
	if end && len(a.body) == 0 {
		c.complete(piece)
		return nil
	}
	if len(a.body)+len(piece) <= maxBody {
		a.body = append(a.body, piece...)
	}
	if end {
		c.complete(a.body)
	} else if len(f.payload) > 0 {
		c.leave(appendUint32Frame(nil, http2.FrameWindowUpdate, f.stream, uint32(len(f.payload))))
	}
	return nil
}

// complete tells the owner the current answer.
func (c *Conn) complete(body []byte) {
	r := &c.reader
	a := &r.current
	n := &r.answer // field by field: this is where the time goes, and a copy of a whole one waits for its pieces
	n.End, n.Status, n.ID, n.RetryAfter, n.Body, n.Err = Answered, a.head.status, a.head.id, a.head.retryAfter, body, nil
	stream := a.stream
	a.stream = 0
	c.end(stream)
}

// end tells the owner r.answer.
func (c *Conn) end(stream uint32) {
	c.reader.answer.At = c.readAt()
	if sent, ok := c.slots.end(stream, &c.reader.answer); ok {
		c.reader.freed++
		c.reader.sent = sent
	}
}

// reset takes RST_STREAM.
func (c *Conn) reset(f frame) error {
	if len(f.payload) != 4 || f.stream == 0 {
		return broken(http2.ErrCodeFrameSize, "RST_STREAM of %d bytes on stream %d", len(f.payload), f.stream)
	}
	code := http2.ErrCode(binary.BigEndian.Uint32(f.payload))
	c.reader.answer = Answer{End: Lost, Err: &ResetError{code}}
	if code == http2.ErrCodeRefusedStream {
		c.reader.answer.End = Refused
	}
	c.end(f.stream)
	return nil
}

// leave leaves a frame for the writer.
func (c *Conn) leave(frame []byte) {
	c.mu.Lock()
	c.control = append(c.control, frame...)
	c.mu.Unlock()
	c.Wake()
}
