package ledgertest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/pushd/capacity"
)

var evening = time.Date(2026, 12, 24, 19, 0, 0, 0, time.UTC)

func lease(run string, call int64, state capacity.State) capacity.Lease {
	return capacity.Lease{Environment: "production", Run: run, Base: 100, Need: 200, State: state, Call: call, From: 100, To: 200, Own: 100, Floor: 90,
		Until: evening.Add(time.Hour), Changed: evening}
}

// Run checks an implementation. Each call of open returns a ledger that is empty; several calls of it one after another need not
// share anything.
func Run(t *testing.T, open func(t *testing.T) capacity.Ledger) {
	t.Run("a lease is read as it was saved", func(t *testing.T) {
		l := lease("crystals 2026-12-24T19:03+09:00 돌아와요", 1, capacity.Wanted)
		expect(t, filled(t, open(t), l), l)
	})
	t.Run("a lease replaces the one of its run", func(t *testing.T) {
		first, other, second := lease("a", 1, capacity.Wanted), lease("b", 2, capacity.Added), lease("a", 3, capacity.Returning)
		expect(t, filled(t, open(t), first, other, second), other, second)
	})
	t.Run("leases of another environment are not told", func(t *testing.T) {
		other := lease("a", 1, capacity.Wanted)
		other.Environment = "staging"
		mine := lease("a", 1, capacity.Added)
		expect(t, filled(t, open(t), other, mine), mine)
	})
	t.Run("the lease of the last call is told though it is returned", func(t *testing.T) {
		first, second := lease("a", 1, capacity.Added), lease("b", 2, capacity.Returned)
		expect(t, filled(t, open(t), first, second), first, second)
	})
	t.Run("leases that are not returned are told by their calls", func(t *testing.T) {
		l := filled(t, open(t), lease("c", 2, capacity.Added), lease("a", 3, capacity.Wanted), lease("b", 1, capacity.Returning))
		expect(t, l, lease("b", 1, capacity.Returning), lease("c", 2, capacity.Added), lease("a", 3, capacity.Wanted))
	})
	t.Run("one at a time is in an environment", func(t *testing.T) { exclusive(t, open(t)) })
	t.Run("an environment does not wait for another", func(t *testing.T) {
		l, reached := open(t), false
		err := l.Exclusively(t.Context(), "production", func(ctx context.Context) error {
			return l.Exclusively(ctx, "staging", func(context.Context) error { reached = true; return nil })
		})
		if err != nil || !reached {
			t.Errorf("reached %t, %v", reached, err)
		}
	})
	t.Run("who waits for its turn can stop", func(t *testing.T) {
		l := open(t)
		err := l.Exclusively(t.Context(), "production", func(context.Context) error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return l.Exclusively(ctx, "production", func(context.Context) error { return nil })
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// exclusive has several callers count who is in, and return their errors.
func exclusive(t *testing.T, l capacity.Ledger) {
	t.Helper()
	var in, passed atomic.Int32
	var all sync.WaitGroup
	failure := errors.New("as asked")
	for range 8 {
		all.Go(func() {
			err := l.Exclusively(context.WithoutCancel(t.Context()), "production", func(ctx context.Context) error {
				if n := in.Add(1); n != 1 {
					t.Errorf("%d are in", n)
				}
				_, err := l.Leases(ctx, "production")
				in.Add(-1)
				passed.Add(1)
				return errors.Join(err, failure)
			})
			if !errors.Is(err, failure) {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	if passed.Load() != 8 {
		t.Errorf("%d had their turn", passed.Load())
	}
}

func filled(t *testing.T, l capacity.Ledger, leases ...capacity.Lease) capacity.Ledger {
	t.Helper()
	for _, one := range leases {
		if err := l.Save(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// expect holds what the ledger tells against what it must, leaving out what it may tell beside.
func expect(t *testing.T, l capacity.Ledger, want ...capacity.Lease) {
	t.Helper()
	got, err := l.Leases(t.Context(), "production")
	if err != nil {
		t.Fatal(err)
	}
	var kept []capacity.Lease
	for i, one := range got {
		if i == len(got)-1 || one.State != capacity.Returned {
			kept = append(kept, one)
		}
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
