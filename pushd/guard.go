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
	var guarded []sighting
	l.mu.Lock()
	for _, d := range l.led {
		byGuard := d.State == runs.Paused && strings.HasPrefix(d.Reason, runs.UntilWell)
		if d.guard() != "" && (d.State == runs.Running || byGuard) {
			guarded = append(guarded, sighting{d, d.Run})
		}
	}
	l.mu.Unlock()
	for _, g := range guarded {
		l.askGuard(ctx, g.d, func(unwell error) error { return l.guard(ctx, g, unwell) })
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

// askGuard asks a run's guard beside the look, which goes on: an answer may take half a minute where the game is unwell. Then it does what follows
// of that. It asks nothing while it waits for an answer, nor within guardEvery.
func (l *leader) askGuard(ctx context.Context, d *led, then func(unwell error) error) {
	now := l.o.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.asking || now.Sub(d.guarded) < guardEvery {
		return
	}
	d.asking, d.guarded = true, now
	l.asking.Go(func() {
		unwell := l.o.Healthy(ctx, d.guard())
		err := ctx.Err() // the term is over, which says nothing of the game
		if err == nil {
			err = then(unwell)
		}
		l.mu.Lock()
		d.asking = false
		l.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			l.o.Log.Warn("push: a guard's word", "environment", l.o.Environment, "campaign", d.Campaign, "due", d.Time, "guard", d.guard(), "err", err)
		}
	})
}

// askWhetherWell is askGuard of a run that is paused and may go on otherwise: at once where nobody need be asked.
func (l *leader) askWhetherWell(ctx context.Context, d *led, then func(unwell error) error) error {
	if d.guard() == "" || l.o.Healthy == nil {
		return then(nil)
	}
	l.askGuard(ctx, d, func(unwell error) error {
		if unwell != nil {
			l.o.Log.Warn("push: stays paused", "campaign", d.Campaign, "due", d.Time, "guard", d.guard(), "err", unwell)
		}
		return then(unwell)
	})
	return nil
}

// guard pauses a run, or lets it go on, as its guard says; nothing where it stands otherwise by now than it was seen.
func (l *leader) guard(ctx context.Context, s sighting, unwell error) error {
	switch {
	case unwell != nil && s.seen.State == runs.Running:
		reason := runs.UntilWell + s.d.guard() + ": " + unwell.Error()
		moved := false
		err := l.holdBack(s.d.ID, reason, func() (err error) {
			moved, err = l.o.Runs.Move(ctx, l.epoch, s.seen, runs.Paused, reason)
			return err
		})
		if !moved {
			return err
		}
		l.o.Log.Warn("push: paused", "campaign", s.d.Campaign, "due", s.d.Time, "reason", reason)
	case unwell == nil && s.seen.State == runs.Paused:
		return l.goesOn(ctx, s.seen, "", "its guard is content")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.d.held = false
	s.d.signal()
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
