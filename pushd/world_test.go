package pushd_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/engine"
	"liveops/pushd"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
	"liveops/sandbox/apns"
	"liveops/sandbox/fcm"
	"liveops/sandbox/mariadb"
	"liveops/sandbox/push"
)

// world is an environment with its tokens, its gateways, an engine and the campaigns that were released.
type world struct {
	*testing.T
	db      *sql.DB
	dsn     string
	runs    *runs.Store
	engine  *engine.Engine
	batches *engine.Batches
	fcm     *fcm.Gateway
	apns    *apns.Gateway
	log     *slog.Logger

	mu       sync.Mutex
	released []*campaign.Campaign
}

var table = audience.Table{Name: "push_tokens", Token: "token", Platform: "platform", Language: "language", UpdatedAt: "updated_at"}

func newWorld(t *testing.T, android, ios int) *world {
	t.Helper()
	w := &world{T: t, dsn: mariadb.NewDatabase(t), log: slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))}
	var err error
	if w.db, err = openDB(w.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	w.runs = runs.New(w.db)
	if err := w.runs.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.tokens(android, ios)
	if w.engine, err = engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Logger: w.log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.engine.Close() })
	if w.batches, err = w.engine.Batches(t.Context(), "staging"); err != nil {
		t.Fatal(err)
	}
	if w.fcm, err = fcm.Start(t.Context(), fcm.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.fcm.Close() })
	if w.apns, err = apns.Start(t.Context(), apns.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.apns.Close() })
	return w
}

// testWriter logs to a test.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	if w.t.Context().Err() == nil { // a test that has ended takes no words
		w.t.Log(strings.TrimSpace(string(b)))
	}
	return len(b), nil
}

func (w *world) exec(query string, args ...any) {
	w.Helper()
	if _, err := w.db.Exec(query, args...); err != nil {
		w.Fatalf("%.200s: %v", query, err)
	}
}

func (w *world) count(query string) (n int) {
	w.Helper()
	if err := w.db.QueryRow(query).Scan(&n); err != nil {
		w.Fatalf("%s: %v", query, err)
	}
	return n
}

// tokens fills the table of tokens.
func (w *world) tokens(android, ios int) {
	w.Helper()
	w.exec(`CREATE TABLE push_tokens (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, token VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
		platform VARCHAR(10) NOT NULL, language VARCHAR(10) NULL, timezone VARCHAR(40) NULL, updated_at DATETIME NULL, KEY by_platform (platform, token))`)
	var rows []string
	flush := func() {
		if len(rows) > 0 {
			w.exec("INSERT INTO push_tokens (token, platform, language, timezone, updated_at) VALUES " + strings.Join(rows, ", "))
		}
		rows = rows[:0]
	}
	for i := range android + ios {
		platform, token := "android", push.FCMToken(nil, uint64(i))
		if i >= android {
			platform, token = "ios", push.APNsToken(nil, uint64(i-android))
		}
		rows = append(rows, fmt.Sprintf("('%s', '%s', '%s', '%s', '2026-01-01')", token, platform, []string{"ko", "ja", "en"}[i%3], []string{"Asia/Seoul", "Asia/Bangkok"}[i%2]))
		if len(rows) == 1000 {
			flush()
		}
	}
	flush()
}

