package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"

	"liveops/sandbox/push"
)

// The size of the runs: messages for each client, about as long as each other, connections, and streams of each.
const (
	benchStreams     = 1000 // what APNs allows
	benchConnections = 4
	latencyStreams   = 100 // what FCM allows
	liveopsMessages  = 3_000_000
	h2loadMessages   = 1_000_000
	slowMessages     = 60_000
)

// benchSender times the production sender beside other clients, against gateways that check and count every message,
// each in a process of its own.
func benchSender(ctx context.Context, dir string) error {
	if _, err := exec.LookPath("h2load"); err != nil {
		return errors.New("h2load is missing: make bench-deps installs it")
	}
	b := &senderBench{dir: dir, took: map[string][]senderTook{}}
	for range benchRuns {
		for _, c := range []struct {
			how, vendor string
			count       int
			by          func(context.Context, string, senderTask) (senderTook, error)
		}{
			{"liveops-fcm", "fcm", liveopsMessages, b.child}, {"h2load", "fcm", h2loadMessages, b.h2load}, {"net-http", "fcm", slowMessages, b.child},
			{"liveops-apns", "apns", liveopsMessages, b.child}, {"apns2", "apns", slowMessages, b.child},
		} {
			if err := b.run(ctx, c.how, c.vendor, c.count, c.by); err != nil {
				return err
			}
		}
	}
	b.print()
	return b.latency(ctx)
}

// senderBench is a run of the benchmark.
type senderBench struct {
	dir  string
	took map[string][]senderTook
}

// run runs a client once against a gateway that is new, and checks that it has counted what it was sent.
func (b *senderBench) run(ctx context.Context, how, vendor string, count int, by func(context.Context, string, senderTask) (senderTook, error)) (err error) {
	g, err := startGateway(ctx, vendor, benchStreams, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	took, err := by(ctx, how, senderTask{Gateway: g.facts, Count: count, Connections: benchConnections})
	if err != nil {
		return err
	}
	counts, err := g.counts(0)
	if err != nil {
		return err
	}
	// Each message was for a token of its own, but for h2load's.
	if counts.Accepted != int64(count) || how != "h2load" && counts.Tokens != int64(count) {
		return fmt.Errorf("%s sent %d messages: the gateway accepted %d, for %d tokens", how, count, counts.Accepted, counts.Tokens)
	}
	b.took[how] = append(b.took[how], took)
	return nil
}

// child sends in a process of its own.
func (b *senderBench) child(ctx context.Context, how string, t senderTask) (took senderTook, err error) {
	task, err := json.Marshal(t)
	if err != nil {
		return took, err
	}
	c := exec.CommandContext(ctx, os.Args[0], string(task))
	c.Env = append(os.Environ(), senderSetting+"="+how)
	if t.Seconds == 0 {
		c.Env = append(c.Env, "GOMAXPROCS=1") // one thread, as h2load has
	}
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return took, fmt.Errorf("%s: %w", how, err)
	}
	return took, json.Unmarshal(out, &took)
}

// h2loadSaid is the line with its time and that with what was answered.
var h2loadSaid = regexp.MustCompile(`(?s)finished in ([0-9.]+)(ms|s),.*status codes: (\d+) 2xx`)

