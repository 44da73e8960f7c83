package pushd_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"liveops/pushd"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

// testers are phones that get tests: two of Android, of which one has no row in the table of tokens, and one of iOS.
func testers() []campaign.Token {
	return []campaign.Token{
		{Platform: campaign.Android, Token: string(push.FCMToken(nil, 3))},
		{Platform: campaign.Android, Token: string(push.FCMToken(nil, 777_777))},
		{Platform: campaign.IOS, Token: string(push.APNsToken(nil, 5))},
		{Platform: campaign.IOS, Token: string(push.APNsToken(nil, 5))}, // twice
	}
}

// tested is a campaign that is due after a time, with a test before that.
func tested(in, before time.Duration) campaign.Spec {
	return campaign.Spec{Name: "crystals", At: time.Now().UTC().Add(in).Truncate(time.Second), Test: &campaign.Test{Tokens: testers(), Before: before}}
}

// tests are the tests, newest first.
func (w *world) tests() (all []runs.Run) {
	w.Helper()
	both, err := w.runs.Newly(w.Context(), "", 100)
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range both {
		if r.Test != "" {
			all = append(all, r)
		}
	}
	return all
}

// waits waits until the newest test has been sent and its run is yet to begin.
func (w *world) waits() runs.Run {
	w.Helper()
	var all []runs.Run
	w.await("a test", func() bool { all = w.tests(); return len(all) > 0 && all[0].State == runs.Waiting })
	return all[0]
}

// sentOnce holds the gateways to it that everybody has had one message.
func (w *world) sentOnce(android, ios int64) {
	w.Helper()
	f, a := w.fcm.Counts(), w.apns.Counts()
	if f.Tokens != android || a.Tokens != ios || f.Repeated+a.Repeated != 0 {
		w.Errorf("FCM %+v\nAPNs %+v", f, a)
	}
}

// Who is on the list gets a run first, so long before the others as the campaign says, and not with the others again. The leader
// dies in between.
func TestARunAfterItsTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3000, 1000)
	leader, worker := w.leading(w.options("one")), w.worker("a")
	c := w.release(tested(8*time.Second, time.Hour))
	test := w.waits()
	if f, a := w.fcm.Counts(), w.apns.Counts(); f.Accepted != 2 || a.Accepted != 1 || len(w.all()) != 0 {
		t.Errorf("FCM %+v\nAPNs %+v\nruns %+v", f, a, w.all())
	}
	if test.Tokens != 3 || test.Accepted != 3 || !test.Follows.Equal(c.At) || test.Trouble() != "" {
		t.Errorf("test %+v", test)
	}
	leader()
	worker()
	w.leading(w.options("two"))
	w.worker("b")
	r := w.ended(1)[0]
	if r.State != runs.Done || r.Accepted != 3998 || r.Tokens != 3998 || !r.Time.Equal(c.At) {
		t.Errorf("run %+v", r)
	}
	w.sentOnce(3001, 1000)
	w.await("the test's end", func() bool { return w.tests()[0].State == runs.Done })
	if n := len(w.tests()); n != 1 {
		t.Errorf("%d tests", n)
	}
}

// By default the test is right before the others; also of a run that somebody asks for.
func TestATestRightBeforeTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 100)
	c := w.release(tested(2*time.Second, 0))
	w.leading(w.options("one"))
	w.worker("a")
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 1098 {
		t.Errorf("run %+v", r)
	}
	w.sentOnce(1001, 100)

	now := time.Now().UTC()
	order := pushd.Ordered(c, runs.Run{Campaign: c.Name, Time: now.Truncate(time.Second), Actor: "mina", State: runs.Running, Started: now}, false)
	if _, begun, err := w.runs.Order(t.Context(), order); err != nil || !begun || !pushd.AwaitsTest(order) {
		t.Fatalf("begun %v, %v", begun, err)
	}
	w.await("the run's end", func() bool { all := w.all(); return len(all) == 2 && all[0].State == runs.Done })
	w.await("its test's end", func() bool { return w.tests()[0].State == runs.Done })
	if r := w.all()[0]; r.Accepted != 1098 || len(w.tests()) != 2 || w.tests()[0].Accepted != 3 {
		t.Errorf("run %+v, tests %+v", r, w.tests())
	}
	if got := w.accepted(); got != 2*1101 {
		t.Errorf("%d messages", got)
	}
}

