package action_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"

	"liveops/bot"
	"liveops/bot/action"
	"liveops/bot/hub"
	"liveops/datarepo"
	"liveops/datasheets/xlsx"
	"liveops/sandbox/github"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

const (
	runToken   = "ghs_9kRunToken"
	repository = "studio/game-data"
	runID      = 7021
	config     = "environments:\n  - name: staging\n  - name: production\n    after: staging\n"
	withPeople = config + "    requires: [approval]\n"
	firstItems = "1 Sword 100, 2 Bow 250"
	newItems   = "1 Sword 120, 2 Bow 250, 3 Cape 900"
	itemsPath  = "datasheets/items.xlsx"
	levelsPath = "datasheets/levels.xlsx"
)

type files = map[string][]byte

// world is a GitHub with one data repo, two environments on MariaDB that have its first commit, and runs of GitHub
// Actions for its events, each where a test says so.
type world struct {
	*testing.T
	github *github.Server
	repo   *github.Repo
	stores map[string]*mysqlstore.Store
	dbs    map[string]*sql.DB
	wire   *wire
	down   map[string]bool // environments that give no answer
	dir    string
	runs   int
}

func newWorld(t *testing.T, policy string) *world {
	t.Helper()
	w := &world{T: t, stores: map[string]*mysqlstore.Store{}, dbs: map[string]*sql.DB{}, down: map[string]bool{}, dir: t.TempDir(), wire: &wire{}}
	var err error
	w.github, err = github.New(github.Options{Users: []github.User{
		{Login: hub.ActionsLogin, Token: runToken, Permission: github.Write, Bot: true},
		{Login: "mina", Name: "Mina Kim", Permission: github.Write},
		{Login: "jun", Name: "Jun Sato", Permission: github.Maintain},
		{Login: "stranger"},
	}})
	w.must(err)
	t.Cleanup(func() { w.must(w.github.Close()) })
	w.repo, err = w.github.CreateRepo("studio", "game-data", files{"liveops.yaml": []byte(policy), itemsPath: items(firstItems), levelsPath: levels(10, 20)})
	w.must(err)
	nobody := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // the payloads are read from the sandbox
	t.Cleanup(nobody.Close)
	w.github.SetWebhook(nobody.URL, "")
	for _, name := range []string{"staging", "production"} {
		w.open(name)
	}
	w.releaseFirst()
	return w
}

// open makes an environment's database.
func (w *world) open(name string) {
	w.Helper()
	dsn := mariadb.NewDatabase(w.T)
	db, err := sql.Open("mysql", dsn)
	w.must(err)
	w.dbs[name] = db
	for _, table := range []string{"items (id INT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, price INT UNSIGNED NOT NULL)",
		"levels (level INT NOT NULL PRIMARY KEY, exp BIGINT UNSIGNED NOT NULL)"} {
		_, err := db.Exec("CREATE TABLE " + table)
		w.must(err)
	}
	store, err := mysqlstore.Open(w.Context(), name, dsn, mysqlstore.Options{})
	w.must(err)
	w.stores[name] = store
	w.Cleanup(func() { store.Close(); db.Close() })
}

// Store gives a run an environment's database.
func (w *world) Store(_ context.Context, name string) (*mysqlstore.Store, error) {
	if w.down[name] {
		return nil, &mysqlstore.UnreachableError{Environment: name}
	}
	if w.stores[name] == nil {
		return nil, &bot.SettingError{Setting: "LIVEOPS_" + strings.ToUpper(name) + "_MYSQL_DSN", Reason: "is not set"}
	}
	return w.stores[name], nil
}

// releaseFirst brings the environments to the first commit, as `liveops apply` does.
func (w *world) releaseFirst() {
	w.Helper()
	_, remote, err := w.hub().Repository(w.Context(), repository)
	w.must(err)
	c, err := remote.Fetch(w.Context(), "refs/heads/main")
	w.must(err)
	defer c.Close()
	desired, err := release.Read(w.Context(), c.ID, c.Files)
	w.must(err)
	pipeline := release.Pipeline{Log: slog.New(slog.DiscardHandler), Targets: []release.Target{
		{Name: "staging", Store: w.stores["staging"]}, {Name: "production", After: "staging", Store: w.stores["production"]}}}
	p, err := pipeline.Run(w.Context(), release.Request{Desired: desired, Commit: release.Commit{ID: c.ID}, History: firstCommit{}, Actor: "jun"})
	w.must(err)
	if s := p.Stopped(); s != nil {
		w.Fatalf("the first release stopped at %s: %s", s.Environment, s.Reason)
	}
}

