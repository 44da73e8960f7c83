package bot_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"liveops/bot"
	"liveops/bot/hub"
	"liveops/engine"
	"liveops/sync/couchstore"
	"liveops/sync/mysqlstore"
)

// childVariable has this test's binary be a bot in a process of its own: its value is a childSettings in JSON.
const childVariable = "LIVEOPS_BOT_TEST_CHILD"

// childSettings are what such a bot is told.
type childSettings struct {
	Dir, NATS string            // the engine's, one of them
	GitHub    string            // the address
	Clock     string            // a remoteClock; "" for the real time
	DSNs      map[string]string // by environment
	Couchbase string            // the address of the user documents, in a bucket for each environment; "" for none
	CA        []byte            // of Couchbase
}

// beBot runs the bot, says its address and that of its control in one line, and never returns.
func beBot(settings string) {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	var s childSettings
	fail(json.Unmarshal([]byte(settings), &s))
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	queue, err := engine.Open(context.Background(), engine.Options{Dir: s.Dir, URL: s.NATS, Logger: log, AckWait: 2 * time.Second, Attempts: 30,
		Backoff: []time.Duration{20 * time.Millisecond}})
	fail(err)
	identity := hub.Options{Token: botToken, URL: s.GitHub, Log: log}
	o := bot.Options{Secrets: []string{secret}, Repositories: []string{repository}, Queue: queue, Stores: &childStores{dsns: s.DSNs}, Log: log}
	if s.Couchbase != "" {
		o.Buckets = &buckets{url: s.Couchbase, ca: s.CA, open: map[string]*couchstore.Store{}}
	}
	if s.Clock != "" {
		c := remoteClock(s.Clock)
		identity.Now, identity.Wait = c.now, c.wait
		o.Now, o.Wait = c.now, c.wait
	}
	o.Hub, err = hub.New(identity)
	fail(err)
	b, err := bot.New(context.Background(), o)
	fail(err)
	webhooks, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	control, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	go func() { fail(http.Serve(control, depthOf(queue))) }()
	fmt.Printf("http://%s/webhook http://%s\n", webhooks.Addr(), control.Addr())
	fail(b.Serve(context.Background(), webhooks))
}

// depthOf answers with how many deliveries and jobs wait and how many are parked.
func depthOf(queue *engine.Engine) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		waiting, parked, err := queue.Depth(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, waiting, parked)
	})
}

// childStores opens the environments that the bot was told of.
type childStores struct {
	dsns map[string]string
	mu   sync.Mutex
	open map[string]*mysqlstore.Store
}

func (c *childStores) Store(ctx context.Context, name string) (*mysqlstore.Store, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.open[name]; s != nil {
		return s, nil
	}
	s, err := mysqlstore.Open(ctx, name, c.dsns[name], mysqlstore.Options{})
	if err == nil {
		if c.open == nil {
			c.open = map[string]*mysqlstore.Store{}
		}
		c.open[name] = s
	}
	return s, err
}

// child is a bot in a process of its own.
type child struct {
	w            *world
	process      *exec.Cmd
	url, control string
	ended        chan struct{}
}

// spawn starts a bot in a process of its own; its log is in the world's.
func (w *world) spawn(s childSettings) *child {
	w.Helper()
	settings, err := json.Marshal(s)
	w.must(err)
	self, err := os.Executable()
	w.must(err)
	c := &child{w: w, process: exec.Command(self), ended: make(chan struct{})}
	c.process.Env = append(os.Environ(), childVariable+"="+string(settings))
	c.process.Stderr = w.log
	out, err := c.process.StdoutPipe()
	w.must(err)
	w.must(c.process.Start())
	w.Cleanup(c.kill)
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		w.Fatalf("the bot's process said nothing\n%s", w.log)
	}
	c.url, c.control, _ = strings.Cut(lines.Text(), " ")
	go func() {
		defer close(c.ended)
		_ = c.process.Wait() // killed
	}()
	return c
}

// kill ends the process with SIGKILL, so that it can do nothing any more. A second call does nothing.
func (c *child) kill() {
	_ = c.process.Process.Kill() // it may have ended by itself, which the test sees by other things
	<-c.ended
}

// depth is how many deliveries and jobs wait, and how many are parked.
func (c *child) depth(ctx context.Context) (waiting, parked int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.control, nil)
	if err != nil {
		return 0, 0, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	_, err = fmt.Fscan(answer.Body, &waiting, &parked)
	return waiting, parked, err
}

// idle waits until nothing waits, and checks that nothing is parked.
func (c *child) idle(ctx context.Context) {
	c.w.Helper()
	for {
		waiting, parked, err := c.depth(ctx)
		if err != nil {
			c.w.Fatalf("the bot is not done: %v\n%s", err, c.w.log)
		}
		if waiting == 0 {
			if parked > 0 {
				c.w.Errorf("%d deliveries or jobs are parked\n%s", parked, c.w.log)
			}
			return
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			c.w.Fatalf("%d deliveries and jobs still wait\n%s", waiting, c.w.log)
		}
	}
}
