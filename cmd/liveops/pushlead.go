package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"liveops/bot"
	"liveops/datasheets"
	"liveops/pushd"
	"liveops/pushd/control"
)

// led is an environment whose pushes are led by liveops.yaml as it was when this was made.
type led struct {
	options pushd.Options
	changed <-chan struct{} // closed when another liveops.yaml was found to be released
}

const (
	// mendEvery is how often a liveops.yaml by which nothing can be sent is read again.
	mendEvery = time.Minute
	// reachAtFirst is after how long what could not be reached is tried again, twice as long each next time up to reachAtMost: nobody in this
	// process leads meanwhile, and where all read the same release at once, nobody at all.
	reachAtFirst = time.Second
	reachAtMost  = 10 * time.Second
)

// terms are how an environment's pushes are led, one liveops.yaml after the other.
type terms struct {
	next func(context.Context) (led, error)         // reads how
	lead func(context.Context, pushd.Options) error // leads until the context ends
	wait func(context.Context, time.Duration) error // waits, or gives the context's error
	log  *slog.Logger
}

// run leads until ctx ends. When another liveops.yaml is released the term ends in good order, and the next one goes by
// that: nothing is begun by the old one in between. One by which nothing can be sent is said in the log, and read again until it is mended.
func (t terms) run(ctx context.Context, now led) error {
	for {
		term, end := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- t.lead(term, now.options) }()
		var err error
		select {
		case err = <-ended:
		case <-now.changed:
			end()
			err = <-ended
		}
		end()
		if err != nil || ctx.Err() != nil {
			return err
		}
		environment := now.options.Environment
		t.log.Info("push: another liveops.yaml was released", "environment", environment)
		if now, err = t.read(ctx, environment); err != nil {
			return nil // ctx has ended
		}
	}
}

// read reads how the next term is led, again and again until that can be read. An error is the end of ctx.
func (t terms) read(ctx context.Context, environment string) (led, error) {
	unreached := reachAtFirst
	for {
		next, err := t.next(ctx)
		if err == nil {
			return next, nil
		}
		pause, what := unreached, "push: nothing is begun or handed out until it is known what was released"
		if ofTheFile(err) {
			pause, what = mendEvery, "push: nothing is begun or handed out until liveops.yaml is mended"
			unreached = reachAtFirst
		} else {
			unreached = min(2*unreached, reachAtMost)
		}
		if ctx.Err() == nil {
			t.log.Error(what, "environment", environment, "err", err)
		}
		if err := t.wait(ctx, pause); err != nil {
			return led{}, err
		}
	}
}

// ofTheFile says whether an error is for people to mend, in what was released or in the settings that it needs; others pass.
func ofTheFile(err error) bool {
	problem, setting := (*datasheets.Problem)(nil), (*bot.SettingError)(nil)
	return errors.As(err, &problem) || errors.As(err, &setting) || errors.Is(err, control.ErrNoPush)
}

// waitFor waits for a while, or for the end of ctx, whose error it is then.
func waitFor(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
