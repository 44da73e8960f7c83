package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// seoul is the time zone of the story.
var seoul = time.FixedZone("KST", 9*60*60)

// clock is the bot's. It is half past seven in the evening of this day when the story begins, while production is frozen;
// from there it goes on by itself, and is put forward.
type clock struct {
	began time.Time
	later atomic.Int64   // how far it is ahead of the machine's, which may be less than nothing: a time.Duration
	tick  chan time.Time // has the bot look what is due
}

func newClock() *clock {
	c := &clock{began: time.Now().In(seoul), tick: make(chan time.Time)}
	c.later.Store(int64(c.at(19, 30).Sub(c.began)))
	return c
}

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.later.Load())).UTC() }

// at is a time of the day on which the story begins; hours from 24 on are of the next.
func (c *clock) at(hour, minute int) time.Time {
	return time.Date(c.began.Year(), c.began.Month(), c.began.Day(), hour, minute, 0, 0, seoul)
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
