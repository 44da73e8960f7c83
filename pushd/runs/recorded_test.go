package runs_test

import (
	"database/sql"
	"testing"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/mariadb"
)

// A pushd of before there were tests, which leads while others are updated, sees none: it would send a test to everybody. These are the
// queries that it asks.
func TestOlderCodeSeesNoTest(t *testing.T) {
	dsn := mariadb.NewDatabase(t)
	s := open(t, dsn)
	own := lead(t, s)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	seen := func() (n int) {
		t.Helper()
		err := db.QueryRow(`SELECT (SELECT COUNT(*) FROM liveops_push_runs WHERE state IN ('running', 'paused', 'canceling'))
			+ (SELECT COUNT(*) FROM liveops_push_runs WHERE state IN ('done', 'canceled', 'failed') AND id IN (SELECT run_id FROM liveops_push_gone))`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	ahead, _ := test(t, s, own)
	asked, _, err := s.Order(t.Context(), runs.Run{Campaign: "crystals", Time: due, State: runs.Running, Started: due, Test: runs.Asked("qa")})
	if err != nil {
		t.Fatal(err)
	}
	is := func(id int64, want runs.State, live, dead int) {
		t.Helper()
		r, err := s.Run(t.Context(), id)
		if err != nil || r.State != want {
			t.Errorf("%+v, %v; want %s", r, err, want)
		}
		all, err := s.Live(t.Context())
		if err != nil || len(all) != live {
			t.Errorf("%s: live are %+v, %v", want, all, err)
		}
		if all, err = s.WithDead(t.Context()); err != nil || len(all) != dead {
			t.Errorf("%s: with dead tokens are %+v, %v", want, all, err)
		}
		if n := seen(); n != 0 {
			t.Errorf("%s: older code sees %d", want, n)
		}
	}
	is(ahead.ID, runs.Running, 2, 0)
	testers := []runs.Tester{{Platform: campaign.IOS, Token: "a"}}
	for _, id := range []int64{ahead.ID, asked.ID} {
		if err := s.Hand(t.Context(), own, id, testers, runs.TestBatches(testers, 10)); err != nil {
			t.Fatal(err)
		}
		gone := audience.PackDead([]audience.Dead{{Platform: campaign.IOS, Token: "a", Since: due}})
		if err := s.Settle(t.Context(), own, id, []runs.Result{{Seq: 1, Counts: runs.Counts{Dead: 1}, Gone: gone}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []runs.State{runs.Paused, runs.Running} {
		if _, err := s.Wish(t.Context(), ahead.ID, to, ""); err != nil {
			t.Fatal(err)
		}
		is(ahead.ID, to, 2, 0)
	}
	if err := s.Wait(t.Context(), own, ahead.ID); err != nil {
		t.Fatal(err)
	}
	is(ahead.ID, runs.Waiting, 2, 0)
	if err := s.Supersede(t.Context(), own, ahead.ID, "changed"); err != nil {
		t.Fatal(err)
	}
	is(ahead.ID, runs.Canceling, 2, 0)
	if err := s.End(t.Context(), own, ahead.ID, runs.Canceled, "changed", due); err != nil {
		t.Fatal(err)
	}
	is(ahead.ID, runs.Canceled, 1, 1)
	if err := s.End(t.Context(), own, asked.ID, runs.Done, "", due); err != nil {
		t.Fatal(err)
	}
	is(asked.ID, runs.Done, 0, 2)
	begin(t, s, own) // and a run it sees
	if n := seen(); n != 1 {
		t.Errorf("older code sees %d runs", n)
	}
}
