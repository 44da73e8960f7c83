package pushd_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/push"
)

// soon is a campaign that is due in a moment.
func soon(name string) campaign.Spec {
	return campaign.Spec{Name: name, At: time.Now().UTC().Add(2 * time.Second).Truncate(time.Second)}
}

// A campaign that is due is sent to every token once, by all workers together.
func TestARunReachesEveryToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 12_000, 5_000)
	w.exec("INSERT INTO push_tokens (token, platform, language) SELECT token, platform, 'en' FROM push_tokens LIMIT 100") // stored twice
	w.fcm.SetDeadShare(0.03, time.Now().Add(-time.Hour))
	w.apns.SetDeadShare(0.03, time.Now().Add(-time.Hour))
	w.release(soon("crystals"))
	w.leading(w.options("one"))
	w.leading(w.options("two"))
	w.worker("a")
	w.worker("b")
	r := w.ended(1)[0]
	if r.State != runs.Done || r.Tokens != 17_000 || r.Accepted+r.Dead != 17_000 || r.Dead < 300 || r.Dead > 800 {
		t.Errorf("run %+v", r)
	}
	f, a := w.fcm.Counts(), w.apns.Counts()
	if f.Accepted+a.Accepted != r.Accepted || f.Repeated+a.Repeated != 0 || f.Texts != 2 {
		t.Errorf("FCM %+v\nAPNs %+v", f, a)
	}
	w.await("the dead tokens are out", func() bool { return w.count("SELECT COUNT(DISTINCT token) FROM push_tokens") == int(r.Accepted) })
	w.await("they are forgotten", func() bool { return w.count("SELECT COUNT(*) FROM liveops_push_gone") == 0 })
	if n := w.count("SELECT COUNT(*) FROM liveops_push_batches"); n != 0 {
		t.Errorf("%d batches are left", n)
	}
}

// accepted is how many messages the gateways have taken.
func (w *world) accepted() int64 { return w.fcm.Counts().Accepted + w.apns.Counts().Accepted }

// begun waits until messages of the first run are on their way, and gives it.
func (w *world) begun() runs.Run {
	w.Helper()
	w.await("a run's first messages", func() bool { return w.accepted() > 0 })
	return w.all()[0]
}

// After a cancel was answered, which the record does by its state, nothing is sent.
func TestNothingIsSentAfterACancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 40_000, 0)
	s := soon("crystals")
	s.Rate = campaign.Rate{Count: 10_000, Per: time.Second}
	w.release(s)
	w.fcm.SetLatency(50 * time.Millisecond)
	w.leading(w.options("one"))
	w.worker("a")
	w.worker("b")
	r := w.begun()
	if _, err := w.runs.Wish(t.Context(), r.ID, runs.Canceling, "mina: wrong text"); err != nil {
		t.Fatal(err)
	}
	r = w.ended(1)[0]
	at := w.accepted()
	if r.State != runs.Canceled || r.Reason != "mina: wrong text" || at == 0 || at >= 40_000 {
		t.Errorf("run %+v, %d were sent", r, at)
	}
	if r.Accepted != at {
		t.Errorf("the record has %d, the gateway %d", r.Accepted, at)
	}
	// A second run shows that the workers are well, and would have sent the first one's by now.
	w.fcm.SetLatency(0)
	second := soon("second")
	w.release(second)
	w.await("the second run", func() bool { all := w.all(); return len(all) == 2 && all[0].State == runs.Done })
	if got := w.accepted(); got != at+40_000 {
		t.Errorf("%d were sent in all, %d of the run that was canceled", got, at)
	}
}