// release releases a campaign that is due once.
func (w *world) release(s campaign.Spec) *campaign.Campaign {
	w.Helper()
	if s.Messages == nil {
		s.Messages = map[string]campaign.Text{campaign.Default: {Title: "Come back!", Body: "Crystals"}, "ko": {Title: "돌아와요!", Body: "크리스탈"}}
	}
	if s.Deadline == 0 {
		s.Deadline = time.Hour
	}
	if s.Missed == "" {
		s.Missed = campaign.SkipMissed
	}
	if s.Push.TimeToLive == 0 {
		s.Push.TimeToLive = time.Hour
	}
	c, problems := campaign.New(s)
	if len(problems) > 0 {
		w.Fatal(problems)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.released = append(w.released, c)
	return c
}

// decode finds the campaign of a name: a file is its number among those that were released, and the first of its name without one.
func (w *world) decode(name string, file []byte) (*campaign.Campaign, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range w.released {
		if c.Name == name && (len(file) == 0 || string(file) == strconv.Itoa(i)) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no campaign %s", name)
}

// files are those of the campaigns, each as it was released last.
func (w *world) files() (all []pushd.File) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range w.released {
		if !slices.ContainsFunc(w.released[i+1:], func(later *campaign.Campaign) bool { return later.Name == c.Name }) {
			all = append(all, pushd.File{Name: c.Name, Data: []byte(strconv.Itoa(i))})
		}
	}
	return all
}

var gateways = map[campaign.Platform]campaign.Gateway{campaign.Android: campaign.FCM, campaign.IOS: campaign.APNs}

// openDB opens a database as the daemon does.
func openDB(dsn string) (*sql.DB, error) {
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	c.InterpolateParams, c.Params = true, map[string]string{"time_zone": "'+00:00'", "sql_mode": "'STRICT_ALL_TABLES'"}
	return sql.Open("mysql", c.FormatDSN())
}

// leadOptions are those of a leader, but for what was released.
func leadOptions(db *sql.DB, batches *engine.Batches, decode pushd.Decode) pushd.Options {
	return pushd.Options{
		Environment: "staging", Batches: batches, Runs: runs.New(db), Tokens: &audience.Store{DB: db}, Decode: decode, Gateways: gateways, ReadEvery: 200 * time.Millisecond,
		Query: func(_ *campaign.Campaign, r runs.Run) (audience.Query, error) {
			q := audience.Query{Table: table}
			switch {
			case r.Others:
				q.Where = []audience.Condition{{Column: "timezone", NotIn: r.Zones}}
			case r.Zones != nil:
				q.Where = []audience.Condition{{Column: "timezone", In: r.Zones}}
			}
			return q, nil
		},
		Testers: func(_ context.Context, c *campaign.Campaign, r runs.Run) (all []runs.Tester, err error) {
			if list, _ := runs.AskedFor(r.Test); list != "" {
				return nil, &pushd.NoTestersError{Reason: "there is no list " + list}
			}
			for _, t := range c.Test.Tokens {
				all = append(all, runs.Tester{Platform: t.Platform, Token: t.Token, Language: "ko"})
			}
			return all, nil
		},
		Zones: func(context.Context) ([]string, error) { return []string{"Asia/Bangkok", "Asia/Seoul"}, nil },
	}
}

func (w *world) options(name string) pushd.Options {
	o := leadOptions(w.db, w.batches, w.decode)
	o.Name, o.Log = name, w.log
	o.Released = func(context.Context) (pushd.Released, error) {
		return pushd.Released{Commit: "c1", Campaigns: w.files()}, nil
	}
	return o
}

func (w *world) senders() map[campaign.Gateway]pushd.Sender {
	w.Helper()
	f, err := gateway.NewFCM(gateway.FCM{ServiceAccount: w.fcm.ServiceAccount()}, gateway.Options{URL: w.fcm.URL(), RootCAs: w.fcm.CA()})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { f.Close() })
	key, keyID, teamID := w.apns.Key()
	a, err := gateway.NewAPNs(gateway.APNs{Key: key, KeyID: keyID, TeamID: teamID, Topic: w.apns.Topic()}, gateway.Options{URL: w.apns.URL(), RootCAs: w.apns.CA()})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { a.Close() })
	return map[campaign.Gateway]pushd.Sender{campaign.FCM: f, campaign.APNs: a}
}

// running runs something until the test ends, or stop is called, which waits for it.
func (w *world) running(what string, run func(ctx context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stopped := false
	stop = func() {
		w.Helper()
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			w.Errorf("%s: %v", what, err)
		}
	}
	w.Cleanup(stop)
	return stop
}

func (w *world) leading(o pushd.Options) (stop func()) {
	return w.running("leader "+o.Name, func(ctx context.Context) error { return pushd.Lead(ctx, o) })
}

func (w *world) worker(name string) (stop func()) {
	o := pushd.WorkOptions{Environment: "staging", Name: name, Batches: w.batches, Decode: w.decode, Senders: w.senders(), Log: w.log}
	return w.running("worker "+name, func(ctx context.Context) error { return pushd.Work(ctx, o) })
}

// await asks until something is so. There is nothing to wait on but the record, which other processes write, too.
func (w *world) await(what string, is func() bool) {
	w.Helper()
	deadline := time.After(3 * time.Minute) // many packages are tested at once
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			w.Fatalf("%s: not in time; runs %+v", what, w.all())
		}
	}
}

func (w *world) all() []runs.Run {
	w.Helper()
	all, err := w.runs.Newest(w.Context(), "", 100)
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// ended waits until there are so many runs and each has ended, and gives them by time.
func (w *world) ended(n int) []runs.Run {
	w.Helper()
	var all []runs.Run
	w.await("the end of the runs", func() bool {
		all = w.all()
		if len(all) < n {
			return false
		}
		for _, r := range all {
			if !r.State.Ended() {
				return false
			}
		}
		return true
	})
	return all
}
