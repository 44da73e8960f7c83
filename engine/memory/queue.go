// Package memory carries deliveries and jobs within one process that works them off and ends, as in GitHub Actions:
// with the order and the retries of package engine, and nothing kept once the process is gone.
package memory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"liveops/engine"
)

// Options of a Queue. All have defaults.
type Options struct {
	Attempts int             // how often something is handed over before it is parked; default 4
	Backoff  []time.Duration // before each next attempt, the last for all further ones; default 2 s, 10 s, 30 s

	Log  *slog.Logger                                     // default discards
	Now  func() time.Time                                 // default time.Now
	Wait func(ctx context.Context, d time.Duration) error // default a real timer
}

// Queue keeps deliveries and jobs in the order in which they came. Its methods may be called from several goroutines,
// and from the handlers.
type Queue struct {
	options Options

	mu      sync.Mutex
	waiting []*task
	hand    *task // what a handler works on; nil for nothing
	parked  []parked
	known   map[string]bool // the ids of each lane
}

// task is a delivery (of no lane) or a job.
type task struct {
	job      engine.Job
	delivery engine.Delivery
	attempt  int
	since    time.Time
	again    time.Time // when it is handed over again; zero where it has not failed
	reason   error
	canceled bool
	cancel   context.CancelCauseFunc
}

// parked is what was given up.
type parked struct {
	engine.Parked
	task *task
}

// New makes an empty Queue.
func New(o Options) *Queue {
	if o.Attempts <= 0 {
		o.Attempts = 4
	}
	if len(o.Backoff) == 0 {
		o.Backoff = []time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	return &Queue{options: o, known: map[string]bool{}}
}

// Deliver puts a delivery at the end. An id that was delivered before is a duplicate, which is dropped.
func (q *Queue) Deliver(_ context.Context, d engine.Delivery) (duplicate bool, err error) {
	if d.ID == "" {
		return false, errors.New("the delivery has no id")
	}
	if d.Received.IsZero() {
		d.Received = q.options.Now()
	}
	job := engine.Job{ID: d.ID, Kind: d.Event, Repository: d.Repository, Asked: d.Received}
	return q.add(&task{job: job, delivery: d}), nil
}

// Enqueue puts a job at the end. An id that its lane has had is a duplicate, which is dropped.
func (q *Queue) Enqueue(_ context.Context, j engine.Job) (duplicate bool, err error) {
	if j.ID == "" || j.Key == "" || j.Lane == "" {
		return false, engine.Park(errors.New("the job has no id, no key or no lane"))
	}
	if j.Asked.IsZero() {
		j.Asked = q.options.Now()
	}
	return q.add(&task{job: j}), nil
}

func (q *Queue) add(t *task) (duplicate bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	id := string(t.job.Lane) + " " + t.job.ID
	if q.known[id] {
		return true
	}
	q.known[id] = true
	q.waiting = append(q.waiting, t)
	return false
}

// Retry puts what is parked under an id at the end again, with all its attempts before it; engine.ErrNotParked says
// that nothing is.
func (q *Queue) Retry(_ context.Context, id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, p := range slices.Backward(q.parked) {
		if p.ID == id {
			p.task.attempt, p.task.reason, p.task.again = 0, nil, time.Time{}
			q.waiting = append(q.waiting, p.task)
			q.parked = slices.Delete(q.parked, i, i+1)
			return nil
		}
	}
	return fmt.Errorf("retry %s: %w", id, engine.ErrNotParked)
}

// Cancel drops a job that waits, and ends the context of one that is in hand, with engine.ErrCanceled as its cause;
// it is done with then, whatever its handler returns. engine.ErrNoJob says that there is none of that id.
func (q *Queue) Cancel(_ context.Context, l engine.Lane, id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	is := func(t *task) bool { return t != nil && t.job.ID == id && t.job.Lane == l && l != "" }
	if is(q.hand) {
		q.hand.canceled = true
		q.hand.cancel(engine.ErrCanceled)
		return nil
	}
	if i := slices.IndexFunc(q.waiting, is); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return nil
	}
	return fmt.Errorf("cancel %s: %w", id, engine.ErrNoJob)
}

// Jobs lists the job in hand and those that wait, in their order.
func (q *Queue) Jobs(context.Context) ([]engine.Standing, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []engine.Standing
	if t := q.hand; t != nil && t.job.Lane != "" {
		s := engine.Standing{Job: t.job, State: engine.InHand, Attempt: t.attempt, Since: t.since}
		if !t.again.IsZero() {
			s.State, s.Reason, s.Again = engine.TryingAgain, t.reason.Error(), t.again
		}
		all = append(all, s)
	}
	for _, t := range q.waiting {
		if t.job.Lane != "" {
			all = append(all, engine.Standing{Job: t.job, State: engine.Waiting})
		}
	}
	return all, nil
}

// Parked lists what was given up, in the order of that.
func (q *Queue) Parked(context.Context) ([]engine.Parked, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []engine.Parked
	for _, p := range q.parked {
		all = append(all, p.Parked)
	}
	return all, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
