package pushd

import (
	"context"
	"strings"
	"time"

	"liveops/pushd/runs"
)

// guardEvery is how often guards are asked while a run goes on.
const guardEvery = 5 * time.Second

// watch pauses runs whose guard says that the game is unwell, and lets those that it paused go on when it is well again. What
// people paused stays paused.
func (l *leader) watch(ctx context.Context) error {
	if l.o.Healthy == nil {
		return nil
	}
	now := l.o.Clock.Now()
	var guarded []sighting
	l.mu.Lock()
	for _, d := range l.led {
		byGuard := d.State == runs.Paused && strings.HasPrefix(d.Reason, runs.UntilWell)
		if d.guard() != "" && (d.State == runs.Running || byGuard) && now.Sub(d.guarded) >= guardEvery {
			d.guarded = now
			guarded = append(guarded, sighting{d, d.Run})
		}
	}
	l.mu.Unlock()
	for _, g := range guarded {
		if err := l.guard(ctx, g.d, g.seen); err != nil {
			return err
		}
	}
	return nil
}

// sighting is a run that is led, and how it stood when that was looked at: what it is decided by. Meanwhile people may wish otherwise.
type sighting struct {
	d    *led
	seen runs.Run
}

// guard is the name of the run's guard; "" of a test that somebody asked for, which goes to a few.
func (d *led) guard() string {
	if _, asked := runs.AskedFor(d.Test); asked {
		return ""
	}
	return d.campaign.Guard
}

// guard asks a run's guard, and pauses the run, as it was seen, or lets it go on.
func (l *leader) guard(ctx context.Context, d *led, seen runs.Run) error {
	unwell := l.o.Healthy(ctx, d.campaign.Guard)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case unwell != nil && seen.State == runs.Running:
		reason := runs.UntilWell + d.campaign.Guard + ": " + unwell.Error()
		l.o.Log.Warn("push: paused", "campaign", d.Campaign, "due", d.Time, "reason", reason)
		return l.pause(ctx, d.ID, reason)
	case unwell == nil && seen.State == runs.Paused:
		return l.goesOn(ctx, seen, "", "its guard is content")
	}
	return nil
}

// goesOn lets a run go on that is still paused as it was seen. since is why.
func (l *leader) goesOn(ctx context.Context, seen runs.Run, reason, since string) error {
	moved, err := l.o.Runs.Move(ctx, l.epoch, seen, runs.Running, reason)
	if moved {
		l.o.Log.Info("push: goes on", "environment", l.o.Environment, "campaign", seen.Campaign, "due", seen.Time, "since", since)
	}
	return err
}
