package pushd

import (
	"context"
	"strings"
	"time"

	"liveops/pushd/runs"
)

// guardEvery is how often guards are asked while a run goes on.
const guardEvery = 5 * time.Second

// guardMark begins the reason of a pause that ends when the guard is content again.
const guardMark = "the guard "

// watch pauses runs whose guard says that the game is unwell, and lets those that it paused go on when it is well again. What
// people paused stays paused.
func (l *leader) watch(ctx context.Context) error {
	if l.o.Healthy == nil {
		return nil
	}
	now := l.o.Clock.Now()
	var guarded []*led
	l.mu.Lock()
	for _, d := range l.led {
		byGuard := d.State == runs.Paused && strings.HasPrefix(d.Reason, guardMark)
		if d.guard() != "" && (d.State == runs.Running || byGuard) && now.Sub(d.guarded) >= guardEvery {
			d.guarded = now
			guarded = append(guarded, d)
		}
	}
	l.mu.Unlock()
	for _, d := range guarded {
		if err := l.guard(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// guard is the name of the run's guard; "" of a test that somebody asked for, which goes to a few.
func (d *led) guard() string {
	if _, asked := runs.AskedFor(d.Test); asked {
		return ""
	}
	return d.campaign.Guard
}

// guard asks a run's guard, and pauses the run or lets it go on.
func (l *leader) guard(ctx context.Context, d *led) error {
	unwell := l.o.Healthy(ctx, d.campaign.Guard)
	l.mu.Lock()
	state := d.State
	l.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case unwell != nil && state == runs.Running:
		reason := guardMark + d.campaign.Guard + ": " + unwell.Error()
		l.o.Log.Warn("push: paused", "campaign", d.Campaign, "due", d.Time, "reason", reason)
		return l.pause(ctx, d.ID, reason)
	case unwell == nil && state == runs.Paused:
		l.o.Log.Info("push: goes on", "campaign", d.Campaign, "due", d.Time, "guard", d.campaign.Guard)
		_, err := l.o.Runs.Wish(ctx, d.ID, runs.Running, "")
		return err
	}
	return nil
}
