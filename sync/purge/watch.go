package purge

import (
	"context"
	"sync/atomic"
	"time"
)

// watch is the context of one run of an expression: it ends with another, or after a while. jq asks it before every
// step, and a channel that can be received from is much of what a step takes; so there is one only once it has ended.
type watch struct {
	context.Context
	timer *time.Timer
	late  atomic.Bool
	asked uint
	ended bool
}

// watchFor begins; stop must be called. Only the goroutine that runs the expression may use the context.
func watchFor(ctx context.Context, limit time.Duration) *watch {
	w := &watch{Context: ctx}
	w.timer = time.AfterFunc(limit, func() { w.late.Store(true) })
	return w
}

func (w *watch) stop() { w.timer.Stop() }

// someSteps is after how many the outer context is asked, too.
const someSteps = 256

// Done is nil, from which nothing is ever received, until the context has ended.
func (w *watch) Done() <-chan struct{} {
	w.asked++
	if !w.ended && (w.late.Load() || w.asked%someSteps == 0 && w.Context.Err() != nil) {
		w.ended = true
	}
	if !w.ended {
		return nil
	}
	closed := make(chan struct{})
	close(closed)
	return closed
}

// Err says why it has ended.
func (w *watch) Err() error {
	switch {
	case w.Context.Err() != nil:
		return w.Context.Err()
	case w.ended || w.late.Load():
		return context.DeadlineExceeded
	}
	return nil
}
