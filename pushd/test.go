package pushd

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"liveops/pushd/runs"
)

const (
	// keepTesters is how long it is known who got a test: longer than a missed time may be sent late.
	keepTesters = 9 * 24 * time.Hour
	// noFollower is how long after its time, and all that it may be late, a test waits for its run.
	noFollower = time.Minute
)

// AwaitsTest says whether a run is paused until its test is over, after which it goes on by itself.
func AwaitsTest(r runs.Run) bool {
	return r.Test == "" && r.State == runs.Paused && strings.HasPrefix(r.Reason, runs.UntilTested)
}

// tests begins the tests of runs, ends those whose run will be another one, and lets runs go on whose test is over.
func (l *leader) tests(ctx context.Context) error {
	now := l.o.Clock.Now()
	var failed error
	for _, s := range l.due.campaigns {
		if s.Test != nil {
			failed = errors.Join(failed, l.beginTests(ctx, s, now))
		}
	}
	var tests, awaiting, unheeded []led // as they stand
	l.mu.Lock()
	for _, d := range l.led {
		switch {
		case d.unheeded(now):
			unheeded = append(unheeded, *d)
		case !d.Follows.IsZero() && !d.State.Ended() && d.State != runs.Canceling:
			tests = append(tests, *d)
		case AwaitsTest(d.Run):
			awaiting = append(awaiting, *d)
		}
	}
	l.mu.Unlock()
	for i := range unheeded {
		_, err := l.o.Runs.Wish(ctx, unheeded[i].ID, runs.Canceling, unheededReason)
		failed = errors.Join(failed, err)
	}
	for i := range tests {
		failed = errors.Join(failed, l.follows(ctx, &tests[i], now))
	}
	for i := range awaiting {
		failed = errors.Join(failed, l.afterTest(ctx, &awaiting[i], now))
	}
	return errors.Join(failed, l.forgetTesters(ctx, now))
}

// AskedWait is how long whoever asks for a test waits for its end: messages are sent within seconds, unless the gateway asks for a pause.
const AskedWait = time.Minute

const (
	// askedLeft is how much longer the leader leaves it to who asked to cancel a test.
	askedLeft      = 5 * time.Second
	unheededReason = "nobody waited for it any more"
)

// unheeded says whether a test is one that somebody asked for and waits for no more: who did so may have been killed.
func (d *led) unheeded(now time.Time) bool {
	_, asked := runs.AskedFor(d.Test)
	return asked && (d.State == runs.Running || d.State == runs.Paused) && now.Sub(d.asked) > AskedWait+askedLeft
}

// beginTests begins the tests of a campaign's next runs whose `before` has come.
func (l *leader) beginTests(ctx context.Context, s *scheduled, now time.Time) error {
	for at := now.Add(-s.Jitter); ; {
		next, ok := s.times.Next(at)
		if !ok || next.Sub(now) > s.Test.Before {
			return nil
		}
		at = next
		start := l.run(s.Name, next).Start(s.Jitter)
		if !start.After(now) || start.Sub(now) > s.Test.Before || s.tested[next] {
			continue
		}
		for _, test := range testsAhead(s, next) {
			if err := l.beginTest(ctx, runs.Run{Campaign: s.Name, Time: next, Commit: l.due.commit, File: s.file, Test: test, Follows: start}, now); err != nil {
				return err
			}
		}
		s.tested[next] = true
	}
}

func (l *leader) beginTest(ctx context.Context, r runs.Run, now time.Time) error {
	r.State, r.Started = runs.Running, now
	begun, err := l.o.Runs.BeginTest(ctx, l.epoch, r)
	if err != nil || !begun {
		return err
	}
	if r, err = l.o.Runs.Test(ctx, r.Campaign, r.Time, r.Test); err != nil { // as people have left the one before it
		return err
	}
	l.o.Log.Info("push: test begun", "environment", l.o.Environment, "campaign", r.Campaign, "due", r.Time, "others", r.Follows, "state", string(r.State), "reason", r.Reason)
	return nil
}

// follows ends the test of a run which has ended, or will be another one, or none.
func (l *leader) follows(ctx context.Context, d *led, now time.Time) error {
	if !now.Before(d.Follows) {
		run, err := l.o.Runs.Find(ctx, d.Campaign, d.Time)
		switch {
		case err == nil && run.State.Ended():
			return l.endTest(ctx, d.Run, now)
		case err == nil || !errors.Is(err, runs.ErrNoRun):
			return err
		}
	}
	if !l.due.known {
		return nil
	}
	i := slices.IndexFunc(l.due.campaigns, func(s *scheduled) bool { return s.Name == d.Campaign })
	reason := ""
	switch {
	case i < 0:
		reason = "the campaign was taken out before its others got it"
	case l.due.campaigns[i].Fingerprint() != d.Fingerprint():
		reason = "the campaign was changed before its others got it"
	case now.Sub(d.Follows) > d.campaign.Deadline+noFollower:
		reason = "its run did not begin"
	default:
		return nil
	}
	return l.supersede(ctx, d.Run, reason)
}

