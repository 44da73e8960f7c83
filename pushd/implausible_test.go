package pushd

import (
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// Results with too many dead tokens of a run that was canceled meanwhile, of which this leader has not heard, are recorded as any are.
func TestTooManyDeadTokensBehindACancel(t *testing.T) {
	w := newTerm(t, campaign.Spec{Name: "evening", At: time.Date(2026, 11, 26, 19, 0, 0, 0, time.UTC), Deadline: time.Hour, Missed: campaign.SkipMissed}, "2026-11-26T18:59:00Z")
	w.looks()
	w.at("2026-11-26T19:00:00Z")
	w.looks()
	r := w.recorded(false)[0]
	if _, err := w.o.Runs.Wish(t.Context(), r.ID, runs.Canceling, "by jun"); err != nil {
		t.Fatal(err)
	}
	w.led[r.ID].known = true
	if err := w.record(t.Context(), r.ID, []settling{{settle: settle{r.ID, runs.Result{Seq: 1, Counts: runs.Counts{Dead: 5000}}}}}); err != nil {
		t.Errorf("said %v", err)
	}
	if r = w.recorded(false)[0]; r.State != runs.Canceling || r.Reason != "by jun" {
		t.Errorf("run %+v", r)
	}
}
