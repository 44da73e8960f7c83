package memory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/engine"
	"liveops/engine/memory"
)

// desk is a queue whose handlers note down what they are handed.
type desk struct {
	*testing.T
	*memory.Queue
	done  []string
	waits []time.Duration
	do    func(ctx context.Context, j engine.Job, attempt int) error
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t}
	d.Queue = memory.New(memory.Options{Attempts: 3, Backoff: []time.Duration{time.Second, time.Minute},
		Now: func() time.Time { return time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC) },
		Wait: func(ctx context.Context, pause time.Duration) error {
			d.waits = append(d.waits, pause)
			return ctx.Err()
		}})
	d.do = func(context.Context, engine.Job, int) error { return nil }
	return d
}

// work works everything off and returns what was handed over, with the attempt.
func (d *desk) work(ctx context.Context) (string, error) {
	err := d.Work(ctx, engine.Handlers{
		Dispatch: func(ctx context.Context, v engine.Delivery, attempt int) error {
			d.done = append(d.done, fmt.Sprintf("%s/%d", v.Event, attempt))
			return d.do(ctx, engine.Job{ID: v.ID, Kind: v.Event}, attempt)
		},
		Do: func(ctx context.Context, j engine.Job, attempt int) error {
			d.done = append(d.done, fmt.Sprintf("%s/%d", j.ID, attempt))
			return d.do(ctx, j, attempt)
		}})
	return strings.Join(d.done, " "), err
}

func (d *desk) enqueue(ids ...string) {
	d.Helper()
	for _, id := range ids {
		if _, err := d.Enqueue(d.Context(), job(id)); err != nil {
			d.Fatal(err)
		}
	}
}

func job(id string) engine.Job {
	return engine.Job{ID: id, Lane: engine.Plans, Key: "studio/game-data#1"}
}

func (d *desk) wants(want string) {
	d.Helper()
	got, err := d.work(d.Context())
	if err != nil || got != want {
		d.Errorf("handed over: %s (%v), want %s", got, err, want)
	}
}

func TestOrder(t *testing.T) {
	d := newDesk(t)
	if _, err := d.Deliver(t.Context(), engine.Delivery{ID: "a", Event: "push"}); err != nil {
		t.Fatal(err)
	}
	d.enqueue("a", "b") // a delivery and a job may have one id
	d.do = func(ctx context.Context, j engine.Job, _ int) error {
		if j.Kind == "push" {
			d.enqueue("c")
		}
		return nil
	}
	d.wants("push/1 a/1 b/1 c/1")
}

func TestDuplicates(t *testing.T) {
	d := newDesk(t)
	d.enqueue("a")
	for _, again := range []bool{true, true} {
		if duplicate, err := d.Enqueue(t.Context(), job("a")); err != nil || duplicate != again {
			t.Errorf("a duplicate: %t, %v", duplicate, err)
		}
	}
	other := job("a")
	other.Lane = engine.Releases
	if duplicate, err := d.Enqueue(t.Context(), other); err != nil || duplicate {
		t.Errorf("another lane's id is a duplicate: %t, %v", duplicate, err)
	}
	d.wants("a/1 a/1")
	if duplicate, _ := d.Enqueue(t.Context(), job("a")); !duplicate {
		t.Error("what is done is forgotten")
	}
}

func TestMalformed(t *testing.T) {
	d := newDesk(t)
	for _, j := range []engine.Job{{Lane: engine.Plans, Key: "k"}, {ID: "a", Lane: engine.Plans}, {ID: "a", Key: "k"}} {
		if _, err := d.Enqueue(t.Context(), j); !engine.IsFinal(err) {
			t.Errorf("%+v: %v, want a final error", j, err)
		}
	}
	if _, err := d.Deliver(t.Context(), engine.Delivery{Event: "push"}); err == nil {
		t.Error("a delivery without an id was taken")
	}
}

func TestSupersede(t *testing.T) {
	d := newDesk(t)
	for _, j := range []struct{ id, key, what string }{{"a", "1", "plan"}, {"b", "2", "plan"}, {"c", "1", ""}, {"d", "1", "plan"}, {"e", "1", "other"}} {
		if _, err := d.Enqueue(t.Context(), engine.Job{ID: j.id, Lane: engine.Plans, Key: j.key, Supersede: j.what}); err != nil {
			t.Fatal(err)
		}
	}
	d.wants("b/1 c/1 d/1 e/1")
}

