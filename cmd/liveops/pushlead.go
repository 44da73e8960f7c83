package main

import (
	"context"
	"log/slog"
	"time"

	"liveops/pushd"
)

// led is an environment whose pushes are led by liveops.yaml as it was when this was made.
type led struct {
	options pushd.Options
	changed <-chan struct{} // closed when another liveops.yaml was found to be released
}

// mendEvery is how often a liveops.yaml by which nothing can be sent is read again.
const mendEvery = time.Minute

// leadReleased leads until ctx ends. When another liveops.yaml is released the term ends in good order, and the next one goes by
// that: nothing is begun by the old one in between. One by which nothing can be sent is said in the log, and read again until it is mended.
func leadReleased(ctx context.Context, now led, next func(context.Context) (led, error), lead func(context.Context, pushd.Options) error, log *slog.Logger) error {
	for {
		term, end := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- lead(term, now.options) }()
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
		log.Info("push: another liveops.yaml was released", "environment", environment)
		for {
			if now, err = next(ctx); err == nil {
				break
			}
			if ctx.Err() != nil {
				return nil
			}
			log.Error("push: nothing is begun or handed out until liveops.yaml is mended", "environment", environment, "err", err)
			select {
			case <-time.After(mendEvery):
			case <-ctx.Done():
				return nil
			}
		}
	}
}
