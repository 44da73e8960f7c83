package runs_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/mariadb"
)

// test begins the test of a run that is due.
func test(t *testing.T, s *runs.Store, own runs.Epoch) (r runs.Run, begun bool) {
	t.Helper()
	r = runs.Run{Campaign: "crystals", Time: due, Commit: "c1", File: []byte("schedule: …"), State: runs.Running, Started: due.Add(-time.Hour), Test: "a1", Follows: due.Add(7 * time.Second)}
	begun, err := s.BeginTest(t.Context(), own, r)
	if err != nil {
		t.Fatal(err)
	}
	r, err = s.Test(t.Context(), "crystals", due, r.Test)
	if err != nil {
		t.Fatal(err)
	}
	return r, begun
}

// A test is recorded once beside its run, and counts for no run.
func TestATestBesideItsRun(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		r, begun := test(t, s, own)
		if !begun || !r.Follows.Equal(due.Add(7*time.Second)) || r.Test != "a1" {
			t.Errorf("begun %v, %+v", begun, r)
		}
		if _, begun := test(t, s, own); begun {
			t.Error("it was begun twice")
		}
		if all, err := s.Newest(t.Context(), "crystals", 10); err != nil || len(all) != 0 {
			t.Errorf("runs %+v, %v", all, err)
		}
		if _, err := s.Find(t.Context(), "crystals", due); !errors.Is(err, runs.ErrNoRun) {
			t.Error(err)
		}
		testers := []runs.Tester{{Platform: campaign.Android, Token: "a", Language: "ko"}, {Platform: campaign.Android, Token: "b"}, {Platform: campaign.Android, Token: "c"}, {Platform: campaign.IOS, Token: "a"}}
		batches := runs.TestBatches(testers, 2)
		want := []runs.Batch{{1, audience.Cursor{Platform: campaign.Android}, "b", 2}, {2, audience.Cursor{Platform: campaign.Android, Token: "b"}, "c", 1}, {3, audience.Cursor{Platform: campaign.IOS}, "a", 1}}
		if diff := cmp.Diff(want, batches); diff != "" {
			t.Error(diff)
		}
		if err := s.Hand(t.Context(), own, r.ID, testers, batches); err != nil {
			t.Fatal(err)
		}
		if err := s.Hand(t.Context(), own, r.ID, testers, batches); !errors.Is(err, runs.ErrNoRun) {
			t.Errorf("handed out twice: %v", err)
		}
		got, err := s.Testers(t.Context(), r.ID)
		if diff := cmp.Diff(testers, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		if open, err := s.Unsettled(t.Context(), r.ID, 0, 10); err != nil || !cmp.Equal(open, batches) {
			t.Errorf("%+v, %v", open, err)
		}
		accepted := runs.Outcome{Platform: campaign.Android, Became: runs.Accepted, N: 1}
		rejected := runs.Outcome{Platform: campaign.IOS, Became: "rejected", Reason: "BadDeviceToken", N: 1}
		for range 2 { // told twice, it counts once
			for _, result := range []runs.Result{
				{Seq: 1, Counts: runs.Counts{Accepted: 2}, Outcomes: []runs.Outcome{accepted, accepted}},
				{Seq: 2, Counts: runs.Counts{Accepted: 1}, Outcomes: []runs.Outcome{accepted}},
				{Seq: 3, Counts: runs.Counts{Rejected: 1}, Outcomes: []runs.Outcome{rejected}}} {
				if err := s.Settle(t.Context(), own, r.ID, []runs.Result{result}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if r, err = s.Run(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		accepted.N = 3
		if diff := cmp.Diff([]runs.Outcome{accepted, rejected}, r.Outcomes); diff != "" || r.Tokens != 4 || r.Accepted != 3 {
			t.Errorf("%s\n%+v", diff, r)
		}
		if got := r.Trouble(); got != "1 to ios rejected (BadDeviceToken)" {
			t.Error(got)
		}
		if err := s.ForgetTesters(t.Context(), own, due); err != nil { // its run is due now
			t.Fatal(err)
		}
		if got, err := s.Testers(t.Context(), r.ID); err != nil || len(got) != 4 {
			t.Errorf("%+v, %v", got, err)
		}
		if err := s.ForgetTesters(t.Context(), own, due.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Testers(t.Context(), r.ID); err != nil || len(got) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// A test that is canceled takes its run with it, from that very moment; one that is superseded does not, and may be begun anew.
func TestTheEndOfATest(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		first, _ := test(t, s, own)
		if err := s.Supersede(t.Context(), own, first.ID, "the campaign was changed"); err != nil {
			t.Fatal(err)
		}
		if err := s.End(t.Context(), own, first.ID, runs.Canceled, "the campaign was changed", due); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Find(t.Context(), "crystals", due); !errors.Is(err, runs.ErrNoRun) {
			t.Error(err)
		}
		second, begun := test(t, s, own)
		if !begun {
			t.Fatal("it is not tested anew")
		}
		before := time.Now().Add(-time.Second)
		if _, err := s.Wish(t.Context(), second.ID, runs.Canceling, "by jun"); err != nil {
			t.Fatal(err)
		}
		edited := runs.Run{Campaign: "crystals", Time: due, File: []byte("edited"), State: runs.Paused, Reason: runs.UntilTested, Started: due}
		r, begun, err := s.Begin(t.Context(), own, edited)
		if err != nil || begun || r.State != runs.Canceled || r.Reason != "by jun" || r.Finished.Before(before) || r.Finished.After(time.Now().Add(time.Second)) ||
			r.Test != "" || string(r.File) != "schedule: …" {
			t.Errorf("begun %v, %+v, %v", begun, r, err)
		}
		refused := (*runs.StateError)(nil)
		if err := s.Supersede(t.Context(), own, second.ID, "the campaign was changed"); !errors.As(err, &refused) || refused.State != runs.Canceling {
			t.Errorf("superseded as it is canceled: %v", err)
		}
		if err := s.End(t.Context(), own, second.ID, runs.Canceled, "by jun", due.Add(-time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := s.Supersede(t.Context(), own, second.ID, "the campaign was changed"); !errors.As(err, &refused) || refused.State != runs.Canceled {
			t.Errorf("superseded after it was canceled: %v", err)
		}
		if begun, err := s.BeginTest(t.Context(), own, runs.Run{Campaign: "crystals", Time: due, State: runs.Running, Started: due, Test: "b2", Follows: due}); begun || err != nil {
			t.Errorf("a test of a run that has ended: %v, %v", begun, err)
		}
		all, err := s.Newly(t.Context(), "crystals", 10)
		if err != nil || len(all) != 3 || all[0].ID != r.ID || all[1].ID != second.ID || all[2].ID != first.ID || !all[1].Follows.Equal(second.Follows) {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// A cancel of a test whose run has begun is of that run, too, as far as it has not ended.
func TestACancelOfATestWhoseRunHasBegun(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		for i, tt := range []struct {
			of   runs.Run
			want runs.State
		}{
			{runs.Run{State: runs.Paused, Reason: runs.UntilTested}, runs.Canceling},
			{runs.Run{State: runs.Running}, runs.Canceling},
			{runs.Run{State: runs.Missed}, runs.Missed},
		} {
			at := due.Add(time.Duration(i) * time.Minute)
			test := runs.Run{Campaign: "crystals", Time: at, State: runs.Running, Started: due, Test: "a1", Follows: at}
			if begun, err := s.BeginTest(t.Context(), own, test); err != nil || !begun {
				t.Fatal(begun, err)
			}
			tt.of.Campaign, tt.of.Time, tt.of.Started = "crystals", at, at
			run, begun, err := s.Begin(t.Context(), own, tt.of)
			if err != nil || !begun {
				t.Fatal(begun, err)
			}
			test, err = s.Test(t.Context(), "crystals", at, "a1")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Wish(t.Context(), test.ID, runs.Canceling, "by jun"); err != nil {
				t.Fatal(err)
			}
			if run, err = s.Run(t.Context(), run.ID); err != nil || run.State != tt.want || run.State == runs.Canceling && run.Reason != "by jun" {
				t.Errorf("%s: %+v, %v", tt.of.State, run, err)
			}
		}
	})
}

// A record of before there were tests is read as it is, and brought up to date before it is led.
func TestARecordOfBefore(t *testing.T) {
	dsn := mariadb.NewDatabase(t)
	s := open(t, dsn)
	own := lead(t, s)
	r := begin(t, s, own)
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec("ALTER TABLE liveops_push_runs DROP COLUMN test, DROP COLUMN others_at, DROP COLUMN outcomes, DROP KEY once_each, ADD UNIQUE KEY once (campaign, due)")
	if err != nil {
		t.Fatal(err)
	}
	if r, err = s.Wish(t.Context(), r.ID, runs.Canceling, "by jun"); err != nil || r.State != runs.Canceling { // nor need anybody prepare it to cancel
		t.Fatal(r, err)
	}
	for range 2 {
		all, err := s.Newest(t.Context(), "crystals", 10)
		if diff := cmp.Diff([]runs.Run{r}, all); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, begun := test(t, s, own); !begun {
		t.Error("no test beside the run")
	}
}

func TestTrouble(t *testing.T) {
	outcome := func(p campaign.Platform, became, reason string) runs.Outcome {
		return runs.Outcome{Platform: p, Became: became, Reason: reason, N: 2}
	}
	for _, tt := range []struct {
		name, want string
		run        runs.Run
	}{
		{"nobody", "nobody who would get it has a phone here", runs.Run{Read: true}},
		{"not read yet", "", runs.Run{}},
		{"all accepted", "", runs.Run{Read: true, Tokens: 2, Outcomes: []runs.Outcome{outcome("ios", runs.Accepted, "")}}},
		{"some dead", "", runs.Run{Read: true, Tokens: 4, Outcomes: []runs.Outcome{outcome("ios", runs.Accepted, ""), outcome("ios", "dead", "Unregistered")}}},
		{"a platform without any", "2 to android rejected (INVALID_ARGUMENT: x), 2 to android without an answer",
			runs.Run{Read: true, Tokens: 6, Outcomes: []runs.Outcome{outcome("android", "rejected", "INVALID_ARGUMENT: x"), outcome("android", "without an answer", ""), outcome("ios", runs.Accepted, "")}}},
		{"counts alone", "none of 3 messages was accepted", runs.Run{Read: true, Tokens: 3, Counts: runs.Counts{Rejected: 2, GaveUp: 1}}},
		{"counts alone, and accepted", "", runs.Run{Read: true, Tokens: 3, Counts: runs.Counts{Rejected: 2, Accepted: 1}}},
	} {
		if got := tt.run.Trouble(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAskedFor(t *testing.T) {
	for test, want := range map[string]bool{runs.Asked(""): true, runs.Asked("qa"): true, "": false, "a1": false} {
		if _, got := runs.AskedFor(test); got != want {
			t.Errorf("%q: %v", test, got)
		}
	}
	for _, want := range []string{"", "qa"} {
		if list, _ := runs.AskedFor(runs.Asked(want)); list != want {
			t.Errorf("%q, want %q", list, want)
		}
	}
	if list, _ := runs.AskedFor("a1"); list != "" {
		t.Errorf("the list of a test of a run is %q", list)
	}
}
