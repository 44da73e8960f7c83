package runs_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/mariadb"
	embedded "liveops/sandbox/mysql"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

// onEach runs a test on every server.
func onEach(t *testing.T, test func(t *testing.T, s *runs.Store)) {
	t.Run("MariaDB", func(t *testing.T) { test(t, open(t, mariadb.NewDatabase(t))) })
	t.Run("embedded", func(t *testing.T) {
		s, err := embedded.Start(t.Context(), "game")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		test(t, open(t, s.DSN("game")))
	})
}

func open(t *testing.T, dsn string) *runs.Store {
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c.Params = map[string]string{"time_zone": "'+00:00'", "sql_mode": "'STRICT_ALL_TABLES'"}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := runs.New(db)
	for range 2 { // the second time they are there
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Whoever only looks makes no tables.
func TestNothingWasEverSent(t *testing.T) {
	c, err := mysql.ParseDSN(mariadb.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := runs.New(db)
	live, err := s.Live(t.Context())
	if err != nil || live != nil {
		t.Errorf("%v, %v", live, err)
	}
	newest, err := s.Newest(t.Context(), "", 10)
	if err != nil || newest != nil {
		t.Errorf("%v, %v", newest, err)
	}
	if _, err := s.Find(t.Context(), "crystals", due); !errors.Is(err, runs.ErrNoRun) {
		t.Error(err)
	}
	var tables int
	if err := db.QueryRow("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables, %v", tables, err)
	}
}

func lead(t *testing.T, s *runs.Store) runs.Epoch {
	t.Helper()
	epoch, err := s.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

var due = time.Date(2026, 11, 27, 10, 3, 0, 0, time.UTC)

func begin(t *testing.T, s *runs.Store, own runs.Epoch) runs.Run {
	t.Helper()
	r, begun, err := s.Begin(t.Context(), own, runs.Run{Campaign: "crystals", Time: due, Zones: []string{"Asia/Seoul"}, Others: true, Commit: "c1",
		File: []byte("schedule: …"), Actor: "mina", State: runs.Running, Started: due.Add(1500 * time.Millisecond)})
	if err != nil || !begun {
		t.Fatalf("begun %v, %v", begun, err)
	}
	return r
}

func TestOneLeads(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		one := lead(t, s)
		if _, err := s.Lead(t.Context(), "other", 0, time.Hour); !errors.Is(err, runs.ErrNotLeader) {
			t.Errorf("a second leader: %v", err)
		}
		if again, err := s.Lead(t.Context(), "test", one, time.Hour); err != nil || again != one {
			t.Errorf("the same again: %d, %v; want %d", again, err, one)
		}
		if err := s.Resign(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		if again, err := s.Lead(t.Context(), "test", one, time.Hour); err != nil || again != one {
			t.Errorf("it came back before anybody else: %d, %v; want %d", again, err, one)
		}
		if err := s.Resign(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		two, err := s.Lead(t.Context(), "other", 0, time.Hour)
		if err != nil || two == one {
			t.Fatalf("the next leader: %d, %v", two, err)
		}
		for name, err := range map[string]error{
			"lead": func() error { _, err := s.Lead(t.Context(), "test", one, time.Hour); return err }(),
			"begin": func() error {
				_, _, err := s.Begin(t.Context(), one, runs.Run{Campaign: "c", Time: due, State: runs.Running, Started: due})
				return err
			}(),
			"read":   s.Extend(t.Context(), one, 1, nil, audience.Cursor{}, true),
			"settle": s.Settle(t.Context(), one, 1, []runs.Result{{Seq: 1}}),
			"end":    s.End(t.Context(), one, 1, runs.Done, "", due),
			"dead":   s.ForgetDead(t.Context(), one, 1, 1),
			"pause":  s.Pause(t.Context(), one, 1, ""),
			"move":   func() error { _, err := s.Move(t.Context(), one, runs.Run{ID: 1}, runs.Running, ""); return err }(),
		} {
			if !errors.Is(err, runs.ErrNotLeader) {
				t.Errorf("the old leader, %s: %v", name, err)
			}
		}
		if err := s.Resign(t.Context(), one); err != nil { // which takes nothing from the other
			t.Error(err)
		}
		if _, err := s.Lead(t.Context(), "test", 0, time.Hour); !errors.Is(err, runs.ErrNotLeader) {
			t.Errorf("after the old one resigned again: %v", err)
		}
	})
}

func TestALeaseEnds(t *testing.T) {
	s := open(t, mariadb.NewDatabase(t))
	if _, err := s.Lead(t.Context(), "one", 0, -time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lead(t.Context(), "two", 0, time.Hour); err != nil {
		t.Errorf("after its end: %v", err)
	}
}

// However many begin a run at once, it is begun once.
func TestARunIsBegunOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		r := begin(t, s, own)
		want := runs.Run{ID: r.ID, Campaign: "crystals", Time: due, Zones: []string{"Asia/Seoul"}, Others: true, Commit: "c1", File: []byte("schedule: …"), Actor: "mina",
			State: runs.Running, Started: due.Add(1500 * time.Millisecond)}
		if d := cmp.Diff(want, r); d != "" {
			t.Error(d)
		}
		again, begun, err := s.Begin(t.Context(), own, runs.Run{Campaign: "crystals", Time: due, Commit: "c2", State: runs.Running, Started: due})
		if err != nil || begun || !cmp.Equal(again, r) {
			t.Errorf("again: %v, %v, %+v", begun, err, again)
		}
		if _, begun, err := s.Begin(t.Context(), own, runs.Run{Campaign: "crystals", Time: due.Add(time.Minute), State: runs.Missed, Reason: "late", Started: due}); err != nil || !begun {
			t.Errorf("another time: %v, %v", begun, err)
		}
		live, err := s.Live(t.Context())
		if err != nil || len(live) != 1 || live[0].ID != r.ID {
			t.Errorf("live %+v, %v", live, err)
		}
		if newest, err := s.NewestTime(t.Context(), "crystals"); err != nil || !newest.Equal(due.Add(time.Minute)) {
			t.Errorf("newest %v, %v", newest, err)
		}
		if newest, err := s.NewestTime(t.Context(), "other"); err != nil || !newest.IsZero() {
			t.Errorf("of another campaign %v, %v", newest, err)
		}
		if _, err := s.Find(t.Context(), "other", due); !errors.Is(err, runs.ErrNoRun) {
			t.Errorf("no run: %v", err)
		}
	})
}

func TestBatches(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		r := begin(t, s, own)
		at := func(token string) audience.Cursor {
			return audience.Cursor{Platform: campaign.IOS, Value: "iphone", Token: token}
		}
		batches := []runs.Batch{{1, at(""), "c", 3}, {2, at("c"), "f", 3}, {3, at("f"), "g\xff", 1}}
		if err := s.Extend(t.Context(), own, r.ID, batches[:2], at("f"), false); err != nil {
			t.Fatal(err)
		}
		if err := s.Extend(t.Context(), own, r.ID, batches[2:], at("g\xff"), true); err != nil {
			t.Fatal(err)
		}
		if err := s.Extend(t.Context(), own, r.ID, nil, at("z"), true); err == nil {
			t.Error("it was read on after its end")
		}
		if got, err := s.Unsettled(t.Context(), r.ID, 0, 10); err != nil || !cmp.Equal(got, batches) {
			t.Errorf("batches %+v, %v", got, err)
		}
		dead := []audience.Dead{{Platform: campaign.IOS, Token: "b", Since: due.Add(time.Microsecond)}}
		for range 2 { // told twice, it counts once
			err := s.Settle(t.Context(), own, r.ID, []runs.Result{{Seq: 2, Counts: runs.Counts{Accepted: 2, Dead: 1, Repeats: 4}, Gone: audience.PackDead(dead)}, {Seq: 1, Counts: runs.Counts{Rejected: 1, GaveUp: 1, Unknown: 1}}})
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Run(t.Context(), r.ID)
		want := r
		want.Cursor, want.Read, want.Tokens, want.Last, want.Counts = at("g\xff"), true, 7, 3, runs.Counts{Accepted: 2, Dead: 1, Rejected: 1, GaveUp: 1, Unknown: 1, Repeats: 4}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v\n%s", err, cmp.Diff(want, got))
		}
		if got, err := s.Unsettled(t.Context(), r.ID, 0, 10); err != nil || !cmp.Equal(got, batches[2:]) {
			t.Errorf("left %+v, %v", got, err)
		}
		for seq, want := range map[int]bool{1: true, 2: true, 3: false} {
			if got, err := s.IsSettled(t.Context(), r.ID, seq); err != nil || got != want {
				t.Errorf("batch %d: %v, %v", seq, got, err)
			}
		}
		found, last, err := s.Dead(t.Context(), r.ID, 10)
		if err != nil || !cmp.Equal(found, dead) {
			t.Errorf("dead %+v, %v", found, err)
		}
		if err := s.ForgetDead(t.Context(), own, r.ID, last); err != nil {
			t.Fatal(err)
		}
		if found, _, err := s.Dead(t.Context(), r.ID, 10); err != nil || len(found) > 0 {
			t.Errorf("dead after all %+v, %v", found, err)
		}
		if err := s.End(t.Context(), own, r.ID, runs.Done, "", due.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Unsettled(t.Context(), r.ID, 0, 10); err != nil || len(got) > 0 {
			t.Errorf("batches after the end %+v, %v", got, err)
		}
		if err := s.Settle(t.Context(), own, r.ID, []runs.Result{{Seq: 3, Counts: runs.Counts{Accepted: 1}}}); err != nil {
			t.Errorf("a result after the end: %v", err)
		}
	})
}

