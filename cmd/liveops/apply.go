package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"liveops/sync/release"
	"liveops/sync/report"
)

func (a *app) applyCommand() *cobra.Command {
	var w where
	var yes bool
	c := &cobra.Command{
		Use:   "apply",
		Short: "Apply the checked-out commit to environments",
		Long: `Apply HEAD of the checkout to each environment in promotion order, each in one transaction: all of it or
nothing. The plan, of every table, is shown first and must be confirmed; what is applied is exactly what was shown. It stops at
the first environment that does not take the commit and holds it (see liveops unlock).

Data files that are not committed stop it: what is released is always a commit.`,
		Example: `  liveops apply                      staging, then production
  liveops apply --env staging        staging alone
  liveops apply --env staging --yes  without asking, for scripts`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			s, err := w.open(ctx, true)
			if err != nil {
				return err
			}
			defer s.Close()
			changed, err := s.Changed(ctx)
			if err != nil {
				return err
			}
			if len(changed) > 0 {
				return fmt.Errorf("not committed: %s; commit first, a release is always of a commit", strings.Join(changed, ", "))
			}
			open := &stores{settings: a.settings}
			defer open.Close()
			return a.apply(ctx, &w, s, open, yes)
		},
	}
	w.flags(c, true)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

// errProblems ends an apply whose problems have been listed.
var errProblems = errors.New("nothing was applied, since there are problems")

// apply shows the plans, asks, and takes the commit to the environments.
func (a *app) apply(ctx context.Context, w *where, s *source, open *stores, yes bool) error {
	if s.desired.Config == nil {
		if err := report.ProblemsText(a.out, s.desired.Problems, nil, a.color(a.out)); err != nil {
			return err
		}
		return errProblems
	}
	reached, err := w.withPredecessors(ctx, s.desired.Config, open)
	if err != nil {
		return err
	}
	targets, err := w.targets(ctx, s.desired.Config, open) // open already
	if err != nil {
		return err
	}
	plans, err := planAll(ctx, s.desired, targets, a.bar())
	if err != nil {
		return err
	}
	if err := a.showPlans(a.out, "text", plans, s.desired.Problems); err != nil {
		return err
	}
	if anyProblem(plans, s.desired.Problems) {
		return errProblems
	}
	reviewed := map[string]string{}
	var names []string
	for _, p := range plans {
		if n := p.Count().Total(); n > 0 && p.Base.Commit == s.commit.ID {
			return fmt.Errorf("%s has commit %s already, yet %s from what the sheets say: changed by hand since? To bring that back, release a new commit (git commit --allow-empty)",
				p.Environment, release.ShortDigest(s.commit.ID), several(n, "row differs", "rows differ"))
		}
		reviewed[p.Environment] = p.Digest
		names = append(names, p.Environment)
	}
	if !yes {
		if err := a.confirm(fmt.Sprintf("Apply %s to %s?", release.ShortDigest(s.commit.ID), strings.Join(names, ", then "))); err != nil {
			return err
		}
	}
	return a.runPipeline(ctx, reached, names, release.Request{
		Desired: s.desired, Commit: release.Commit{ID: s.commit.ID, Subject: s.commit.Subject, Author: s.commit.Author},
		History: s.Checkout, Actor: actor(), Reviewed: reviewed})
}

// runPipeline releases to the named environments, one after another, and tells how each went.
func (a *app) runPipeline(ctx context.Context, targets []release.Target, names []string, q release.Request) error {
	fmt.Fprintln(a.out)
	bar := a.bar()
	q.Rows = func(env string, done, total int) { bar.show("apply "+env, "rows", done, total) }
	pipeline := release.Pipeline{Targets: targets, Log: slog.New(slog.DiscardHandler)}
	for _, name := range names {
		q.Only = name
		progress, err := pipeline.Run(ctx, q)
		bar.clear()
		if err != nil {
			return err
		}
		if err := report.ProgressText(a.out, progress, report.TextOptions{Color: a.color(a.out)}); err != nil {
			return err
		}
		if progress.Stopped() != nil {
			return exitCode(exitError)
		}
	}
	return nil
}

// actor is who runs the command, for the ledger.
func actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username + " (command line)"
	}
	return "command line"
}
