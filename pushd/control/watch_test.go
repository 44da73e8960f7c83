package control_test

import (
	"errors"
	"testing"
	"time"

	"liveops/pushd/control"
	"liveops/pushd/runs"
)

// A watch goes from a test to the run that it is ahead of, and to its end; from a test that is void to the one after it; and back to the
// test while a run awaits it.
func TestWatch(t *testing.T) {
	s := record(t)
	epoch, err := s.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	begin := func(test string, at time.Time) runs.Run {
		t.Helper()
		r := runs.Run{Campaign: "crystals", Time: at, State: runs.Running, Started: now, Test: test, Follows: at}
		begun, err := s.BeginTest(t.Context(), epoch, r)
		if err != nil || !begun {
			t.Fatal(begun, err)
		}
		r, err = s.Test(t.Context(), "crystals", at, test)
		do(err)
		return r
	}
	if _, _, err := control.NewWatch(t.Context(), s, "crystals"); !errors.Is(err, runs.ErrNoRun) {
		t.Error(err)
	}
	due := now.Truncate(time.Second)
	old, _, err := s.Begin(t.Context(), epoch, runs.Run{Campaign: "crystals", Time: due.Add(-24 * time.Hour), State: runs.Missed, Started: now})
	do(err)
	w, seen, err := control.NewWatch(t.Context(), s, "")
	do(err)
	next := func(what string, want int64, state runs.State) {
		t.Helper()
		seen, err = w.Next(t.Context(), seen)
		if err != nil || seen.ID != want || seen.State != state {
			t.Errorf("%s: run %d is %s, %v; want %d that is %s", what, seen.ID, seen.State, err, want, state)
		}
	}
	next("nothing is under way", old.ID, runs.Missed)

	first := begin("a1", due)
	_, _, err = s.Order(t.Context(), runs.Run{Campaign: "other", Time: due, State: runs.Running, Started: now})
	do(err)
	if w, seen, err = control.NewWatch(t.Context(), s, "crystals"); err != nil || seen.ID != first.ID {
		t.Fatalf("%+v, %v", seen, err)
	}
	next("the test is sent", first.ID, runs.Running)
	do(s.Supersede(t.Context(), epoch, first.ID, "the campaign was changed"))
	next("the test is void", first.ID, runs.Canceling)
	second := begin("b2", due)
	next("another has taken its place", second.ID, runs.Running)
	do(s.Wait(t.Context(), epoch, second.ID))
	next("it is sent", second.ID, runs.Waiting)
	run, _, err := s.Begin(t.Context(), epoch, runs.Run{Campaign: "crystals", Time: due, State: runs.Paused, Reason: runs.UntilTested, Started: now})
	do(err)
	next("its run has begun", run.ID, runs.Paused)
	next("which awaits it", run.ID, runs.Paused)
	do(s.End(t.Context(), epoch, second.ID, runs.Done, "", now))
	moved, err := s.Move(t.Context(), epoch, run, runs.Running, "")
	if do(err); !moved {
		t.Fatal("not moved")
	}
	next("the run goes on", run.ID, runs.Running)
	begin("b2", due.Add(24*time.Hour)) // of the day after
	next("the run goes on", run.ID, runs.Running)
	do(s.End(t.Context(), epoch, run.ID, runs.Done, "", now))
	next("its end", run.ID, runs.Done)

	ordered, _, err := s.Order(t.Context(), runs.Run{Campaign: "crystals", Time: due.Add(48 * time.Hour), State: runs.Paused, Reason: runs.UntilTested, Started: now})
	do(err)
	if w, seen, err = control.NewWatch(t.Context(), s, "crystals"); err != nil || seen.ID != ordered.ID {
		t.Fatalf("%+v, %v", seen, err)
	}
	next("a run whose test is yet to begin", ordered.ID, runs.Paused)
	third := begin("b2", ordered.Time)
	next("it is tested", third.ID, runs.Running)
	_, err = s.Wish(t.Context(), third.ID, runs.Paused, "by jun")
	do(err)
	next("the test is paused", third.ID, runs.Paused)
	_, err = s.Wish(t.Context(), third.ID, runs.Canceling, "by jun")
	do(err)
	next("the test is canceled", third.ID, runs.Canceling)
	do(s.End(t.Context(), epoch, third.ID, runs.Canceled, "by jun", now))
	next("and the run with it", ordered.ID, runs.Canceling)
}

// A wave of a named time is watched from the test that came before an earlier one.
func TestWatchAWave(t *testing.T) {
	s := record(t)
	epoch, err := s.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	due := now.Truncate(time.Second)
	test := runs.Run{Campaign: "evening", Time: due.Add(-2 * time.Hour), State: runs.Running, Started: now, Test: runs.TestOf("a1", "20261125T190000"), Follows: due}
	if begun, err := s.BeginTest(t.Context(), epoch, test); err != nil || !begun {
		t.Fatal(begun, err)
	}
	wave, _, err := s.Begin(t.Context(), epoch, runs.Run{Campaign: "evening", Time: due, State: runs.Paused, Reason: runs.UntilTested, Started: now})
	if err != nil {
		t.Fatal(err)
	}
	w, seen, err := control.NewWatch(t.Context(), s, "evening")
	if err != nil || seen.ID != wave.ID {
		t.Fatalf("%+v, %v", seen, err)
	}
	if seen, err = w.Next(t.Context(), seen); err != nil || seen.Test != test.Test {
		t.Fatalf("%+v, %v", seen, err)
	}
	if err := s.Wait(t.Context(), epoch, seen.ID); err != nil {
		t.Fatal(err)
	}
	if seen, err = w.Next(t.Context(), seen); err != nil || seen.ID != wave.ID {
		t.Errorf("%+v, %v", seen, err)
	}
}

// A list shows the tests that are ahead of a run, and none that somebody asks for.
func TestListWithTests(t *testing.T) {
	s := record(t)
	epoch, err := s.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	run := order(t, s, 0)
	test := runs.Run{Campaign: "crystals", Time: run.Time.Add(time.Hour), State: runs.Running, Started: now, Test: "a1", Follows: run.Time.Add(time.Hour)}
	if begun, err := s.BeginTest(t.Context(), epoch, test); err != nil || !begun {
		t.Fatal(begun, err)
	}
	if _, _, err := s.Order(t.Context(), runs.Run{Campaign: "crystals", Time: run.Time, State: runs.Running, Started: now, Test: runs.Asked("qa")}); err != nil {
		t.Fatal(err)
	}
	r, err := control.Read(t.Context(), released())
	if err != nil {
		t.Fatal(err)
	}
	all, err := control.List(t.Context(), s, r, control.Zones{}, now)
	if err != nil || len(all) != 2 || len(all[1].Runs()) != 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	if got := all[0].Runs(); len(got) != 2 || got[0].Test != "a1" || got[1].ID != run.ID {
		t.Errorf("%+v", got)
	}
}