// firstCommit is the history of a first commit.
type firstCommit struct{}

func (firstCommit) Between(_ context.Context, from, to string) (datarepo.Relation, []datarepo.Summary, error) {
	if from == to {
		return datarepo.Same, nil, nil
	}
	return datarepo.Ahead, []datarepo.Summary{{ID: to}}, nil
}

// wire is the runs' way to GitHub.
type wire struct {
	mu    sync.Mutex
	asked []string // method and path of each request
}

func (v *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	v.mu.Lock()
	v.asked = append(v.asked, r.Method+" "+r.URL.Path)
	v.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

func (w *world) hub() *hub.Hub {
	w.Helper()
	h, err := hub.New(hub.Options{Token: runToken, Login: hub.ActionsLogin, URL: w.github.URL(), API: w.github.URL() + "/api/v3", Transport: w.wire, Wait: noWait})
	w.must(err)
	return h
}

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// result is what a run came to.
type result struct {
	w                    *world
	unwell               bool
	err                  error
	log, summary, output string
	artifacts            string // the directory
}

// run is the run of an event.
func (w *world) run(event string, payload []byte, change ...func(*action.Options)) result {
	w.Helper()
	w.runs++
	dir := filepath.Join(w.dir, "run", string(rune('a'+w.runs)))
	w.must(os.MkdirAll(dir, 0o755))
	var log bytes.Buffer
	o := action.Options{Event: event, Payload: payload, Repository: repository, RunID: runID, Commit: w.repo.Tip("main"), Attempt: string(rune('a' + w.runs)),
		Summary: filepath.Join(dir, "summary"), Output: filepath.Join(dir, "output"), Artifacts: filepath.Join(dir, "artifacts"),
		Hub: w.hub(), Stores: w, Out: &log, Wait: noWait}
	for _, f := range change {
		f(&o)
	}
	w.must(w.github.Settle(w.Context()))
	r := result{w: w, artifacts: o.Artifacts}
	r.unwell, r.err = action.Run(w.Context(), o)
	r.log = log.String()
	for path, into := range map[string]*string{o.Summary: &r.summary, o.Output: &r.output} {
		b, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			w.Fatal(err)
		}
		*into = string(b)
	}
	if strings.Contains(r.log+r.summary+r.output, runToken) {
		w.Errorf("the token is in what the run wrote:\n%s", r.log)
	}
	return r
}

// last is the payload of the last event of a kind; action is "" for one that has none.
func (w *world) last(event, action string) []byte {
	w.Helper()
	var payload []byte
	for _, d := range w.github.Deliveries() {
		if d.Event == event && d.Action == action {
			payload = d.Payload
		}
	}
	if payload == nil {
		w.Fatalf("there was no %s event that is %q", event, action)
	}
	return payload
}

// pull opens a pull request and has its workflow run.
func (w *world) pull(branch string, changes files) (int, result) {
	w.Helper()
	_, err := w.repo.Commit(branch, "Change "+branch, "mina", changes)
	w.must(err)
	n, err := w.repo.OpenPull(github.NewPull{Title: "Change " + branch, Head: branch, Author: "mina"})
	w.must(err)
	return n, w.run("pull_request", w.last("pull_request", "opened"))
}

// planned is pull for one that is well.
func (w *world) planned(branch string, changes files) int {
	w.Helper()
	n, r := w.pull(branch, changes)
	r.well()
	return n
}

func (w *world) merge(n int) string {
	w.Helper()
	w.must(w.github.Settle(w.Context()))
	sha, err := w.repo.Merge(n, "merge", "jun")
	w.must(err)
	return sha
}

// pushed is the run of the last push.
func (w *world) pushed(change ...func(*action.Options)) result {
	w.Helper()
	return w.run("push", w.last("push", ""), change...)
}

