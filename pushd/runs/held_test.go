package runs_test

import (
	"testing"
	"time"

	"liveops/pushd/runs"
)

// What people ask of a test is also of the next one of its time, whatever server keeps the record, and of its run where that needs no test any more;
// of no other time, and of no test that somebody asks for.
func TestWhatPeopleAskOfATestIsOfTheNext(t *testing.T) {
	const key, other = "20261127T190300", "20261126T190300"
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		later := due.Add(2 * time.Hour)
		begin := func(at time.Time, test string) runs.Run {
			t.Helper()
			r := runs.Run{Campaign: "crystals", Time: at, State: runs.Running, Started: due, Test: test, Follows: at}
			if begun, err := s.BeginTest(t.Context(), own, r); err != nil || !begun {
				t.Fatal(begun, err)
			}
			r, err := s.Test(t.Context(), "crystals", at, test)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		is := func(r runs.Run, state runs.State, reason string) {
			t.Helper()
			if r.State != state || r.Reason != reason || r.Finished.IsZero() == state.Ended() {
				t.Errorf("%+v; want %s (%s)", r, state, reason)
			}
		}
		wish := func(r runs.Run, to runs.State) {
			t.Helper()
			if _, err := s.Wish(t.Context(), r.ID, to, "by jun"); err != nil {
				t.Fatal(err)
			}
		}
		paused := begin(due, runs.TestOf("a1", key))
		wish(paused, runs.Paused)
		is(begin(due, runs.TestOf("a1", other)), runs.Running, "")
		if _, _, err := s.Order(t.Context(), runs.Run{Campaign: "crystals", Time: due, State: runs.Running, Started: due, Test: runs.Asked("qa")}); err != nil {
			t.Fatal(err)
		}
		second := begin(later, runs.TestOf("b2", key))
		is(second, runs.Paused, "by jun; the campaign was changed since")
		for _, r := range []runs.Run{paused, second} {
			if err := s.Supersede(t.Context(), own, r.ID, "the campaign was changed"); err != nil {
				t.Fatal(err)
			}
		}
		is(begin(later, runs.TestOf("c3", key)), runs.Paused, "by jun; the campaign was changed since")
		run := func(at time.Time, named ...string) runs.Run {
			t.Helper()
			r, begun, err := s.BeginUntested(t.Context(), own, runs.Run{Campaign: "crystals", Time: at, State: runs.Running, Started: due}, named)
			if err != nil || !begun {
				t.Fatal(begun, err)
			}
			return r
		}
		is(run(due, other), runs.Running, "")
		is(run(later, other, key), runs.Paused, "by jun; the campaign was changed since")
		third, err := s.Test(t.Context(), "crystals", later, runs.TestOf("c3", key))
		if err != nil {
			t.Fatal(err)
		}
		wish(third, runs.Canceling)
		is(begin(later.Add(time.Hour), runs.TestOf("d4", key)), runs.Canceled, "by jun; the campaign was changed since")
		is(run(later.Add(2*time.Hour), key), runs.Canceled, "by jun; the campaign was changed since")

		plain := due.Add(24 * time.Hour)
		wish(begin(plain, "a1"), runs.Paused)
		is(run(plain), runs.Paused, "by jun; the campaign was changed since")
		is(run(plain.Add(time.Second)), runs.Running, "")
	})
}
