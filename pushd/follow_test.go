package pushd_test

import (
	"errors"
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// What a later liveops has begun, and the one that leads now cannot read, fails, or ends as canceled where it was canceled before: and is in
// no other run's way.
func TestRunsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 0)
	later := map[runs.State]runs.Run{}
	own, err := w.runs.Lead(t.Context(), "later", 0, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	for i, state := range []runs.State{runs.Running, runs.Paused, runs.Waiting, runs.Canceling} {
		r := runs.Run{Campaign: "later", Time: now.Add(time.Duration(i) * time.Second).Truncate(time.Second), State: runs.Running, Started: now}
		if state == runs.Waiting {
			r.Test, r.Follows = "fingerprint", now.Add(time.Hour)
		}
		if r, _, err = w.runs.Begin(t.Context(), own, r); err == nil && state == runs.Waiting {
			err = w.runs.Wait(t.Context(), own, r.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		if state == runs.Paused || state == runs.Canceling {
			w.wish(r, state, "by jun")
		}
		later[state] = r
	}
	if err := w.runs.Resign(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	o := w.options("one")
	o.Decode = func(name string, file []byte) (*campaign.Campaign, error) {
		if name == "later" {
			return nil, errors.New("unknown key vibrate")
		}
		return w.decode(name, file)
	}
	w.release(soon("crystals"))
	w.leading(o)
	for before, r := range later {
		want, reason := runs.Failed, "its file cannot be read: unknown key vibrate"
		if before == runs.Canceling {
			want, reason = runs.Canceled, "by jun"
		}
		w.await("its end", func() bool {
			if r, err = w.runs.Run(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
			return r.State.Ended()
		})
		if r.State != want || r.Reason != reason {
			t.Errorf("it was %s, and is %+v", before, r)
		}
	}
	w.worker("a")
	w.await("the run of crystals", func() bool { return w.of("crystals").State == runs.Done })
}