// TestStates goes every way from one state to another, and says which lead somewhere.
func TestStates(t *testing.T) {
	all := []runs.State{runs.Running, runs.Paused, runs.Waiting, runs.Canceling, runs.Canceled, runs.Done, runs.Failed}
	ways := map[runs.State][]runs.State{ // how to get there
		runs.Running: nil, runs.Paused: {runs.Paused}, runs.Waiting: {runs.Waiting}, runs.Canceling: {runs.Canceling}, runs.Canceled: {runs.Canceling, runs.Canceled},
		runs.Done: {runs.Done}, runs.Failed: {runs.Failed},
	}
	allowed := map[[2]runs.State]bool{
		{runs.Running, runs.Paused}: true, {runs.Running, runs.Canceling}: true, {runs.Running, runs.Done}: true, {runs.Running, runs.Failed}: true,
		{runs.Paused, runs.Running}: true, {runs.Paused, runs.Canceling}: true, {runs.Paused, runs.Failed}: true,
		{runs.Canceling, runs.Canceled}: true,
		{runs.Running, runs.Waiting}:    true, {runs.Waiting, runs.Paused}: true, {runs.Waiting, runs.Canceling}: true, {runs.Waiting, runs.Done}: true, {runs.Waiting, runs.Failed}: true,
	}
	s := open(t, mariadb.NewDatabase(t))
	own := lead(t, s)
	n := 0
	for _, from := range all {
		for _, to := range all {
			n++
			r, _, err := s.Begin(t.Context(), own, runs.Run{Campaign: fmt.Sprint("c", n), Time: due, State: runs.Running, Started: due})
			if err != nil {
				t.Fatal(err)
			}
			for _, state := range ways[from] {
				if err := step(t.Context(), s, own, r.ID, state); err != nil {
					t.Fatal(err)
				}
			}
			err = step(t.Context(), s, own, r.ID, to)
			var refused *runs.StateError
			if want := from == to || allowed[[2]runs.State{from, to}]; want != (err == nil) || err != nil && (!errors.As(err, &refused) || refused.State != from) {
				t.Errorf("from %s to %s: %v", from, to, err)
			}
		}
	}
	if _, err := s.Wish(t.Context(), 1<<40, runs.Paused, ""); !errors.Is(err, runs.ErrNoRun) {
		t.Errorf("no run: %v", err)
	}
	if _, err := s.Wish(t.Context(), 1, runs.Done, ""); err == nil {
		t.Error("an end was wished")
	}
	if err := s.End(t.Context(), own, 1, runs.Running, "", due); err == nil {
		t.Error("running was an end")
	}
}

