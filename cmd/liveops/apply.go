package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"liveops/sync/release"
	"liveops/sync/report"
)

func (a *app) applyCommand() *cobra.Command {
	var w where
	var yes bool
	var past passes
	c := &cobra.Command{
		Use:   "apply",
		Short: "Apply the checked-out commit to environments",
		Long: `Apply HEAD of the checkout to each environment in promotion order, each in one transaction: all of it or
nothing. The plan, of every table, is shown first and must be confirmed; what is applied is exactly what was shown. It stops at
the first environment that does not take the commit and holds it (see liveops unlock).

After the rows, the environment's new purges are run. One that is not done stops it there, too; once the hold is
lifted, apply goes on with it.

What liveops.yaml has an environment wait for (freeze, soak, guard, approval, limits) holds here, too: such an
environment waits, is not changed and not held, and the exit code is 2. A plan that needs approval, or deletes more
than the limits, is asked about by itself; where there is no terminal, --confirm names its digest, as the plan shows
it, and --yes does not stand for it. A freeze, soak or guard is passed over with a reason. All that is in the
environment's audit (liveops status --audit 20).

Data files that are not committed stop it: what is released is always a commit.`,
		Example: `  liveops apply                      staging, then production
  liveops apply --env staging        staging alone
  liveops apply --env staging --yes  without asking, for scripts
  liveops apply --env production --yes --confirm 3f9c21ab
  liveops apply --env production --despite-freeze "the shop sells at no price"`,
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
			if err := past.check(c); err != nil {
				return err
			}
			open := &stores{settings: a.settings}
			defer open.Close()
			return a.apply(ctx, &w, s, open, yes, past)
		},
	}
	w.flags(c, true)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	past.flags(c)
	return c
}

// errProblems ends an apply whose problems have been listed.
var errProblems = errors.New("nothing was applied, since there are problems")

// apply shows the plans, asks, and takes the commit to the environments.
func (a *app) apply(ctx context.Context, w *where, s *source, open *stores, yes bool, past passes) error {
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
	documents := &buckets{settings: a.settings}
	defer documents.Close()
	if err := s.addPurging(ctx, documents); err != nil {
		return err
	}
	tokens := &phones{settings: a.settings}
	defer tokens.Close()
	s.addCampaigns(tokens, a.standing(open))
	plans, err := planAndPreview(ctx, s.desired, targets, a.bar())
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
	policy := release.PolicyOf(s.desired.Config)
	if err := a.agree(ctx, policy, plans, targets, past.digests); err != nil {
		return err
	}
	return a.runPipeline(ctx, reached, names, release.Request{
		Policy: policy, Despite: past.despite(),
		Desired: s.desired, Commit: release.Commit{ID: s.commit.ID, Subject: s.commit.Subject, Author: s.commit.Author},
		History: s.Checkout, Actor: actor(), Reviewed: reviewed})
}

// runPipeline releases to the named environments, one after another, and tells how each went.
func (a *app) runPipeline(ctx context.Context, targets []release.Target, names []string, q release.Request) error {
	fmt.Fprintln(a.out)
	bar := a.bar()
	q.Rows = func(env string, done, total int) { bar.show("apply "+env, "rows", done, total) }
	pipeline := release.Pipeline{Targets: targets, Log: slog.New(slog.DiscardHandler)}
	waits := map[string]bool{}
	for _, t := range targets {
		if !slices.Contains(names, t.Name) {
			continue
		}
		q.Only = t.Name
		var progress *release.Progress
		if waits[t.After] {
			progress = &release.Progress{Commit: q.Commit, Steps: []release.Step{{Environment: t.Name, State: release.Queued, Reason: "comes after " + t.After + ", which waits"}}}
		} else {
			var err error
			progress, err = pipeline.Run(ctx, q)
			bar.clear()
			if err != nil {
				return err
			}
		}
		if err := report.ProgressText(a.out, progress, report.TextOptions{Color: a.color(a.out)}); err != nil {
			return err
		}
		if progress.Stopped() != nil {
			return exitCode(exitError)
		}
		waits[t.Name] = waits[t.After] || len(progress.Paused()) > 0
	}
	if slices.Contains(slices.Collect(maps.Values(waits)), true) {
		return exitCode(exitError)
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
