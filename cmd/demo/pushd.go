package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"liveops/datarepo"
	"liveops/pushd"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/control"
	"liveops/pushd/recipients"
	"liveops/pushd/runs"
)

// pushWorkers is how many workers send.
const pushWorkers = 2

// storyClock is the story's clock for who sends pushes. Only what it shows is put forward: who waits, waits by the machine's.
type storyClock struct{ *clock }

// Now is what the story's clock shows.
func (c storyClock) Now() time.Time { return c.now() }

// After waits by the machine's clock.
func (c storyClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// startPushd leads production's pushes and works for them, as `liveops pushd --env production` does.
func (w *world) startPushd(ctx context.Context) error {
	batches, err := w.queue.Batches(ctx, "production")
	if err != nil {
		return err
	}
	files := &released{world: w}
	_, push, err := files.read(ctx)
	if err != nil {
		return err
	}
	if w.kept, err = w.keepServers(ctx); err != nil {
		return err
	}
	now := storyClock{w.clock}
	w.record = runs.New(w.stores["production"].DB())
	lead := pushd.Options{Environment: "production", Name: "demo", Batches: batches, Runs: w.record, Tokens: w.audience, Decode: control.Decode,
		Query: files.query, Released: files.campaigns, Servers: w.kept, MostServers: mostServers, Gateways: push.Gateways(), Quotas: push.Quotas, Clock: now, Log: w.log}
	parts := []func(context.Context) error{func(ctx context.Context) error { return pushd.Lead(ctx, lead) }}
	for i := range pushWorkers {
		f, a, err := w.senders()
		if err != nil {
			return err
		}
		w.close = append(w.close, f.Close, a.Close)
		work := pushd.WorkOptions{Environment: "production", Name: fmt.Sprintf("worker %d", i), Batches: batches, Decode: control.Decode,
			Senders: map[campaign.Gateway]pushd.Sender{campaign.FCM: f, campaign.APNs: a}, Clock: now, Log: w.log}
		parts = append(parts, func(ctx context.Context) error { return pushd.Work(ctx, work) })
	}
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	g, sending := errgroup.WithContext(sending)
	for _, part := range parts {
		g.Go(func() error { return part(sending) })
	}
	w.close = append(w.close, func() error { stop(); return g.Wait() })
	return nil
}

// released is what was released to production, as the daemon reads it.
type released struct {
	*world
	mu   sync.Mutex
	last *control.Release
}

// read reads it, and keeps it for what is asked later.
func (r *released) read(ctx context.Context) (*control.Release, *datarepo.Push, error) {
	now, err := control.Read(ctx, r.stores["production"])
	if err != nil {
		return nil, nil, err
	}
	r.mu.Lock()
	r.last = now
	r.mu.Unlock()
	p, err := now.Push()
	return now, p, err
}

// campaigns are those that are sent.
func (r *released) campaigns(ctx context.Context) (pushd.Released, error) {
	now, _, err := r.read(ctx)
	if err != nil {
		return pushd.Released{}, err
	}
	out := pushd.Released{Commit: now.Commit}
	for _, c := range now.Campaigns {
		out.Campaigns = append(out.Campaigns, pushd.File{Name: c.Name, Data: c.File})
	}
	return out, nil
}

// query is whose tokens a run's are, by what was read last.
func (r *released) query(c *campaign.Campaign, of runs.Run) (audience.Query, error) {
	r.mu.Lock()
	p, err := r.last.Push()
	r.mu.Unlock()
	if err != nil {
		return audience.Query{}, err
	}
	return recipients.Query(c, p, recipients.Run{Zones: of.Zones, Others: of.Others, Started: of.Started})
}