// A run that is paused stops within a second and goes on where it stood.
func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20_000, 0)
	s := soon("crystals")
	s.Rate = campaign.Rate{Count: 10_000, Per: time.Second}
	w.release(s)
	w.leading(w.options("one"))
	w.worker("a")
	r := w.begun()
	if _, err := w.runs.Wish(t.Context(), r.ID, runs.Paused, ""); err != nil {
		t.Fatal(err)
	}
	wished := time.Now()
	var last int64
	w.await("the end of sending", func() bool { // no message for two seconds, of a run that sends ten thousand in one
		n := w.accepted()
		if n != last {
			last, wished = n, time.Now()
		}
		return time.Since(wished) > 2*time.Second
	})
	if last >= 20_000 {
		t.Fatal("it was over before it was paused")
	}
	if _, err := w.runs.Wish(t.Context(), r.ID, runs.Running, ""); err != nil {
		t.Fatal(err)
	}
	r = w.ended(1)[0]
	if c := w.fcm.Counts(); r.State != runs.Done || c.Accepted != 20_000 || c.Repeated != 0 {
		t.Errorf("run %+v\nFCM %+v", r, c)
	}
}

// A run that is paused, with all that a worker takes of it in hand, stands in no other's way.
func TestAPausedRunStandsInNoOthersWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60_000, 0)
	s := soon("crystals")
	s.Rate = campaign.Rate{Count: 5000, Per: time.Second}
	w.release(s)
	w.leading(w.options("one"))
	w.worker("a")
	r := w.begun()
	w.await("messages", func() bool { return w.accepted() > 0 })
	if _, err := w.runs.Wish(t.Context(), r.ID, runs.Paused, ""); err != nil {
		t.Fatal(err)
	}
	w.release(soon("other"))
	w.await("the other run", func() bool {
		all := w.all()
		return len(all) == 2 && slices.ContainsFunc(all, func(r runs.Run) bool { return r.Campaign == "other" && r.State == runs.Done })
	})
	if _, err := w.runs.Wish(t.Context(), r.ID, runs.Canceling, ""); err != nil {
		t.Fatal(err)
	}
	w.ended(2)
}

// A run outlives its leader and its workers: others go on with it, and send nothing twice that was answered.
func TestARunOutlivesItsLeaderAndWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30_000, 10_000)
	s := soon("crystals")
	s.Rate = campaign.Rate{Count: 15_000, Per: time.Second}
	w.release(s)
	leader, worker := w.leading(w.options("one")), w.worker("a")
	w.begun()
	leader()
	w.worker("b")
	w.leading(w.options("two"))
	worker()
	r := w.ended(1)[0]
	f, a := w.fcm.Counts(), w.apns.Counts()
	if r.State != runs.Done || r.Accepted != 40_000 || f.Tokens != 30_000 || a.Tokens != 10_000 || f.Repeated+a.Repeated != 0 {
		t.Errorf("run %+v\nFCM %+v\nAPNs %+v", r, f, a)
	}
}

// A campaign of each user's own zone is sent zone by zone, each at its time.
func TestWavesOfZones(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 0)
	now := time.Now().UTC().Truncate(time.Second)
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	// On the clocks of Seoul it is that time in a moment, in Bangkok in two hours, and elsewhere it was long ago.
	local := now.Add(2 * time.Second).In(seoul)
	face := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	w.release(campaign.Spec{Name: "evening", At: face, EachUser: true, Zone: time.UTC})
	w.leading(w.options("one"))
	w.worker("a")
	r := w.ended(1)[0]
	if r.State != runs.Done || r.Accepted != 500 || len(r.Zones) != 1 || r.Zones[0] != "Asia/Seoul" {
		t.Errorf("run %+v", r)
	}
	if c := w.fcm.Counts(); c.Tokens != 500 {
		t.Errorf("FCM %+v", c)
	}
}

