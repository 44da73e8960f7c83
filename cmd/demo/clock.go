package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// seoul is the time zone of the story.
var seoul = time.FixedZone("KST", 9*60*60)

// evening is when the story begins: on a Thursday, while production is frozen.
var evening = time.Date(2026, 12, 10, 19, 30, 0, 0, seoul)

// clock is the bot's: it goes on by itself, and is put forward.
type clock struct {
	began time.Time
	later atomic.Int64   // how much later than evening it was when it began: a time.Duration
	tick  chan time.Time // has the bot look what is due
}

func newClock() *clock { return &clock{began: time.Now(), tick: make(chan time.Time)} }

func (c *clock) now() time.Time {
	return evening.Add(time.Since(c.began) + time.Duration(c.later.Load())).UTC()
}

// goOn puts the clock forward, and waits until all is done that is due then.
func (w *world) goOn(ctx context.Context, to time.Time) error {
	w.clock.later.Add(int64(to.Sub(w.clock.now())))
	for range 2 { // the second is taken when the first is done
		select {
		case w.clock.tick <- w.clock.now():
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", to, ctx.Err())
		}
	}
	return w.settle(ctx)
}
