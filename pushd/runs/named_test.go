package runs_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// The test of a named time is one for all of its waves, whichever it came before.
func TestATestOfANamedTime(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		name := runs.TestOf("a1", "20261127T190300")
		begin := func(at time.Time, test string) bool {
			t.Helper()
			begun, err := s.BeginTest(t.Context(), own, runs.Run{Campaign: "crystals", Time: at, State: runs.Running, Started: due, Test: test, Follows: at})
			if err != nil {
				t.Fatal(err)
			}
			return begun
		}
		later := due.Add(24 * time.Hour)
		if _, err := s.Test(t.Context(), "crystals", due, name); !errors.Is(err, runs.ErrNoRun) {
			t.Error(err)
		}
		if !begin(due, name) || begin(later, name) || begin(due.Add(-time.Hour), name) {
			t.Error("it has not one test")
		}
		if !begin(due, runs.TestOf("a1", "20261126T190300")) || !begin(later, "a1") || !begin(due, "a1") {
			t.Error("another test was taken for it")
		}
		first, err := s.Test(t.Context(), "crystals", due, name)
		if err != nil || first.Fingerprint() != "a1" {
			t.Errorf("%+v, %v", first, err)
		}
		if r, err := s.Test(t.Context(), "crystals", later, name); err != nil || r.ID != first.ID {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err := s.Test(t.Context(), "other", due, name); !errors.Is(err, runs.ErrNoRun) {
			t.Error(err)
		}
	})
}

// What TestOf makes has room in its column.
func TestALongTestOf(t *testing.T) {
	n := campaign.Named{Face: due}
	if name := runs.TestOf(strings.Repeat("f", 64), n.Key()); len(name) > 80 {
		t.Errorf("%q has %d characters", name, len(name))
	}
}
