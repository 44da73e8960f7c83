package pushd

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// removal is a table from which tokens are taken out, unless that fails.
type removal struct {
	Tokens
	fails bool
	tries int
	gone  []string
}

// Remove takes note of the tokens.
func (r *removal) Remove(_ context.Context, _ audience.Table, dead []audience.Dead) (int, error) {
	r.tries++
	if r.fails {
		return 0, errors.New("lock wait timeout")
	}
	for _, d := range dead {
		r.gone = append(r.gone, string(d.Platform)+" "+d.Token)
	}
	return len(dead), nil
}

// ended is a term with a test that has ended, which reached one of two phones by FCM and, of two by APNs, none; told says so by platform.
func ended(t *testing.T, told bool) (*term, *removal) {
	t.Helper()
	s := campaign.Spec{Name: "evening", At: time.Date(2026, 11, 26, 19, 0, 0, 0, time.UTC), Deadline: 15 * time.Minute, Missed: campaign.SkipMissed, Test: &campaign.Test{List: "qa"}}
	w := newTerm(t, s, "2026-11-26T18:59:00Z")
	table := &removal{}
	w.o.Tokens = table
	w.o.Query = func(*campaign.Campaign, runs.Run) (audience.Query, error) { return audience.Query{}, nil }
	r, _, err := w.o.Runs.Order(t.Context(), runs.Run{Campaign: s.Name, Time: w.now, State: runs.Running, Started: w.now, Test: runs.Asked("")})
	if err != nil {
		t.Fatal(err)
	}
	testers := []runs.Tester{{Platform: campaign.Android, Token: "a"}, {Platform: campaign.Android, Token: "b"}, {Platform: campaign.IOS, Token: "c"}, {Platform: campaign.IOS, Token: "d"}}
	if err := w.o.Runs.Hand(t.Context(), w.epoch, r.ID, testers, runs.TestBatches(testers, 10)); err != nil {
		t.Fatal(err)
	}
	android := runs.Result{Seq: 1, Counts: runs.Counts{Accepted: 1, Dead: 1}, Gone: audience.PackDead([]audience.Dead{{Platform: campaign.Android, Token: "b", Since: w.now}})}
	ios := runs.Result{Seq: 2, Counts: runs.Counts{Dead: 2}, Gone: audience.PackDead([]audience.Dead{{Platform: campaign.IOS, Token: "c", Since: w.now}, {Platform: campaign.IOS, Token: "d", Since: w.now}})}
	if told {
		android.Outcomes = []runs.Outcome{{Platform: campaign.Android, Became: runs.Accepted, N: 1}, {Platform: campaign.Android, Became: "dead", Reason: "UNREGISTERED", N: 1}}
		ios.Outcomes = []runs.Outcome{{Platform: campaign.IOS, Became: "dead", Reason: "Unregistered", N: 2}}
	}
	if err := w.o.Runs.Settle(t.Context(), w.epoch, r.ID, []runs.Result{android, ios}); err != nil {
		t.Fatal(err)
	}
	if err := w.o.Runs.End(t.Context(), w.epoch, r.ID, runs.Done, "", w.now); err != nil {
		t.Fatal(err)
	}
	return w, table
}

// Where a test has reached nobody on a platform, no token of that is taken out.
func TestTheDeadOfATest(t *testing.T) {
	for told, want := range map[bool][]string{true: {"android b"}, false: {"android b", "ios c", "ios d"}} {
		w, table := ended(t, told)
		if err := w.reap(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(table.gone, want) {
			t.Errorf("told by platform %v: %q were taken out, want %q", told, table.gone, want)
		}
		if left, err := w.o.Runs.WithDead(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("dead tokens are left: %+v, %v", left, err)
		}
	}
}

// What cannot be taken out is tried again, after a second at first and after a minute in the end.
func TestDeadTokensThatStay(t *testing.T) {
	w, table := ended(t, true)
	table.fails = true
	begin := w.now
	var failures int
	for w.now.Sub(begin) < 10*time.Minute {
		if err := w.reap(t.Context()); err != nil {
			failures++
		}
		w.now = w.now.Add(500 * time.Millisecond)
	}
	// after 0, 1, 3, 7, 15, 31 and 63 seconds, and each minute from there
	if table.tries != 15 || failures != 15 {
		t.Errorf("%d tries, %d failures told in ten minutes", table.tries, failures)
	}
	table.fails = false
	w.now = w.now.Add(time.Minute)
	if err := w.reap(t.Context()); err != nil || len(table.gone) != 1 || len(w.unreaped) != 0 {
		t.Errorf("%v, %q gone, %v to be tried again", err, table.gone, w.unreaped)
	}
}
