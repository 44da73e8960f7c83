package bot_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsCluster is three NATS servers that keep each stream together.
type natsCluster []*server.Server

func (w *world) newCluster() natsCluster {
	w.Helper()
	var ports [3]int
	var routes []*url.URL
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		w.must(err)
		ports[i] = l.Addr().(*net.TCPAddr).Port
		defer l.Close() // once all have one
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", ports[i])})
	}
	var c natsCluster
	for i, port := range ports {
		s, err := server.NewServer(&server.Options{ServerName: fmt.Sprintf("node-%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true,
			JetStream: true, StoreDir: w.TempDir(), SyncAlways: true, MaxPayload: 26 << 20,
			Cluster: server.ClusterOpts{Name: "game", Host: "127.0.0.1", Port: port}, Routes: routes})
		w.must(err)
		c = append(c, s)
	}
	return c
}

// start starts the servers and waits until they are a cluster.
func (c natsCluster) start(w *world) {
	w.Helper()
	for _, n := range c {
		n.Start()
		w.Cleanup(func() { n.Shutdown(); n.WaitForShutdown() })
	}
	w.await("the cluster elects a leader", func() bool {
		led := false
		for _, n := range c {
			if !n.ReadyForConnections(time.Second) || !n.JetStreamIsCurrent() {
				return false
			}
			led = led || n.JetStreamIsLeader()
		}
		return led
	})
}

func (c natsCluster) urls() string {
	var urls []string
	for _, n := range c {
		urls = append(urls, n.ClientURL())
	}
	return strings.Join(urls, ",")
}

// killLeader ends the node that leads the stream of jobs.
func (c natsCluster) killLeader(w *world) {
	w.Helper()
	for _, n := range c {
		if n.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, "LIVEOPS_JOBS") {
			n.Shutdown()
			n.WaitForShutdown()
			return
		}
	}
	w.Fatal("no node leads the stream of jobs")
}

// await asks until it is so: of a cluster, and of another process, nobody is told when it changes.
func (w *world) await(what string, so func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 3*patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.Fatalf("not in time: %s\n%s", what, w.log)
		}
	}
}

// gate stands on the way of processes to a database. It holds the first release that is about to be committed.
type gate struct {
	w      *world
	env    *environment
	passes bool // the commit reaches the database, and its answer does not come back; otherwise it does not even do that
	once   sync.Once
	held   chan int      // gets whose release is held
	opened chan struct{} // closed when nothing is held any more
}

// listen makes a way through the gate, for the process of a number, and returns its address.
func (g *gate) listen(process int) string {
	g.w.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	g.w.must(err)
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed below
			}
			passing.Go(func() { g.pass(c, process) })
		}
	})
	g.w.Cleanup(func() { l.Close(); passing.Wait() }) // the processes, which end first, have closed their connections
	return l.Addr().String()
}

// pass carries what goes over a connection, until one side closes it.
func (g *gate) pass(client net.Conn, process int) {
	defer client.Close()
	database, err := net.Dial(g.env.admin.Net, g.env.admin.Addr)
	if err != nil {
		return
	}
	defer database.Close()
	answers := &answers{to: client}
	var back sync.WaitGroup
	back.Go(func() { answers.carry(database) })
	defer back.Wait()
	defer database.Close() // before the wait
	buffer := make([]byte, 64<<10)
	releasing := false
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		said := buffer[:n]
		releasing = releasing || bytes.Contains(said, []byte("INSERT INTO liveops_releases"))
		if releasing && bytes.Contains(said, []byte("COMMIT")) {
			hold := false
			g.once.Do(func() { hold = true })
			if hold {
				answers.stop()
				if g.passes {
					_, _ = database.Write(said)
				}
				g.held <- process
				<-g.opened
				return
			}
		}
		if _, err := database.Write(said); err != nil {
			return
		}
	}
}

// answers go from a database to a process, until they are stopped.
type answers struct {
	to      net.Conn
	mu      sync.Mutex
	stopped bool
}

func (a *answers) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
}

func (a *answers) carry(from net.Conn) {
	defer a.to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		a.mu.Lock()
		if err == nil && !a.stopped {
			_, err = a.to.Write(buffer[:n])
		}
		a.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Two bots on three nodes. One is in the middle of a release to MariaDB, its rows written and its COMMIT under way, when
// the node dies that leads the stream of jobs, and then that bot's process. The other bot finishes the release, and finds
// out from the ledger whether the first one's was committed: it is applied once.
func TestAClusterLosesANodeAndABotInTheMiddleOfARelease(t *testing.T) {
	for _, test := range []struct {
		name   string
		passes bool
	}{
		{"before its commit", false},
		{"after its commit, whose answer is lost", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, options{plain: true})
			ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
			defer cancel()
			cluster := w.newCluster()
			cluster.start(w)
			g := &gate{w: w, env: w.envs["staging"], passes: test.passes, held: make(chan int, 1), opened: make(chan struct{})}
			open := sync.OnceFunc(func() { close(g.opened) })
			production := w.envs["production"]
			var bots []*child
			for i := range 2 {
				staging := g.listen(i)
				bots = append(bots, w.spawn(childSettings{NATS: cluster.urls(), GitHub: w.github.URL(), DSNs: map[string]string{
					"staging": g.env.dsnOf(t, "tcp", staging), "production": production.dsnOf(t, production.admin.Net, production.admin.Addr)}}))
			}
			t.Cleanup(open)
			w.github.SetWebhook(bots[0].url, secret)
			n := w.open("winter", files{itemsPath: items(winterItems)})
			w.must(w.github.WaitDelivered(ctx))
			bots[0].idle(ctx)
			merged := w.merge(n)

			var dies int
			select {
			case dies = <-g.held:
			case <-ctx.Done():
				t.Fatalf("nothing is applied\n%s", w.log)
			}
			cluster.killLeader(w)
			if test.passes {
				w.await("staging has the release", func() bool { return w.envs["staging"].applied(t) == "1" })
			}
			bots[dies].kill()
			open()

			w.await("the other bot finishes the release", func() bool {
				list := w.comments(n, mergeMarker)
				return len(list) == 1 && strings.Contains(list[0].Body, "is live in staging and production")
			})
			bots[1-dies].idle(ctx)
			w.says(w.told(n), "is live in staging and production", "not: Trying again")
			w.status(merged, "success")
			w.rows(winterItems, winterItems)
			w.releases("1", "1")
		})
	}
}
