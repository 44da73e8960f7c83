package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestOldDeliveriesAreForgottenOnlyWhenDone(t *testing.T) {
	now := time.Now()
	e := opened(t, Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	for _, id := range []string{"a", "b", "c"} {
		deliver(t, e, id)
	}
	stored := func() uint64 {
		t.Helper()
		info, err := e.deliveries.Info(bounded(t))
		if err != nil {
			t.Fatal(err)
		}
		return info.State.Msgs
	}
	started, gate := make(chan struct{}), make(chan struct{})
	w := working(t, e, func(id string, _ int) error {
		if id == "c" {
			close(started)
			<-gate
		}
		return nil
	})
	w.next(t, 2)
	<-started // so a and b are settled
	if err := e.forget(bounded(t)); err != nil || stored() != 3 {
		t.Errorf("just done: %d are stored, %v; want 3", stored(), err)
	}
	now = now.Add(Remembered + time.Minute) // the worker reads the clock only between deliveries, c holds it
	if err := e.forget(bounded(t)); err != nil || stored() != 1 {
		t.Errorf("long done: %d are stored, %v; want the one in hand", stored(), err)
	}
	close(gate)
	w.next(t, 1)
	w.end(t)
}

func TestAFailureIsTriedAgainBeforeTheNext(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir(), Backoff: []time.Duration{time.Millisecond, 2 * time.Millisecond}})
	deliver(t, e, "first")
	deliver(t, e, "second")
	w := working(t, e, func(id string, attempt int) error {
		if id == "first" && attempt < 4 {
			return errors.New("not yet")
		}
		return nil
	})
	wantHandled(t, w.next(t, 5), "first#1", "first#2", "first#3", "first#4", "second#1")
	wantHandled(t, w.end(t))
	wantDepth(t, e, 0, 0)
}

func TestALongHandlerIsNotGivenToAnother(t *testing.T) {
	const ackWait = 300 * time.Millisecond
	e := opened(t, Options{Dir: t.TempDir(), AckWait: ackWait})
	deliver(t, e, "long")
	deliver(t, e, "next")
	first := working(t, e, func(id string, _ int) error {
		if id == "long" {
			<-time.After(4 * ackWait) // what is tested is that this time passes
		}
		return nil
	})
	second := working(t, e, done)
	var got []string
	for range 2 {
		select {
		case s := <-first.handled:
			got = append(got, s)
		case s := <-second.handled:
			got = append(got, s)
		case <-bounded(t).Done():
			t.Fatalf("only %v handled", got)
		}
	}
	got = append(append(got, first.end(t)...), second.end(t)...)
	wantHandled(t, got, "long#1", "next#1")
}

func TestAnInterruptedHandlerComesAgainAtOnce(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir(), AckWait: time.Hour, Backoff: []time.Duration{time.Hour}, Attempts: 1})
	deliver(t, e, "one")
	ctx, cancel := context.WithCancel(bounded(t))
	err := work(ctx, e, func(ctx context.Context, _ Delivery, _ int) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	wantDepth(t, e, 1, 0) // an interruption is no failure: not parked although attempts are used up
	w := working(t, e, done)
	wantHandled(t, w.next(t, 1), "one#2")
	w.end(t)
}

// A handler that is done at once once made the client forget to ask for more, for half a minute.
func TestQuickHandlersDoNotStall(t *testing.T) {
	const n = 1500
	e := opened(t, Options{Dir: t.TempDir(), AckWait: time.Hour})
	for i := range n {
		deliver(t, e, fmt.Sprintf("d%d", i))
	}
	w := working(t, e, done)
	for i := range n {
		wantHandled(t, w.next(t, 1), fmt.Sprintf("d%d#1", i))
	}
	wantHandled(t, w.end(t))
}
