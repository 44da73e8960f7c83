package control

import (
	"context"
	"errors"
	"time"

	"liveops/pushd"
	"liveops/pushd/runs"
)

// Watch follows the newest run of an environment from its test to its end.
type Watch struct {
	record *runs.Store
	due    time.Time // when the run is, or will be, due
}

// NewWatch begins with what is newest of a campaign, of any where campaign is "": the newest run where that is under way, else a test that is
// ahead of one, else the newest run; runs.ErrNoRun where there is neither.
func NewWatch(ctx context.Context, record *runs.Store, campaign string) (*Watch, runs.Run, error) {
	newest, err := record.Newest(ctx, campaign, 1)
	if err != nil {
		return nil, runs.Run{}, err
	}
	if len(newest) > 0 && !newest[0].State.Ended() {
		return &Watch{record, newest[0].Time}, newest[0], nil
	}
	live, err := record.Live(ctx)
	if err != nil {
		return nil, runs.Run{}, err
	}
	for i := len(live) - 1; i >= 0; i-- {
		if live[i].Ahead() && (campaign == "" || live[i].Campaign == campaign) {
			return &Watch{record, live[i].Time}, live[i], nil
		}
	}
	if len(newest) == 0 {
		return nil, runs.Run{}, runs.ErrNoRun
	}
	return &Watch{record, newest[0].Time}, newest[0], nil
}

// Next is what there is to see after a run or a test was seen last: that one as it is now; of a run that awaits its test, the test; and where a test is sent,
// or is over, its run as soon as that is there, or the test that has taken its place. Where it has ended, nothing comes after it.
func (w *Watch) Next(ctx context.Context, seen runs.Run) (runs.Run, error) {
	r, err := w.record.Run(ctx, seen.ID)
	if err != nil {
		return seen, err
	}
	sending := r.State == runs.Running || r.State == runs.Paused || r.State == runs.Canceling
	switch {
	case r.Test == "" && pushd.AwaitsTest(r):
		return w.test(ctx, r)
	case r.Test == "" || sending && r.Ahead():
		return r, nil
	}
	run, err := w.record.Find(ctx, r.Campaign, w.due)
	switch {
	case err == nil:
		return run, nil
	case !errors.Is(err, runs.ErrNoRun):
		return r, err
	}
	if r.State == runs.Waiting {
		return r, nil
	}
	return w.test(ctx, r)
}

// test is the test that is being sent ahead of the run that is watched; r where there is none.
func (w *Watch) test(ctx context.Context, r runs.Run) (runs.Run, error) {
	live, err := w.record.Live(ctx)
	if err != nil {
		return r, err
	}
	for i := len(live) - 1; i >= 0; i-- {
		if t := live[i]; t.Campaign == r.Campaign && t.AheadOf(w.due) && (t.State != runs.Waiting || r.Test != "") {
			return t, nil
		}
	}
	return r, nil
}
