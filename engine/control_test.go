package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"
)

// A job is canceled by another process than the one that has it in hand.
func TestCancelOfAJobInHand(t *testing.T) {
	url := external(t, maxMessage)
	worker, other := opened(t, Options{URL: url}), opened(t, Options{URL: url})
	enqueue(t, worker, release("long"), release("next"))
	inHand := make(chan struct{})
	causes := make(chan error, 1)
	w := doing(t, worker, func(ctx context.Context, j Job, _ int) error {
		if j.ID == "long" {
			close(inHand)
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return Park(ctx.Err()) // whatever it returns
		}
		return nil
	})
	<-inHand
	if err := other.Cancel(bounded(t), Plans, "long"); !errors.Is(err, ErrNoJob) {
		t.Errorf("Cancel in another lane = %v, want ErrNoJob", err)
	}
	if err := other.Cancel(bounded(t), Releases, "long"); err != nil {
		t.Fatal(err)
	}
	if err := <-causes; !errors.Is(err, ErrCanceled) {
		t.Errorf("the handler's context ended with %v", err)
	}
	wantHandled(t, w.next(t, 2), "long#1", "next#1")
	idle(t, other)
	w.end(t)
	wantDepth(t, other, 0, 0)
	if err := other.Cancel(bounded(t), Releases, "long"); !errors.Is(err, ErrNoJob) {
		t.Errorf("Cancel of what is done = %v, want ErrNoJob", err)
	}
}

// A job that nobody has in hand, because it waits or is to be tried again in an hour, is taken out of its queue.
func TestCancelOfAJobThatWaits(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir(), Backoff: []time.Duration{time.Hour}, Logger: slog.New(slog.DiscardHandler)})
	enqueue(t, e, release("failing"), release("waits"), release("next"))
	w := doing(t, e, func(_ context.Context, j Job, _ int) error {
		if j.ID == "failing" {
			return errors.New("the database cannot be reached")
		}
		return nil
	})
	w.next(t, 1)
	await(t, "it is to be tried again", func() bool {
		list, err := e.Jobs(bounded(t))
		return err == nil && len(list) == 3 && list[0].State == TryingAgain
	})
	for _, id := range []string{"waits", "failing"} {
		if err := e.Cancel(bounded(t), Releases, id); err != nil {
			t.Fatal(err)
		}
	}
	wantHandled(t, w.next(t, 1), "next#1")
	idle(t, e)
	wantHandled(t, w.end(t))
	wantDepth(t, e, 0, 0)
}

func TestJobs(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := func() time.Time { return at }
	url := external(t, maxMessage)
	bot := opened(t, Options{URL: url, Name: "bot-1", Now: now, Backoff: []time.Duration{time.Hour}, Logger: slog.New(slog.DiscardHandler)})
	other := opened(t, Options{URL: url, Name: "bot-2", Now: now})
	if list, err := other.Jobs(bounded(t)); err != nil || len(list) != 0 {
		t.Errorf("of nothing: %v, %v", list, err)
	}
	enqueue(t, bot, release("failing"), release("waits"), pullJob(1, 1), pullJob(1, 2))
	inHand := make(chan struct{})
	w := doing(t, bot, func(ctx context.Context, j Job, _ int) error {
		if j.Lane == Releases {
			return errors.New("the database cannot be reached")
		}
		close(inHand)
		<-ctx.Done()
		return ctx.Err()
	})
	<-inHand
	wantHandled(t, w.next(t, 1), "failing#1")
	var list []Standing
	await(t, "the release is to be tried again", func() (so bool) {
		var err error
		list, err = other.Jobs(bounded(t))
		return err == nil && len(list) == 4 && list[2].State == TryingAgain
	})
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s %s %s attempt %d by %q since %q: %q again %q", s.Lane, s.ID, s.State, s.Attempt, s.By, clock(s.Since), s.Reason, clock(s.Again)))
	}
	wantHandled(t, got,
		`plan 1.1 in hand attempt 1 by "bot-1" since "03:04": "" again ""`,
		`plan 1.2 waiting attempt 0 by "" since "": "" again ""`,
		`release failing trying again attempt 1 by "bot-1" since "03:04": "the database cannot be reached" again "04:04"`,
		`release waits waiting attempt 0 by "" since "": "" again ""`)
	if s := list[2]; s.About != "game/data#1" || s.Kind != "release" || s.Repository != "game/data" || !s.Asked.Equal(at) {
		t.Errorf("the release stands as %+v", s)
	}
	w.end(t)

	// Nobody has anything in hand now: what was is to be handed over again.
	list, err := other.Jobs(bounded(t))
	if err != nil || len(list) != 4 || list[0].State != Waiting {
		t.Errorf("after the bot's end: %+v, %v", list, err)
	}
}

func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("15:04")
}