func step(ctx context.Context, s *runs.Store, own runs.Epoch, id int64, to runs.State) error {
	if to.Ended() {
		return s.End(ctx, own, id, to, "why", due)
	}
	if to == runs.Waiting {
		return s.Wait(ctx, own, id)
	}
	_, err := s.Wish(ctx, id, to, "why")
	return err
}

// Of many that would lead, one does.
func TestManyWouldLead(t *testing.T) {
	s := open(t, mariadb.NewDatabase(t))
	var wait sync.WaitGroup
	var mu sync.Mutex
	leaders := 0
	for i := range 8 {
		wait.Go(func() {
			_, err := s.Lead(t.Context(), fmt.Sprint(i), 0, time.Hour)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				leaders++
			} else if !errors.Is(err, runs.ErrNotLeader) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if leaders != 1 {
		t.Errorf("%d lead", leaders)
	}
}

// A campaign counts from when it was first known as it is: an edit starts anew, the same again does not.
func TestSinceWhenACampaignIsKnown(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		for i, step := range []struct {
			fingerprint string
			at, want    time.Time
		}{
			{"a", due, due},
			{"a", due.Add(time.Hour), due},
			{"b", due.Add(2 * time.Hour), due.Add(2 * time.Hour)},
			{"b", due.Add(3 * time.Hour), due.Add(2 * time.Hour)},
		} {
			got, err := s.Since(t.Context(), own, []runs.Known{{Campaign: "crystals", Fingerprint: step.fingerprint, Since: step.at}})
			if err != nil || len(got) != 1 || !got["crystals"].Equal(step.want) {
				t.Errorf("step %d: %v, %v; want %v", i, got, err, step.want)
			}
		}
	})
}

