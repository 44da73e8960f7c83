package pushd_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"liveops/engine"
	"liveops/pushd"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
	"liveops/sandbox/fcm"
	"liveops/sandbox/mariadb"
	"liveops/sandbox/push"
)

// A process of this test binary with roleSetting plays a part until it is killed: what it must know is in partsSetting.
const (
	roleSetting  = "LIVEOPS_TEST_PUSH_ROLE"
	partsSetting = "LIVEOPS_TEST_PUSH_PARTS"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleSetting); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		return
	}
	mariadb.Main(m)
}

// parts are what the processes of a test share.
type parts struct {
	DSN     string
	NATS    []int // ports; several are a cluster
	Routes  []int
	Dir     string
	Spec    campaign.Spec
	FCM     string // the gateways' addresses, and what opens them
	Account []byte
	APNs    string
	Key     []byte
	KeyID   string
	TeamID  string
	Topic   string
	CA      []byte
}

func play(role string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var p parts
	if err := json.Unmarshal([]byte(os.Getenv(partsSetting)), &p); err != nil {
		return err
	}
	var node int
	if _, err := fmt.Sscanf(role, "node-%d", &node); err == nil {
		return p.serve(ctx, node)
	}
	var urls []string
	for _, port := range p.NATS {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", port))
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e, batches, err := openBatches(ctx, strings.Join(urls, ","))
	if err != nil {
		return err
	}
	defer e.Close()
	c, problems := campaign.New(p.Spec)
	if len(problems) > 0 {
		return &problems[0]
	}
	decode := func(string, []byte) (*campaign.Campaign, error) { return c, nil }
	if role == "work" {
		senders, err := p.senders()
		if err != nil {
			return err
		}
		return pushd.Work(ctx, pushd.WorkOptions{Environment: "staging", Name: fmt.Sprint("worker ", os.Getpid()), Batches: batches, Decode: decode, Senders: senders, InHand: killedInHand, Log: log})
	}
	db, err := openDB(p.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	o := leadOptions(db, batches, decode)
	o.Name, o.Log, o.Lease = fmt.Sprint("leader ", os.Getpid()), log, 3*time.Second
	o.Released = func(context.Context) (pushd.Released, error) {
		return pushd.Released{Commit: "c1", Campaigns: []pushd.File{{Name: c.Name}}}, nil
	}
	return pushd.Lead(ctx, o)
}

// openBatches opens them as soon as the servers, which may be starting again, let it.
func openBatches(ctx context.Context, urls string) (*engine.Engine, *engine.Batches, error) {
	for {
		e, err := engine.Open(ctx, engine.Options{URL: urls, AckWait: killedAckWait, Logger: slog.New(slog.DiscardHandler)})
		if err == nil {
			b, err := e.Batches(ctx, "staging")
			if err == nil {
				return e, b, nil
			}
			e.Close()
		}
		if ctx.Err() != nil {
			return nil, nil, err
		}
	}
}

// serve is one NATS server.
func (p *parts) serve(ctx context.Context, node int) error {
	o := &server.Options{ServerName: fmt.Sprint("node-", node), Host: "127.0.0.1", Port: p.NATS[node], NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: filepath.Join(p.Dir, fmt.Sprint(node)), SyncAlways: true, MaxPayload: 8 << 20}
	if len(p.NATS) > 1 {
		o.Cluster = server.ClusterOpts{Name: "game", Host: "127.0.0.1", Port: p.Routes[node]}
		for _, port := range p.Routes {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	<-ctx.Done()
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

func (p *parts) senders() (map[campaign.Gateway]pushd.Sender, error) {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(p.CA)
	f, err := gateway.NewFCM(gateway.FCM{ServiceAccount: p.Account}, gateway.Options{URL: p.FCM, RootCAs: pool})
	if err != nil {
		return nil, err
	}
	a, err := gateway.NewAPNs(gateway.APNs{Key: p.Key, KeyID: p.KeyID, TeamID: p.TeamID, Topic: p.Topic}, gateway.Options{URL: p.APNs, RootCAs: pool})
	return map[campaign.Gateway]pushd.Sender{campaign.FCM: f, campaign.APNs: a}, err
}

// troupe is processes that are killed and started anew.
type troupe struct {
	*world
	parts   parts
	running map[string]*exec.Cmd
	words   map[string]*bytes.Buffer
}

func newTroupe(w *world, nodes int, s campaign.Spec) *troupe {
	w.Helper()
	w.exec("INSERT INTO liveops_push_campaigns (campaign, since) VALUES (?, '2026-01-01')", s.Name) // however long the processes take to start
	key, keyID, teamID := w.apns.Key()
	t := &troupe{world: w, running: map[string]*exec.Cmd{}, words: map[string]*bytes.Buffer{}, parts: parts{DSN: w.dsn, Dir: w.TempDir(), Spec: s,
		FCM: w.fcm.URL(), Account: w.fcm.ServiceAccount(), APNs: w.apns.URL(), Key: key, KeyID: keyID, TeamID: teamID, Topic: w.apns.Topic(),
		CA: append(w.fcm.CAPEM(), w.apns.CAPEM()...)}}
	for range nodes {
		t.parts.NATS, t.parts.Routes = append(t.parts.NATS, freePort(w.T)), append(t.parts.Routes, freePort(w.T))
	}
	w.Cleanup(func() {
		for role := range t.running {
			t.kill(role)
		}
	})
	return t
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (t *troupe) start(roles ...string) {
	t.Helper()
	setting, err := json.Marshal(t.parts)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), roleSetting+"="+strings.Split(role, " ")[0], partsSetting+"="+string(setting))
		t.words[role] = &bytes.Buffer{}
		c.Stderr = t.words[role]
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.running[role] = c
	}
}

// kill ends a process as a power cut would.
func (t *troupe) kill(role string) {
	c := t.running[role]
	delete(t.running, role)
	if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	_ = c.Wait() // it was killed
	if text := t.words[role].String(); t.Failed() && text != "" {
		t.Logf("%s said\n%s", role, text)
	}
}

const (
	killedAndroid = 240_000
	killedIOS     = 60_000
	killedInHand  = 8 // batches, of up to 1,000 messages, that a killed worker may have sent unheard of
	killedAckWait = 6 * time.Second
	kills         = 6
)

// killed is the campaign that the tests of kills send.
func killed(perSecond int) campaign.Spec {
	s := soon("crystals")
	s.Deadline, s.Missed, s.Push.TimeToLive = time.Hour, campaign.SkipMissed, time.Hour
	s.Rate = campaign.Rate{Count: perSecond, Per: time.Second}
	s.Messages = map[string]campaign.Text{campaign.Default: {Title: "Come back!", Body: "Crystals"}}
	return s
}

// unwell makes the gateways answer as they do on a bad day.
func (w *world) unwell() {
	w.fcm.Inject(push.Fault{Kind: push.Reply, Answer: fcm.QuotaExceeded(time.Second), After: 20_000, Every: 60_000, Times: 4})
	w.fcm.Inject(push.Fault{Kind: push.GoAway, After: 5000, Every: 40_000})
	w.apns.Inject(push.Fault{Kind: push.GoAway, After: 3000, Every: 20_000})
}

// Daemon, workers and engine are killed at random while a run of 300,000 goes on and the gateways ask for pauses and take
// connections away: every token gets its message, and at most those that a killed worker had in hand get it twice.
func TestKillsLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("sends 300,000 messages")
	}
	t.Parallel()
	w := newWorld(t, killedAndroid, killedIOS)
	w.unwell()
	c := newTroupe(w, 1, killed(40_000))
	c.start("node-0", "lead 1", "lead 2", "work 1", "work 2")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	deaths := 0
	for k := range kills {
		after := int64(killedAndroid+killedIOS) * int64(k+1) / (kills + 1)
		w.await(fmt.Sprintf("%d messages", after), func() bool { return w.accepted() >= after })
		role := []string{"node-0", "lead 1", "lead 2", "work 1", "work 2"}[random.IntN(5)]
		if k == 0 {
			role = "work 1" // one worker at least
		}
		if strings.HasPrefix(role, "work") {
			deaths++
		}
		t.Logf("kill %s at %d", role, w.accepted())
		c.kill(role)
		c.start(role)
	}
	w.reachedAll(t, deaths)
}

// On a cluster of three the run goes on when one of them dies for good.
func TestAClusterThatLosesANodeLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("sends 300,000 messages")
	}
	t.Parallel()
	w := newWorld(t, killedAndroid, killedIOS)
	w.unwell()
	c := newTroupe(w, 3, killed(40_000))
	c.start("node-0", "node-1", "node-2", "lead 1", "work 1", "work 2")
	w.await("a third of the messages", func() bool { return w.accepted() >= 100_000 })
	c.kill(fmt.Sprint("node-", rand.IntN(3)))
	w.await("two thirds of the messages", func() bool { return w.accepted() >= 200_000 })
	c.kill("work 1")
	c.start("work 1")
	w.reachedAll(t, 1)
}

