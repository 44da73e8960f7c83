package pushd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"liveops/pushd/runs"
)

// Lead leads an environment's pushes whenever nobody else does, until ctx ends. It returns when all that it began has
// ended; the error is nil then. What fails in between, also a database that cannot be reached at first, is logged and tried again.
func Lead(ctx context.Context, o Options) error {
	o, err := o.complete()
	if err != nil {
		return err
	}
	prepared := false
	for ctx.Err() == nil {
		if !prepared {
			err = o.Runs.Prepare(ctx)
			prepared = err == nil
		}
		if prepared {
			var epoch runs.Epoch
			since := o.Clock.Now()
			if epoch, err = o.Runs.Lead(ctx, o.Name, 0, o.Lease); err == nil {
				err = leadOnce(ctx, o, epoch, since)
			}
		}
		if ctx.Err() == nil && err != nil && !errors.Is(err, runs.ErrNotLeader) {
			o.Log.Warn("push: leading", "environment", o.Environment, "err", err)
		}
		sleep(ctx, o.Clock, o.renewEvery())
	}
	return nil
}

// leadOnce leads for one term: until ctx ends, the lease is lost, or something fails.
func leadOnce(ctx context.Context, o Options, epoch runs.Epoch, since time.Time) error {
	term, cancel := context.WithCancel(ctx)
	defer cancel()
	l := newLeader(o, epoch)
	l.since = since
	o.Log.Info("push: leads", "environment", o.Environment, "name", o.Name, "epoch", int64(epoch))
	g, term := errgroup.WithContext(term)
	g.Go(func() error { return l.keepLease(term) })
	g.Go(func() error {
		stop, err := o.Batches.Answer(l.answer)
		if err != nil {
			return err
		}
		defer stop()
		return l.look(term)
	})
	g.Go(func() error { return l.collect(term) })
	g.Go(func() error { return l.keepServers(term) })
	g.Go(func() error { return l.keepReaping(term) })
	err := g.Wait()
	l.producing.Wait()
	l.asking.Wait()
	if ctx.Err() != nil {
		resign, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.renewEvery())
		defer cancel()
		return o.Runs.Resign(resign, epoch)
	}
	return err
}

// keepLease renews the lease until it is lost, or might be.
func (l *leader) keepLease(ctx context.Context) error {
	for {
		if !sleep(ctx, l.o.Clock, l.o.renewEvery()) {
			return ctx.Err()
		}
		now := l.o.Clock.Now()
		within, cancel := context.WithTimeout(ctx, l.o.Lease-2*l.o.renewEvery())
		_, err := l.o.Runs.Lead(within, l.o.Name, l.epoch, l.o.Lease)
		cancel()
		switch {
		case err == nil:
			l.mu.Lock()
			l.since = now
			l.mu.Unlock()
		case errors.Is(err, runs.ErrNotLeader):
			return err
		case !l.leads(l.o.Clock.Now()):
			return fmt.Errorf("the lease could not be renewed in time: %w", err)
		}
	}
}

// leads says whether nobody else can lead yet, with some time left.
func (l *leader) leads(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Sub(l.since) <= l.o.Lease-2*l.o.renewEvery()
}
