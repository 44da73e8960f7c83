package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestParking(t *testing.T) {
	long := strings.Repeat("x", 2*maxReason)
	for _, test := range []struct {
		name   string
		answer func(id string, attempt int) error
		calls  int
		reason string
	}{
		{"marked as final", func(string, int) error {
			return fmt.Errorf("read: %w", Park(errors.New("no such\r\nrepository 없음")))
		}, 1, "read: no such\r\nrepository 없음"},
		{"attempts used up", func(string, int) error { return errors.New("still down") }, 3, "still down"},
		{"panics", func(string, int) error { panic("boom") }, 3, "panic: boom"},
		{"a long reason", func(string, int) error { return Park(errors.New(long)) }, 1, long[:maxReason] + "…"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			e := opened(t, Options{
				Dir: t.TempDir(), Attempts: 3, Backoff: []time.Duration{time.Millisecond}, Now: func() time.Time { return at },
				Logger: slog.New(slog.DiscardHandler),
			})
			deliver(t, e, "bad")
			deliver(t, e, "good")
			calls := 0
			ctx, cancel := context.WithCancel(bounded(t))
			err := work(ctx, e, func(_ context.Context, d Delivery, attempt int) error {
				if d.ID == "good" {
					cancel()
					return nil
				}
				calls++
				return test.answer(d.ID, attempt)
			})
			if err != nil || calls != test.calls {
				t.Errorf("%d calls, %v; want %d", calls, err, test.calls)
			}
			wantDepth(t, e, 0, 1)
			list, err := e.Parked(bounded(t))
			if err != nil || len(list) != 1 {
				t.Fatalf("Parked = %v, %v", list, err)
			}
			p := list[0]
			if p.ID != "bad" || p.Kind != "push" || p.Repository != "game/data" || p.Reason != test.reason || p.Attempts != test.calls || !p.At.Equal(at) || p.Body != nil {
				t.Errorf("parked as %+v", p)
			}
		})
	}
}

func TestParkOfNil(t *testing.T) {
	if err := Park(nil); err != nil {
		t.Errorf("Park(nil) = %v", err)
	}
}

func TestRetry(t *testing.T) {
	dir := t.TempDir()
	e := opened(t, Options{Dir: dir})
	broken := true
	for _, id := range []string{"a", "b", "c"} {
		deliver(t, e, id)
	}
	w := working(t, e, func(string, int) error {
		if broken {
			return Park(errors.New("broken"))
		}
		return nil
	})
	w.next(t, 3)
	w.end(t)
	closed(t, e)

	e = opened(t, Options{Dir: dir}) // parked ones survive
	wantDepth(t, e, 0, 3)
	for round := range 2 { // an id may be parked and retried more than once
		if err := e.Retry(bounded(t), "b"); err != nil {
			t.Fatal(err)
		}
		wantDepth(t, e, 1, 2)
		broken = round == 0
		bodies := make(chan string, 1)
		ctx, cancel := context.WithCancel(bounded(t))
		if err := work(ctx, e, func(_ context.Context, d Delivery, attempt int) error {
			defer cancel()
			bodies <- fmt.Sprintf("%s %s#%d", d.Body, d.ID, attempt)
			if broken {
				return Park(errors.New("broken"))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if got := <-bodies; got != "body of b b#1" {
			t.Errorf("retried as %q", got)
		}
	}
	wantDepth(t, e, 0, 2)
	list, err := e.Parked(bounded(t))
	if err != nil || len(list) != 2 || list[0].ID != "a" || list[1].ID != "c" {
		t.Errorf("Parked = %v, %v; want a and c", list, err)
	}
	for _, id := range []string{"b", "unknown", ""} {
		if err := e.Retry(bounded(t), id); !errors.Is(err, ErrNotParked) {
			t.Errorf("Retry(%q) = %v, want ErrNotParked", id, err)
		}
	}
}