// The engine is away for longer than it waits for a word about a batch in hand, and hands over anew what its workers still have:
// nobody gets a message twice.
func TestAnOutageOfTheEngineSendsNothingTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for an outage of eight seconds")
	}
	t.Parallel()
	w := newWorld(t, killedAndroid, killedIOS)
	c := newTroupe(w, 1, killed(40_000))
	c.start("node-0", "lead 1", "work 1", "work 2")
	w.await("a third of the messages", func() bool { return w.accepted() >= 100_000 })
	c.kill("node-0")
	away := time.Now()
	w.await("an outage", func() bool { return time.Since(away) > killedAckWait+2*time.Second })
	c.start("node-0")
	w.reachedAll(t, 0)
}

// reachedAll waits for the end of the run and holds it to what is promised where so many workers died.
func (w *world) reachedAll(t *testing.T, deaths int) {
	t.Helper()
	r := w.ended(1)[0]
	f, a := w.fcm.Counts(), w.apns.Counts()
	t.Logf("run %+v\nFCM %+v\nAPNs %+v", r, f, a)
	if r.State != runs.Done || f.Tokens != killedAndroid || a.Tokens != killedIOS {
		t.Errorf("%s: %d of %d and %d of %d tokens got it", r.State, f.Tokens, killedAndroid, a.Tokens, killedIOS)
	}
	if twice, most := f.Repeated+a.Repeated, int64(deaths*killedInHand*1000)+r.Repeats; twice > most {
		t.Errorf("%d tokens got it more than once; at most %d may", twice, most)
	}
	if r.Settled() != killedAndroid+killedIOS {
		t.Errorf("the record has %d messages", r.Settled())
	}
}

