package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrCanceled is the cause (context.Cause) with which the context of a job's handler ends when Cancel was called. The
// job is done with then, whatever the handler returns: neither tried again nor parked.
var ErrCanceled = errors.New("the job was canceled")

// ErrNoJob says that no job of that id waits or is in hand.
var ErrNoJob = errors.New("no such job waits or is in hand")

const cancelSubject = "liveops.control.cancel." // and the job's lane, and its id in base64

func subjectOfCancel(l Lane, id string) string {
	return cancelSubject + string(l) + "." + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// listen has Cancel reach a job in hand, until the function that it returns is called.
func (e *Engine) listen(t *task, cancel context.CancelCauseFunc) (deaf func(), err error) {
	if t.queue.lane == "" {
		return func() {}, nil
	}
	s, err := e.conn.Subscribe(subjectOfCancel(t.job.Lane, t.job.ID), func(m *nats.Msg) {
		cancel(ErrCanceled)
		if err := m.Respond(nil); err != nil {
			t.log.Warn("engine: canceled, and could not say so", "err", err)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listen for a cancel of %s: %w", t.job.ID, err)
	}
	return func() { _ = s.Unsubscribe() }, nil // the connection ends it otherwise
}

// Cancel ends the job of that id in a lane: one in hand by its handler's context, on whichever process has it; one
// that waits, also to be tried again, by taking it out of its queue. It returns when the handler has been told, not
// when it has returned. ErrNoJob says that there is none.
//
// A job in hand whose process dies before its handler has returned is handed over again.
func (e *Engine) Cancel(ctx context.Context, l Lane, id string) error {
	end, err := e.begin()
	if err != nil {
		return err
	}
	defer end()
	told, err := e.tellCancel(ctx, l, id)
	if err != nil || told {
		return err
	}
	for _, q := range e.queues {
		if q.lane != l || l == "" {
			continue
		}
		removed, err := q.remove(ctx, id)
		if err != nil {
			return fmt.Errorf("cancel %s: %w", id, err)
		}
		if removed { // it may have been handed over in between
			_, err := e.tellCancel(ctx, l, id)
			return err
		}
	}
	return fmt.Errorf("cancel %s: %w", id, ErrNoJob)
}

// tellCancel tells whoever has a job in hand.
func (e *Engine) tellCancel(ctx context.Context, l Lane, id string) (told bool, err error) {
	_, err = e.conn.RequestWithContext(ctx, subjectOfCancel(l, id), nil)
	if errors.Is(err, nats.ErrNoResponders) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cancel %s: %w", id, err)
	}
	return true, nil
}

// remove takes the job of an id out of the queue. The server then settles it, if it was handed over.
func (q *queue) remove(ctx context.Context, id string) (removed bool, err error) {
	floor, err := q.settled(ctx)
	if err != nil {
		return false, err
	}
	for from := floor + 1; ; {
		m, err := q.next(ctx, from)
		if err != nil || m == nil {
			return removed, err
		}
		from = m.Sequence + 1
		if m.Header.Get(headerID) != id {
			continue
		}
		if err := q.stream.DeleteMsg(ctx, m.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return removed, err
		}
		removed = true
	}
}
