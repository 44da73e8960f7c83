package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"liveops/bot"
	"liveops/bot/hub"
	"liveops/engine"
)

// startBot runs liveops' bot as `liveops serve` does, and has GitHub's webhooks sent to it.
func (w *world) startBot(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "liveops-demo-")
	if err != nil {
		return err
	}
	w.close = append(w.close, func() error { return os.RemoveAll(dir) })
	w.queue, err = engine.Open(ctx, engine.Options{Dir: dir, Logger: w.log})
	if err != nil {
		return err
	}
	w.close = append(w.close, w.queue.Close)
	// The stand-in takes writes as fast as they come, so that the bot needs not write at GitHub's pace.
	way, err := hub.New(hub.Options{Token: botToken, URL: w.github.URL(), Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		return err
	}
	b, err := bot.New(ctx, bot.Options{
		Secrets: []string{secret}, Repositories: []string{owner + "/" + name}, Hub: way, Queue: w.queue, Stores: w, Buckets: w, Phones: w, Log: w.log,
		Now: w.clock.now, Tick: w.clock.tick,
	})
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(serving, l) }()
	w.close = append(w.close, func() error { stop(); return <-ended })
	w.github.SetWebhook("http://"+l.Addr().String()+"/webhook", secret)
	return nil
}

// settle waits until GitHub has sent everything, and the bot has worked everything off.
func (w *world) settle(ctx context.Context) error {
	if err := w.github.WaitDelivered(ctx); err != nil {
		return fmt.Errorf("wait for GitHub: %w", err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		waiting, parked, err := w.queue.Depth(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("wait for the bot: %w", err)
		case parked > 0:
			return fmt.Errorf("the bot gave up on %d deliveries or jobs", parked)
		case waiting == 0:
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for the bot: %w", ctx.Err())
		}
	}
}
