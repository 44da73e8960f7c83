package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

func (a *app) purgeRunCommand() *cobra.Command {
	var w where
	var yes, anyNumber bool
	c := &cobra.Command{
		Use:   "run --env ENV NAME",
		Short: "Run a purge, or go on with one",
		Long: `Run a purge as it is committed, or go on with one that was paused, interrupted, or failed for some documents. Each matching
document is changed exactly once, however often the run is interrupted: Ctrl-C pauses it. Each is kept as it was
before it is changed; liveops purge undo brings it back.

Exit code 0: done, 2: an error, paused, or some documents could not be changed.`,
		Example: `  liveops purge plan --env staging 2013-12-santa-cookie
  liveops purge run --env staging 2013-12-santa-cookie`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.purgeRun(c.Context(), &w, args[0], yes, anyNumber)
		},
	}
	w.flags(c, false)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&anyNumber, "over-limit", false, "change more documents than the file's limit")
	return c
}

func (a *app) purgeRun(ctx context.Context, w *where, name string, yes, anyNumber bool) error {
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
	if !yes {
		if err := a.confirm(fmt.Sprintf("Run purge %s on %s?", p.Name, db.Environment())); err != nil {
			return err
		}
	}
	bar := a.bar()
	defer bar.clear()
	o := purgerun.Options{Actor: actor(), Commit: s.commit.ID, Every: 200 * time.Millisecond,
		Progress: func(r purge.Run) { bar.show("purge "+db.Environment(), "documents", r.Counts.Done, r.Counts.Done) }}
	if anyNumber {
		o.Limit = -1
	}
	result, err := purgerun.Run(ctx, p, documents, documents.Documents(p.Scope, p.Collection), db.Purges(), o)
	bar.clear()
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
