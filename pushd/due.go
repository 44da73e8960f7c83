package pushd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// due is which campaigns there are, and up to when each was looked after.
type due struct {
	read      time.Time // when the campaigns were read
	known     bool      // they were, in this term
	recorded  time.Time // when it was recorded up to when each was looked after
	commit    string
	zones     []string // that users have, by which the campaigns were read
	campaigns []*scheduled
}

// scheduled is a campaign with its times.
type scheduled struct {
	*campaign.Campaign
	file  []byte
	times *campaign.Timetable
	since time.Time // all that was due before is begun, or recorded as missed

	waiting []campaign.Run     // whose start has come, and who wait for word of their servers
	tested  map[time.Time]bool // the times whose tests are begun, or that have none ahead of them
}

const (
	// readAgain is after how long it is looked again where it failed.
	readAgain = 5 * time.Second
	// recordEvery is how often it is recorded up to when campaigns were looked after.
	recordEvery = 10 * time.Second
	// handover is how long nobody may have looked after a campaign for an edit of it to count from where the last leader left it: long
	// enough for all to be restarted, and too short for the edit to name a past that people take for gone.
	handover = 10 * time.Minute
)

// ChangedError says that what was released is another release than before, and nothing can be sent by it in this term: what was read before
// is not sent any more. Whoever only fails to read it gives another error.
type ChangedError struct{ Err error }

// Error is why.
func (e *ChangedError) Error() string { return e.Err.Error() }

// Unwrap is why.
func (e *ChangedError) Unwrap() error { return e.Err }

func newDue() *due { return &due{} }

// forget forgets which campaigns there are.
func (d *due) forget() { d.known, d.commit, d.campaigns = false, "", nil }

// fire begins the runs that are due. Who looks at once with it, in another process, does not lead; and a campaign has one run
// for a time, whoever begins it.
func (l *leader) fire(ctx context.Context) error {
	now := l.o.Clock.Now()
	if l.due.read.IsZero() || now.Sub(l.due.read) >= l.o.ReadEvery || l.zonesCame() {
		l.due.read = now.Add(readAgain - l.o.ReadEvery) // if it fails
		err := l.readReleased(ctx, now)
		if changed := (*ChangedError)(nil); errors.As(err, &changed) {
			l.due.forget()
		}
		if err != nil {
			return err
		}
		l.due.read = now
	}
	var failed error
	for _, s := range l.due.campaigns { // one that fails holds no other up
		if err := l.fireCampaign(ctx, s, now); err != nil {
			failed = errors.Join(failed, fmt.Errorf("campaign %s: %w", s.Name, err))
		}
	}
	return errors.Join(failed, l.recordLooked(ctx, now))
}

// recordLooked records now and then up to when campaigns were looked after, for the next leader.
func (l *leader) recordLooked(ctx context.Context, now time.Time) error {
	if len(l.due.campaigns) == 0 || now.Sub(l.due.recorded) < recordEvery {
		return nil
	}
	to := map[string]time.Time{}
	for _, s := range l.due.campaigns {
		to[s.Name] = s.since
	}
	if err := l.o.Runs.Looked(ctx, l.epoch, to, now); err != nil {
		return err
	}
	l.due.recorded = now
	return nil
}

