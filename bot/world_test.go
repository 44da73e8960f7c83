package bot_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	gogithub "github.com/google/go-github/v62/github"

	"liveops/bot"
	"liveops/datarepo"
	"liveops/datasheets/xlsx"
	"liveops/engine"
	"liveops/sandbox/github"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

// The accounts of the tests, and what must never be seen.
const (
	botToken    = "ghs_7Hq2bottoken"
	secret      = "webhook-secret-new"
	oldSecret   = "webhook-secret-old"
	password    = "correct-horse-battery"
	hostDomain  = "db.internal.example"
	repository  = "studio/game-data"
	patience    = 20 * time.Second
	config      = "environments:\n  - name: staging\n  - name: production\n    after: staging\n"
	firstItems  = "1 Sword B 100, 2 Bow A 250, 3 Staff C 90"
	itemsPath   = "datasheets/items.xlsx"
	levelsPath  = "datasheets/levels.xlsx"
	pullMarker  = "<!-- liveops:plan -->"
	mergeMarker = "<!-- liveops:release "
)

// world is a GitHub with one data repo, two environments on MariaDB that have its first commit, and the bot
// between them.
type world struct {
	*testing.T
	github *github.Server
	repo   *github.Repo
	envs   map[string]*environment
	dir    string // the engine's state
	wire   *wire
	log    *lockedBuffer

	queue   *engine.Engine
	url     string // the bot's webhook
	stop    context.CancelFunc
	ended   chan error
	onWait  func() // called where the bot would wait
	patient bool   // waits take their time
	running bool
}

// environment is a database with a network that can be cut.
type environment struct {
	*network
	name  string
	dsn   string
	db    *sql.DB // the test's own way in, never cut
	mu    sync.Mutex
	store *mysqlstore.Store
	unset bool // the process has no DSN for it
}

type options struct {
	files map[string][]byte // more files of the first commit, or others; nil content leaves one out
	plain bool              // the bot is not started
}

func newWorld(t *testing.T, o options) *world {
	t.Helper()
	w := &world{T: t, envs: map[string]*environment{}, dir: t.TempDir(), log: &lockedBuffer{}}
	for _, name := range []string{"staging", "production"} {
		w.envs[name] = newEnvironment(t, name)
	}
	server, err := github.New(github.Options{Users: []github.User{
		{Login: "liveops-bot", Token: botToken, Permission: github.Write, Bot: true},
		{Login: "mina", Name: "Mina Kim", Permission: github.Write},
		{Login: "jun", Name: "Jun Sato", Permission: github.Maintain},
		{Login: "stranger"},
	}})
	w.must(err)
	t.Cleanup(func() { w.must(server.Close()) })
	w.github, w.wire = server, &wire{}
	files := map[string][]byte{"liveops.yaml": []byte(config), itemsPath: items(firstItems), levelsPath: levels(10, 20, 30)}
	for path, content := range o.files {
		if files[path] = content; content == nil {
			delete(files, path)
		}
	}
	w.repo, err = server.CreateRepo("studio", "game-data", files)
	w.must(err)
	if o.files == nil {
		w.releaseFirst()
	}
	t.Cleanup(w.checkNothingLeaks)
	if !o.plain {
		w.start()
	}
	return w
}

// start runs the bot on the state directory, and has the webhooks sent to it.
func (w *world) start() { w.Helper(); w.startWith(func(e *engine.Engine) bot.Queue { return e }) }

func (w *world) startWith(queue func(*engine.Engine) bot.Queue) {
	w.Helper()
	var err error
	w.queue, err = engine.Open(w.Context(), engine.Options{Dir: w.dir, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
		AckWait: 2 * time.Second, Attempts: 30, Backoff: []time.Duration{20 * time.Millisecond}})
	w.must(err)
	b, err := bot.New(w.Context(), w.botOptions(queue(w.queue)))
	w.must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	ctx, stop := context.WithCancel(context.Background())
	w.stop, w.ended, w.running = stop, make(chan error, 1), true
	go func() { w.ended <- b.Serve(ctx, l) }()
	w.Cleanup(w.end)
	w.url = "http://" + l.Addr().String() + "/webhook"
	w.github.SetWebhook(w.url, secret)
}

