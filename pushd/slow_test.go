package pushd

import (
	"log/slog"
	"testing"
	"time"

	"liveops/engine"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// A run whose test took longer than the run may be late waits for people.
func TestARunAfterASlowTest(t *testing.T) {
	for _, tt := range []struct {
		name, arrives string
		missed        campaign.Missed
		want          runs.State
		reason        string
	}{
		{"in time", "2026-11-26T19:15:00Z", campaign.SkipMissed, runs.Running, ""},
		{"too late", "2026-11-26T19:15:01Z", campaign.SkipMissed, runs.Paused, "its test has arrived, but it is 15m1s late, and is sent by itself up to 15m late"},
		{"late, which is meant", "2026-11-28T19:00:00Z", campaign.SendMissed, runs.Running, ""},
		{"a week late", "2026-12-03T19:01:00Z", campaign.SendMissed, runs.Paused, "its test has arrived, but it is 168h1m late, and is sent by itself up to 7d late"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			s := campaign.Spec{Name: "evening", At: time.Date(2026, 11, 26, 19, 0, 0, 0, time.UTC), Deadline: 15 * time.Minute, Missed: tt.missed, Test: &campaign.Test{List: "qa"}}
			w := newTerm(t, s, "2026-11-26T18:59:00Z")
			if w.o.Batches, err = e.Batches(t.Context(), "staging"); err != nil {
				t.Fatal(err)
			}
			w.looks()
			w.at("2026-11-26T19:00:00Z")
			w.looks()
			w.arrives(w.recorded(true)[0], "a")
			w.at(tt.arrives)
			w.looks()
			if r := w.recorded(false)[0]; r.State != tt.want || r.Reason != tt.reason || AwaitsTest(r) {
				t.Errorf("run %+v", r)
			}
		})
	}
}
