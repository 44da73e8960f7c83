package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
	"liveops/sync/release"
)

func (a *app) purgeRunCommand() *cobra.Command {
	var w where
	var past purgePasses
	c := &cobra.Command{
		Use:   "run --env ENV NAME",
		Short: "Run a purge, or go on with one",
		Long: `Run a purge as it is committed, or go on with one that was paused, interrupted, or failed for some documents. Each matching
document is changed exactly once, however often the run is interrupted: Ctrl-C pauses it. Each is kept as it was
before it is changed; liveops purge undo brings it back.

What liveops.yaml has a release wait for holds here, too: none is begun or gone on with in a freeze, and none is begun in an environment that
requires approval, or before the environment that comes first has done it. Each is passed over with a reason. A purge of more
documents than limits.purgedDocuments is not begun, and one that comes to it stops there, unless --over-limit lets it
go on; so is it with the file's own limit. What was passed over is in the environment's audit (liveops status --audit 20).

Exit code 0: done, 2: an error, paused, or some documents could not be changed.`,
		Example: `  liveops purge plan --env staging 2013-12-santa-cookie
  liveops purge run --env staging 2013-12-santa-cookie
  liveops purge run --env production 2013-12-santa-cookie --despite-freeze "they sell them on"`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := past.check(c); err != nil {
				return err
			}
			return a.purgeRun(c.Context(), &w, args[0], past)
		},
	}
	w.flags(c, false)
	past.flags(c)
	return c
}

func (a *app) purgeRun(ctx context.Context, w *where, name string, past purgePasses) error {
	s, err := w.open(ctx, true)
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
	db, documents, err := a.purgeStores(ctx, w, open)
	if err != nil {
		return err
	}
	defer documents.Close()
	if err := held(ctx, db); err != nil {
		return err
	}
	run, err := db.Purges().Purge(ctx, p.Name)
	switch {
	case err != nil && !errors.Is(err, mysqlstore.ErrNoPurge):
		return err
	case run.State.Over():
		return &purge.OverError{Run: run}
	}
	policy := release.PolicyOf(s.desired.Config)
	passed, err := a.purgeGates(ctx, policy, db, open, run, p, past)
	if err != nil {
		return err
	}
	o := purgerun.Options{Actor: actor(), Commit: s.commit.ID, Every: 200 * time.Millisecond, Room: policy.PurgeRoom(run)}
	if past.anyNumber {
		o.Limit, o.Room = -1, 0
		passed = append(passed, "over the limits")
	} else if run.Name == "" && o.Room != 0 {
		pl, err := purgerun.MakePlan(ctx, p, documents, documents.Documents(p.Scope, p.Collection), purgerun.PlanOptions{})
		if err != nil {
			return err
		}
		for _, excess := range policy.Excesses(&release.Plan{Purges: []release.PurgePlan{{Purge: p, Plan: pl}}}) {
			return fmt.Errorf("it %s: have it merged, where a second person confirms it, or go on with --over-limit", excess)
		}
	}
	if !past.yes {
		if err := a.confirm(fmt.Sprintf("Run purge %s on %s?", p.Name, db.Environment())); err != nil {
			return err
		}
	}
	if len(passed) > 0 {
		if err := db.Purges().Override(ctx, p.Name, actor(), s.commit.ID, strings.Join(passed, "; ")); err != nil {
			return err
		}
	}
	bar := a.bar()
	defer bar.clear()
	o.Progress = func(r purge.Run) { bar.show("purge "+db.Environment(), "documents", r.Counts.Done, r.Counts.Done) }
	result, err := purgerun.Run(ctx, p, documents, documents.Documents(p.Scope, p.Collection), db.Purges(), o)
	bar.clear()
	return a.showPurgeRun(result, err)
}

// showPurgeRun prints how a run ended, and gives its exit code.
func (a *app) showPurgeRun(result purgerun.Result, err error) error {
	if result.Run.Name != "" {
		fmt.Fprintln(a.out, printable(runLine(result.Run)))
	}
	for _, f := range result.Failures {
		fmt.Fprintln(a.out, printable(fmt.Sprintf("  %s: %v", f.ID, f.Err)))
	}
	if err == nil && result.Run.State != purge.Done {
		err = exitCode(exitError)
	}
	return err
}
