package pushd

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/engine"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// Where runs cannot be led for want of their queues, workers hear that they are paused, and not that they have ended; one that is canceled ends
// all the same, once there is an engine.
func TestRunsThatCannotBeLedYet(t *testing.T) {
	w := newTerm(t, campaign.Spec{Name: "evening", At: time.Date(2026, 11, 26, 19, 0, 0, 0, time.UTC), Deadline: time.Hour, Missed: campaign.SkipMissed}, "2026-11-26T19:00:00Z")
	dir := t.TempDir()
	open := func() *engine.Engine {
		e, err := engine.Open(t.Context(), engine.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if w.o.Batches, err = e.Batches(t.Context(), "staging"); err != nil {
			t.Fatal(err)
		}
		return e
	}
	open().Close()
	var all []runs.Run
	for i := range 3 {
		r, _, err := w.o.Runs.Begin(t.Context(), w.epoch, runs.Run{Campaign: "evening", Time: w.now.Add(time.Duration(i) * time.Minute), State: runs.Running, Started: w.now})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for i, to := range map[int]runs.State{1: runs.Paused, 2: runs.Canceling} {
		if _, err := w.o.Runs.Wish(t.Context(), all[i].ID, to, "by jun"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.follow(t.Context()); err == nil {
		t.Error("they are led without an engine")
	}
	hears := map[int64]runs.State{}
	says := func(n uint64, still ...int64) {
		t.Helper()
		o, err := w.stand(&contact{Worker: "a", N: n, Still: still, Wants: []want{{all[0].ID, campaign.FCM, 10, 0}}})
		if err != nil {
			t.Fatal(err)
		}
		clear(hears)
		for _, s := range o.Runs {
			if hears[s.Run] = s.State; s.May != nil {
				t.Errorf("it may send %+v", s)
			}
		}
	}
	says(1)
	if want := (map[int64]runs.State{all[0].ID: runs.Paused, all[1].ID: runs.Paused, all[2].ID: runs.Canceling}); !cmp.Equal(hears, want) {
		t.Errorf("a worker hears %v, want %v", hears, want)
	}

	e := open()
	defer e.Close()
	w.at("2026-11-26T19:00:05Z")
	says(2)
	ends := func() runs.State {
		t.Helper()
		if err := w.endCanceled(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, err := w.o.Runs.Run(t.Context(), all[2].ID)
		if err != nil {
			t.Fatal(err)
		}
		return r.State
	}
	if got := ends(); got != runs.Canceling {
		t.Errorf("a worker may send it still, and it is %s", got)
	}
	says(3, all[2].ID)
	if got := ends(); got != runs.Canceled {
		t.Errorf("it is %s", got)
	}
}