// supersede voids a test, unless it has just ended or somebody has canceled it, and its run with it.
func (l *leader) supersede(ctx context.Context, test runs.Run, reason string) error {
	err := l.o.Runs.Supersede(ctx, l.epoch, test.ID, reason)
	if over := (*runs.StateError)(nil); errors.As(err, &over) {
		return nil
	}
	if err == nil {
		l.o.Log.Warn("push: a test is void", "environment", l.o.Environment, "campaign", test.Campaign, "due", test.Time, "reason", reason)
	}
	return err
}

// endTest ends a test whose run needs it no more.
func (l *leader) endTest(ctx context.Context, test runs.Run, now time.Time) error {
	if test.State != runs.Waiting {
		return l.supersede(ctx, test, "its run is over")
	}
	if err := l.o.Runs.End(ctx, l.epoch, test.ID, runs.Done, "", now); err != nil {
		return err
	}
	return l.o.Batches.End(ctx, test.ID)
}

// afterTest lets a run go on when each of its tests has reached somebody on each platform that it was sent to. Where one has not, people
// decide.
func (l *leader) afterTest(ctx context.Context, d *led, now time.Time) error {
	if d.campaign.EachUser && !l.knowsZones() { // they are asked for
		return nil
	}
	tests, missing, err := l.testsOf(ctx, d)
	if err != nil {
		return err
	}
	for _, test := range missing {
		if err := l.beginTest(ctx, runs.Run{Campaign: d.Campaign, Time: d.Time, Commit: d.Commit, File: d.File, Test: test, Follows: d.Time}, now); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		return nil
	}
	if i := slices.IndexFunc(tests, func(test runs.Run) bool { return test.State == runs.Canceled }); i >= 0 {
		_, err := l.o.Runs.Move(ctx, l.epoch, d.Run, runs.Canceling, "its test was canceled: "+tests[i].Reason)
		return err
	}
	arrived := true
	for _, test := range tests {
		if test.State == runs.Waiting { // its run has begun
			if err := l.endTest(ctx, test, now); err != nil {
				return err
			}
		}
		reason, has := arrival(test)
		if reason != "" {
			return l.stays(ctx, d, reason)
		}
		arrived = arrived && has
	}
	if !arrived {
		return nil
	}
	return l.letGo(ctx, d, now)
}

// arrival says whether a test has arrived; or why its run stays paused.
func arrival(test runs.Run) (reason string, arrived bool) {
	switch test.State {
	case runs.Waiting, runs.Done:
		if trouble := test.Trouble(); trouble != "" {
			return "its test did not arrive: " + trouble, false
		}
		return "", true
	case runs.Paused:
		return runs.UntilTested + ", and that is paused: " + test.Reason, false
	case runs.Failed:
		return "its test failed: " + test.Reason, false
	}
	return "", false
}

// stays says why a run stays paused, unless somebody has paused it meanwhile.
func (l *leader) stays(ctx context.Context, d *led, reason string) error {
	if d.Reason == reason {
		return nil
	}
	moved, err := l.o.Runs.Move(ctx, l.epoch, d.Run, runs.Paused, reason)
	if moved {
		l.o.Log.Error("push: stays paused", "environment", l.o.Environment, "campaign", d.Campaign, "due", d.Time, "reason", reason)
	}
	return err
}

// letGo lets a run go on after its test, as its servers and its guard allow, unless the test has taken so long that nobody expects it now.
func (l *leader) letGo(ctx context.Context, d *led, now time.Time) error {
	if why := d.campaign.TooLate(now.Sub(l.run(d.Campaign, d.Time).Start(d.campaign.Jitter))); why != "" {
		return l.stays(ctx, d, "its test has arrived, but "+why)
	}
	state, reason, known := l.begins(&scheduled{Campaign: d.campaign}, l.run(d.Campaign, d.Time), now)
	switch {
	case !known:
		return nil
	case state == runs.Paused:
		return l.stays(ctx, d, reason)
	}
	l.mu.Lock()
	led := l.led[d.ID]
	l.mu.Unlock()
	if led == nil {
		return nil
	}
	return l.askWhetherWell(ctx, led, func(unwell error) error {
		if unwell != nil { // from then on the guard's pause, which ends as the guard says
			return l.stays(ctx, d, runs.UntilWell+d.guard()+": "+unwell.Error())
		}
		if reason != "" {
			l.o.Log.Error("push: servers are late", "environment", l.o.Environment, "campaign", d.Campaign, "due", d.Time, "state", string(state), "reason", reason)
		}
		return l.goesOn(ctx, d.Run, reason, "its test has arrived")
	})
}

// forgetTesters forgets now and then who got tests whose runs are long over.
func (l *leader) forgetTesters(ctx context.Context, now time.Time) error {
	if now.Sub(l.forgot) < time.Hour {
		return nil
	}
	l.forgot = now
	return l.o.Runs.ForgetTesters(ctx, l.epoch, now.Add(-keepTesters))
}