func (w *world) botOptions(queue bot.Queue) bot.Options {
	client, err := gogithub.NewClient(&http.Client{Transport: w.wire}).WithAuthToken(botToken).WithEnterpriseURLs(w.github.URL(), w.github.URL())
	w.must(err)
	return bot.Options{
		Secrets: []string{secret, oldSecret}, Repositories: []string{repository}, GitHub: client, Queue: queue, Stores: w,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Git: func(string) *datarepo.Remote {
			return &datarepo.Remote{URL: w.repo.CloneURL(), Username: "x-access-token", Password: botToken}
		},
		Wait: func(ctx context.Context, d time.Duration) error {
			if w.patient {
				return pass(ctx, d)
			}
			if w.onWait != nil {
				w.onWait()
			}
			return ctx.Err()
		},
	}
}

// pass waits as the bot does by itself.
func pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end stops the bot and its engine as a shutdown does. A second call does nothing.
func (w *world) end() {
	if !w.running {
		return
	}
	w.running = false
	w.stop()
	if err := <-w.ended; err != nil {
		w.Errorf("the bot ended with: %v", err)
	}
	w.must(w.queue.Close())
}

// Store gives the bot an environment's database, as the process does: opened once, when it is first asked for.
func (w *world) Store(ctx context.Context, name string) (*mysqlstore.Store, error) {
	e := w.envs[name]
	if e == nil || e.unset {
		return nil, &bot.SettingError{Setting: "LIVEOPS_" + strings.ToUpper(name) + "_MYSQL_DSN", Reason: "is not set"}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.store != nil {
		return e.store, nil
	}
	s, err := mysqlstore.Open(ctx, name, e.dsn, mysqlstore.Options{})
	if err == nil {
		e.store = s
	}
	return s, err
}

// releaseFirst brings the environments to the first commit, as `liveops apply` does.
func (w *world) releaseFirst() {
	w.Helper()
	remote := w.botOptions(nil).Git(repository)
	c, err := remote.Fetch(w.Context(), "refs/heads/main")
	w.must(err)
	defer c.Close()
	desired, err := release.Read(w.Context(), c.ID, c.Files)
	w.must(err)
	pipeline := release.Pipeline{Log: slog.New(slog.DiscardHandler)}
	for _, t := range []release.Target{{Name: "staging"}, {Name: "production", After: "staging"}} {
		t.Store, err = w.Store(w.Context(), t.Name)
		w.must(err)
		pipeline.Targets = append(pipeline.Targets, t)
	}
	p, err := pipeline.Run(w.Context(), release.Request{Desired: desired, Commit: release.Commit{ID: c.ID}, History: noHistory{}, Actor: "jun"})
	w.must(err)
	if s := p.Stopped(); s != nil {
		w.Fatalf("the first release stopped at %s: %s", s.Environment, s.Reason)
	}
}

// noHistory is the history of a first commit.
type noHistory struct{}

func (noHistory) Between(_ context.Context, from, to string) (datarepo.Relation, []datarepo.Summary, error) {
	if from == to {
		return datarepo.Same, nil, nil
	}
	return datarepo.Ahead, []datarepo.Summary{{ID: to}}, nil
}

func newEnvironment(t *testing.T, name string) *environment {
	t.Helper()
	admin, err := mysql.ParseDSN(mariadb.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{name: name, network: newNetwork(t, admin.Net, admin.Addr)}
	if e.db, err = sql.Open("mysql", admin.FormatDSN()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.db.Close() })
	user := "u" + strings.TrimPrefix(admin.DBName, "liveops_test_")
	for _, statement := range []string{
		"CREATE TABLE items (id INT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, grade ENUM('S','A','B','C') NOT NULL, price INT UNSIGNED NOT NULL)",
		"CREATE TABLE levels (level INT NOT NULL PRIMARY KEY, exp BIGINT UNSIGNED NOT NULL)",
		fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'", user, password),
		fmt.Sprintf("GRANT ALL ON `%s`.* TO '%s'@'%%'", admin.DBName, user),
	} {
		e.exec(t, statement)
	}
	t.Cleanup(func() {
		if e.store != nil {
			e.store.Close()
		}
		e.exec(t, fmt.Sprintf("DROP USER '%s'@'%%'", user))
	})
	c := admin.Clone()
	c.User, c.Passwd, c.Net, c.Addr = user, password, e.network.name, name+"."+hostDomain+":3306"
	e.dsn = c.FormatDSN()
	return e
}

func (e *environment) exec(t testing.TB, statement string) {
	t.Helper()
	if _, err := e.db.Exec(statement); err != nil {
		t.Fatalf("%s: %s: %v", e.name, statement, err)
	}
}

// text reads one value; "" for NULL.
func (e *environment) text(t testing.TB, query string) string {
	t.Helper()
	var s sql.NullString
	if err := e.db.QueryRow(query).Scan(&s); err != nil {
		t.Fatalf("%s: %s: %v", e.name, query, err)
	}
	return s.String
}

// items are the rows of the table, as the function items takes them.
func (e *environment) items(t testing.TB) string {
	t.Helper()
	return e.text(t, "SELECT GROUP_CONCAT(id, ' ', name, ' ', grade, ' ', price ORDER BY id SEPARATOR ', ') FROM items")
}

// applied counts the releases that the ledger has, the first one left out.
func (e *environment) applied(t testing.TB) string {
	t.Helper()
	return e.text(t, "SELECT COUNT(*) - 1 FROM liveops_releases WHERE state = 'applied'")
}

func (e *environment) hold(t testing.TB) string {
	t.Helper()
	return e.text(t, "SELECT hold_reason FROM liveops_environment")
}

// items makes a workbook of rows such as "1 Sword B 100, 2 Bow A 250".
func items(rows string) []byte {
	s := xlsx.Sheet{Name: "items", Header: []string{"id", "name", "grade", "price"}}
	for row := range strings.SplitSeq(rows, ", ") {
		f := strings.Fields(row)
		s.Rows = append(s.Rows, []any{xlsx.Number(f[0]), f[1], f[2], xlsx.Number(f[3])})
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

type files = map[string][]byte

// commit pushes a commit to a branch, as mina does.
func (w *world) commit(branch, message string, changes files) string {
	w.Helper()
	sha, err := w.repo.Commit(branch, message, "mina", changes)
	w.must(err)
	return sha
}

// open opens a pull request of a new branch with one commit.
func (w *world) open(branch string, changes files) int {
	w.Helper()
	w.commit(branch, "Change "+branch, changes)
	n, err := w.repo.OpenPull(github.NewPull{Title: "Change " + branch, Head: branch, Author: "mina"})
	w.must(err)
	return n
}

// planned opens a pull request and waits for its plan.
func (w *world) planned(branch string, changes files) int {
	w.Helper()
	n := w.open(branch, changes)
	w.settle()
	return n
}

// merge merges a pull request, and returns the commit.
func (w *world) merge(n int) string {
	w.Helper()
	w.must(w.github.Settle(w.deadline()))
	sha, err := w.repo.Merge(n, "merge", "jun")
	w.must(err)
	return sha
}

// settle waits until GitHub has sent everything and the bot has worked everything off.
func (w *world) settle() {
	w.Helper()
	ctx := w.deadline()
	w.must(w.github.WaitDelivered(ctx))
	w.idle(ctx, 0)
}

// idle waits until no delivery waits, and as many as wanted are parked.
func (w *world) idle(ctx context.Context, wantParked int) {
	w.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		waiting, parked, err := w.queue.Depth(ctx)
		if err != nil {
			w.Fatalf("the bot is not done: %v\n%s", err, w.log)
		}
		if waiting == 0 {
			if parked != wantParked {
				w.Errorf("%d deliveries are parked, want %d\n%s", parked, wantParked, w.log)
			}
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.Fatalf("%d deliveries still wait\n%s", waiting, w.log)
		}
	}
}

func (w *world) deadline() context.Context {
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	w.Cleanup(cancel)
	return ctx
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// comments are the bot's comments on a pull request that begin with a marker.
func (w *world) comments(n int, marker string) []github.Comment {
	return slices.DeleteFunc(w.repo.Comments(n), func(c github.Comment) bool {
		return c.Author != "liveops-bot" || !strings.HasPrefix(c.Body, marker)
	})
}

// plan is the one comment with the plan.
func (w *world) plan(n int) string { w.Helper(); return w.only(n, pullMarker) }

// told is the one comment on the merge.
func (w *world) told(n int) string { w.Helper(); return w.only(n, mergeMarker) }

func (w *world) only(n int, marker string) string {
	w.Helper()
	list := w.comments(n, marker)
	if len(list) != 1 {
		w.Fatalf("#%d has %d comments that begin with %s, want 1\n%s", n, len(list), marker, w.log)
	}
	return list[0].Body
}

// says fails for each phrase that a comment has not, or has in spite of a "not: " before it.
func (w *world) says(comment string, phrases ...string) {
	w.Helper()
	for _, p := range phrases {
		unwanted, not := strings.CutPrefix(p, "not: ")
		if strings.Contains(comment, unwanted) == not {
			w.Errorf("want %q in:\n%s", p, comment)
		}
	}
}

// status checks the newest status of a commit.
func (w *world) status(sha, state string, phrases ...string) {
	w.Helper()
	list := w.repo.Statuses(sha)
	if len(list) == 0 {
		w.Fatalf("%s has no status, want %s", sha, state)
	}
	if list[0].State != state || list[0].Context != "liveops" {
		w.Errorf("the status is %+v, want %s", list[0], state)
	}
	w.says(list[0].Description, phrases...)
}

func (w *world) equal(what, got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("%s: %s\nwant: %s", what, got, want)
	}
}

// rows checks the items of both environments.
func (w *world) rows(staging, production string) {
	w.Helper()
	w.equal("staging", w.envs["staging"].items(w), staging)
	w.equal("production", w.envs["production"].items(w), production)
}

// releases checks how often each environment was released to since the first time.
func (w *world) releases(staging, production string) {
	w.Helper()
	w.equal("releases to staging", w.envs["staging"].applied(w), staging)
	w.equal("releases to production", w.envs["production"].applied(w), production)
}

// checkNothingLeaks looks for secrets in everything that the bot wrote.
func (w *world) checkNothingLeaks() {
	secrets := []string{botToken, secret, oldSecret, password}
	for _, body := range w.wire.written() {
		for _, s := range append(secrets, hostDomain, "127.0.0.1") {
			if strings.Contains(body, s) {
				w.Errorf("a comment or status has %q:\n%s", s, body)
			}
		}
	}
	for _, s := range secrets {
		if strings.Contains(w.log.all(), s) {
			w.Errorf("the log has %q:\n%s", s, w.log)
		}
	}
}

// wire is the bot's way to GitHub's API. It keeps what the bot writes, and lets a test step in.
type wire struct {
	mu     sync.Mutex
	bodies []string
	before func(r *http.Request, body string) // called before a write is sent; not for reads
}

// RoundTrip sends a request.
func (v *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		v.mu.Lock()
		v.bodies = append(v.bodies, string(body))
		before := v.before
		v.mu.Unlock()
		if before != nil {
			before(r, string(body))
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// onWrite has a function called before each write, until it is given nil.
func (v *wire) onWrite(f func(r *http.Request, body string)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.before = f
}

func (v *wire) written() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.bodies)
}

// network is the way to a database, by a name that a DSN can use. It can be cut and mended.
type network struct {
	name string
	mu   sync.Mutex
	down bool
	open []net.Conn
}

func newNetwork(t *testing.T, to, address string) *network {
	n := &network{name: "bottest" + strings.ReplaceAll(t.TempDir(), "/", "-")}
	mysql.RegisterDialContext(n.name, func(ctx context.Context, name string) (net.Conn, error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.down {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("%s: connection refused", name)}
		}
		c, err := (&net.Dialer{}).DialContext(ctx, to, address)
		if err == nil {
			n.open = append(n.open, c)
		}
		return c, err
	})
	t.Cleanup(func() { mysql.DeregisterDialContext(n.name) })
	return n
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	for _, c := range n.open {
		c.Close()
	}
	n.open = nil
}

func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}

// lockedBuffer is a log that a test may read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is the end of the log.
func (l *lockedBuffer) String() string {
	all := l.all()
	return all[max(0, len(all)-3000):]
}

func (l *lockedBuffer) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
