package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"liveops/sync/couchstore"
	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
	"liveops/sync/release"
)

// diffLines is how many lines of a document's difference are shown.
const diffLines = 60

func (a *app) purgePlanCommand() *cobra.Command {
	var w where
	var examples int
	c := &cobra.Command{
		Use:   "plan NAME",
		Short: "Show what a purge would change, without writing",
		Long: `Read a purge's candidates in each environment and run its jq on them, without writing anything: how many documents match, how
many candidates do not, the difference of the first ones with the fields of mask left out, and how long a run takes.
The file is read as it stands, committed or not.

Exit code 0: nothing matches, 1: documents would be changed, 2: an error, or more match than the file's limit.`,
		Example: `  liveops purge plan 2013-12-santa-cookie
  liveops purge plan 2013-12-santa-cookie --env staging --examples 10`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.purgePlan(c.Context(), &w, args[0], purgerun.PlanOptions{Examples: examples})
		},
	}
	w.flags(c, true)
	c.Flags().IntVar(&examples, "examples", 3, "show the difference of the first `N` documents")
	return c
}

func (a *app) purgePlan(ctx context.Context, w *where, name string, o purgerun.PlanOptions) error {
	s, err := w.open(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := s.purgeOf(name)
	if err != nil {
		return err
	}
	open := &stores{settings: a.settings}
	defer open.Close()
	targets, err := w.targets(ctx, s.desired.Config, open)
	if err != nil {
		return err
	}
	matches, over := 0, false
	for _, t := range targets {
		pl, err := a.purgePlanIn(ctx, t, p, o)
		if err != nil {
			return err
		}
		if pl != nil {
			matches += pl.Matches
			over = over || pl.OverBy > 0 || pl.Failed > 0
		}
	}
	switch {
	case over:
		return exitCode(exitError)
	case matches > 0:
		return exitCode(exitChanges)
	}
	return nil
}

// purgePlanIn plans a purge in one environment; nil where it is not run there any more.
func (a *app) purgePlanIn(ctx context.Context, t release.Target, p *purge.Purge, o purgerun.PlanOptions) (*purgerun.Plan, error) {
	run, err := t.Store.Purges().Purge(ctx, p.Name)
	switch {
	case errors.Is(err, mysqlstore.ErrNoPurge):
	case err != nil:
		return nil, err
	case run.Fingerprint != p.Fingerprint():
		return nil, &purge.ChangedError{Name: p.Name, Released: run.Fingerprint}
	case run.State.Over():
		fmt.Fprintf(a.out, "%s: %s\n", t.Name, printable(runLine(run)))
		return nil, nil
	}
	store, err := a.couchbase(ctx, t.Name)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	bar := a.bar()
	defer bar.clear()
	o.Run = run.ID
	o.Progress = func(n int) { bar.show("plan "+t.Name, "candidates", n, n) }
	pl, err := purgerun.MakePlan(ctx, p, store, store.Documents(p.Scope, p.Collection), o)
	if err != nil {
		return nil, err
	}
	bar.clear()
	return pl, a.showPurgePlan(t.Name, p, pl)
}

// showPurgePlan prints a plan.
func (a *app) showPurgePlan(environment string, p *purge.Purge, pl *purgerun.Plan) error {
	verb := "changed"
	if p.Delete {
		verb = "removed"
	}
	say := func(format string, args ...any) { fmt.Fprintln(a.out, printable(fmt.Sprintf(format, args...))) }
	if pl.Matches == 0 {
		say("%s: no document matches; %s read", environment, several(pl.Candidates, "candidate", "candidates"))
	} else {
		say("%s: %s would be %s, in about %s; %s read", environment, several(pl.Matches, "document", "documents"), verb,
			max(pl.Takes.Round(time.Second), time.Second), several(pl.Candidates, "candidate", "candidates"))
	}
	for _, c := range []struct {
		n    int
		what string
	}{{pl.Unmatched, "without a match"}, {pl.Unchanged, "matching without a change"}, {pl.Missing, "without a document"}, {pl.Before, "changed by it already"}, {pl.Failed, "cannot be judged"}} {
		if c.n > 0 {
			say("  %d %s", c.n, c.what)
		}
	}
	for _, f := range pl.Failures {
		say("  %s: %v", f.ID, f.Err)
	}
	if pl.OverBy > 0 {
		say("  these are %d more than the file's limit of %d", pl.OverBy, p.Limit)
	}
	for _, e := range pl.Examples {
		lines, err := p.Diff(e.Before, e.After, diffLines)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out)
		say("%s", e.ID)
		for _, l := range lines {
			say("%s", l)
		}
	}
	return nil
}

// purgeStores opens what a run and an undo need of one environment. The caller closes both.
func (a *app) purgeStores(ctx context.Context, w *where, open *stores) (*mysqlstore.Store, *couchstore.Store, error) {
	db, err := w.one(ctx, open)
	if err != nil {
		return nil, nil, err
	}
	documents, err := a.couchbase(ctx, db.Environment())
	return db, documents, err
}
