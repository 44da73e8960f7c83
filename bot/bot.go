// Package bot answers GitHub: it plans every pull request of the data repo and shows the plan in one comment,
// and takes every merge to the environments and tells how that went. A delivery is stored durably before it
// is answered. It leads to jobs (dispatch.go), which are done in order for each pull request, and for each
// repository where they change environments.
package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v62/github"
	"golang.org/x/sync/errgroup"

	"liveops/bot/hub"
	"liveops/bot/page"
	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// Inbox keeps deliveries.
type Inbox interface {
	Deliver(ctx context.Context, d engine.Delivery) (duplicate bool, err error)
	Retry(ctx context.Context, id string) error
}

// Queue keeps deliveries, and the jobs that they lead to, until they are worked off; *engine.Engine is one.
type Queue interface {
	Inbox
	Enqueue(ctx context.Context, j engine.Job) (duplicate bool, err error)
	Work(ctx context.Context, handlers engine.Handlers) error
	Board
}

// Board shows and cancels the jobs that wait, are in hand or were given up.
type Board interface {
	Jobs(ctx context.Context) ([]engine.Standing, error)
	Parked(ctx context.Context) ([]engine.Parked, error)
	Cancel(ctx context.Context, l engine.Lane, id string) error
}

// Stores opens the MySQL of an environment, or gives the one that is open. A *SettingError says that the
// process has not been told where it is.
type Stores interface {
	Store(ctx context.Context, environment string) (*mysqlstore.Store, error)
}

// SettingError is a setting of the process that is missing or wrong; trying again does not mend it.
type SettingError struct{ Setting, Reason string }

// Error names the setting.
func (e *SettingError) Error() string { return e.Setting + " " + e.Reason }

// Hub is the bot's way to GitHub; *hub.Hub is one.
type Hub interface {
	// Self is the bot's own login.
	Self(ctx context.Context) (string, error)
	// Repository gives the REST API and the git of a repository, owner/name.
	Repository(ctx context.Context, repository string) (*github.Client, *datarepo.Remote, error)
	// MissedDeliveries lists the deliveries of a repository's events that no bot took.
	MissedDeliveries(ctx context.Context, repository string, since time.Time) ([]hub.MissedDelivery, error)
}

// Options of a Bot. All but Buckets and what follows it must be given.
type Options struct {
	Secrets      []string // of the webhook; a delivery is taken if it is signed with any of them; none are needed for a Run
	Repositories []string // owner/name, the data repos
	Hub          Hub
	Queue        Queue
	Stores       Stores
	Log          *slog.Logger

	Buckets release.Buckets    // of the user documents; nil leaves purges alone
	Phones  release.Phones     // whom campaigns are for; nil leaves audiences uncounted
	Servers release.ServersNow // how many game servers run, for previews of campaigns; nil asks nobody

	Pages *page.Shelf // of what is too large for a comment; nil for none
	Run   *OneRun     // of a bot that works off one event and ends; nil for one that stays

	Now  func() time.Time                                 // default time.Now
	Tick <-chan time.Time                                 // when to look what is due; default at once and every ten seconds
	Wait func(ctx context.Context, d time.Duration) error // default a real timer
}

// Bot works off deliveries.
type Bot struct {
	Options
	self     string // the bot's own login
	started  time.Time
	clock    clock
	policies policies
	denials  denials
	cannot   sync.Map // what the account may not do in a repository, which is not tried again: "checks owner/name"
}

// New checks the options and asks GitHub who the bot is.
func New(ctx context.Context, o Options) (*Bot, error) {
	if len(o.Secrets) == 0 && o.Run == nil {
		return nil, &SettingError{"LIVEOPS_WEBHOOK_SECRETS", "is not set: deliveries must be signed"}
	}
	if len(o.Repositories) == 0 {
		return nil, &SettingError{"LIVEOPS_REPOSITORIES", "is not set: name the data repo as owner/name"}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	self, err := o.Hub.Self(ctx)
	if err != nil {
		return nil, err
	}
	return &Bot{Options: o, self: self, started: o.Now()}, nil
}

// Handler answers webhooks at POST /webhook, GET /healthz and, where there are pages, GET /report/{id}.
func (b *Bot) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /webhook", &intake{secrets: b.Secrets, repositories: b.Repositories, queue: b.Queue, log: b.Log, now: b.Now,
		reading: make(chan struct{}, mostReading)})
	if b.Pages != nil {
		mux.Handle("GET /report/{id}", b.Pages)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	return mux
}

