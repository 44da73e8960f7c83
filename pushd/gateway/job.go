package gateway

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"liveops/pushd/gateway/h2"
)

// A job is a Send in progress. Its messages are, one after the other: new, in hand (queued or in flight), perhaps
// waiting to be sent again, and done.
type job struct {
	s       *Sender
	batch   *Batch
	results []Result
	lane    *lane
	wake    chan struct{}
	alarm   <-chan time.Time // that rings then, if it is set
	rings   time.Time
	queued  int64 // since when its messages may be in the queue, by the gate's clock; 0 for none

	// The head of the last message that a connection took, and what it is of; the queue's mutex guards them.
	template *Template
	key      *credential
	head     *h2.Head

	mu       sync.Mutex
	fresh    int // the first message that was not sent yet
	inHand   int
	done     int
	again    []repeat // sorted by time
	failures []uint8  // by message: submissions that count as attempts
	troubled []int64  // by message: since when it meets trouble, by the gate's clock, 0 for none; nil before any does
	lost     []bool   // by message: a copy of it may have been taken
	skip     []bool   // by message: done before it was sent
	skipped  int      // how many are
	stop     error
	ended    int64 // submissions that ended,
	well     int64 // and those of them that were answered by a gateway that is well, since they were told last
}

// A repeat is a message that is sent again.
type repeat struct {
	at    time.Time
	index int32
}

func (s *Sender) newJob(b *Batch, results []Result) *job {
	n := len(b.Messages)
	marks := make([]bool, 2*n)
	j := &job{s: s, batch: b, results: results, wake: make(chan struct{}, 1),
		failures: make([]uint8, n), lost: marks[:n], skip: marks[n:]}
	for i := range b.Messages {
		results[i] = Result{ID: results[i].ID[:0]}
		if err := s.vendor.check(&b.Messages[i]); err != nil {
			results[i].Outcome, results[i].Reason = Rejected, err.Error()
			j.skip[i] = true
			j.skipped++
			j.done++
		}
	}
	return j
}

// signal has run look again.
func (j *job) signal() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// run sends the messages, until each is done.
func (j *job) run(ctx context.Context) error {
	for {
		now := j.s.o.Clock.Now()
		late := j.giveUpQueued(now)
		due, next, done, err := j.due(now)
		switch {
		case err != nil:
			return j.finish(err)
		case done:
			return nil
		case ctx.Err() != nil:
			return j.finish(ctx.Err())
		}
		if due != (portion{}) {
			sent, wait, err := j.submit(ctx, due)
			if err != nil {
				return j.finish(err)
			}
			if sent {
				continue
			}
			if wait > 0 {
				next = earlier(next, now.Add(wait))
			}
		}
		j.pause(ctx, now, earlier(next, late))
	}
}

// earlier is the earlier of two times; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// pause waits for a signal, a time unless it is zero, or the context's end.
func (j *job) pause(ctx context.Context, now, until time.Time) {
	if until.IsZero() {
		j.alarm = nil
	} else if j.alarm == nil || !until.Equal(j.rings) {
		j.alarm, j.rings = j.s.o.Clock.After(until.Sub(now)), until
	}
	select {
	case <-j.wake:
	case <-ctx.Done():
	case <-j.alarm:
		j.alarm = nil
	}
}

// A portion is how many messages may be sent next: repeats, and then fresh ones.
type portion struct{ repeats, fresh int }

// due is what may be sent next, a piece at most, and when the next repeat is due. It can only become more until it is
// taken, since run alone takes.
func (j *job) due(now time.Time) (p portion, next time.Time, done bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.stop != nil {
		return p, next, false, j.stop
	}
	for _, r := range j.again {
		if r.at.After(now) || p.repeats == Piece {
			next = r.at
			break
		}
		p.repeats++
	}
	for j.fresh < len(j.skip) && j.skip[j.fresh] {
		j.fresh++
	}
	to := min(j.fresh+Piece-p.repeats, len(j.skip))
	if j.skipped > 0 {
		if i := slices.Index(j.skip[j.fresh:to], true); i >= 0 {
			to = j.fresh + i
		}
	}
	p.fresh = to - j.fresh
	return p, next, j.done == len(j.results), nil
}

