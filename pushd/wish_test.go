package pushd_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"liveops/pushd"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// of is the newest run of a campaign; zero where it has none.
func (w *world) of(name string) (r runs.Run) {
	w.Helper()
	all, err := w.runs.Newest(w.Context(), name, 1)
	if err != nil {
		w.Error(err)
	}
	if len(all) > 0 {
		r = all[0]
	}
	return r
}

// wish is what a person wishes of a run.
func (w *world) wish(r runs.Run, to runs.State, reason string) runs.Run {
	w.Helper()
	r, err := w.runs.Wish(w.Context(), r.ID, to, reason)
	if err != nil {
		w.Error(err)
	}
	return r
}

// another has a second campaign sent, to everybody: it shows that the leader has looked meanwhile, and would have let others go on.
func (w *world) another(s campaign.Spec) {
	w.Helper()
	w.release(s)
	w.await("the run of "+s.Name, func() bool { return w.of(s.Name).State == runs.Done })
}

// What a guard has paused a person may pause, too, even as the guard is asked: then it stays paused when the guard is content.
func TestAPauseOfWhatAGuardHasPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 0)
	s := soon("crystals")
	s.Guard = "game-health"
	w.release(s)
	o := w.options("one")
	var asked atomic.Int64
	paused := make(chan struct{})
	o.Healthy = func(context.Context, string) error {
		switch asked.Add(1) {
		case 1:
			return errors.New("503 Service Unavailable")
		case 2:
			if r := w.of("crystals"); r.Reason != "the guard game-health: 503 Service Unavailable" {
				t.Errorf("run %+v", r)
			}
			if r := w.wish(w.of("crystals"), runs.Paused, "by jun"); r.State != runs.Paused || r.Reason != "by jun" {
				t.Errorf("the answer is %+v", r)
			}
			close(paused)
		}
		return nil
	}
	w.leading(o)
	w.worker("a")
	<-paused
	w.another(soon("second"))
	if r := w.of("crystals"); r.State != runs.Paused || r.Reason != "by jun" || w.accepted() != 1000 {
		t.Errorf("run %+v, %d messages", r, w.accepted())
	}
	w.wish(w.of("crystals"), runs.Running, "")
	w.ended(2)
	if r := w.of("crystals"); r.State != runs.Done || r.Accepted != 1000 {
		t.Errorf("run %+v", r)
	}
}

// What waits for its servers a person may pause, too: then it stays paused when they are in service.
func TestAPauseOfARunThatIsHeld(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.campaign("crystals", 3*time.Second, twice(campaign.HoldBack))
	c.leads("one", http.DefaultClient.Do)
	c.worker("a")
	c.await("the run is held", func() bool { return c.of("crystals").State == runs.Paused })
	if r := c.wish(c.of("crystals"), runs.Paused, "by jun"); r.Reason != "by jun" {
		t.Errorf("run %+v", r)
	}
	c.forward(launchDelay + time.Second)
	of := twice(campaign.HoldBack) // of a run whose servers are asked about after those of the first
	c.another(campaign.Spec{Name: "second", At: c.Now().UTC().Add(3 * time.Second).Truncate(time.Second), Capacity: &of})
	if r := c.of("crystals"); r.State != runs.Paused || r.Reason != "by jun" || c.accepted() != 100 {
		t.Errorf("run %+v, %d messages", r, c.accepted())
	}
	c.wish(c.of("crystals"), runs.Running, "")
	c.ended(2)
	if r := c.of("crystals"); r.State != runs.Done || r.Accepted != 100 {
		t.Errorf("run %+v", r)
	}
}

// A run whose test has arrived, and whose guard is asked, stays paused where a person pauses it at that moment.
func TestAPauseAsARunIsLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 10)
	s := tested(4*time.Second, time.Hour)
	s.Guard = "game-health"
	w.release(s)
	o := w.options("one")
	var once atomic.Bool
	paused := make(chan struct{})
	o.Healthy = func(context.Context, string) error {
		if once.Load() {
			return nil
		}
		if r := w.of("crystals"); pushd.AwaitsTest(r) {
			w.wish(r, runs.Paused, "by jun")
			once.Store(true)
			close(paused)
		}
		return nil
	}
	w.leading(o)
	w.worker("a")
	<-paused
	w.another(soon("second"))
	if r := w.of("crystals"); r.State != runs.Paused || r.Reason != "by jun; its test comes first" || w.accepted() != 3+110 {
		t.Errorf("run %+v, %d messages", r, w.accepted())
	}
	w.wish(w.of("crystals"), runs.Running, "") // its test is over
	w.ended(2)
	if r := w.of("crystals"); r.State != runs.Done || r.Accepted != 108 {
		t.Errorf("run %+v", r)
	}
}

// A run that somebody has ordered while nobody leads, and others have paused and resumed, is sent after its test all the same.
func TestAResumeBeforeTheTestIsBegun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 100)
	c := w.release(tested(-48*time.Hour, 0))
	now := time.Now().UTC()
	run, begun, err := w.runs.Order(t.Context(), pushd.Ordered(c, runs.Run{Campaign: c.Name, Time: now.Truncate(time.Second), Actor: "mina", State: runs.Running, Started: now}, false))
	if err != nil || !begun || !pushd.AwaitsTest(run) {
		t.Fatalf("%+v, %v", run, err)
	}
	for _, to := range []runs.State{runs.Running, runs.Paused, runs.Running} {
		if r := w.wish(run, to, "by jun"); r.State != runs.Paused || pushd.AwaitsTest(r) != (to == runs.Running) {
			t.Errorf("%s: %+v", to, r)
		}
	}
	w.leading(w.options("one"))
	w.worker("a")
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 1098 {
		t.Errorf("run %+v", r)
	}
	w.sentOnce(1001, 100)
	if all := w.tests(); len(all) != 1 || all[0].Accepted != 3 {
		t.Errorf("tests %+v", all)
	}
}

// A test that is canceled takes its run with it, also where the time comes and the campaign is edited before all workers have stopped.
func TestAnEditAsATestIsCanceled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 100)
	s := tested(7*time.Second, time.Hour)
	c := w.release(s)
	w.leading(w.options("one"))
	worker := w.worker("a")
	test := w.waits()
	w.await("the last moment before its time", func() bool { return time.Until(c.At) < 2*time.Second })
	worker() // who says no more that it has stopped: that is known when it has been silent for long
	w.wish(test, runs.Canceling, "by jun")
	s.Messages = map[string]campaign.Text{campaign.Default: {Title: "Come back!", Body: "200 crystals"}}
	w.release(s)
	w.worker("b")
	w.await("the end of the test", func() bool { r, err := w.runs.Run(t.Context(), test.ID); return err == nil && r.State == runs.Canceled })
	second := soon("second") // at, or after, the time of the first
	if second.At.Before(c.At) {
		second.At = c.At.Add(time.Second)
	}
	w.another(second)
	if r := w.of("crystals"); r.State != runs.Canceled || r.Reason != "by jun" || !r.Time.Equal(c.At) || w.accepted() != 3+1100 {
		t.Errorf("run %+v, %d messages", r, w.accepted())
	}
	if all := w.tests(); len(all) != 1 {
		t.Errorf("tests %+v", all)
	}
}
