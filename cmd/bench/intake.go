package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"liveops/bot"
	"liveops/bot/hub"
	"liveops/engine"
	"liveops/sync/mysqlstore"
)

const (
	intakeDeliveries = 2000
	intakePulls      = 40
	intakeSenders    = 8
	intakeBody       = 22 << 10 // about what GitHub sends of a pull request
	intakeRepo       = "studio/game-data"
	intakeSecret     = "the webhook's secret"
)

// benchIntake times the answers to signed deliveries, sent as fast as they are answered, while a release is in hand
// that does not end: on the embedded engine, which syncs each to disk before it is answered. Beside it, the time that
// the disk takes to append and sync the same bytes, one after the other.
func benchIntake(ctx context.Context, dir string) error {
	var p50s, p99s, disks []time.Duration
	rate := 0.0
	for i := range benchRuns {
		run := filepath.Join(dir, fmt.Sprintf("intake-%d", i))
		disk, err := syncTimes(run + ".file")
		if err != nil {
			return err
		}
		started := time.Now()
		answers, err := intakeRun(ctx, run)
		if err != nil {
			return err
		}
		rate = max(rate, float64(len(answers))/time.Since(started).Seconds())
		p50s, p99s, disks = append(p50s, percentile(answers, 50)), append(p99s, percentile(answers, 99)), append(disks, percentile(disk, 99))
	}
	fmt.Printf("figure intake: p99 %s (want < 50 ms) p50 %s, %d signed deliveries of %d KB by %d senders while a release is in hand, up to %.0f/s, append and fsync alone p99 %s, median of %d, same run\n",
		milliseconds(percentile(p99s, 50)), milliseconds(percentile(p50s, 50)), intakeDeliveries, intakeBody>>10, intakeSenders, rate,
		milliseconds(percentile(disks, 50)), benchRuns)
	return nil
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// percentile is the p-th percentile of times, by nearest rank.
func percentile(times []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

// syncTimes are those of appending a delivery's bytes to a file and syncing it.
func syncTimes(path string) (times []time.Duration, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	body := make([]byte, intakeBody)
	for range 300 {
		started := time.Now()
		if _, err := f.Write(body); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(started))
	}
	return times, nil
}

// intakeRun runs a bot on a new state directory and returns how long each answer took.
func intakeRun(ctx context.Context, dir string) (times []time.Duration, err error) {
	queue, err := engine.Open(ctx, engine.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, queue.Close()) }()
	closed := closedHub()
	defer closed.Close()
	way, err := hub.New(hub.Options{Token: "intake", URL: closed.URL, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		return nil, err
	}
	releasing := &longRelease{Engine: queue, begun: make(chan struct{})}
	b, err := bot.New(ctx, bot.Options{Secrets: []string{intakeSecret}, Repositories: []string{intakeRepo}, Hub: way, Queue: releasing,
		Stores: noStores{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(serving, l) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	s := &intakeSender{url: "http://" + l.Addr().String() + "/webhook",
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: intakeSenders}}}
	defer s.client.CloseIdleConnections()
	if _, err := s.send(ctx, "merged", intakePayload("closed", intakePulls+1)); err != nil {
		return nil, err
	}
	select {
	case <-releasing.begun:
	case err := <-ended:
		ended <- nil
		return nil, fmt.Errorf("the bot ended: %w", err)
	}
	return s.sendAll(ctx)
}

// longRelease is a queue whose releases do not end by themselves.
type longRelease struct {
	*engine.Engine
	begun chan struct{}
}

// Work does all jobs but releases as the bot does.
func (q *longRelease) Work(ctx context.Context, h engine.Handlers) error {
	return q.Engine.Work(ctx, engine.Handlers{Dispatch: h.Dispatch, Do: func(ctx context.Context, j engine.Job, attempt int) error {
		if j.Lane != engine.Releases {
			return h.Do(ctx, j, attempt)
		}
		close(q.begun)
		<-ctx.Done()
		return ctx.Err()
	}})
}

type noStores struct{}

func (noStores) Store(context.Context, string) (*mysqlstore.Store, error) {
	return nil, errors.New("the benchmark has no database")
}

// closedHub is a GitHub whose pull requests are all closed, so that plans end as soon as they have asked.
func closedHub() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"login":"liveops-bot","state":"closed"}`)
	}))
}

// intakePayload is a pull_request event, as long as GitHub's.
func intakePayload(action string, number int) []byte {
	head := fmt.Sprintf(`{"action":%q,"number":%d,"pull_request":{"merged":true},"repository":{"full_name":%q},"padding":"`, action, number, intakeRepo)
	return []byte(head + strings.Repeat("x", intakeBody-len(head)-2) + `"}`)
}

type intakeSender struct {
	url    string
	client *http.Client
}

// sendAll sends the deliveries, and returns how long each answer took.
func (s *intakeSender) sendAll(ctx context.Context) ([]time.Duration, error) {
	g, ctx := errgroup.WithContext(ctx)
	took := make([]time.Duration, intakeDeliveries)
	for k := range intakeSenders {
		g.Go(func() (err error) {
			for i := k; i < intakeDeliveries && err == nil; i += intakeSenders {
				took[i], err = s.send(ctx, fmt.Sprintf("delivery-%d", i), intakePayload("synchronize", 1+i%intakePulls))
			}
			return err
		})
	}
	return took, g.Wait()
}

// send sends one delivery, and returns how long the answer took.
func (s *intakeSender) send(ctx context.Context, id string, body []byte) (time.Duration, error) {
	mac := hmac.New(sha256.New, []byte(intakeSecret))
	mac.Write(body)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Delivery", id)
	r.Header.Set("X-GitHub-Event", "pull_request")
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	started := time.Now()
	response, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	took := time.Since(started)
	if err == nil && response.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("delivery %s: %s", id, response.Status)
	}
	return took, err
}
