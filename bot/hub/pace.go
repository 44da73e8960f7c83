package hub

import (
	"context"
	"time"
)

// How fast an account writes. See
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
// and
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
const (
	writeGap     = time.Second
	writesMinute = 80
	writesHour   = 500
)

// pace has an account's writes go one at a time, and no faster than GitHub allows.
type pace struct {
	turn chan struct{} // held by the write under way
	now  func() time.Time
	wait func(ctx context.Context, d time.Duration) error

	sent []time.Time // the newest writes, at most writesHour; of who has the turn
}

// enter waits until no other write is under way; leave lets the next one go.
func (p *pace) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.turn <- struct{}{}:
		return func() { <-p.turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// slot waits until a write may be sent, and counts it. Only who has the turn may call it.
func (p *pace) slot(ctx context.Context) error {
	now := p.now()
	at := now
	for _, rule := range []struct {
		writes int
		within time.Duration
	}{{1, writeGap}, {writesMinute, time.Minute}, {writesHour, time.Hour}} {
		if n := len(p.sent) - rule.writes; n >= 0 {
			if free := p.sent[n].Add(rule.within); free.After(at) {
				at = free
			}
		}
	}
	if at.After(now) {
		if err := p.wait(ctx, at.Sub(now)); err != nil {
			return err
		}
	}
	p.sent = append(p.sent, at)
	p.sent = p.sent[max(0, len(p.sent)-writesHour):]
	return nil
}
