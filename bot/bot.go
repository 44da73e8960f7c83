// Package bot answers GitHub: it plans every pull request of the data repo and shows the plan in one comment,
// and takes every merge to the environments and tells how that went. A delivery is stored durably before it
// is answered, and worked off in order, one at a time.
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
	"time"

	"github.com/google/go-github/v62/github"
	"golang.org/x/sync/errgroup"

	"liveops/bot/hub"
	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/mysqlstore"
)

// Queue keeps deliveries until they are worked off; *engine.Engine is one.
type Queue interface {
	Deliver(ctx context.Context, d engine.Delivery) (duplicate bool, err error)
	Work(ctx context.Context, handler engine.Handler) error
	Retry(ctx context.Context, id string) error
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
}

// Options of a Bot. All but the last group must be given.
type Options struct {
	Secrets      []string // of the webhook; a delivery is taken if it is signed with any of them
	Repositories []string // owner/name, the data repos
	Hub          Hub
	Queue        Queue
	Stores       Stores
	Log          *slog.Logger

	Now  func() time.Time                                 // default time.Now
	Wait func(ctx context.Context, d time.Duration) error // default a real timer
}

// Bot works off deliveries.
type Bot struct {
	Options
	self string // the bot's own login
}

// New checks the options and asks GitHub who the bot is.
func New(ctx context.Context, o Options) (*Bot, error) {
	if len(o.Secrets) == 0 {
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
	return &Bot{Options: o, self: self}, nil
}

// Handler answers webhooks at POST /webhook, and GET /healthz.
func (b *Bot) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /webhook", &intake{secrets: b.Secrets, repositories: b.Repositories, queue: b.Queue, log: b.Log, now: b.Now,
		reading: make(chan struct{}, mostReading)})
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
	g.Go(func() error { return b.Queue.Work(ctx, b.Handle) })
	return g.Wait()
}

// Handle does what one delivery asks for. An error means that it should be tried again later.
func (b *Bot) Handle(ctx context.Context, d engine.Delivery, attempt int) error {
	log := b.Log.With("delivery", d.ID, "event", d.Event, "attempt", attempt)
	err := b.handle(ctx, log, d)
	if err == nil {
		return nil
	}
	log.Error("delivery not done", "error", err)
	if d := pause(err, b.Now()); d > 0 {
		log.Warn("GitHub asks to wait", "duration", d)
		err = errors.Join(err, b.Wait(ctx, d))
	}
	return err
}

func (b *Bot) handle(ctx context.Context, log *slog.Logger, d engine.Delivery) error {
	switch d.Event {
	case "pull_request", "push", replanEvent:
	default:
		return nil
	}
	client, remote, err := b.Hub.Repository(ctx, d.Repository)
	if absent := (*hub.NotInstalledError)(nil); errors.As(err, &absent) {
		return engine.Park(err) // for a person to mend; others' deliveries need not wait for that
	}
	if err != nil {
		return err
	}
	owner, name, _ := strings.Cut(d.Repository, "/")
	job := &job{Bot: b, GitHub: client, git: remote, log: log, turns: map[int]bool{}, owner: owner, name: name, repository: d.Repository}
	switch d.Event {
	case "pull_request":
		return job.pullRequest(ctx, d.Body)
	case "push":
		return job.push(ctx, d.Body)
	}
	var again replan
	if err := json.Unmarshal(d.Body, &again); err != nil {
		return engine.Park(fmt.Errorf("read the delivery: %w", err))
	}
	job.try = again.Try
	return job.plan(ctx, again.Number)
}

// job is one delivery being worked off.
type job struct {
	*Bot
	GitHub                  *github.Client // of the repository
	git                     *datarepo.Remote
	log                     *slog.Logger
	owner, name, repository string
	try                     int          // of a replan: how often an environment gave no answer before
	turns                   map[int]bool // the earlier merges that had their turn within this delivery
}

// pullRequest handles a pull_request event
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request). The event only says which
// pull request to look at: how it stands is asked of GitHub, since deliveries come late and out of order.
func (j *job) pullRequest(ctx context.Context, body []byte) error {
	var e github.PullRequestEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return engine.Park(fmt.Errorf("read the pull_request event: %w", err))
	}
	if e.GetNumber() <= 0 {
		return engine.Park(errors.New("read the pull_request event: it names no pull request"))
	}
	switch e.GetAction() {
	case "opened", "reopened", "synchronize", "ready_for_review", "edited":
		return j.plan(ctx, e.GetNumber())
	case "closed":
		if e.GetPullRequest().GetMerged() {
			return j.release(ctx, e.GetNumber())
		}
	}
	return nil
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
