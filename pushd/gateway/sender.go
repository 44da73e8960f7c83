package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed is the error of a Send on a sender that was closed.
var ErrClosed = errors.New("the sender is closed")

// A Sender sends to one gateway with one account. Its methods may be called from several goroutines at once: batches
// that are sent together share the connections, the token, the pace, and the waits that the gateway asks for.
type Sender struct {
	o           Options
	vendor      vendor
	authority   string
	credentials *credentials
	breaker     breaker
	queue       queue
	pool        pool
	ended       atomic.Int64 // messages that were answered, refused or lost
	ctx         context.Context
	cancel      context.CancelFunc
	sending     sync.WaitGroup
}

func newSender(v vendor, m mint, o Options) (*Sender, error) {
	dial, authority, err := o.dialer()
	if err != nil {
		return nil, err
	}
	s := &Sender{o: o, vendor: v, authority: authority}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.credentials = &credentials{mint: m, clock: o.Clock, ctx: s.ctx, fresh: s.queue.wakeAll}
	s.pool.start(s, dial)
	return s, nil
}

// Close ends all connections, and waits for every Send, which ends with ErrClosed. It may be called twice.
func (s *Sender) Close() error {
	s.cancel()
	s.sending.Wait()
	s.pool.running.Wait()
	s.credentials.running.Wait()
	return nil
}

// SetRate changes Options.Rate.
func (s *Sender) SetRate(perSecond float64) { s.pool.setRate(perSecond) }

// Stats are a sender's figures.
type Stats struct {
	Connections int           // that take messages
	Streams     int           // that these have together
	InFlight    int           // messages that wait for their answer
	Latency     time.Duration // how long answers take
	Ended       int64         // submissions that were answered, refused or lost so far
	Gate        time.Time     // until when the gateway asked to send nothing; the zero time for now
	Breaker     bool          // the circuit breaker is open
}

// Stats are the figures now.
func (s *Sender) Stats() Stats {
	st := s.pool.stats()
	if s.queue.gate.closed(s.o.Clock.Now()) {
		st.Gate = s.queue.gate.opens()
	}
	st.Breaker, st.Ended = s.breaker.open.Load(), s.ended.Load()
	return st
}

// Gate is for how long the gateway has asked to send nothing yet; 0 where it has not.
func (s *Sender) Gate() time.Duration {
	return max(0, s.queue.gate.opens().Sub(s.o.Clock.Now()))
}

// Hold sends nothing for a while, since the gateway has asked another sender of the same project to wait. It makes no wait shorter.
func (s *Sender) Hold(wait time.Duration) {
	if now := s.o.Clock.Now(); s.queue.gate.close(now, now.Add(wait)) {
		s.pool.kick()
	}
}

// Send sends a batch, and returns when the end of each message is known: results[i] is that of b.Messages[i]. It must
// be as long, and may be used again for another batch. The error is nil if every message was sent or given up; else
//
//   - a *StopError: no message after it should be sent. Those not yet submitted are Unsent;
//   - the context's error: those not yet submitted are Unsent. Messages whose answer was still to come have been waited
//     for, so that nothing is sent after Send has returned;
//   - ErrClosed.
//
// In each of these cases too the results tell what became of the others.
func (s *Sender) Send(ctx context.Context, b *Batch, results []Result) error {
	if len(b.Messages) > MaxBatch || len(results) != len(b.Messages) {
		return fmt.Errorf("a batch of %d messages with %d results: want at most %d, and as many", len(b.Messages), len(results), MaxBatch)
	}
	s.sending.Add(1)
	defer s.sending.Done()
	if s.ctx.Err() != nil {
		return ErrClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(ErrClosed) })()
	s.pool.begin()
	defer s.pool.end()
	j := s.newJob(b, results)
	j.lane = s.queue.join(j.pacer())
	defer s.queue.part(j.lane)
	err := j.run(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}
