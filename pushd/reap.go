package pushd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/runs"
)

// reapBatch is of how many batches dead tokens are taken out at a time, some 2,000 of them; the game's own writes come in between.
const reapBatch = 50

// reapAgain is after how long it is tried again where dead tokens of a run could not be taken out; twice as long each time, up to mostReapAgain.
const (
	reapAgain     = time.Second
	mostReapAgain = time.Minute
)

// failure is when something failed, and after how long it is tried again.
type failure struct {
	at   time.Time
	wait time.Duration
}

// keepReaping takes out the dead tokens of runs that have ended, until ctx ends: beside the leader's look, since a large table
// without an index, or a query, takes its time for each.
func (l *leader) keepReaping(ctx context.Context) error {
	for {
		if err := l.reap(ctx); err != nil {
			if ctx.Err() != nil || errors.Is(err, runs.ErrNotLeader) {
				return err
			}
			l.o.Log.Warn("push: dead tokens", "environment", l.o.Environment, "err", err)
		}
		if !sleep(ctx, l.o.Clock, lookEvery) {
			return ctx.Err()
		}
	}
}

// reap takes out some dead tokens of each run that has ended. One whose tokens cannot be taken out is in no other's way, and is tried again after
// longer and longer.
func (l *leader) reap(ctx context.Context) error {
	ended, err := l.o.Runs.WithDead(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	failed := map[int64]failure{}
	for _, r := range ended {
		f, now := l.unreaped[r.ID], l.o.Clock.Now()
		if now.Sub(f.at) < f.wait {
			failed[r.ID] = f
			continue
		}
		if err := l.reapOf(ctx, r); err != nil {
			failed[r.ID] = failure{now, min(max(2*f.wait, reapAgain), mostReapAgain)}
			wrong = append(wrong, fmt.Errorf("of the run of %s of %s: %w", r.Campaign, r.Time, err))
		}
	}
	l.unreaped = failed
	return errors.Join(wrong...)
}

func (l *leader) reapOf(ctx context.Context, r runs.Run) error {
	dead, last, err := l.o.Runs.Dead(ctx, r.ID, reapBatch)
	if err != nil {
		return err
	}
	if r.Test != "" { // where a test has reached nobody, it says nothing of the tokens
		dead = slices.DeleteFunc(dead, func(d audience.Dead) bool { return !r.Reached(d.Platform) })
	}
	if r.State != runs.Failed && !l.o.KeepDead && len(dead) > 0 && l.implausible(r.Counts) == "" {
		c, err := l.o.Decode(r.Campaign, r.File)
		if err != nil {
			return err
		}
		q, err := l.o.Query(c, r)
		if err != nil {
			return err
		}
		if _, err := l.o.Tokens.Remove(ctx, q.Table, dead); err != nil {
			return err
		}
	}
	return l.o.Runs.ForgetDead(ctx, l.epoch, r.ID, last)
}