// take takes what is due in hand; j.mu must be held. Repeats may have come meanwhile before those that were seen: the
// first are taken, whichever they are.
func (j *job) take(p portion) span {
	s := span{job: j, from: j.fresh, to: j.fresh + p.fresh}
	for _, r := range j.again[:p.repeats] {
		s.listed = append(s.listed, r.index)
	}
	j.again = slices.Delete(j.again, 0, p.repeats)
	j.fresh = s.to
	j.inHand += s.len()
	return s
}

// submit queues messages, once there is a token, the gateway takes messages, a connection has room, and the pacer
// agrees. If it is not so far, it says when to look again; 0 for when there is a signal.
func (j *job) submit(ctx context.Context, p portion) (sent bool, wait time.Duration, err error) {
	if err := j.s.credentials.ensure(ctx); err != nil {
		if isStop(err) || ctx.Err() != nil {
			return false, 0, err
		}
		j.s.o.Log.Warn("no token for the gateway", "gateway", j.s.authority, "error", err)
		return false, max(j.s.o.Retry.wait(2, j.s.o.Random()), 10*time.Millisecond), nil
	}
	now := j.s.o.Clock.Now()
	if at := j.s.opens(); at.After(now) {
		return false, at.Sub(now), nil
	}
	n := p.repeats + p.fresh
	if !j.s.queue.reserve(j, n) {
		return false, 0, nil
	}
	if err := j.pacer().Take(ctx, n); err != nil {
		j.s.queue.release(j, n)
		return false, 0, err
	}
	j.mu.Lock()
	if err := j.stop; err != nil {
		j.mu.Unlock()
		j.s.queue.release(j, n)
		return false, 0, err
	}
	s := j.take(p)
	j.mu.Unlock()
	s.since = j.s.queue.gate.clock(j.s.o.Clock.Now())
	if j.queued == 0 {
		j.queued = s.since
	}
	j.s.queue.push(s)
	return true, 0, nil
}

// pacer is what holds it back.
func (j *job) pacer() Pacer {
	if j.batch.Pacer != nil {
		return j.batch.Pacer
	}
	return j.s.o.Pacer
}

func isStop(err error) bool {
	s := (*StopError)(nil)
	return errors.As(err, &s)
}

// opens is when the gateway takes messages again; the zero time for now.
func (s *Sender) opens() time.Time {
	gate := s.queue.gate.opens()
	if b := s.breaker.opens(); b.After(gate) {
		return b
	}
	return gate
}

// finish takes back what is queued, waits for what is in flight, and tells what is left: unsent, or unknown.
func (j *job) finish(why error) error {
	j.s.queue.forget(j)
	back, _ := j.s.queue.retract(j, math.MaxInt64)
	j.mu.Lock()
	for _, s := range back {
		j.inHand -= s.len()
	}
	if j.stop == nil {
		j.stop = errEnding // no repeats any more
	}
	for j.inHand > 0 {
		j.mu.Unlock()
		<-j.wake
		j.mu.Lock()
	}
	defer j.mu.Unlock()
	for i := range j.results {
		if r := &j.results[i]; r.Outcome == Unsent && j.lost[i] {
			r.Outcome = Unknown
		}
	}
	if stop := (*StopError)(nil); errors.As(j.stop, &stop) {
		return stop // it came while the others were waited for
	}
	return why
}

// errEnding is the stop of a job that has no answer to stop for.
var errEnding = errors.New("ending")

// Ended takes the end of a message, from a connection's goroutine.
func (j *job) Ended(index int, a *h2.Answer) {
	j.mu.Lock()
	j.inHand--
	j.ended++
	r := &j.results[index]
	r.Attempts++
	if j.lost[index] {
		r.Repeats++
	}
	j.settle(index, r, a, a.At)
	if j.inHand == 0 || j.ended == tellEvery {
		j.tell()
	}
	wake := j.inHand == 0 || j.stop != nil || len(j.again) > 0
	j.mu.Unlock()
	if wake {
		j.signal()
	}
}

// tellEvery is how many ends a job counts by itself, since all jobs' counters are shared between processors.
const tellEvery = 64

// tell adds what was counted to the sender's figures; j.mu must be held.
func (j *job) tell() {
	j.s.ended.Add(j.ended)
	if j.well > 0 {
		j.s.breaker.succeeded(j.well)
	}
	j.ended, j.well = 0, 0
}
