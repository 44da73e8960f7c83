package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

// pullJob is the n-th job of a pull request.
func pullJob(pull, n int) Job {
	about := fmt.Sprintf("game/data#%d", pull)
	return Job{ID: fmt.Sprintf("%d.%d", pull, n), Lane: Plans, Key: about, Kind: "plan", About: about, Body: []byte("body")}
}

func release(id string) Job {
	return Job{ID: id, Lane: Releases, Key: "game/data", Kind: "release", Repository: "game/data", About: "game/data#1"}
}

func enqueue(t *testing.T, e *Engine, jobs ...Job) {
	t.Helper()
	for _, j := range jobs {
		if duplicate, err := e.Enqueue(bounded(t), j); err != nil || duplicate {
			t.Fatalf("Enqueue(%s) = %v, %v", j.ID, duplicate, err)
		}
	}
}

// doing starts Work with a handler of jobs that reports each call once answer has returned.
func doing(t *testing.T, e *Engine, answer func(ctx context.Context, j Job, attempt int) error) *worker {
	t.Helper()
	return started(t, e, func(handled chan<- string) Handlers {
		return Handlers{Do: func(ctx context.Context, j Job, attempt int) error {
			err := answer(ctx, j, attempt)
			handled <- fmt.Sprintf("%s#%d", j.ID, attempt)
			return err
		}}
	})
}

func TestLanesDoNotWaitForEachOther(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir(), Backoff: []time.Duration{time.Hour}, Logger: slog.New(slog.DiscardHandler)})
	enqueue(t, e, release("failing"), release("behind"))
	w := doing(t, e, func(ctx context.Context, j Job, _ int) error {
		switch j.ID {
		case "failing":
			return errors.New("the database cannot be reached")
		case "long":
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	wantHandled(t, w.next(t, 1), "failing#1")
	long := pullJob(1, 1)
	long.ID = "long"
	enqueue(t, e, long, pullJob(2, 1), Job{ID: "status", Lane: Commands, Key: "game/data#1", Kind: "status"},
		Job{ID: "test", Lane: Waits, Key: "game/data#1", Kind: "test"})
	got := w.next(t, 3)
	slices.Sort(got)
	wantHandled(t, got, "2.1#1", "status#1", "test#1")
	wantDepth(t, e, 3, 0)
	wantHandled(t, w.end(t), "long#1")
}

func TestAPullRequestsJobsAreInOrder(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir(), Backoff: []time.Duration{time.Millisecond}, Logger: slog.New(slog.DiscardHandler)})
	var want []string
	for n := range 10 {
		enqueue(t, e, pullJob(7, n))
		want = append(want, fmt.Sprintf("7.%d#1", n))
	}
	want[2] = "7.2#2" // the first call panics, and is not reported
	w := doing(t, e, func(_ context.Context, j Job, attempt int) error {
		if j.ID == "7.2" && attempt == 1 {
			panic("once")
		}
		return nil
	})
	wantHandled(t, w.next(t, 10), want...)
	w.end(t)
	wantDepth(t, e, 0, 0)
}

// A handler enqueues what its job leads to, and is interrupted before it can say that it is done.
func TestAskingTwiceIsAskingOnce(t *testing.T) {
	dir := t.TempDir()
	e := opened(t, Options{Dir: dir, Backoff: []time.Duration{time.Millisecond}, Logger: slog.New(slog.DiscardHandler)})
	deliver(t, e, "d")
	handlers := func(handled chan<- string) Handlers {
		return Handlers{
			Dispatch: func(ctx context.Context, d Delivery, attempt int) error {
				j := pullJob(1, 1)
				j.ID = d.ID
				if _, err := e.Enqueue(ctx, j); err != nil || attempt == 1 {
					return errors.Join(err, errors.New("interrupted"))
				}
				return nil
			},
			Do: func(ctx context.Context, j Job, attempt int) error {
				handled <- fmt.Sprintf("%s %s#%d", j.Lane, j.ID, attempt)
				if j.Lane == Releases {
					return nil
				}
				if _, err := e.Enqueue(ctx, release(j.ID)); err != nil || attempt == 1 {
					return errors.Join(err, errors.New("interrupted"))
				}
				return nil
			},
		}
	}
	w := started(t, e, handlers)
	got := w.next(t, 3)
	idle(t, e)
	got = append(got, w.end(t)...)
	slices.Sort(got)
	wantHandled(t, got, "plan d#1", "plan d#2", "release d#1")
	closed(t, e)

	e = opened(t, Options{Dir: dir})
	for _, j := range []Job{release("d"), {ID: "d", Lane: Plans, Key: "another"}} {
		if duplicate, err := e.Enqueue(bounded(t), j); err != nil || !duplicate {
			t.Errorf("in %s after a restart: %v, %v; want a duplicate", j.Lane, duplicate, err)
		}
	}
	enqueue(t, e, Job{ID: "d", Lane: Commands, Key: "game/data#1"})
}

// idle waits until nothing waits.
func idle(t *testing.T, e *Engine) {
	t.Helper()
	await(t, "nothing waits", func() bool {
		waiting, _, err := e.Depth(bounded(t))
		return err == nil && waiting == 0
	})
}