func only(env string) func(*action.Options) { return func(o *action.Options) { o.Only = env } }

func approvals(o *action.Options) { o.Approvals = true }

// comments are those of the run's account on a pull request that begin with a text.
func (w *world) comments(n int, marker string) []string {
	var all []string
	for _, c := range w.repo.Comments(n) {
		if c.Author == hub.ActionsLogin && strings.HasPrefix(c.Body, marker) {
			all = append(all, c.Body)
		}
	}
	return all
}

// told is the one comment on a merge.
func (w *world) told(n int) string {
	w.Helper()
	all := w.comments(n, "<!-- liveops:release ")
	if len(all) != 1 {
		w.Fatalf("#%d has %d comments on its release, want 1", n, len(all))
	}
	return all[0]
}

func (w *world) says(text string, phrases ...string) {
	w.Helper()
	for _, p := range phrases {
		unwanted, not := strings.CutPrefix(p, "not: ")
		if strings.Contains(text, unwanted) == not {
			w.Errorf("want %q in:\n%s", p, text)
		}
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// has checks how many releases since the first an environment has had, and its items.
func (w *world) has(env, releases, rows string) {
	w.Helper()
	for query, want := range map[string]string{
		"SELECT COUNT(*) - 1 FROM liveops_releases WHERE state = 'applied'":                    releases,
		"SELECT GROUP_CONCAT(id, ' ', name, ' ', price ORDER BY id SEPARATOR ', ') FROM items": rows,
	} {
		var got string
		w.must(w.dbs[env].QueryRow(query).Scan(&got))
		if got != want {
			w.Errorf("%s: %s gives %s, want %s", env, query, got, want)
		}
	}
}

func (r result) well() {
	r.w.Helper()
	if r.err != nil || r.unwell {
		r.w.Errorf("the run came to no good end: %v\n%s\n%s", r.err, r.log, r.summary)
	}
}

func (r result) ill() {
	r.w.Helper()
	if r.err != nil || !r.unwell {
		r.w.Errorf("the run should have come to no good end: %v\n%s\n%s", r.err, r.log, r.summary)
	}
}

// commands are those that the runner takes from the log, in the way of the runner: none while they are stopped.
func (r result) commands(names ...string) []string {
	var out []string
	stopped := ""
	for line := range strings.SplitSeq(r.log, "\n") {
		line = strings.TrimLeft(line, " \t")
		if !strings.HasPrefix(line, "::") {
			continue
		}
		name, message, _ := strings.Cut(line[2:], "::")
		switch {
		case stopped != "":
			if name == stopped {
				stopped = ""
			}
			continue
		case name == "stop-commands":
			stopped = message
			continue
		}
		word, _, _ := strings.Cut(name, " ")
		if len(names) == 0 || strings.Contains(" "+strings.Join(names, " ")+" ", " "+word+" ") {
			out = append(out, line)
		}
	}
	return out
}

// digests are the output of that name.
func (r result) digests() map[string]string {
	r.w.Helper()
	digests := map[string]string{}
	for line := range strings.SplitSeq(r.output, "\n") {
		if text, ok := strings.CutPrefix(line, "digests="); ok {
			r.w.must(json.Unmarshal([]byte(text), &digests))
		}
	}
	return digests
}

// items makes a workbook of rows such as "1 Sword 100, 2 Bow 250".
func items(rows string) []byte {
	s := xlsx.Sheet{Name: "items", Header: []string{"id", "name", "price"}}
	for row := range strings.SplitSeq(rows, ", ") {
		f := strings.Fields(row)
		s.Rows = append(s.Rows, []any{xlsx.Number(f[0]), f[1], xlsx.Number(f[2])})
	}
	return workbook(s)
}

func levels(exp ...int) []byte {
	s := xlsx.Sheet{Name: "levels", Header: []string{"level", "exp"}}
	for i, n := range exp {
		s.Rows = append(s.Rows, []any{i + 1, n})
	}
	return workbook(s)
}

func workbook(sheets ...xlsx.Sheet) []byte {
	var b bytes.Buffer
	if err := xlsx.Write(&b, sheets); err != nil {
		panic(err)
	}
	return b.Bytes()
}
