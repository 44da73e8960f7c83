package pushd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"liveops/pushd/runs"
)

// follow takes over what the record says of the runs that have not ended, and begins to lead those that are new to it. One that cannot be
// led is in no other's way: it is idle, and tried again. So is one that was canceled before it was led: that needs no more than its end.
func (l *leader) follow(ctx context.Context) error {
	l.mu.Lock()
	for _, d := range l.led {
		d.paused = d.pausing > 0
	}
	l.mu.Unlock()
	live, err := l.o.Runs.Live(ctx)
	if err != nil {
		return err
	}
	idle := map[int64]*led{}
	var failed error
	for _, d := range l.takeOver(ctx, live) {
		if d.State != runs.Canceling {
			err := l.take(ctx, d)
			if err == nil {
				continue
			}
			failed = errors.Join(failed, fmt.Errorf("lead the run of %s of %s: %w", d.Campaign, d.Time, err))
		}
		d.held, idle[d.ID] = true, d
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready, l.idle = true, idle
	return failed
}

// takeOver takes over how the runs stand that are led, and gives those that are not.
func (l *leader) takeOver(ctx context.Context, live []runs.Run) (fresh []*led) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.led {
		if !slices.ContainsFunc(live, func(r runs.Run) bool { return r.ID == id }) {
			delete(l.led, id)
		}
	}
	for _, r := range live {
		d := l.led[r.ID]
		if d == nil {
			d = &led{Run: r, settled: make(chan struct{}, 1), open: map[int]bool{}, done: map[int]bool{}, before: r.Last, owners: map[int]owner{}, asked: r.Started}
			if before := l.idle[r.ID]; before != nil {
				d.asked = before.asked
			} else if l.ready { // it has just come, whatever the clock says of who asked for it
				d.asked = l.o.Clock.Now()
			}
			fresh = append(fresh, d)
			continue
		}
		if d.paused && r.State == runs.Running { // it was read before that
			continue
		}
		if d.State != r.State {
			l.o.Log.Info("push: run", "campaign", r.Campaign, "due", r.Time, "state", string(r.State), "reason", r.Reason)
		}
		d.State, d.Reason = r.State, r.Reason
		d.signal()
		if d.broken {
			d.Run, d.known, d.broken = r, false, false
			l.startProducing(ctx, d)
		}
	}
	return fresh
}

// told is how workers are told that a run stands: it is paused for them until it is led, and its guard has answered. l.mu must be held.
func (d *led) told() runs.State {
	if d.held && d.State == runs.Running {
		return runs.Paused
	}
	return d.State
}

// seen is a run as it stands.
func (l *leader) seen(d *led) runs.Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return d.Run
}

// signal has the run's producer look again.
func (d *led) signal() {
	select {
	case d.settled <- struct{}{}:
	default:
	}
}

// take begins to lead a run: one that was just begun, or whose leader is gone. One whose file cannot be read fails.
func (l *leader) take(ctx context.Context, d *led) error {
	var err error
	if d.campaign, err = l.o.Decode(d.Campaign, d.File); err != nil {
		if err := l.o.Runs.End(ctx, l.epoch, d.ID, runs.Failed, "its file cannot be read: "+err.Error(), l.o.Clock.Now()); err != nil {
			return err
		}
		return l.o.Batches.End(ctx, d.ID)
	}
	d.pace = &pace{rate: d.campaign.Rate}
	if d.unheeded(l.o.Clock.Now()) { // before anything of it is sent
		r, err := l.o.Runs.Wish(ctx, d.ID, runs.Canceling, unheededReason)
		if err != nil {
			return err
		}
		d.State, d.Reason = r.State, r.Reason
	}
	d.held = d.guard() != "" && l.o.Healthy != nil && d.State == runs.Running
	if err := l.o.Batches.Begin(ctx, d.ID); err != nil {
		return err
	}
	l.mu.Lock()
	l.led[d.ID] = d
	l.mu.Unlock()
	l.startProducing(ctx, d)
	return nil
}

// startProducing hands the run's audience out, beside the caller.
func (l *leader) startProducing(ctx context.Context, d *led) {
	l.producing.Go(func() {
		err := l.produce(ctx, d)
		if err == nil || ctx.Err() != nil || errors.Is(err, errCanceled) {
			return
		}
		l.o.Log.Warn("push: the audience of a run", "campaign", d.Campaign, "due", d.Time, "err", err)
		l.mu.Lock()
		defer l.mu.Unlock()
		d.broken = true
	})
}