// readReleased reads what campaigns there are.
func (l *leader) readReleased(ctx context.Context, now time.Time) error {
	released, err := l.o.Released(ctx)
	if err != nil {
		return fmt.Errorf("read the released campaigns: %w", err)
	}
	var known []runs.Known
	var all []*scheduled
	eachUser := false
	for _, f := range released.Campaigns {
		c, err := l.o.Decode(f.Name, f.Data)
		if err != nil {
			return &ChangedError{fmt.Errorf("campaign %s: %w", f.Name, err)}
		}
		all = append(all, &scheduled{Campaign: c, file: f.Data, tested: map[time.Time]bool{}})
		k := runs.Known{Campaign: f.Name, Fingerprint: c.Fingerprint(), Since: now, Lately: now.Add(-handover)}
		for _, old := range l.due.campaigns {
			if old.Name == f.Name { // an edit that was released since counts from where the old one was looked after
				k.Since, k.Lately = old.since, time.Time{}
			}
		}
		known = append(known, k)
		eachUser = eachUser || c.EachUser
	}
	zones, zoned := l.releasedZones(eachUser)
	if !zoned { // it is read again when they have come
		return nil
	}
	since, err := l.o.Runs.Since(ctx, l.epoch, known)
	if err != nil {
		return err
	}
	for _, s := range all {
		s.times, s.since = s.Timetable(zones), since[s.Name]
		for _, old := range l.due.campaigns { // looked after so far, if its times are the same
			if old.Name == s.Name && old.Fingerprint() == s.Fingerprint() {
				s.since = old.since
				if slices.Equal(zones, l.due.zones) { // else other times may be the first of theirs
					s.tested = old.tested
					maps.DeleteFunc(s.tested, func(at time.Time, _ bool) bool { return at.Before(now) })
				}
			}
		}
	}
	l.due.known, l.due.commit, l.due.campaigns, l.due.zones = true, released.Commit, all, zones
	return nil
}

// fireCampaign begins a campaign's runs.
func (l *leader) fireCampaign(ctx context.Context, s *scheduled, now time.Time) error {
	send, skipped := s.times.Missed(s.since, now, s.Deadline+s.Jitter, s.Missed)
	for _, at := range skipped {
		r := runs.Run{Campaign: s.Name, Time: at, Commit: l.due.commit, File: s.file, State: runs.Missed, Started: now,
			Reason: "nobody was there to begin it in time"}
		if _, _, err := l.o.Runs.Begin(ctx, l.epoch, r); err != nil {
			return err
		}
	}
	s.waiting = nil
	for _, w := range send {
		run := l.run(s.Name, w.Time)
		if now.Before(run.Start(s.Jitter)) {
			continue
		}
		state, reason, known := runs.Paused, runs.UntilTested, true
		if s.Test == nil {
			state, reason, known = l.begins(s, run, now)
		}
		if !known {
			s.waiting = append(s.waiting, run)
			continue
		}
		r := runs.Run{Campaign: s.Name, Time: w.Time, Commit: l.due.commit, File: s.file, State: state, Reason: reason, Started: now}
		if s.EachUser {
			r.Zones, r.Others = w.Zones, w.Others
			if w.Others { // everybody but those of the other zones
				r.Zones = slices.DeleteFunc(slices.Clone(l.due.zones), func(zone string) bool { return slices.Contains(w.Zones, zone) })
			}
		}
		r, begun, err := l.beginRun(ctx, s, r)
		if err != nil {
			return err
		}
		if begun {
			l.o.Log.Info("push: begun", "environment", l.o.Environment, "campaign", s.Name, "due", w.Time, "run", r.ID, "state", string(r.State), "reason", r.Reason)
		}
		if begun && reason != "" && r.Reason == reason && s.Test == nil {
			l.o.Log.Error("push: servers are late", "environment", l.o.Environment, "campaign", s.Name, "due", w.Time, "state", string(state), "reason", reason)
		}
	}
	if before := now.Add(-s.Jitter - time.Second); before.After(s.since) && len(s.waiting) == 0 {
		s.since = before
	}
	return nil
}

// beginRun records a run: one that needs no test as people have left the one that its time had before the campaign was edited.
func (l *leader) beginRun(ctx context.Context, s *scheduled, r runs.Run) (_ runs.Run, begun bool, err error) {
	if s.Test != nil {
		return l.o.Runs.Begin(ctx, l.epoch, r)
	}
	var named []string
	if s.EachUser {
		for _, n := range s.times.Named(r.Time) {
			named = append(named, n.Key())
		}
	}
	return l.o.Runs.BeginUntested(ctx, l.epoch, r, named)
}
