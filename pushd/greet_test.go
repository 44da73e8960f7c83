package pushd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"liveops/engine"
	"liveops/pushd"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// A worker speaks with the leader whatever time its answers about new runs take, and asks about all at once.
func TestAWorkerSpeaksWhileItMeetsRuns(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	e, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	batches, err := e.Batches(t.Context(), "staging")
	if err != nil {
		t.Fatal(err)
	}
	words, asked, still := make(chan struct{}), make(chan int64, 100), make(chan []int64, 1)
	slow, quick := context.WithCancel(t.Context())
	stop, err := batches.Answer(func(ctx context.Context, b []byte) ([]byte, error) {
		var q struct {
			Contact *struct{ Still []int64 }
			Run     int64
		}
		if err := json.Unmarshal(b, &q); err != nil {
			return nil, err
		}
		if q.Contact == nil {
			asked <- q.Run
			select {
			case <-slow.Done():
			case <-ctx.Done():
			}
			return nil, errors.New("too late")
		}
		select {
		case words <- struct{}{}:
			select {
			case still <- q.Contact.Still:
			default:
			}
		default:
		}
		return []byte(`{"Runs": [{"Run": 1, "State": "running"}, {"Run": 2, "State": "running"}, {"Run": 3, "State": "canceling"}]}`), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	defer quick()
	working, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- pushd.Work(working, pushd.WorkOptions{Environment: "staging", Name: "a", Batches: batches, Log: log,
			Decode: func(string, []byte) (*campaign.Campaign, error) { return nil, errors.New("nobody told of one") }})
	}()
	defer func() {
		leave()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	late := time.After(time.Minute)
	for of := map[int64]bool{}; len(of) < 3; {
		select {
		case run := <-asked:
			of[run] = true
		case <-late:
			t.Fatalf("asked about %v alone, while one answer is awaited", of)
		}
	}
	for range 2 { // the second comes when the first is answered
		select {
		case <-words:
		case <-late:
			t.Fatal("it says nothing while it waits for answers")
		}
	}
	if got := <-still; len(got) != 3 {
		t.Errorf("it says that it sends nothing of %v", got)
	}
}

// counted counts the lines of a log that have some words.
type counted struct {
	words []byte
	n     *atomic.Int64
}

// Write counts a line.
func (c counted) Write(line []byte) (int, error) {
	if bytes.Contains(line, c.words) {
		c.n.Add(1)
	}
	return len(line), nil
}

// A worker that cannot read a run, as one that is older than the leader, says so once, and is in no cancel's way.
func TestACancelBesideAWorkerThatCannotReadTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 40_000, 0)
	s := soon("crystals")
	s.Rate = campaign.Rate{Count: 5000, Per: time.Second}
	w.release(s)
	w.leading(w.options("one"))
	w.worker("a")
	said := counted{[]byte("unknown key vibrate"), new(atomic.Int64)}
	w.running("worker b", func(ctx context.Context) error {
		return pushd.Work(ctx, pushd.WorkOptions{Environment: "staging", Name: "b", Batches: w.batches, Senders: w.senders(), Log: slog.New(slog.NewTextHandler(said, nil)),
			Decode: func(string, []byte) (*campaign.Campaign, error) { return nil, errors.New("unknown key vibrate") }})
	})
	r := w.begun()
	w.await("the older worker's word", func() bool { return said.n.Load() > 0 })
	w.wish(r, runs.Canceling, "by jun")
	if r := w.ended(1)[0]; r.State != runs.Canceled || r.Accepted == 0 {
		t.Errorf("run %+v", r)
	}
	if n := said.n.Load(); n != 1 {
		t.Errorf("it was said %d times", n)
	}
}