// h2load sends the same message over and over, with the headers that the sender has.
func (b *senderBench) h2load(ctx context.Context, _ string, t senderTask) (senderTook, error) {
	body := filepath.Join(b.dir, "message.json")
	if err := os.WriteFile(body, append(push.FCMToken([]byte(fcmBefore), uint64(t.From)), fcmAfter...), 0o600); err != nil {
		return senderTook{}, err
	}
	c := exec.CommandContext(ctx, "h2load", "-t", "1", "-n", strconv.Itoa(t.Count), "-c", strconv.Itoa(t.Connections), "-m", strconv.Itoa(benchStreams), "-d", body,
		"-H", ":method: POST", "-H", "authorization: Bearer "+t.Gateway.Token, "-H", "content-type: application/json", t.Gateway.URL+"/v1/projects/game/messages:send")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, os.Stderr
	if err := c.Run(); err != nil {
		return senderTook{}, fmt.Errorf("h2load: %w\n%s", err, out.Bytes())
	}
	said := h2loadSaid.FindSubmatch(out.Bytes())
	if said == nil || string(said[3]) != strconv.Itoa(t.Count) {
		return senderTook{}, fmt.Errorf("h2load says:\n%s", out.Bytes())
	}
	wall, err := time.ParseDuration(string(said[1]) + string(said[2]))
	if err != nil {
		return senderTook{}, err
	}
	u, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return senderTook{}, errors.New("h2load's time is not known")
	}
	return senderTook{t.Count, wall, time.Duration(u.Utime.Nano() + u.Stime.Nano())}, nil
}

// middle is the one whose rate is the median.
func middle(took []senderTook) senderTook { return middleBy(took, senderTook.rate) }

func middleBy(took []senderTook, by func(senderTook) float64) senderTook {
	took = slices.Clone(took)
	slices.SortFunc(took, func(a, b senderTook) int { return cmp.Compare(by(a), by(b)) })
	return took[len(took)/2]
}

func (k senderTook) String() string {
	return fmt.Sprintf("%.0f/s %.2f µs of CPU each", k.rate(), k.cpuEach())
}

func (b *senderBench) print() {
	fcm, apns, load, std, apns2 := middle(b.took["liveops-fcm"]), middle(b.took["liveops-apns"]), middle(b.took["h2load"]), middle(b.took["net-http"]), middle(b.took["apns2"])
	of := fmt.Sprintf("%d connections of %d streams at most, one thread each, each message checked and counted by the gateway, median of %d, same run", benchConnections, benchStreams, benchRuns)
	fmt.Printf("figure sender: %.1fx (want >= 4x) liveops to FCM %s, h2load %s, %s\n", fcm.rate()/load.rate(), fcm, load, of)
	ours, theirs := middleBy(b.took["liveops-fcm"], senderTook.cpuEach).cpuEach(), middleBy(b.took["h2load"], senderTook.cpuEach).cpuEach()
	fmt.Printf("figure sender-cpu: 1/%.1f (want <= 1/5) liveops to FCM %.2f µs of CPU a message, h2load %.2f µs, %s\n", theirs/ours, ours, theirs, of)
	fmt.Printf("figure sender-net-http: %.1fx (want >= 20x) liveops to FCM %s, net/http %s, %s\n", fcm.rate()/std.rate(), fcm, std, of)
	fmt.Printf("figure sender-apns2: %.1fx (want >= 20x) liveops to APNs %s, sideshow/apns2 %s, %s\n", apns.rate()/apns2.rate(), apns, apns2, of)
}

// latency times the sender against a gateway that answers after 100 ms, beside what the streams allow.
func (b *senderBench) latency(ctx context.Context) (err error) {
	const latency = 100 * time.Millisecond
	g, err := startGateway(ctx, "fcm", latencyStreams, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	if _, err := g.counts(latency); err != nil {
		return err
	}
	for _, connections := range []int{10, 40, 100} {
		most := float64(connections*latencyStreams) / latency.Seconds()
		var took []senderTook
		for range benchRuns {
			k, err := b.child(ctx, "liveops-fcm", senderTask{Gateway: g.facts, Connections: connections, Seconds: 3, Rate: most})
			if err != nil {
				return err
			}
			took = append(took, k)
		}
		k := middle(took)
		fmt.Printf("figure sender-latency-%d: %.0f %% (want >= 90 %%) of %.0f/s, which are %d connections x %d streams / 100 ms, %s, median of %d\n",
			connections, 100*k.rate()/most, most, connections, latencyStreams, k, benchRuns)
	}
	return nil
}