// Where the test reaches nobody on a platform the run stays paused until somebody has looked.
func TestARunWhoseTestDoesNotArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 100)
	w.fcm.Inject(push.Fault{Kind: push.Reply, Answer: fcm.InvalidArgument("the image is too large"), Times: 2})
	w.release(tested(2*time.Second, 0))
	w.leading(w.options("one"))
	w.worker("a")
	const want = "its test did not arrive: 2 to android rejected (INVALID_ARGUMENT: the image is too large)"
	w.await("the run's stop", func() bool { all := w.all(); return len(all) == 1 && all[0].Reason == want })
	if test := w.tests()[0]; test.State != runs.Done || test.Accepted != 1 || test.Rejected != 2 || w.accepted() != 1 {
		t.Errorf("test %+v, %d were sent", test, w.accepted())
	}
	r := w.all()[0]
	if r.State != runs.Paused || pushd.AwaitsTest(r) {
		t.Errorf("run %+v", r)
	}
	if _, err := w.runs.Wish(t.Context(), r.ID, runs.Running, ""); err != nil {
		t.Fatal(err)
	}
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 1098 {
		t.Errorf("run %+v", r)
	}
}

// A test that is stopped, and one that is for nobody, keep their run from going on by itself.
func TestARunWhoseTestIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 0)
	s := tested(2*time.Second, 0)
	s.Test.Tokens = s.Test.Tokens[:1]
	w.fcm.Set(s.Test.Tokens[0].Token, push.Foreign, time.Time{})
	w.release(s)
	nobody := soon("nobody")
	nobody.Test = &campaign.Test{List: "qa"}
	w.release(nobody)
	w.leading(w.options("one"))
	w.worker("a")
	reason := func(of string) string {
		for _, r := range w.all() {
			if r.Campaign == of && r.State == runs.Paused {
				return r.Reason
			}
		}
		return ""
	}
	w.await("the runs' stops", func() bool {
		return strings.HasPrefix(reason("crystals"), "its test comes first, and that is paused: SENDER_ID_MISMATCH") &&
			reason("nobody") == "its test did not arrive: nobody who would get it has a phone here"
	})
	if n := w.accepted(); n != 0 {
		t.Errorf("%d were sent", n)
	}
}

// A cancel between the test and the others is of the run.
func TestACancelAfterTheTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 100)
	w.release(tested(6*time.Second, time.Hour))
	w.leading(w.options("one"))
	w.worker("a")
	test := w.waits()
	if _, err := w.runs.Wish(t.Context(), test.ID, runs.Canceling, "by jun"); err != nil {
		t.Fatal(err)
	}
	r := w.ended(1)[0]
	if r.State != runs.Canceled || r.Reason != "by jun" || !r.Time.Equal(test.Time) || time.Now().After(test.Follows) {
		t.Errorf("run %+v", r)
	}
	second := soon("second") // at, or after, the time of the first
	second.At = test.Follows.Add(time.Second)
	w.release(second)
	w.await("the second run", func() bool { all := w.all(); return len(all) == 2 && all[0].State == runs.Done })
	if got := w.accepted(); got != 3+1100 {
		t.Errorf("%d messages", got)
	}
}

// A campaign that is changed after its test is tested anew, and sent at its time as it is then; one that is taken out is not sent.
func TestAChangeAfterTheTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 100)
	s := tested(10*time.Second, time.Hour)
	w.release(s)
	w.leading(w.options("one"))
	w.worker("a")
	first := w.waits()
	s.Messages = map[string]campaign.Text{campaign.Default: {Title: "Come back!", Body: "200 crystals"}}
	w.release(s)
	w.await("another test", func() bool { all := w.tests(); return len(all) == 2 && w.waits().ID != first.ID })
	r := w.ended(1)[0]
	if r.State != runs.Done || r.Accepted != 1098 || string(r.File) != "1" {
		t.Errorf("run %+v", r)
	}
	w.await("the first test's end", func() bool { return w.tests()[1].State == runs.Canceled })
	if old := w.tests()[1]; old.Reason != "the campaign was changed before its others got it" {
		t.Errorf("test %+v", old)
	}
	if f, a := w.fcm.Counts(), w.apns.Counts(); f.Tokens != 1001 || a.Tokens != 100 || f.Repeated != 2 || a.Repeated != 1 {
		t.Errorf("FCM %+v\nAPNs %+v", f, a)
	}
}

func TestACampaignThatIsTakenOutAfterItsTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 10)
	c := w.release(tested(5*time.Second, time.Hour))
	o := w.options("one")
	all := o.Released
	gone := make(chan struct{})
	o.Released = func(ctx context.Context) (pushd.Released, error) {
		r, err := all(ctx)
		select {
		case <-gone:
			r.Campaigns = r.Campaigns[1:]
		default:
		}
		return r, err
	}
	w.leading(o)
	w.worker("a")
	w.waits()
	close(gone)
	w.await("the test's end", func() bool { return w.tests()[0].State == runs.Canceled })
	second := soon("second")
	second.At = c.At.Add(time.Second)
	w.release(second)
	if r := w.ended(1); len(r) != 1 || r[0].Campaign != "second" {
		t.Errorf("runs %+v", r)
	}
}

