package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"liveops/datarepo"
	"liveops/pushd/control"
	"liveops/pushd/runs"
)

// tested has a list, a campaign with a test and one without.
func tested() left {
	return left{"liveops.yaml": strings.ReplaceAll(config, "platform: platform}", "platform: platform, user: user}, lists: {qa: {users: [\"1\"]}}"),
		"pushes/crystals.yaml": crystals + "test: {list: qa}\n", "pushes/plain.yaml": crystals}
}

func TestATestThatIsAskedFor(t *testing.T) {
	s := record(t)
	r, err := control.Read(t.Context(), tested())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(name, list string) (runs.Run, bool, error) {
		t.Helper()
		c, err := r.Campaign(name)
		if err != nil {
			t.Fatal(err)
		}
		return control.Test(t.Context(), s, r, c, list, "jun", now)
	}
	if _, _, err := ask("plain", ""); !errors.Is(err, control.ErrNoTest) {
		t.Error(err)
	}
	none := (*datarepo.NoListError)(nil)
	if _, _, err := ask("plain", "qb"); !errors.As(err, &none) || none.Near != "qa" {
		t.Error(err)
	}
	for _, of := range []struct{ name, list string }{{"crystals", ""}, {"crystals", "qa"}, {"plain", "qa"}} { // all within a second
		run, begun, err := ask(of.name, of.list)
		list, asked := runs.AskedFor(run.Test)
		if err != nil || !begun || !asked || list != of.list || run.State != runs.Running || run.Actor != "jun" || run.Commit != "c1" || !run.Follows.IsZero() {
			t.Errorf("%v: %+v, begun %v, %v", of, run, begun, err)
		}
		if _, begun, err := ask(of.name, of.list); begun || err != nil {
			t.Errorf("%v: begun twice: %v, %v", of, begun, err)
		}
	}
	all, err := control.List(t.Context(), s, r, control.Zones{}, now)
	if err != nil || all[0].Newest != nil {
		t.Errorf("a test is taken for a run: %+v, %v", all, err)
	}
	if _, err := control.Wish(t.Context(), s, tested(), "crystals", runs.Paused, "by jun"); err != nil {
		t.Errorf("it cannot be paused: %v", err)
	}
	nowhere := &control.Release{Environment: "nowhere", Config: r.Config}
	if _, _, err := control.Test(t.Context(), s, nowhere, &r.Campaigns[0], "", "jun", now); !errors.Is(err, control.ErrNoPush) {
		t.Error(err)
	}
}