// What was due when nobody was there is recorded as missed, and sent only where the campaign says so.
func TestMissedTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 0)
	due := time.Now().UTC().Add(-30 * time.Minute).Truncate(time.Second)
	for name, s := range map[string]campaign.Spec{
		"late":   {Deadline: time.Minute, Missed: campaign.SkipMissed},
		"latest": {Deadline: time.Minute, Missed: campaign.SendMissed},
		"soon":   {Deadline: time.Hour, Missed: campaign.SkipMissed},
		"before": {Deadline: time.Hour, Missed: campaign.SkipMissed}, // it was due before anybody knew of it
	} {
		s.Name, s.At = name, due
		w.release(s)
		since := due.Add(-time.Hour)
		if name == "before" {
			continue
		}
		w.exec("INSERT INTO liveops_push_campaigns (campaign, since) VALUES (?, ?)", name, since.Format(time.DateTime))
	}
	w.leading(w.options("one"))
	w.worker("a")
	states := map[string]runs.State{}
	for _, r := range w.ended(3) {
		states[r.Campaign] = r.State
	}
	want := map[string]runs.State{"late": runs.Missed, "latest": runs.Done, "soon": runs.Done}
	if len(states) != 3 || states["late"] != want["late"] || states["latest"] != want["latest"] || states["soon"] != want["soon"] {
		t.Errorf("runs are %v, want %v", states, want)
	}
	if c := w.fcm.Counts(); c.Tokens != 100 || c.Accepted != 200 {
		t.Errorf("FCM %+v", c)
	}
}

// Where most tokens are dead, as a gateway says that mixes something up, the run stops and none is taken out.
func TestTooManyDeadTokensStopARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5000, 0)
	w.fcm.SetDeadShare(0.9, time.Now().Add(-time.Hour))
	w.release(soon("crystals"))
	w.leading(w.options("one"))
	w.worker("a")
	var r runs.Run
	w.await("the run's stop", func() bool {
		all := w.all()
		if len(all) == 0 {
			return false
		}
		r = all[0]
		return r.State != runs.Running
	})
	if r.State != runs.Paused || r.Dead == 0 {
		t.Errorf("run %+v", r)
	}
	if _, err := w.runs.Wish(t.Context(), r.ID, runs.Canceling, ""); err != nil {
		t.Fatal(err)
	}
	w.ended(1)
	w.await("what was dead is forgotten", func() bool { return w.count("SELECT COUNT(*) FROM liveops_push_gone") == 0 })
	if n := w.count("SELECT COUNT(*) FROM push_tokens"); n != 5000 {
		t.Errorf("%d tokens are left", n)
	}
}

// A token of another sender means that the credentials are wrong: the run stops until somebody has looked.
func TestAForeignTokenStopsARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3000, 0)
	w.fcm.Set(string(push.FCMToken(nil, 1234)), push.Foreign, time.Time{})
	w.release(soon("crystals"))
	w.leading(w.options("one"))
	w.worker("a")
	w.await("the run's stop", func() bool { all := w.all(); return len(all) == 1 && all[0].State == runs.Paused })
	if r := w.all()[0]; !strings.Contains(r.Reason, "SENDER_ID_MISMATCH") {
		t.Errorf("run %+v", r)
	}
	w.fcm.Set(string(push.FCMToken(nil, 1234)), push.Valid, time.Time{})
	if _, err := w.runs.Wish(t.Context(), w.all()[0].ID, runs.Running, ""); err != nil {
		t.Fatal(err)
	}
	if r := w.ended(1)[0]; r.State != runs.Done || r.Settled() != 3000 || r.Accepted < 2999 {
		t.Errorf("run %+v", r)
	}
	if n := w.count("SELECT COUNT(*) FROM push_tokens"); n != 3000 {
		t.Errorf("%d tokens are left", n)
	}
}

// While its guard says that the game is unwell nothing of a run is sent; then it goes on by itself. What a person paused does not.
func TestAGuardHoldsARunBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 0)
	s := soon("crystals")
	s.Guard = "game-health"
	w.release(s)
	o := w.options("one")
	var well atomic.Bool
	asked := make(chan string, 100)
	o.Healthy = func(_ context.Context, guard string) error {
		asked <- guard
		if well.Load() {
			return nil
		}
		return errors.New("503 Service Unavailable")
	}
	w.leading(o)
	w.worker("a")
	if guard := <-asked; guard != "game-health" {
		t.Errorf("asked about %q", guard)
	}
	<-asked // it was asked again, so that the run could have begun in between
	if r := w.all()[0]; r.State != runs.Paused || r.Reason != "the guard game-health: 503 Service Unavailable" || w.accepted() != 0 {
		t.Errorf("run %+v, %d were sent", r, w.accepted())
	}
	well.Store(true)
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 1000 {
		t.Errorf("run %+v", r)
	}
}
