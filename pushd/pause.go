package pushd

import (
	"context"
	"errors"

	"liveops/pushd/runs"
)

// pause pauses a run that must not go on. One that is canceled, or has ended, does not go on anyway.
func (l *leader) pause(ctx context.Context, run int64, reason string) error {
	err := l.holdBack(run, reason, func() error { return l.o.Runs.Pause(ctx, l.epoch, run, reason) })
	if over := (*runs.StateError)(nil); errors.As(err, &over) {
		return nil
	}
	return err
}

// holdBack has workers told at once that a run is paused, and records it: what was read of the record before that is done does not undo it.
func (l *leader) holdBack(run int64, reason string, record func() error) error {
	l.mu.Lock()
	d := l.led[run]
	if d != nil {
		if d.State == runs.Running {
			d.State, d.Reason = runs.Paused, reason
		}
		d.pausing, d.paused = d.pausing+1, true
	}
	l.mu.Unlock()
	err := record()
	l.mu.Lock()
	defer l.mu.Unlock()
	if d != nil {
		d.pausing--
	}
	return err
}
