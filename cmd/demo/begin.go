package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"liveops/datarepo"
	"liveops/sync/release"
)

// begin releases main as it is with the pipeline of `liveops apply`, and starts the bot.
func (w *world) begin(ctx context.Context) error {
	remote := &datarepo.Remote{URL: w.repo.CloneURL(), Username: "x-access-token", Password: botToken}
	c, err := remote.Fetch(ctx, "refs/heads/main")
	if err != nil {
		return err
	}
	defer c.Close()
	desired, err := release.Read(ctx, c.ID, c.Files)
	if err != nil {
		return err
	}
	pipeline := release.Pipeline{Log: slog.New(slog.DiscardHandler)}
	for i, e := range environments {
		t := release.Target{Name: e.name, Store: w.stores[e.name]}
		if i > 0 {
			t.After = environments[i-1].name
		}
		pipeline.Targets = append(pipeline.Targets, t)
	}
	progress, err := pipeline.Run(ctx, release.Request{Desired: desired, Commit: release.Commit{ID: c.ID}, History: first{}, Actor: lead})
	if err != nil {
		return err
	}
	if s := progress.Stopped(); s != nil {
		return fmt.Errorf("the first release was stopped at %s: %s", s.Environment, s.Reason)
	}
	if err := w.startBot(ctx); err != nil {
		return err
	}
	if err := w.state(ctx); err != nil {
		return err
	}
	_, policy, _ := strings.Cut(config, "environments:")
	policy, _, _ = strings.Cut(policy, "tables:")
	w.say("\nIts liveops.yaml says how a release goes, and who may do what:\n\nenvironments:%s", policy)
	return nil
}

// first is the history of a first commit: it comes after nothing.
type first struct{}

// Between answers for the one question that a first release asks.
func (first) Between(_ context.Context, from, to string) (datarepo.Relation, []datarepo.Summary, error) {
	if from == to {
		return datarepo.Same, nil, nil
	}
	return datarepo.Ahead, []datarepo.Summary{{ID: to}}, nil
}