// Whatever dies between the test and the others, and however: each gets the run once.
func TestKillsBetweenATestAndItsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3000, 1000)
	s := killed(0)
	s.Rate = campaign.Rate{}
	s.At = time.Now().UTC().Add(20 * time.Second).Truncate(time.Second)
	s.Test = &campaign.Test{Tokens: testers(), Before: time.Hour}
	c := newTroupe(w, 1, s)
	c.start("node-0", "lead 1", "work 1")
	test := w.waits()
	for _, role := range []string{"lead 1", "work 1", "node-0"} {
		c.kill(role)
		c.start(role)
	}
	r := w.ended(1)[0]
	if r.State != runs.Done || r.Accepted != 3998 || !r.Time.Equal(test.Time) {
		t.Errorf("run %+v", r)
	}
	w.sentOnce(3001, 1000)
	if all := w.tests(); len(all) != 1 || all[0].ID != test.ID {
		t.Errorf("tests %+v", all)
	}
}

// Where the leader says so, iPhones are reached by APNs's sandbox, from which nothing else goes.
func TestTheSandboxOfAPNs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 50)
	o := w.options("one")
	o.Sandbox = true
	w.leading(o)
	senders := w.senders()
	work := pushd.WorkOptions{Environment: "staging", Name: "a", Batches: w.batches, Decode: w.decode, Log: w.log,
		Senders: map[campaign.Gateway]pushd.Sender{campaign.FCM: senders[campaign.FCM]}, Sandbox: senders[campaign.APNs]}
	w.running("worker", func(ctx context.Context) error { return pushd.Work(ctx, work) })
	w.release(soon("crystals"))
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 150 {
		t.Errorf("run %+v", r)
	}
	w.sentOnce(100, 50)
}

// While its test is paused a run waits, and goes on with it; people may let it go on without.
func TestAPauseDuringATest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 10)
	w.release(tested(5*time.Second, time.Hour))
	w.leading(w.options("one"))
	w.worker("a")
	test := w.waits()
	if _, err := w.runs.Wish(t.Context(), test.ID, runs.Paused, "by jun"); err != nil {
		t.Fatal(err)
	}
	w.await("the run", func() bool {
		all := w.all()
		return len(all) == 1 && all[0].State == runs.Paused && all[0].Reason == "its test comes first, and that is paused: by jun"
	})
	if n := w.accepted(); n != 3 {
		t.Errorf("%d messages", n)
	}
	if _, err := w.runs.Wish(t.Context(), test.ID, runs.Running, ""); err != nil {
		t.Fatal(err)
	}
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 108 {
		t.Errorf("run %+v", r)
	}
	w.sentOnce(101, 10)
}

// A campaign of each user's own zone has one test, before its first wave.
func TestATestBeforeTheFirstWave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 0)
	now := time.Now().UTC().Truncate(time.Second)
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	local := now.Add(6 * time.Second).In(seoul) // in Seoul soon, and in Bangkok two hours later
	face := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	w.release(campaign.Spec{Name: "evening", At: face, EachUser: true, Zone: time.UTC, Test: &campaign.Test{Tokens: testers()[:2], Before: 3 * time.Hour}})
	w.leading(w.options("one"))
	w.worker("a")
	test := w.waits()
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 500 || !r.Time.Equal(test.Time) {
		t.Errorf("run %+v", r) // its tester is in the zone of the other wave
	}
	if all := w.tests(); len(all) != 1 {
		t.Errorf("tests %+v", all)
	}
	w.sentOnce(502, 0)
}

// A run whose test has arrived waits for its guard, and goes on by itself when the game is well; a test that somebody asks for does not.
func TestAGuardAfterATest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 10)
	s := tested(4*time.Second, time.Hour)
	s.Guard = "game-health"
	c := w.release(s)
	var unwell atomic.Bool
	o := w.options("one")
	o.Healthy = func(context.Context, string) error {
		if unwell.Load() {
			return errors.New("503 Service Unavailable")
		}
		return nil
	}
	w.leading(o)
	w.worker("a")
	w.waits()
	unwell.Store(true)
	w.await("the guard's word", func() bool {
		all := w.all()
		return len(all) == 1 && all[0].State == runs.Paused && all[0].Reason == "the guard game-health: 503 Service Unavailable"
	})
	now := time.Now().UTC()
	asked, _, err := w.runs.Order(t.Context(), runs.Run{Campaign: c.Name, Time: now.Truncate(time.Second), State: runs.Running, Started: now, Test: runs.Asked("")})
	if err != nil {
		t.Fatal(err)
	}
	w.await("the test's end", func() bool { r, err := w.runs.Run(t.Context(), asked.ID); return err == nil && r.State == runs.Done })
	if n := w.accepted(); n != 6 {
		t.Errorf("%d messages", n)
	}
	unwell.Store(false)
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 108 {
		t.Errorf("run %+v", r)
	}
}
