package bot_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"liveops/bot"
	"liveops/bot/hub"
	"liveops/bot/page"
	"liveops/datarepo"
	"liveops/engine"
	"liveops/sandbox/github"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

func TestMain(m *testing.M) {
	if settings := os.Getenv(childVariable); settings != "" {
		beBot(settings) // until it is killed
	}
	mariadb.Main(m)
}

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
	self   string // the bot's login
	app    *github.App

	installation int64 // of the App

	envs map[string]*environment
	dir  string // the engine's state
	wire *wire
	git  *gitWire
	log  *lockedBuffer

	identity hub.Options
	users    *users  // the user documents; nil for none
	phones   *phones // whom campaigns are for; nil for nobody

	queue   *engine.Engine
	url     string // the bot's webhook
	stop    context.CancelFunc
	ended   chan error
	tick    chan time.Time
	onWait  func()       // called where the bot would wait
	later   atomic.Int64 // how much later than it is the bot takes it to be: a time.Duration
	patient bool         // waits take their time
	clock   *clock       // of the bot; nil for the real time, of which it does not wait
	pages   bool         // what is too large for a comment becomes a page
	running bool
}

type options struct {
	files  map[string][]byte // more files of the first commit, or others; nil content leaves one out
	plain  bool              // the bot is not started
	users  *users            // the environments' user documents
	phones *phones           // the environments' push tokens
	app    bool              // it is a GitHub App
	token  bool              // it is a person's token, which may write no check runs
	more   string            // what follows the environments in liveops.yaml; lines of production first

	clock  *clock                 // of GitHub and the bot; the real time by default, of which the bot does not wait
	limits github.SecondaryLimits // of GitHub; none by default
}