// A test is waited for to its end; one that is stopped is ended, and so is one that nobody waits for any more.
func TestAwaitTest(t *testing.T) {
	s := record(t)
	epoch, err := s.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	r, err := control.Read(t.Context(), tested())
	if err != nil {
		t.Fatal(err)
	}
	begin := func(second int) runs.Run {
		t.Helper()
		run, _, err := control.Test(t.Context(), s, r, &r.Campaigns[0], "", "jun", now.Add(time.Duration(second)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	run := begin(0)
	end := func(to runs.State) func(context.Context, time.Duration) error {
		return func(context.Context, time.Duration) error {
			return s.End(t.Context(), epoch, run.ID, to, "why", now)
		}
	}
	if got, err := control.AwaitTest(t.Context(), s, run, end(runs.Done)); err != nil || got.State != runs.Done {
		t.Errorf("%+v, %v", got, err)
	}
	run = begin(1)
	if _, err := s.Wish(t.Context(), run.ID, runs.Paused, "stopped"); err != nil {
		t.Fatal(err)
	}
	waits := 0
	got, err := control.AwaitTest(t.Context(), s, run, func(ctx context.Context, d time.Duration) error {
		if waits++; waits == 1 {
			return nil
		}
		return end(runs.Canceled)(ctx, d)
	})
	if err != nil || got.State != runs.Canceled {
		t.Errorf("%+v, %v", got, err)
	}
	run = begin(2)
	tired := errors.New("tired")
	if _, err := control.AwaitTest(t.Context(), s, run, func(context.Context, time.Duration) error { return tired }); !errors.Is(err, tired) {
		t.Error(err)
	}
	if got, err := s.Run(t.Context(), run.ID); err != nil || got.State != runs.Canceling {
		t.Errorf("%+v, %v", got, err)
	}
	run = begin(3) // it ends as nobody waits any more
	_, err = control.AwaitTest(t.Context(), s, run, func(ctx context.Context, d time.Duration) error {
		return errors.Join(tired, end(runs.Done)(ctx, d))
	})
	if !errors.Is(err, tired) {
		t.Error(err)
	}
	if state := (*runs.StateError)(nil); errors.As(err, &state) {
		t.Errorf("that is no trouble: %v", err)
	}
}

// To let runs go on is not to send one before its test: neither the first wave of a time, nor a later one, nor one whose test is yet to
// be begun.
func TestResumeBeforeATest(t *testing.T) {
	s := record(t)
	epoch, err := s.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	r, err := control.Read(t.Context(), tested())
	if err != nil {
		t.Fatal(err)
	}
	run, begun, err := control.Order(t.Context(), s, r, &r.Campaigns[0], "jun", now)
	if err != nil || !begun || run.State != runs.Paused || run.Reason != "its test comes first" {
		t.Fatalf("%+v, %v", run, err)
	}
	later := run
	later.Time = run.Time.Add(time.Hour)
	if _, begun, err := s.Begin(t.Context(), epoch, later); err != nil || !begun {
		t.Fatal(begun, err)
	}
	wish := func(to runs.State, want string) {
		t.Helper()
		all, err := control.Wish(t.Context(), s, tested(), "crystals", to, "by jun")
		if err != nil || states(all) != want {
			t.Errorf("%s: %s, %v", to, states(all), err)
		}
		for _, r := range all {
			if r.Test == "" && (r.Reason == "its test comes first") != (to == runs.Running) {
				t.Errorf("%s: %+v", to, r)
			}
		}
	}
	wish(runs.Running, "paused paused")
	test := run
	test.Test, test.State, test.Follows = "a1", runs.Running, run.Time
	if begun, err := s.BeginTest(t.Context(), epoch, test); err != nil || !begun {
		t.Fatal(begun, err)
	}
	wish(runs.Paused, "paused paused paused")
	wish(runs.Running, "paused paused running")
	wish(runs.Running, "paused paused running")
}

// A run that begins after it was looked which there are, and before its test is paused, is paused, too.
func TestAPauseAsARunBegins(t *testing.T) {
	s, db := recordIn(t)
	epoch, err := s.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	run := runs.Run{Campaign: "crystals", Time: now.Truncate(time.Second), State: runs.Running, Started: now}
	test := run
	test.Test, test.Follows = "a1", run.Time
	if begun, err := s.BeginTest(t.Context(), epoch, test); err != nil || !begun {
		t.Fatal(begun, err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("SELECT id FROM liveops_push_runs WHERE test = 'a1' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	answered := make(chan string, 1)
	go func() {
		all, err := control.Wish(t.Context(), s, tested(), "crystals", runs.Paused, "by jun")
		if err != nil {
			t.Error(err)
		}
		answered <- states(all)
	}()
	tick := time.NewTicker(250 * time.Millisecond) // what the server tells is of a tenth of a second before, and older for those who ask sooner
	defer tick.Stop()
	for waits := 0; waits == 0; { // for the test, which we have
		<-tick.C
		err := db.QueryRow("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%liveops_push_runs%'").Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Exec(`INSERT INTO liveops_push_runs (campaign, due, zones, others, commit_id, file, actor, state, reason, started, cursor_platform, cursor_value,
		cursor_token, all_read, tokens, last_batch, accepted, dead, rejected, gave_up, unknown, repeats)
		SELECT campaign, due, zones, others, commit_id, file, actor, 'running', '', started, '', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM liveops_push_runs WHERE test = 'a1'`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := <-answered; got != "paused paused" {
		t.Error(got)
	}
}
