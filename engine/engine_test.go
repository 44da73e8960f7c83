package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// limit bounds every wait of these tests.
const limit = 30 * time.Second

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func opened(t *testing.T, o Options) *Engine {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	e, err := Open(bounded(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, e) })
	return e
}

func closed(t *testing.T, e *Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func deliver(t *testing.T, e *Engine, id string) {
	t.Helper()
	duplicate, err := e.Deliver(bounded(t), Delivery{ID: id, Event: "push", Repository: "game/data", Body: []byte("body of " + id)})
	if err != nil || duplicate {
		t.Fatalf("Deliver(%s) = %v, %v", id, duplicate, err)
	}
}

// work works deliveries off.
func work(ctx context.Context, e *Engine, dispatch func(ctx context.Context, d Delivery, attempt int) error) error {
	return e.Work(ctx, Handlers{Dispatch: dispatch, Do: func(context.Context, Job, int) error { return errors.New("no job was expected") }})
}

// worker is a Work in the background: what its handler did comes out of handled.
type worker struct {
	handled chan string // "id#attempt"
	stop    context.CancelFunc
	ended   chan error
}

// working starts Work with a handler that reports each call and returns what answer says.
func working(t *testing.T, e *Engine, answer func(id string, attempt int) error) *worker {
	t.Helper()
	return started(t, e, func(handled chan<- string) Handlers {
		return Handlers{Dispatch: func(_ context.Context, d Delivery, attempt int) error {
			err := answer(d.ID, attempt)
			handled <- fmt.Sprintf("%s#%d", d.ID, attempt)
			return err
		}}
	})
}

// started starts Work with handlers that report to a channel.
func started(t *testing.T, e *Engine, handlers func(handled chan<- string) Handlers) *worker {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &worker{handled: make(chan string, 2000), stop: cancel, ended: make(chan error, 1)}
	go func() { w.ended <- e.Work(ctx, handlers(w.handled)) }()
	return w
}

func done(string, int) error { return nil }

// next waits for n calls of the handler.
func (w *worker) next(t *testing.T, n int) []string {
	t.Helper()
	var got []string
	for range n {
		select {
		case s := <-w.handled:
			got = append(got, s)
		case err := <-w.ended:
			t.Fatalf("Work ended with %v after %v", err, got)
		case <-bounded(t).Done():
			t.Fatalf("only %v were handled, want %d", got, n)
		}
	}
	return got
}

// end stops the worker, waits for it and reports what else its handler was called with.
func (w *worker) end(t *testing.T) (more []string) {
	t.Helper()
	w.stop()
	select {
	case err := <-w.ended:
		if err != nil {
			t.Errorf("Work returned %v", err)
		}
	case <-bounded(t).Done():
		t.Fatal("Work does not end")
	}
	close(w.handled)
	for s := range w.handled {
		more = append(more, s)
	}
	return more
}

func wantDepth(t *testing.T, e *Engine, waiting, parked int) {
	t.Helper()
	w, p, err := e.Depth(bounded(t))
	if err != nil || w != waiting || p != parked {
		t.Errorf("Depth = %d waiting, %d parked, %v; want %d, %d", w, p, err, waiting, parked)
	}
}

func wantHandled(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
}

func TestDeliveriesSurviveARestartInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	e := opened(t, Options{Dir: dir})
	var want []string
	for i := range 50 {
		id := fmt.Sprintf("d%02d", i)
		deliver(t, e, id)
		want = append(want, id+"#1")
	}
	wantDepth(t, e, 50, 0)
	closed(t, e)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the state directory: %v, %v; want mode 0700", info.Mode(), err)
	}

	e = opened(t, Options{Dir: dir})
	wantDepth(t, e, 50, 0)
	w := working(t, e, done)
	wantHandled(t, w.next(t, 50), want...)
	wantHandled(t, w.end(t))
	wantDepth(t, e, 0, 0)
}