// Serve answers webhooks on a listener and works off what they bring until ctx ends; then it lets the delivery
// under way come to its end, or to a point from which it can be taken up again, and returns.
func (b *Bot) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: b.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(b.Log.Handler(), slog.LevelWarn)}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve webhooks: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(stop)
	})
	g.Go(func() error { return b.keepTime(ctx) })
	g.Go(func() error { return b.Queue.Work(ctx, engine.Handlers{Dispatch: b.Dispatch, Do: b.Do}) })
	return g.Wait()
}

// Do does what one job asks for. An error means that it should be tried again later.
func (b *Bot) Do(ctx context.Context, j engine.Job, attempt int) error {
	log := b.Log.With("job", j.ID, "kind", j.Kind, "about", j.About, "attempt", attempt)
	err := b.work(ctx, log, j, attempt)
	if err == nil {
		return nil
	}
	if isRegular(j.Kind) && attempt >= mostRegularTries {
		log.Warn("not done; it comes again by itself", "error", err)
		return nil
	}
	log.Error("job not done", "error", err)
	b.hear(Told{Marker: j.ID, Failed: reason(err)})
	if b.isLost(err) {
		return engine.Park(err)
	}
	if d := pause(err, b.Now()); d > 0 {
		log.Warn("GitHub asks to wait", "duration", d)
		err = errors.Join(err, b.Wait(ctx, d))
	}
	return &toldError{err}
}

// work does a job with the bot's account in the job's repository.
func (b *Bot) work(ctx context.Context, log *slog.Logger, w engine.Job, attempt int) error {
	client, remote, err := b.Hub.Repository(ctx, w.Repository)
	if absent := (*hub.NotInstalledError)(nil); errors.As(err, &absent) {
		if isRegular(w.Kind) {
			log.Warn("not looked at", "error", err)
			return nil
		}
		return engine.Park(err) // for a person to mend; others' jobs need not wait for that
	}
	if err != nil {
		return err
	}
	owner, name, _ := strings.Cut(w.Repository, "/")
	j := &job{Bot: b, GitHub: client, git: remote, log: log, turns: map[int]bool{}, deployed: map[string]string{}, comments: map[string]*github.IssueComment{}, commits: map[string]*datarepo.Commit{}, owner: owner, name: name, repository: w.Repository}
	defer j.close()
	return j.do(ctx, w, attempt)
}

// job is one job being worked off.
type job struct {
	*Bot
	GitHub                  *github.Client // of the repository
	git                     *datarepo.Remote
	log                     *slog.Logger
	owner, name, repository string
	try                     int                         // of a plan: how often an environment gave no answer before
	only                    string                      // the one environment that releases go to; "" for all
	turns                   map[int]bool                // the earlier merges that had their turn within this job
	commits                 map[string]*datarepo.Commit // what was fetched, by id
	allowed                 string                      // the head of a fork that someone allowed to be planned

	byItself bool   // a release that nobody asked for
	told     string // of such a release: its comment before

	deployed map[string]string               // what was last shown of a commit in an environment
	comments map[string]*github.IssueComment // the bot's own that this job has written, by number and marker
}

func (j *job) do(ctx context.Context, w engine.Job, attempt int) error {
	switch w.Kind {
	case kindPush:
		return j.push(ctx, w.Body)
	case kindCommands:
		return j.converse(ctx, w, attempt)
	case kindCatchUp:
		return j.catchUp(ctx)
	case kindDriftDue:
		return j.driftDue(ctx, w)
	case kindDrift:
		return j.lookForDrift(ctx)
	case kindBring:
		return j.bring(ctx, w.Body)
	}
	var about pullJob
	if err := json.Unmarshal(w.Body, &about); err != nil {
		return engine.Park(fmt.Errorf("read the job: %w", err))
	}
	switch w.Kind {
	case kindPlan:
		j.try = about.Try
		return j.plan(ctx, about.Number)
	case kindMerged:
		return j.enqueue(ctx, releaseJob(j.repository, w.ID, about.Number))
	case kindRelease:
		if about.ByItself {
			return j.goOn(ctx, about.Number)
		}
		return j.release(ctx, about.Number)
	}
	return engine.Park(fmt.Errorf("a job of the kind %q is not known to this version", w.Kind))
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