func newWorld(t *testing.T, o options) *world {
	t.Helper()
	w := &world{T: t, envs: map[string]*environment{}, dir: t.TempDir(), log: &lockedBuffer{}, clock: o.clock, users: o.users, phones: o.phones}
	for _, name := range []string{"staging", "production"} {
		w.envs[name] = newEnvironment(t, name)
	}
	now := w.now
	if w.clock != nil {
		now = w.clock.now
	}
	server, err := github.New(github.Options{Now: now, Secondary: o.limits, Users: []github.User{
		{Login: "liveops-bot", Token: botToken, Permission: github.Write, Bot: !o.token},
		{Login: "mina", Name: "Mina Kim", Permission: github.Write},
		{Login: "jun", Name: "Jun Sato", Permission: github.Maintain},
		{Login: "stranger"},
	}})
	w.must(err)
	t.Cleanup(func() { w.must(server.Close()) })
	w.github, w.git, w.tick = server, &gitWire{}, make(chan time.Time)
	w.wire = &wire{git: w.git}
	w.self, w.identity = "liveops-bot", hub.Options{Token: botToken}
	if o.app {
		w.becomeApp()
	}
	files := map[string][]byte{"liveops.yaml": []byte(config + o.more), itemsPath: items(firstItems), levelsPath: levels(10, 20, 30)}
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

// becomeApp has the bot be a GitHub App that is installed for the repository's owner, with the permissions that
// docs/operations.md asks for.
func (w *world) becomeApp() {
	w.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.must(err)
	w.app, err = w.github.AddApp(github.NewApp{Slug: "liveops-app", Owner: "studio", Key: &key.PublicKey,
		Permissions: map[string]string{"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "deployments": "write",
			"statuses": "write", "members": "read"}})
	w.must(err)
	w.self, w.identity = "liveops-app[bot]", hub.Options{AppID: w.app.ID(), AppKey: key}
	w.installation = w.app.Install("studio")
}

// start runs the bot on the state directory, and has the webhooks sent to it.
func (w *world) start() { w.Helper(); w.startWith(func(e *engine.Engine) bot.Queue { return e }) }

func (w *world) startWith(queue func(*engine.Engine) bot.Queue) {
	w.Helper()
	var err error
	w.queue, err = engine.Open(w.Context(), engine.Options{Dir: w.dir, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
		AckWait: 2 * time.Second, Attempts: 30, Backoff: []time.Duration{20 * time.Millisecond}})
	w.must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	o := w.botOptions(queue(w.queue))
	if w.pages {
		kept, err := w.queue.Pages(w.Context())
		w.must(err)
		o.Pages, err = page.New(page.Options{Pages: kept, Key: kept.Key(), PublicURL: "https://liveops.example", Log: o.Log})
		w.must(err)
	}
	b, err := bot.New(w.Context(), o)
	w.must(err)
	ctx, stop := context.WithCancel(context.Background())
	w.stop, w.ended, w.running = stop, make(chan error, 1), true
	go func() { w.ended <- b.Serve(ctx, l) }()
	w.Cleanup(w.end)
	w.url = "http://" + l.Addr().String() + "/webhook"
	w.github.SetWebhook(w.url, secret)
}

func (w *world) botOptions(queue bot.Queue) bot.Options {
	log := slog.New(slog.NewTextHandler(w.log, nil))
	o := w.identity
	o.URL, o.Transport, o.Log, o.Wait = w.github.URL(), w.wire, log, w.waitForGitHub
	if w.clock != nil {
		o.Now, o.Wait = w.clock.now, w.clock.wait
	}
	h, err := hub.New(o)
	w.must(err)
	made := bot.Options{
		Tick: w.tick, Now: w.now,
		Secrets: []string{secret, oldSecret}, Repositories: []string{repository}, Hub: h, Queue: queue, Stores: w, Log: log,
		Wait: func(ctx context.Context, d time.Duration) error {
			if w.patient {
				return passTime(ctx, d)
			}
			if w.onWait != nil {
				w.onWait()
			}
			return ctx.Err()
		},
	}
	if w.users != nil {
		made.Buckets = w.users
	}
	if w.phones != nil {
		w.phones.world, made.Phones = w, w.phones
	}
	if w.clock != nil {
		made.Now, made.Wait = w.clock.now, w.clock.wait
	}
	return made
}

// waitForGitHub does not keep to GitHub's pace, but where a test is patient it waits for limits of minutes.
func (w *world) waitForGitHub(ctx context.Context, d time.Duration) error {
	if w.patient && d > time.Minute {
		return passTime(ctx, d)
	}
	return ctx.Err()
}

// passTime waits as the bot does by itself.
func passTime(ctx context.Context, d time.Duration) error {
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
	_, remote, err := w.botOptions(nil).Hub.Repository(w.Context(), repository)
	w.must(err)
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

// now is the bot's time.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.later.Load())) }

// pass has the bot's time move on, and the bot look what is due.
func (w *world) pass(d time.Duration) {
	w.Helper()
	w.later.Add(int64(d))
	for range 2 { // the second is taken when the first is done
		select {
		case w.tick <- w.now():
		case <-w.deadline().Done():
			w.Fatal("the bot does not look at its clock")
		}
	}
	w.settle()
}

// say comments on a pull request or an issue, and waits for what comes of it.
func (w *world) say(n int, who, body string) *said {
	w.Helper()
	id, err := w.repo.AddComment(n, who, body)
	w.must(err)
	w.settle()
	s := &said{world: w, id: id}
	marker := fmt.Sprintf("<!-- liveops:answer %d -->", id)
	for _, c := range w.repo.Comments(n) {
		if strings.HasPrefix(c.Body, marker) {
			s.answers++
			s.answer = c.Body
		}
	}
	for _, r := range w.repo.Reactions(id) {
		if r.User == w.self {
			s.reactions = append(s.reactions, r.Content)
		}
	}
	return s
}

// said is what came of a comment.
type said struct {
	*world
	id        int64
	answer    string
	answers   int
	reactions []string
}

// done checks that all commands were carried out.
func (s *said) done(phrases ...string) { s.Helper(); s.ended("eyes rocket", phrases...) }

// refused checks that one was not.
func (s *said) refused(phrases ...string) { s.Helper(); s.ended("eyes confused", phrases...) }

func (s *said) ended(reactions string, phrases ...string) {
	s.Helper()
	if s.answers != 1 || strings.Join(s.reactions, " ") != reactions || !strings.Contains(s.answer, "<!-- liveops:finished -->") {
		s.Errorf("%d answers with %q, want one with %q\n%s\n%s", s.answers, s.reactions, reactions, s.answer, s.log)
	}
	s.says(s.answer, phrases...)
}

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

// lookAgain is how long idle leaves the engine alone before it asks again how much waits: the answer costs as much as some of
// the work that is waited for.
const lookAgain = 20 * time.Millisecond

// idle waits until no delivery waits, and as many as wanted are parked.
func (w *world) idle(ctx context.Context, wantParked int) {
	w.Helper()
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
		case <-time.After(lookAgain):
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
		return c.Author != w.self || !strings.HasPrefix(c.Body, marker)
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
	got, said := w.shown(sha)
	if got != state {
		w.Errorf("%s shows %q (%s), want %s\n%s", sha, got, said, state, w.log)
	}
	w.says(said, phrases...)
}

// shown is what is shown beside a commit, in the words of a commit status: the newest check run liveops or, where there
// is none, the newest status.
func (w *world) shown(sha string) (state, description string) {
	if runs := w.repo.CheckRuns(sha); len(runs) > 0 {
		run := runs[len(runs)-1]
		if run.Name != "liveops" {
			w.Errorf("the check run is called %s", run.Name)
		}
		return map[string]string{"": "pending", "success": "success", "failure": "failure", "action_required": "error"}[run.Conclusion], run.Title
	}
	if list := w.repo.Statuses(sha); len(list) > 0 && list[0].Context == "liveops" {
		return list[0].State, list[0].Description
	}
	return "", ""
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
