package pushd

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"liveops/engine"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// guarded is a term with a run under way, or a test, whose campaign has a guard.
func guarded(t *testing.T, test string) (*term, *led) {
	t.Helper()
	s := campaign.Spec{Name: "evening", At: time.Date(2026, 11, 26, 19, 0, 0, 0, time.UTC), Deadline: time.Hour, Missed: campaign.SkipMissed, Guard: "game-health"}
	w := newTerm(t, s, "2026-11-26T18:59:00Z")
	r := runs.Run{Campaign: "evening", Time: s.At, Started: w.now, State: runs.Running, Test: test}
	if test != "" {
		r.Follows = s.At
	}
	r, _, err := w.o.Runs.Begin(t.Context(), w.epoch, r)
	if err != nil {
		t.Fatal(err)
	}
	w.led[r.ID] = &led{Run: r, campaign: w.campaign, held: true, settled: make(chan struct{}, 1)}
	return w, w.led[r.ID]
}

// What a guard says of a run counts as it was when the guard was asked; what people have wished meanwhile stays.
func TestAGuardThatAnswersLate(t *testing.T) {
	unwell := errors.New("503")
	for _, tt := range []struct {
		name   string
		test   string
		meant  runs.State // meanwhile
		says   error
		want   runs.State
		reason string
		held   bool
	}{
		{name: "well", want: runs.Running},
		{name: "unwell", says: unwell, want: runs.Paused, reason: "the guard game-health: 503"},
		{name: "paused meanwhile, well", meant: runs.Paused, want: runs.Paused, reason: "by jun"},
		{name: "paused meanwhile, unwell", meant: runs.Paused, says: unwell, want: runs.Paused, reason: "by jun", held: true},
		{name: "canceled meanwhile, unwell", meant: runs.Canceling, says: unwell, want: runs.Canceling, reason: "by jun", held: true},
		{name: "a test that is sent meanwhile, unwell", test: "fingerprint", meant: runs.Waiting, says: unwell, want: runs.Waiting, held: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, d := guarded(t, tt.test)
			asked, answer := make(chan struct{}), make(chan error)
			w.o.Healthy = func(context.Context, string) error { close(asked); return <-answer }
			if err := w.watch(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-asked
			if d.told() != runs.Paused {
				t.Error("it is sent before the guard's word")
			}
			w.at("2026-11-26T19:01:00Z")
			if err := w.watch(t.Context()); err != nil { // it is not asked twice at once
				t.Fatal(err)
			}
			var err error
			switch tt.meant {
			case "":
			case runs.Waiting:
				err = w.o.Runs.Wait(t.Context(), w.epoch, d.ID)
			default:
				_, err = w.o.Runs.Wish(t.Context(), d.ID, tt.meant, "by jun")
			}
			if err != nil {
				t.Fatal(err)
			}
			answer <- tt.says
			w.asking.Wait()
			if r, err := w.o.Runs.Run(t.Context(), d.ID); err != nil || r.State != tt.want || r.Reason != tt.reason || d.held != tt.held {
				t.Errorf("run %+v, held %v; %v", r, d.held, err)
			}
		})
	}
}

// What is read of the record before a pause is in it does not undo the pause; what is read later does.
func TestAPauseWhileTheRecordIsRead(t *testing.T) {
	w, d := guarded(t, "")
	live, err := w.o.Runs.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.pause(t.Context(), d.ID, "SENDER_ID_MISMATCH"); err != nil {
		t.Fatal(err)
	}
	w.takeOver(t.Context(), live)
	if d.State != runs.Paused {
		t.Errorf("it is %s", d.State)
	}
	for _, to := range []runs.State{runs.Paused, runs.Running} {
		if _, err := w.o.Runs.Wish(t.Context(), d.ID, to, "by jun"); err != nil {
			t.Fatal(err)
		}
		if err := w.follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d.State != to {
			t.Errorf("it is %s, want %s", d.State, to)
		}
	}
}

// While the zones of users are read nobody waits, and waves begin by those that were known last.
func TestZonesThatTakeTheirTime(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := campaign.Spec{Name: "evening", Cron: "0 19 * * *", Zone: time.UTC, EachUser: true, Deadline: time.Hour, Missed: campaign.SkipMissed}
	w := newTerm(t, s, "2026-11-26T09:58:00Z")
	answers := make(chan []string)
	w.o.Zones = func(context.Context) ([]string, error) {
		if zones := <-answers; zones != nil {
			return zones, nil
		}
		return nil, errors.New("invalid connection")
	}
	look := func(at string, runs int) {
		t.Helper()
		w.at(at)
		for _, step := range []func(context.Context) error{w.fire, w.askZones} {
			if err := step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if all := w.recorded(false); len(all) != runs {
			t.Errorf("at %s: runs %+v, want %d", at, all, runs)
		}
	}
	answer := func(zones ...string) {
		answers <- zones
		w.asking.Wait()
	}
	look("2026-11-26T09:58:00Z", 0)
	answer() // it fails
	look("2026-11-26T09:58:01Z", 0)
	look("2026-11-26T09:58:06Z", 0) // it is asked again
	answer("Asia/Seoul")
	look("2026-11-26T09:58:07Z", 0)
	look("2026-11-26T09:59:30Z", 0) // it is asked again, and does not answer
	look("2026-11-26T10:00:00Z", 1)
	answer("Asia/Seoul", "Asia/Bangkok")
	look("2026-11-26T11:59:59Z", 1)
	answer("Asia/Seoul", "Asia/Bangkok")
	look("2026-11-26T12:00:00Z", 2)
}
