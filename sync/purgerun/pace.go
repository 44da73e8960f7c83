package purgerun

import (
	"context"
	"sync"
	"time"
)

// pace lets so many documents a second through, evenly.
type pace struct {
	mu    sync.Mutex
	next  time.Time
	every time.Duration // 0 for no limit
	now   func() time.Time
	wait  func(context.Context, time.Duration) error
}

func newPace(rate float64, o Options) *pace {
	p := &pace{now: o.Now, wait: o.Wait}
	if rate > 0 {
		p.every = time.Duration(float64(time.Second) / rate)
	}
	return p
}

// pass waits for the caller's turn. Turns that nobody took are not made up for.
func (p *pace) pass(ctx context.Context) error {
	if p.every == 0 {
		return ctx.Err()
	}
	p.mu.Lock()
	now := p.now()
	if p.next.Before(now) {
		p.next = now
	}
	turn := p.next.Sub(now)
	p.next = p.next.Add(p.every)
	p.mu.Unlock()
	if turn <= 0 {
		return ctx.Err()
	}
	return p.wait(ctx, turn)
}