// What fails is tried again before what is behind it, and then parked with its last error.
func TestRetries(t *testing.T) {
	d := newDesk(t)
	d.enqueue("late", "lost", "final", "panics", "fine")
	d.do = func(_ context.Context, j engine.Job, attempt int) error {
		switch {
		case j.ID == "late" && attempt < 3, j.ID == "lost":
			return fmt.Errorf("no answer %d", attempt)
		case j.ID == "final":
			return fmt.Errorf("read: %w", engine.Park(errors.New("malformed")))
		case j.ID == "panics":
			panic("oh")
		}
		return nil
	}
	d.wants("late/1 late/2 late/3 lost/1 lost/2 lost/3 final/1 panics/1 panics/2 panics/3 fine/1")
	if want := []time.Duration{time.Second, time.Minute}; !slices.Equal(d.waits[:2], want) {
		t.Errorf("it waited %v, want %v first", d.waits, want)
	}
	parked, err := d.Parked(t.Context())
	if err != nil || len(parked) != 3 {
		t.Fatalf("parked: %+v, %v", parked, err)
	}
	for i, want := range []string{"lost 3 no answer 3", "final 1 read: malformed", "panics 3 panic: oh"} {
		p := parked[i]
		if got := fmt.Sprintf("%s %d %s", p.ID, p.Attempts, p.Reason); !strings.HasPrefix(got, want) {
			t.Errorf("parked: %s, want %s", got, want)
		}
	}

	d.do, d.done = func(context.Context, engine.Job, int) error { return nil }, nil
	if err := d.Retry(t.Context(), "lost"); err != nil {
		t.Fatal(err)
	}
	d.wants("lost/1")
	if err := d.Retry(t.Context(), "lost"); !errors.Is(err, engine.ErrNotParked) {
		t.Errorf("a second retry: %v", err)
	}
}

// Where the process is stopped nothing is parked, and what was in hand is still there.
func TestInterrupted(t *testing.T) {
	d := newDesk(t)
	d.enqueue("a", "b")
	ctx, stop := context.WithCancel(t.Context())
	d.do = func(ctx context.Context, _ engine.Job, _ int) error { stop(); return ctx.Err() }
	if got, err := d.work(ctx); got != "a/1" || !errors.Is(err, context.Canceled) {
		t.Errorf("handed over: %s, %v", got, err)
	}
	if jobs, _ := d.Jobs(t.Context()); len(jobs) != 2 || jobs[0].ID != "a" {
		t.Errorf("left: %+v", jobs)
	}
	if parked, _ := d.Parked(t.Context()); len(parked) != 0 {
		t.Errorf("parked: %+v", parked)
	}
}

func TestCancelAndJobs(t *testing.T) {
	d := newDesk(t)
	d.enqueue("a", "b", "c")
	d.do = func(ctx context.Context, j engine.Job, attempt int) error {
		if j.ID != "a" {
			return nil
		}
		jobs, err := d.Jobs(ctx)
		if err != nil || len(jobs) != 3 || jobs[0].ID != "a" || jobs[0].State != engine.InHand || jobs[1].State != engine.Waiting {
			t.Errorf("jobs: %+v, %v", jobs, err)
		}
		for _, id := range []string{"b", "a"} {
			if err := d.Cancel(ctx, engine.Plans, id); err != nil {
				t.Error(err)
			}
		}
		if !errors.Is(context.Cause(ctx), engine.ErrCanceled) {
			t.Errorf("the context ended with %v", context.Cause(ctx))
		}
		return ctx.Err()
	}
	d.wants("a/1 c/1")
	if err := d.Cancel(t.Context(), engine.Plans, "c"); !errors.Is(err, engine.ErrNoJob) {
		t.Errorf("one that is done was canceled: %v", err)
	}
	if parked, _ := d.Parked(t.Context()); len(parked) != 0 {
		t.Errorf("parked: %+v", parked)
	}
}
