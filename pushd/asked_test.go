package pushd_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/push"
)

// A test that somebody asks for is no run, has a collapse id of its own, and tells what became of each message.
func TestATestThatSomebodyAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 10)
	s := tested(time.Hour, 0)
	s.Push.Collapse = "weekly"
	dead := push.FCMToken(nil, 4)
	w.fcm.Set(string(dead), push.Dead, time.Now().Add(-time.Hour))
	s.Test.Tokens = append(s.Test.Tokens, campaign.Token{Platform: campaign.Android, Token: string(dead)})
	c := w.release(s)
	w.leading(w.options("one"))
	w.worker("a")
	now := time.Now().UTC()
	order := func(list string, after time.Duration) runs.Run {
		t.Helper()
		r, begun, err := w.runs.Order(t.Context(), runs.Run{Campaign: c.Name, Time: now.Add(after).Truncate(time.Second), Actor: "mina", State: runs.Running, Started: now, Test: runs.Asked(list)})
		if err != nil || !begun {
			t.Fatal(begun, err)
		}
		w.await("its end", func() bool {
			var err error
			if r, err = w.runs.Run(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
			return r.State.Ended()
		})
		return r
	}
	r := order("", 0)
	var words []string
	for _, o := range r.Outcomes {
		words = append(words, o.String())
	}
	if got, want := strings.Join(words, ", "), "2 to android accepted, 1 to android dead (UNREGISTERED), 1 to ios accepted"; r.State != runs.Done || got != want || r.Trouble() != "" {
		t.Errorf("%s; test %+v", got, r)
	}
	if r := order("none", time.Second); r.State != runs.Failed || r.Reason != "there is no list none" {
		t.Errorf("test %+v", r)
	}
	if all := w.all(); len(all) != 0 {
		t.Errorf("runs %+v", all)
	}
	w.await("the dead token is out", func() bool { return w.count("SELECT COUNT(*) FROM push_tokens") == 109 })
}

// A test that somebody asked for who is gone is not sent by a leader that comes later.
func TestATestThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 10)
	c := w.release(tested(time.Hour, 0))
	w.worker("a")
	order := func(list string, ago time.Duration) runs.Run {
		t.Helper()
		at := time.Now().UTC().Add(-ago)
		r, _, err := w.runs.Order(t.Context(), runs.Run{Campaign: c.Name, Time: at.Truncate(time.Second), State: runs.Running, Started: at, Test: runs.Asked(list)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	ended := func(r runs.Run) runs.Run {
		t.Helper()
		w.await("its end", func() bool {
			var err error
			if r, err = w.runs.Run(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
			return r.State.Ended()
		})
		return r
	}
	old, fresh := order("", 2*time.Minute), order("", 10*time.Second)
	w.leading(w.options("one"))
	if r := ended(old); r.State != runs.Canceled || r.Reason != "nobody waited for it any more" || r.Tokens != 0 {
		t.Errorf("the old test: %+v", r)
	}
	if r := ended(fresh); r.State != runs.Done || r.Accepted != 3 {
		t.Errorf("the fresh test: %+v", r)
	}
	if r := ended(order("", 3*time.Minute)); r.State != runs.Done || r.Accepted != 3 { // by a clock that is slow: it has come just now
		t.Errorf("a test that came while somebody leads: %+v", r)
	}
}

// Queues of runs that have ended are removed: that of a test for nobody at once, and those that a leader could not remove as the next one begins.
func TestQueuesThatNoRunHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 10)
	c := w.release(tested(time.Hour, 0))
	queues := func() []int64 {
		t.Helper()
		all, err := w.batches.Runs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if err := w.batches.Begin(t.Context(), 998); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	paused, _, err := w.runs.Order(t.Context(), runs.Run{Campaign: c.Name, Time: now.Truncate(time.Second), Actor: "mina", State: runs.Paused, Started: now})
	if err != nil {
		t.Fatal(err)
	}
	w.leading(w.options("one"))
	w.worker("a")
	w.await("the queues of what is under way", func() bool { return slices.Equal(queues(), []int64{paused.ID}) })
	nobody, _, err := w.runs.Order(t.Context(), runs.Run{Campaign: c.Name, Time: now.Truncate(time.Second), State: runs.Running, Started: now, Test: runs.Asked("none")})
	if err != nil {
		t.Fatal(err)
	}
	w.await("its end", func() bool { r, err := w.runs.Run(t.Context(), nobody.ID); return err == nil && r.State == runs.Failed })
	w.await("the end of its queue", func() bool { return slices.Equal(queues(), []int64{paused.ID}) })
}
