package gateway

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"

	"liveops/pushd/gateway/h2"
)

// How often the pool looks at its connections: while something is sent, and else.
const (
	lookBusy = 100 * time.Millisecond
	lookIdle = time.Second
	tick     = time.Second
)

// A pool keeps as many connections as the rate asks for.
type pool struct {
	s       *Sender
	dial    dialer
	kicked  chan struct{}
	running sync.WaitGroup
	jobs    atomic.Int64

	mu       sync.Mutex
	rate     float64
	dialing  int
	failures int // connections that came to nothing, one after the other
	lastErr  error
	next     time.Time // no connection is opened before
	ticked   time.Time
	busy     time.Time // when there was a job last
	growth   growth
	most     int       // how many connections were wanted at most
	since    time.Time // then
}

// start begins to keep connections.
func (p *pool) start(s *Sender, dial dialer) {
	p.s, p.dial, p.rate, p.kicked = s, dial, s.o.Rate, make(chan struct{}, 1)
	p.busy = s.o.Clock.Now()
	p.running.Go(p.keep)
}

// begin and end tell the pool of a job.
func (p *pool) begin() {
	if p.jobs.Add(1) == 1 {
		p.kick()
	}
}

func (p *pool) end() { p.jobs.Add(-1) }

func (p *pool) setRate(perSecond float64) {
	p.mu.Lock()
	changed := p.rate != perSecond
	p.rate = perSecond
	p.mu.Unlock()
	if changed {
		p.kick()
	}
}

// kick has the pool look at once.
func (p *pool) kick() {
	select {
	case p.kicked <- struct{}{}:
	default:
	}
}

// keep looks at the connections until the sender is closed.
func (p *pool) keep() {
	for {
		wait := p.look(p.s.o.Clock.Now())
		p.s.queue.wakeAll()
		select {
		case <-p.kicked:
		case <-p.s.o.Clock.After(wait):
		case <-p.s.ctx.Done():
			return
		}
	}
}

// look opens and closes connections as is needed, and says when to look again.
func (p *pool) look(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.s.queue.connections()
	if now.Sub(p.ticked) >= tick {
		p.ticked = now
		for _, c := range conns {
			c.Tick()
		}
		if p.s.queue.queued() > 0 {
			p.s.credentials.keep(now) // whose senders may have nothing more to send, and ask for none
		}
	}
	conns = slices.DeleteFunc(conns, (*h2.Conn).Draining)
	if p.jobs.Load() == 0 {
		p.most, p.since = 0, now
		if now.Sub(p.busy) >= p.s.o.IdleAfter {
			p.growth = growth{}
			drain(conns)
		}
		return lookIdle
	}
	p.busy = now
	want := min(p.wanted(conns, now), p.s.o.MaxConnections)
	for len(conns)+p.dialing < want && !now.Before(p.next) {
		p.dialing++
		p.running.Go(p.open)
	}
	p.shed(conns, want, now)
	wait := lookBusy
	if at := p.s.opens(); at.After(now) {
		wait = min(wait, at.Sub(now))
	}
	return wait
}

// open opens a connection and serves it to its end.
func (p *pool) open() {
	began := p.s.o.Clock.Now()
	n, flush, err := p.dial(p.s.ctx)
	p.mu.Lock()
	p.dialing--
	p.mu.Unlock()
	if err != nil {
		p.failed(err)
		return
	}
	c := h2.New(n, p.s, h2.Options{MaxStreams: p.s.o.MaxStreams, AnswerTimeout: p.s.o.AnswerTimeout,
		PingAfter: p.s.o.PingAfter, PingTimeout: p.s.o.PingTimeout, Flush: flush, Now: p.s.o.Clock.Now, Changed: p.kick})
	p.s.queue.addConn(c)
	p.s.o.Log.Debug("connection opened", "gateway", p.s.authority)
	err = c.Run(p.s.ctx)
	p.s.queue.removeConn(c)
	p.s.o.Log.Info("connection ended", "gateway", p.s.authority, "reason", err)
	// One that ends as soon as it was opened must not be opened again as fast as that goes, unless we ended it, or it was of use
	// and then ended in order.
	orderly := errors.Is(err, h2.ErrDrained)
	if away := (*h2.GoAwayError)(nil); errors.As(err, &away) {
		orderly = away.Code == http2.ErrCodeNo && c.Latency() > 0
	}
	if !orderly && p.s.o.Clock.Now().Sub(began) < lookIdle {
		p.failed(err)
		return
	}
	p.mu.Lock()
	p.failures, p.lastErr = 0, nil
	p.mu.Unlock()
	p.kick()
}

// failed has the next connection wait.
func (p *pool) failed(err error) {
	if p.s.ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures++
	p.lastErr = err
	p.next = p.s.o.Clock.Now().Add(p.s.o.Retry.wait(min(p.failures, 20), p.s.o.Random()))
	p.s.o.Log.Warn("no connection to the gateway", "gateway", p.s.authority, "error", err)
}

// excuse says why messages were not sent.
func (p *pool) excuse() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lastErr != nil {
		return "not sent in time: " + p.lastErr.Error()
	}
	if p.s.breaker.open.Load() {
		return "not sent in time: the gateway failed too often"
	}
	return "not sent in time"
}

func (p *pool) stats() (st Stats) {
	for _, c := range p.s.queue.connections() {
		limit, inFlight := c.Streams()
		st.InFlight += inFlight
		if c.Draining() {
			continue
		}
		st.Connections++
		st.Streams += limit
		st.Latency = max(st.Latency, c.Latency())
	}
	return st
}
