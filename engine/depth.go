package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Depth is how many deliveries and jobs wait or are in hand, and how many are parked. waiting is 0 only where all that
// had come in before the call is done, with everything that it led to.
func (e *Engine) Depth(ctx context.Context) (waiting, parked int, err error) {
	end, err := e.begin()
	if err != nil {
		return 0, 0, err
	}
	defer end()
	for {
		before, err := e.jobs.Info(ctx)
		if err != nil {
			return 0, 0, fmt.Errorf("count the jobs: %w", err)
		}
		// The deliveries first, since they lead to jobs. Jobs lead to jobs in any lane.
		waiting, err = e.deliveriesWaiting(ctx)
		if err != nil {
			return 0, 0, err
		}
		for _, q := range e.queues[1:] {
			n, err := q.waiting(ctx)
			if err != nil {
				return 0, 0, err
			}
			waiting += n
		}
		after, err := e.jobs.Info(ctx)
		if err != nil {
			return 0, 0, fmt.Errorf("count the jobs: %w", err)
		}
		if waiting > 0 || before.State.LastSeq == after.State.LastSeq {
			break
		}
	}
	aside, err := e.parked.Info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("count what is parked: %w", err)
	}
	return waiting, int(aside.State.Msgs), nil
}

// deliveriesWaiting counts the deliveries. The consumer's own count lags behind what is stored. Deliveries are
// settled in order, so what lies behind the last one settled waits: nobody takes messages out of the middle.
func (e *Engine) deliveriesWaiting(ctx context.Context) (int, error) {
	floor, err := e.queues[0].settled(ctx)
	if err != nil {
		return 0, err
	}
	stream, err := e.deliveries.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the deliveries: %w", err)
	}
	settled := max(floor, stream.State.FirstSeq-min(stream.State.FirstSeq, 1))
	return int(stream.State.LastSeq - min(settled, stream.State.LastSeq)), nil
}

// waiting counts the queue's jobs. Whether there are any is exact; how many may lag behind.
func (q *queue) waiting(ctx context.Context) (int, error) {
	info, err := q.consumer.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the jobs of %s: %w", q.name, err)
	}
	last, err := q.stream.GetLastMsgForSubject(ctx, q.filter)
	if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && last.Sequence <= info.AckFloor.Stream {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("count the jobs of %s: %w", q.name, err)
	}
	return max(1, info.NumAckPending+int(info.NumPending)), nil
}

// forget removes from the front of their streams deliveries and jobs that are done and so old that their ids need
// not be known any more.
func (e *Engine) forget(ctx context.Context) error {
	for _, queues := range [][]*queue{e.queues[:1], e.queues[1:]} {
		if err := e.forgetOf(ctx, queues); err != nil {
			return fmt.Errorf("forget what is long done: %w", err)
		}
	}
	return nil
}

// forgetOf is forget for the queues of one stream.
func (e *Engine) forgetOf(ctx context.Context, queues []*queue) error {
	stream := queues[0].stream
	floors := map[string]uint64{}
	for {
		info, err := stream.Info(ctx)
		if err != nil {
			return err
		}
		if info.State.Msgs == 0 || e.options.Now().Sub(info.State.FirstTime) < Remembered {
			return nil
		}
		done, err := isDone(ctx, queues, info.State.FirstSeq, floors)
		if err != nil || !done {
			return err
		}
		if err := stream.DeleteMsg(ctx, info.State.FirstSeq); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return err
		}
	}
}

// isDone says whether the message of a sequence is settled in its queue. floors keeps how far the queues are.
func isDone(ctx context.Context, queues []*queue, sequence uint64, floors map[string]uint64) (bool, error) {
	m, err := queues[0].stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, q := range queues {
		if !q.has(m.Subject) {
			continue
		}
		if sequence <= floors[q.name] {
			return true, nil
		}
		if floors[q.name], err = q.settled(ctx); err != nil {
			return false, err
		}
		return sequence <= floors[q.name], nil
	}
	return false, nil
}