func TestADeliveryComesOutAsItWentIn(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	want := Delivery{
		ID: "72d3162e-cc78-11e3-81ab-4c9367dc0958", Event: "pull_request", Repository: "game/data",
		Received: time.Date(2026, 3, 4, 5, 6, 7, 123456789, time.FixedZone("KST", 9*3600)),
		Body:     []byte("{\"title\":\"크리스탈 💎\\r\\n\x00\"}"),
	}
	if _, err := e.Deliver(bounded(t), want); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(bounded(t))
	err := work(ctx, e, func(_ context.Context, got Delivery, attempt int) error {
		defer cancel()
		if !got.Received.Equal(want.Received) {
			t.Errorf("received %v, want %v", got.Received, want.Received)
		}
		got.Received, want.Received = time.Time{}, time.Time{}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("got %q, want %q", got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDuplicates(t *testing.T) {
	dir := t.TempDir()
	again := func(e *Engine, when string) {
		t.Helper()
		duplicate, err := e.Deliver(bounded(t), Delivery{ID: "one", Event: "push"})
		if err != nil || !duplicate {
			t.Errorf("%s: Deliver = %v, %v; want a duplicate", when, duplicate, err)
		}
	}
	e := opened(t, Options{Dir: dir})
	deliver(t, e, "one")
	again(e, "while it waits")
	w := working(t, e, done)
	w.next(t, 1)
	w.end(t)
	again(e, "when it is done")
	wantDepth(t, e, 0, 0)
	closed(t, e)
	e = opened(t, Options{Dir: dir})
	again(e, "after a restart")
	deliver(t, e, "two")
	w = working(t, e, done)
	wantHandled(t, w.next(t, 1), "two#1")
	wantHandled(t, w.end(t))
}

func TestCloseWaitsForTheHandler(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	deliver(t, e, "one")
	started := make(chan struct{})
	finished, ended := false, make(chan error, 1)
	go func() {
		ended <- work(t.Context(), e, func(ctx context.Context, _ Delivery, _ int) error {
			close(started)
			<-ctx.Done()
			finished = true
			return nil
		})
	}()
	<-started
	closed(t, e)
	if !finished {
		t.Error("Close returned before the handler")
	}
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("Work = %v, want ErrClosed", err)
	}
	if _, err := e.Deliver(bounded(t), Delivery{ID: "two"}); !errors.Is(err, ErrClosed) {
		t.Errorf("Deliver = %v, want ErrClosed", err)
	}
	if err := work(bounded(t), e, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Work = %v, want ErrClosed", err)
	}
	closed(t, e) // again
}

func TestTheLargestBody(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	body := bytes.Repeat([]byte("0123456789abcdef"), MaxBody/16)
	if _, err := e.Deliver(bounded(t), Delivery{ID: "large", Event: "push", Body: body}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Deliver(bounded(t), Delivery{ID: "larger", Event: "push", Body: append(body, 'x')}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more: %v, want ErrTooLarge", err)
	}
	ctx, cancel := context.WithCancel(bounded(t))
	if err := work(ctx, e, func(_ context.Context, d Delivery, _ int) error {
		defer cancel()
		if !bytes.Equal(d.Body, body) {
			t.Errorf("another body of %d bytes came out", len(d.Body))
		}
		return Park(errors.New("too much"))
	}); err != nil {
		t.Fatal(err)
	}
	if list, err := e.Parked(bounded(t)); err != nil || len(list) != 1 {
		t.Errorf("Parked = %v, %v", list, err)
	}
}

func TestMalformedDeliveries(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	for name, d := range map[string]Delivery{
		"no id":              {},
		"a line end":         {ID: "a\r\nNats-Rollup: all"},
		"a blank":            {ID: "a b"},
		"beyond ASCII":       {ID: "a", Repository: "게임/데이터"},
		"a very long event":  {ID: "a", Event: strings.Repeat("e", 257)},
		"a control sequence": {ID: "a", Event: "\x1b[2J"},
	} {
		if _, err := e.Deliver(bounded(t), d); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	wantDepth(t, e, 0, 0)
}

func TestOpenNeedsAPlace(t *testing.T) {
	if _, err := Open(bounded(t), Options{}); err == nil {
		t.Error("opened nowhere")
	}
}

func TestOpenOfABrokenDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bounded(t), Options{Dir: file}); err == nil {
		t.Error("opened a file")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nats"), []byte("not a directory"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bounded(t), Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}); err == nil {
		t.Error("opened a directory whose store cannot be made")
	}
}