func TestANewerJobSupersedes(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	plan := func(pull, n int) Job {
		j := pullJob(pull, n)
		j.Supersede = "plan"
		return j
	}
	inHand, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := doing(t, e, func(ctx context.Context, j Job, _ int) error {
		if j.ID == "1.1" {
			once.Do(func() { close(inHand) })
			<-gate
			return ctx.Err()
		}
		return nil
	})
	enqueue(t, e, plan(1, 1))
	<-inHand
	merged := pullJob(1, 4)
	merged.Kind = "merged"
	enqueue(t, e, plan(1, 2), plan(1, 3), merged, plan(1, 5), plan(1, 6))
	close(gate)
	// The one in hand ran to its end. The fourth is superseded by none, and its place is kept.
	wantHandled(t, w.next(t, 3), "1.1#1", "1.4#1", "1.6#1")
	wantHandled(t, w.end(t))
	wantDepth(t, e, 0, 0)
}

func TestPlansAtOnceAreBounded(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir(), PlansAtOnce: 2})
	started, gate := make(chan string, 100), make(chan struct{})
	w := doing(t, e, func(_ context.Context, j Job, _ int) error {
		started <- j.ID
		if j.Lane == Plans {
			<-gate
		}
		return nil
	})
	queues := map[int]bool{}
	for pull := 0; len(queues) < 4; pull++ { // four pull requests that do not share a queue
		if j := pullJob(pull, 1); !queues[slot(j.Key, Plans.width())] {
			queues[slot(j.Key, Plans.width())] = true
			enqueue(t, e, j)
		}
	}
	<-started
	<-started
	enqueue(t, e, release("release")) // which does not wait for them
	if next := <-started; next != "release" {
		t.Errorf("a third plan was begun: %s", next)
	}
	close(gate)
	w.next(t, 5)
	w.end(t)
}

func TestMalformedJobsAreForGood(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	for name, j := range map[string]Job{
		"no id":              {Lane: Plans, Key: "k"},
		"no key":             {ID: "a", Lane: Plans},
		"no lane":            {ID: "a", Key: "k"},
		"an unknown lane":    {ID: "a", Lane: "deploy", Key: "k"},
		"beyond ASCII":       {ID: "a", Lane: Plans, Key: "게임"},
		"a line end":         {ID: "a", Lane: Plans, Key: "k", Kind: "a\r\nb"},
		"a blank":            {ID: "a", Lane: Plans, Key: "k", Supersede: "a b"},
		"a body that is big": {ID: "a", Lane: Plans, Key: "k", Body: make([]byte, MaxBody+1)},
	} {
		_, err := e.Enqueue(bounded(t), j)
		var final *parkError
		if !errors.As(err, &final) {
			t.Errorf("%s: %v, want an error that parks", name, err)
		}
	}
	wantDepth(t, e, 0, 0)
}

// A delivery that is delivered anew by hand gives another chance to whatever became of it.
func TestAParkedJobIsRetriedByItsID(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	enqueue(t, e, release("d"))
	broken := make(chan bool, 2)
	broken <- true
	broken <- false
	w := doing(t, e, func(context.Context, Job, int) error {
		if <-broken {
			return Park(errors.New("a setting is missing"))
		}
		return nil
	})
	w.next(t, 1)
	idle(t, e)
	list, err := e.Parked(bounded(t))
	if err != nil || len(list) != 1 || list[0].ID != "d" || list[0].Lane != Releases || list[0].About != "game/data#1" || list[0].Reason != "a setting is missing" {
		t.Errorf("Parked = %+v, %v", list, err)
	}
	if err := e.Retry(bounded(t), "d"); err != nil {
		t.Fatal(err)
	}
	wantHandled(t, w.next(t, 1), "d#1")
	idle(t, e)
	w.end(t)
	wantDepth(t, e, 0, 0)
}

func TestOldJobsAreForgottenOnlyWhenDone(t *testing.T) {
	now := time.Now()
	e := opened(t, Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	enqueue(t, e, pullJob(1, 1), release("waits"), pullJob(1, 2))
	inHand := make(chan struct{})
	w := doing(t, e, func(ctx context.Context, j Job, _ int) error {
		if j.Lane == Releases {
			close(inHand)
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	w.next(t, 2)
	<-inHand
	await(t, "the plans are settled", func() bool {
		waiting, _, err := e.Depth(bounded(t))
		return err == nil && waiting == 1
	})
	wantHandled(t, w.end(t), "waits#1")
	now = now.Add(Remembered + time.Minute)
	if err := e.forget(bounded(t)); err != nil {
		t.Fatal(err)
	}
	info, err := e.jobs.Info(bounded(t))
	if err != nil || info.State.Msgs != 2 || info.State.FirstSeq != 2 { // what is behind the one that waits is left to another time
		t.Errorf("%d jobs are kept from %d on, %v; want those from the one that waits on", info.State.Msgs, info.State.FirstSeq, err)
	}
	wantDepth(t, e, 1, 0)
}
