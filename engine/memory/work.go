package memory

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"liveops/engine"
)

// Work hands what waits to the handlers, one after the other in the order in which it came, until nothing is left, what
// the handlers enqueue included. What fails is tried again before anything behind it and, in the end, parked. A job
// that a newer one of its Lane, Key and Supersede waits behind is dropped. It returns nil when nothing is left, and the
// cause of ctx where that ended first: what was not done is still there then.
func (q *Queue) Work(ctx context.Context, handlers engine.Handlers) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		working, cancel := context.WithCancelCause(ctx)
		t := q.take(cancel)
		if t == nil {
			cancel(nil)
			return nil
		}
		err := q.workOff(working, t, handlers)
		cancel(nil)
		if err := q.settle(ctx, t, err); err != nil {
			return err
		}
	}
}

// take takes the first that waits in hand, with what ends its handler; nil where nothing waits.
func (q *Queue) take(cancel context.CancelCauseFunc) *task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) > 0 {
		t := q.waiting[0]
		q.waiting = q.waiting[1:]
		if q.superseded(t) {
			q.options.Log.Info("dropped for a newer one", "job", t.job.ID, "kind", t.job.Kind)
			continue
		}
		t.canceled, t.cancel = false, cancel
		q.hand = t
		return t
	}
	return nil
}

func (q *Queue) superseded(t *task) bool {
	for _, newer := range q.waiting {
		a, b := t.job, newer.job
		if a.Supersede != "" && a.Lane == b.Lane && a.Key == b.Key && a.Supersede == b.Supersede {
			return true
		}
	}
	return false
}

// workOff has a task handled until it is done, failed for good, or may not be tried again.
func (q *Queue) workOff(ctx context.Context, t *task, handlers engine.Handlers) error {
	for {
		q.begin(t)
		err := handle(ctx, t, handlers)
		if err == nil || engine.IsFinal(err) || t.attempt >= q.options.Attempts || ctx.Err() != nil {
			return err
		}
		pause := q.options.Backoff[min(t.attempt, len(q.options.Backoff))-1]
		q.options.Log.Warn("failed, to be tried again", "job", t.job.ID, "kind", t.job.Kind, "attempt", t.attempt, "err", err, "in", pause)
		q.mu.Lock()
		t.reason, t.again = err, q.options.Now().Add(pause)
		q.mu.Unlock()
		if stopped := q.options.Wait(ctx, pause); stopped != nil {
			return errors.Join(err, stopped)
		}
	}
}

func (q *Queue) begin(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.attempt++
	t.since, t.reason, t.again = q.options.Now(), nil, time.Time{}
}

// handle calls the handler; its panic is an error.
func handle(ctx context.Context, t *task, handlers engine.Handlers) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if t.job.Lane == "" {
		return handlers.Dispatch(ctx, t.delivery, t.attempt)
	}
	return handlers.Do(ctx, t.job, t.attempt)
}

// settle lays a task down. Where ctx ended it is put back in front, as it was.
func (q *Queue) settle(ctx context.Context, t *task, err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hand = nil
	switch {
	case t.canceled:
		q.options.Log.Info("canceled", "job", t.job.ID, "kind", t.job.Kind)
	case err == nil:
	case ctx.Err() != nil && !engine.IsFinal(err):
		q.waiting = append([]*task{t}, q.waiting...)
		return context.Cause(ctx)
	default:
		q.options.Log.Error("given up", "job", t.job.ID, "kind", t.job.Kind, "attempts", t.attempt, "err", err)
		job := t.job
		job.Body = nil
		q.parked = append(q.parked, parked{engine.Parked{Job: job, Reason: err.Error(), Attempts: t.attempt, At: q.options.Now()}, t})
	}
	return nil
}
