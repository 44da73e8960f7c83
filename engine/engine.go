// Package engine carries liveops' work on NATS JetStream: deliveries from GitHub, and the jobs that they lead to.
//
// A delivery is stored (Deliver) before GitHub is answered. Work hands deliveries, one after the other, to
// Handlers.Dispatch, which only decides what is to be done and enqueues it (Enqueue) as jobs in lanes; and the jobs
// to Handlers.Do. What is enqueued in one lane waits for nothing in another: a release that cannot reach its database
// holds up no plan and no command. A handler may enqueue jobs in its turn, which is how a merge comes after the
// plans of its pull request: it goes to the pull request's own queue as a job that enqueues the release.
//
// What fails is tried again with backoff, before anything behind it in its queue, and in the end parked (Parked,
// Retry). Jobs says how all stands, and Cancel ends a job wherever it is. The engine also keeps the
// pages that comments link to.
//
// By default it runs a server of its own inside the process, which listens on no port and keeps its streams in
// the state directory, synced to disk at every write. With Options.URL it uses an external server or cluster
// instead; the rest is the same. Work is handed over at least once: after a crash, what was in hand then is
// handed over again. The engine holds no truth about an environment, only work to be done.
package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrClosed says that the Engine is closed.
var ErrClosed = errors.New("the engine is closed")

// Engine is an open engine. Its methods may be called from several goroutines.
type Engine struct {
	options Options
	lock    *directoryLock // nil with an external server
	server  *server.Server // likewise
	conn    *nats.Conn
	js      jetstream.JetStream

	deliveries jetstream.Stream
	jobs       jetstream.Stream
	parked     jetstream.Stream
	queues     []*queue      // the deliveries' first
	planning   chan struct{} // holds one for each plan that is being made
	hands      hands

	mu      sync.Mutex
	closed  bool
	stop    context.CancelCauseFunc // ends every Work
	working context.Context
	work    sync.WaitGroup
}

// Options say how an Engine is opened. Either Dir or URL is needed; all else has a default.
type Options struct {
	Dir string // the state directory, made with mode 0700; of no meaning with URL
	// URL is an external server's, nats://host:4222 or tls://host:4222, several of a cluster with commas between. That
	// server must run JetStream, should sync always (`sync_interval: always`), and take messages of MaxBody. Who
	// the client is may stand in it (nats://user:password@host), or in the fields that follow.
	URL                   string
	User, Password, Token string
	RootCAs               *x509.CertPool // that the server's certificate must come from; the system's by default
	// Replicas is how many servers keep each stream: by default 3 where URL names several, else 1. Those of streams
	// that have more are left as they are. Without URL it is always 1.
	Replicas int

	Logger *slog.Logger     // slog.Default by default
	Now    func() time.Time // time.Now by default; the server has its own clock

	// Name is what Jobs calls this process: by default the machine's name and the process's id.
	Name string
	// PlansAtOnce is how many jobs of the lane Plans this process works on at once, since each may hold a game's
	// tables in memory: 4 by default, and 8 at most. The other lanes have no such limit.
	PlansAtOnce int

	// Attempts is how often the handling of a delivery or job may fail before it is parked: 10 by default. Backoff
	// is the wait after each failure, its last member repeated: 1 s, 5 s, 30 s, 2 min, 10 min by default.
	Attempts int
	Backoff  []time.Duration
	// AckWait is how long after its worker's last sign of life a delivery or job is handed over again: 30 s by
	// default. A sign is given three times as often.
	AckWait time.Duration
	// PageBytes bounds what all Pages take together: 512 MiB by default.
	PageBytes int64
}

