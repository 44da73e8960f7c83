package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// settleLimit bounds the engine's own words with the server after a handler, which a shutdown must not cut off.
const settleLimit = 10 * time.Second

// errCrashing parks what seems to end the process every time it is handled: no failure is ever counted
// for it, and it would stand in the way of all behind it for good.
var errCrashing = errors.New("handed over many times without an outcome: its handling seems to end the process")

// task is a delivery or job that was handed over.
type task struct {
	queue    *queue
	message  jetstream.Msg
	sequence uint64
	attempt  int
	job      Job // a delivery as one of no lane
	do       func(ctx context.Context) error
	log      *slog.Logger
}

// workOff handles one message and settles it: acknowledged, parked, or to come again after a while. It is not
// settled where ctx ended meanwhile: then it is to be handed over again at once.
func (e *Engine) workOff(ctx context.Context, q *queue, m jetstream.Msg, handlers Handlers) (settled bool) {
	about, err := m.Metadata()
	if err != nil {
		e.options.Logger.Error("engine: a message without metadata", "queue", q.name, "err", err)
		return true
	}
	t := &task{queue: q, message: m, sequence: about.Sequence.Stream, attempt: int(about.NumDelivered), job: jobOf(m.Headers(), m.Data())}
	t.do = func(ctx context.Context) error { return handlers.Do(ctx, t.job, t.attempt) }
	t.log = e.options.Logger.With("queue", q.name, "job", t.job.ID, "kind", t.job.Kind, "attempt", t.attempt)
	if q.lane == "" {
		t.do = func(ctx context.Context) error {
			return handlers.Dispatch(ctx, deliveryOf(m.Headers(), m.Data()), t.attempt)
		}
		t.log = e.options.Logger.With("delivery", t.job.ID, "event", t.job.Kind, "attempt", t.attempt)
	}
	if e.superseded(ctx, t) {
		t.log.Info("engine: dropped for a newer one")
	} else {
		e.hands.take(t, e.options)
		err = e.handle(ctx, t)
	}
	return e.settle(ctx, t, err)
}

// settle tells the server what became of a task: err is what its handling returned.
func (e *Engine) settle(ctx context.Context, t *task, err error) (settled bool) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	var final *parkError
	switch {
	case err == nil:
		err = t.message.DoubleAck(ending)
	case errors.Is(err, ErrCanceled):
		t.log.Info("engine: canceled")
		err = t.message.DoubleAck(ending)
	case errors.As(err, &final), t.attempt >= e.options.Attempts && ctx.Err() == nil:
		t.log.Error("engine: parked", "err", err)
		if err = e.park(ending, t, err); err == nil {
			err = t.message.DoubleAck(ending)
		}
	case ctx.Err() != nil:
		t.log.Info("engine: interrupted, to be handed over again", "err", err)
		e.hands.drop(t)
		return false
	default:
		wait := e.options.Backoff[min(t.attempt, len(e.options.Backoff))-1]
		t.log.Warn("engine: failed, to be tried again", "err", err, "in", wait)
		e.hands.failed(t, err, e.options.Now().Add(wait))
		if err := t.message.NakWithDelay(wait); err != nil {
			t.log.Warn("engine: not settled, to be handed over again", "err", err)
		}
		return true
	}
	e.hands.drop(t)
	if err != nil {
		t.log.Warn("engine: not settled, to be handed over again", "err", err)
	}
	return true
}

// superseded says whether a newer job waits to take the task's place. Where the server does not tell, none does.
func (e *Engine) superseded(ctx context.Context, t *task) bool {
	if t.job.Supersede == "" {
		return false
	}
	last, err := t.queue.stream.GetLastMsgForSubject(ctx, t.message.Subject())
	if err != nil {
		t.log.Warn("engine: not known whether there is a newer one", "err", err)
		return false
	}
	return last.Sequence > t.sequence
}