// An edit that comes with another leader counts from where the campaign was looked after, if that was lately: what it names of a past
// that nobody looked after is nobody's.
func TestAnEditCountsFromWhereTheCampaignWasLookedAfter(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		minute := func(n int) time.Time { return due.Add(time.Duration(n) * time.Minute) }
		for i, step := range []struct {
			campaign, another, fingerprint string
			lookedTo, at, since, lately    int  // in minutes
			always                         bool // no Lately
			want                           int
		}{
			{campaign: "crystals", fingerprint: "a", since: 0, lately: -10, want: 0},
			{campaign: "crystals", another: "others", fingerprint: "b", lookedTo: 20, at: 30, since: 32, lately: 22, want: 20},
			{campaign: "crystals", fingerprint: "b", lookedTo: 30, at: 40, since: 41, lately: 31, want: 20}, // as it was
			{campaign: "crystals", fingerprint: "c", lookedTo: 30, at: 40, since: 51, lately: 41, want: 51}, // nobody looked for long
			{campaign: "crystals", fingerprint: "d", lookedTo: 60, at: 60, since: 62, always: true, want: 62},
			{campaign: "crystals", fingerprint: "e", lookedTo: 70, at: 70, since: 65, lately: 60, want: 65}, // never later than it says itself
			{campaign: "crystals", fingerprint: "f", lookedTo: 60, at: 80, since: 81, lately: 71, want: 65}, // what was nobody's stays so
			{campaign: "new", another: "crystals", fingerprint: "a", lookedTo: 71, at: 71, since: 72, lately: 62, want: 72},
		} {
			if step.at != 0 {
				looked := map[string]time.Time{"crystals": minute(step.lookedTo)}
				if step.another != "" {
					looked[step.another] = minute(step.lookedTo)
				}
				if err := s.Looked(t.Context(), own, looked, minute(step.at)); err != nil {
					t.Fatal(err)
				}
			}
			k := runs.Known{Campaign: step.campaign, Fingerprint: step.fingerprint, Since: minute(step.since), Lately: minute(step.lately)}
			if step.always {
				k.Lately = time.Time{}
			}
			got, err := s.Since(t.Context(), own, []runs.Known{k})
			if err != nil || !got[step.campaign].Equal(minute(step.want)) {
				t.Errorf("step %d: %v, %v; want %v", i, got, err, minute(step.want))
			}
		}
		if err := s.Resign(t.Context(), own); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Lead(t.Context(), "next", 0, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := s.Looked(t.Context(), own, map[string]time.Time{"crystals": due}, due); !errors.Is(err, runs.ErrNotLeader) {
			t.Errorf("the old leader: %v", err)
		}
	})
}

// The table of campaigns of an older liveops gets what it lacks, and keeps what it has.
func TestAnOlderTableOfCampaigns(t *testing.T) {
	dsn := mariadb.NewDatabase(t)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, query := range []string{
		"CREATE TABLE liveops_push_campaigns (campaign VARCHAR(191) NOT NULL PRIMARY KEY, since DATETIME(6) NOT NULL, fingerprint VARCHAR(64) NOT NULL DEFAULT '') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		"INSERT INTO liveops_push_campaigns VALUES ('crystals', '2026-11-27 10:03:00', 'a')",
	} {
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dsn)
	own := lead(t, s)
	k := runs.Known{Campaign: "crystals", Fingerprint: "a", Since: due.Add(time.Hour), Lately: due}
	if got, err := s.Since(t.Context(), own, []runs.Known{k}); err != nil || !got["crystals"].Equal(due) {
		t.Errorf("as it was: %v, %v", got, err)
	}
	k.Fingerprint = "b"
	if got, err := s.Since(t.Context(), own, []runs.Known{k}); err != nil || !got["crystals"].Equal(due.Add(time.Hour)) {
		t.Errorf("an edit: %v, %v", got, err)
	}
}
