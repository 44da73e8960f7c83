package push

import (
	"slices"
	"time"

	"golang.org/x/net/http2"
)

// A pending answer leaves at its time.
type pending struct {
	at     time.Time
	stream uint32
	answer Answer
}

// judge answers a request, or does what a fault says.
func (c *conn) judge(id uint32, r *Request) error {
	f := c.s.faults.hit(r)
	if f != nil && f.Kind == Reply {
		c.reply(id, f.Answer)
		return nil
	}
	a := c.session.Answer(r)
	if f == nil {
		c.reply(id, a)
		return nil
	}
	switch f.Kind {
	case GoAway:
		c.reply(id, a)
		c.leave(id, f.Code)
	case GoAwayNow:
		last := id - 2
		if len(c.queue) > 0 {
			last = c.queue[0].stream - 2
		}
		c.queue = c.queue[:0]
		c.leave(last, f.Code)
	case Reset:
		c.take(f.Taken, a)
		c.out = appendReset(c.out, id, f.Code)
	case Mute:
		c.take(f.Taken, a)
		c.mute[id] = true
	case Close:
		for _, p := range append(slices.Clone(c.queue), pending{answer: a}) {
			c.take(f.Taken, p.answer)
		}
		c.queue = c.queue[:0]
		return errDone
	}
	return nil
}

// take counts a message that gets no answer, if the gateway did its work.
func (c *conn) take(taken bool, a Answer) {
	if taken {
		c.s.count(a)
	}
}

// count counts a message that is answered.
func (s *Server) count(a Answer) {
	if a.Status != 200 {
		s.counter.refuse(a.Reason)
		return
	}
	s.counter.accept(a.Mark)
	if a.NewText {
		s.counter.text(a.Text)
	}
}

// reply sends an answer, now or later.
func (c *conn) reply(id uint32, a Answer) {
	delay := time.Duration(c.s.latency.Load())
	if delay == 0 && len(c.queue) == 0 && c.send(id, a) {
		return
	}
	at := time.Time{}
	if delay > 0 {
		at = time.Now().Add(delay)
	}
	c.queue = append(c.queue, pending{at, id, a})
	c.wakeUp()
}

// send appends an answer to what is to be sent; false if the connection's window does not let it through.
func (c *conn) send(id uint32, a Answer) bool {
	body := a.Body
	if body == nil && a.Status == 200 {
		c.answers.body = c.session.Accepted(c.answers.body[:0], c.s.serial.Add(1))
		body = c.answers.body
	}
	if int64(len(body)) > c.answers.window {
		return false
	}
	c.s.count(a)
	block := c.answers.block(a)
	flags := http2.FlagHeadersEndHeaders
	if len(body) == 0 {
		flags |= http2.FlagHeadersEndStream
	}
	c.out = append(appendFrame(c.out, len(block), http2.FrameHeaders, flags, id), block...)
	if len(body) > 0 {
		c.out = append(appendFrame(c.out, len(body), http2.FrameData, http2.FlagDataEndStream, id), body...)
		c.answers.window -= int64(len(body))
	}
	if len(c.out) > 48<<10 {
		c.flush()
	}
	return true
}

func (c *conn) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// sendLater sends answers when their time has come, as many at a time as come due within a millisecond.
func (c *conn) sendLater(ended <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-c.wake:
		case <-timer.C:
		}
		c.mu.Lock()
		next := c.sendDue(time.Now())
		c.flush()
		c.mu.Unlock()
		timer.Reset(next)
	}
}

// sendDue sends the answers whose time has come, and says how long the next has to wait.
func (c *conn) sendDue(now time.Time) time.Duration {
	sent, next := 0, time.Hour
	for _, p := range c.queue {
		if wait := p.at.Sub(now); wait > 0 {
			next = max(wait, time.Millisecond)
			break
		}
		if !c.send(p.stream, p.answer) {
			break // until a WINDOW_UPDATE
		}
		sent++
	}
	c.queue = c.queue[sent:]
	return next
}
