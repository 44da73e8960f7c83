package pushd

import (
	"context"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/mariadb"
)

// term is a term of a leader, whose looks and whose time a test says.
type term struct {
	*testing.T
	*leader
	now      time.Time
	campaign *campaign.Campaign   // as it was released last
	versions []*campaign.Campaign // as it was released each time; a file is the number of one
}

// Now is the time that the test says.
func (t *term) Now() time.Time { return t.now }

// After never comes.
func (t *term) After(time.Duration) <-chan time.Time { return nil }

// newTerm begins a term in which one campaign is released, in an environment whose users have some zones.
func newTerm(t *testing.T, s campaign.Spec, at string, zones ...string) *term {
	t.Helper()
	c, err := mysql.ParseDSN(mariadb.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	c.InterpolateParams, c.Params = true, map[string]string{"time_zone": "'+00:00'", "sql_mode": "'STRICT_ALL_TABLES'"}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	record := runs.New(db)
	if err := record.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	epoch, err := record.Lead(t.Context(), "leader", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w := &term{T: t}
	w.release(s)
	w.at(at)
	w.leader = newLeader(Options{
		Environment: "staging", Runs: record, Clock: w, ReadEvery: time.Minute, Log: slog.New(slog.DiscardHandler), Outstanding: 64, MostDead: 0.5,
		Decode: func(_ string, file []byte) (*campaign.Campaign, error) { return w.version(file), nil },
		Released: func(context.Context) (Released, error) {
			return Released{Campaigns: []File{{Name: w.campaign.Name, Data: []byte{byte(len(w.versions) - 1)}}}}, nil
		},
		Zones: func(context.Context) ([]string, error) { return zones, nil },
	}, epoch)
	return w
}

// release makes a campaign the one that is released.
func (t *term) release(s campaign.Spec) {
	t.Helper()
	if s.Messages == nil {
		s.Messages = map[string]campaign.Text{campaign.Default: {Title: "Come back!", Body: "Crystals"}}
	}
	s.Push.TimeToLive = time.Hour
	made, problems := campaign.New(s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	t.campaign, t.versions = made, append(t.versions, made)
}

// version is the campaign that a file is of: the first without one.
func (t *term) version(file []byte) *campaign.Campaign {
	if len(file) == 0 {
		return t.versions[0]
	}
	return t.versions[file[0]]
}

// edit releases an edit of the campaign, which is read in the next look.
func (t *term) edit(s campaign.Spec) {
	t.Helper()
	t.release(s)
	t.due.read = time.Time{}
}

// wish is what a person wishes of a run.
func (t *term) wish(r runs.Run, to runs.State, reason string) {
	t.Helper()
	if _, err := t.o.Runs.Wish(t.Context(), r.ID, to, reason); err != nil {
		t.Fatal(err)
	}
}

// at says what time it is.
func (t *term) at(now string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	t.now = at
}

// looks begins what is due, and its tests.
func (t *term) looks() {
	t.Helper()
	for _, step := range []func(context.Context) error{t.fire, t.askZones, func(context.Context) error { t.asking.Wait(); return nil }, t.fire} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	live, err := t.o.Runs.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clear(t.led)
	for _, r := range live {
		t.led[r.ID] = &led{Run: r, campaign: t.version(r.File), open: map[int]bool{}, settled: make(chan struct{}, 1)}
	}
	if err := t.tests(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// recorded are all tests, or all runs, oldest first.
func (t *term) recorded(tests bool) (all []runs.Run) {
	t.Helper()
	both, err := t.o.Runs.Newly(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(both) - 1; i >= 0; i-- {
		if (both[i].Test != "") == tests {
			all = append(all, both[i])
		}
	}
	return all
}

// arrives has a test reach a phone.
func (t *term) arrives(test runs.Run, token string) {
	t.Helper()
	testers := []runs.Tester{{Platform: campaign.IOS, Token: token}}
	result := runs.Result{Seq: 1, Counts: runs.Counts{Accepted: 1}, Outcomes: []runs.Outcome{{Platform: campaign.IOS, Became: runs.Accepted, N: 1}}}
	for _, step := range []func() error{
		func() error {
			return t.o.Runs.Hand(t.Context(), t.epoch, test.ID, testers, runs.TestBatches(testers, 10))
		},
		func() error { return t.o.Runs.Settle(t.Context(), t.epoch, test.ID, []runs.Result{result}) },
		func() error { return t.o.Runs.Wait(t.Context(), t.epoch, test.ID) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}