func (o Options) complete() (Options, error) {
	if o.Dir == "" && o.URL == "" {
		return o, errors.New("open the engine: neither a state directory nor the URL of a NATS server is given")
	}
	switch {
	case o.URL == "":
		o.Replicas = 1
	case o.Replicas == 0 && strings.Contains(o.URL, ","):
		o.Replicas = 3
	case o.Replicas == 0:
		o.Replicas = 1
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Name == "" {
		host, _ := os.Hostname() // the process's id must do where it has no name
		o.Name = host + "/" + strconv.Itoa(os.Getpid())
	}
	if o.PlansAtOnce <= 0 {
		o.PlansAtOnce = 4
	}
	if o.Attempts <= 0 {
		o.Attempts = 10
	}
	if len(o.Backoff) == 0 {
		o.Backoff = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
	}
	if o.AckWait <= 0 {
		o.AckWait = 30 * time.Second
	}
	if o.PageBytes <= 0 {
		o.PageBytes = 512 << 20
	}
	return o, nil
}

// Open opens the engine: with Options.Dir, by locking that directory and starting a server on it; with
// Options.URL, by connecting. A directory that another process has open gives a *LockedError, which is
// ErrLocked. ctx bounds the opening only.
func Open(ctx context.Context, options Options) (_ *Engine, err error) {
	options, err = options.complete()
	if err != nil {
		return nil, err
	}
	e := &Engine{options: options, planning: make(chan struct{}, options.PlansAtOnce)}
	e.working, e.stop = context.WithCancelCause(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	if err := e.connect(ctx); err != nil {
		return nil, err
	}
	if err := e.makeStreams(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Engine) connect(ctx context.Context) (err error) {
	where, with := e.options.URL, []nats.Option{
		nats.Name("liveops"), nats.MaxReconnects(-1), nats.Timeout(connectLimit),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			e.options.Logger.Warn("engine: connection", "err", err)
		}),
	}
	if where == "" {
		if e.lock, err = lockDirectory(e.options.Dir); err != nil {
			return err
		}
		if e.server, err = startServer(ctx, e.options); err != nil {
			return err
		}
		with = append(with, nats.InProcessServer(e.server))
	} else {
		with = append(with, e.options.credentials()...)
	}
	if e.conn, err = nats.Connect(where, with...); err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", redacted(where), err)
	}
	if most := e.conn.MaxPayload(); most < maxMessage {
		e.options.Logger.Warn("engine: the NATS server refuses large deliveries; raise its max_payload",
			"max_payload", most, "wanted", maxMessage)
	}
	e.js, err = jetstream.New(e.conn)
	return err
}

// credentials say who the client is, and whom it trusts.
func (o Options) credentials() (with []nats.Option) {
	if o.User != "" {
		with = append(with, nats.UserInfo(o.User, o.Password))
	}
	if o.Token != "" {
		with = append(with, nats.Token(o.Token))
	}
	if o.RootCAs != nil {
		with = append(with, nats.Secure(&tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}))
	}
	return with
}

// redacted are servers' URLs without what is secret in them.
func redacted(where string) string {
	if where == "" {
		return "this process"
	}
	var all []string
	for _, one := range strings.Split(where, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil {
			return "the URL that is set"
		}
		u.User = nil // which may be a token
		all = append(all, u.String())
	}
	return strings.Join(all, ", ")
}

// Close ends every Work, waits for the handlers in hand, and shuts the server down. A second call does
// nothing. What waits is kept for the next Open.
func (e *Engine) Close() error {
	e.mu.Lock()
	closed := e.closed
	e.closed = true
	e.mu.Unlock()
	if closed {
		return nil
	}
	e.stop(ErrClosed)
	e.work.Wait()
	if e.conn != nil {
		// Nobody uses the connection any more, but what it has to say (a last Nak) must have been heard.
		_ = e.conn.FlushTimeout(flushLimit)
		e.conn.Close()
	}
	if e.server != nil {
		e.server.Shutdown()
		e.server.WaitForShutdown()
	}
	return e.lock.unlock()
}

// begin counts a user of the engine in, whom Close waits for; ErrClosed where it is too late.
func (e *Engine) begin() (end func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	e.work.Add(1)
	return e.work.Done, nil
}