// A cancel in the middle of it all: when it is answered, nothing is submitted any more.
func TestNothingIsSentAfterACancelWhateverDies(t *testing.T) {
	if testing.Short() {
		t.Skip("sends 100,000 messages")
	}
	t.Parallel()
	w := newWorld(t, killedAndroid, 0)
	w.unwell()
	c := newTroupe(w, 1, killed(20_000))
	c.start("node-0", "lead 1", "work 1", "work 2")
	w.await("messages", func() bool { return w.accepted() >= 50_000 })
	if _, err := w.runs.Wish(t.Context(), w.all()[0].ID, runs.Canceling, ""); err != nil {
		t.Fatal(err)
	}
	c.kill("lead 1") // whoever leads next does not know the workers yet
	c.kill("work 1")
	c.start("lead 1", "work 1")
	r := w.ended(1)[0]
	at := w.accepted()
	w.release(soon("second")) // a run that shows that the workers are well
	if r.State != runs.Canceled || at >= killedAndroid {
		t.Errorf("run %+v, %d were sent", r, at)
	}
	silent := time.Now()
	w.await("a while in which messages would have come", func() bool { return time.Since(silent) > 5*time.Second })
	if now := w.accepted(); now != at {
		t.Errorf("%d messages came after the answer", now-at)
	}
}
