package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// rollbackFlags say how a release is undone.
type rollbackFlags struct{ through, keepChanged, plan, yes, writeFiles bool }

func (a *app) rollbackCommand() *cobra.Command {
	var w where
	var f rollbackFlags
	c := &cobra.Command{
		Use:   "rollback --env ENV [RELEASE]",
		Short: "Restore the rows that a release changed",
		Long: `Restore the rows that a release (by its number; by default the newest) changed to what they were before it, in
one transaction. What it restores is shown first and must be confirmed; --plan only shows it.

It is refused, and nothing is changed, where rows are no longer as the release left them. Each is named with the later
release that changed it, or that no release did, and the command that goes on:
  --through       undoes all later releases too, newest first: the environment is then as it was before RELEASE
  --keep-changed  leaves such rows alone, names them, and restores the others
Rows that the game, or a person by hand, changed are never run over, also not with --through. Rows of a table whose
columns have changed since cannot be restored, and count as such rows. AUTO_INCREMENT counters stay where they are.

The environment is held afterwards, since the default branch still has the changes. The files that bring Git to the same state
are shown, and --write-files writes them into a checkout without uncommitted data files, for you to commit: the
earlier version of what nobody touched since, else the workbook as it is with the environment's rows. For a
release that is rolled back already it writes only the files. Once they are merged: liveops unlock.

Exit code 0: done; with --plan 0: nothing to restore, 1: rows would be restored; 2: an error, or it is refused.`,
		Example: `  liveops rollback --env production               the newest release
  liveops rollback --env production 41            release 41; liveops status lists them
  liveops rollback --env production 41 --through  release 41 and all later ones
  liveops rollback --env production 41 --plan     only look
  liveops rollback --env production 41 --write-files  and change the checkout's files to match`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			store, err := w.one(c.Context(), open)
			if err != nil {
				return err
			}
			return a.rollback(c.Context(), &w, store, args, f)
		},
	}
	w.flags(c, false)
	c.Flags().BoolVar(&f.through, "through", false, "undo all later releases too")
	c.Flags().BoolVar(&f.keepChanged, "keep-changed", false, "leave rows alone that have changed since, and restore the others")
	c.Flags().BoolVar(&f.plan, "plan", false, "only show what would be restored")
	c.Flags().BoolVar(&f.writeFiles, "write-files", false, "write the files that bring Git to the same state into the checkout")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.MarkFlagsMutuallyExclusive("plan", "write-files")
	return c
}

// rollback shows what undoing a release would restore, asks, and does it.
func (a *app) rollback(ctx context.Context, w *where, store *mysqlstore.Store, args []string, f rollbackFlags) error {
	undone, err := toUndo(ctx, store, args)
	if errors.Is(err, mysqlstore.ErrNotUndoable) && f.writeFiles && undone.UndoneBy != 0 {
		done, err := store.RollbackBy(ctx, undone.UndoneBy)
		if err != nil {
			return err
		}
		return a.revertFiles(ctx, w, store, done, f)
	}
	if err != nil {
		return err
	}
	if f.writeFiles { // before anything is changed
		if err := w.isClean(ctx); err != nil {
			return err
		}
	}
	q := mysqlstore.RollbackRequest{Release: undone.ID, Actor: actor(), Through: f.through, KeepChanged: f.keepChanged}
	p, err := store.PlanRollback(ctx, q)
	if err != nil {
		return err
	}
	if err := a.showRollback(store.Environment(), p); err != nil {
		return err
	}
	if p.Changed != nil && !f.keepChanged {
		a.tellChanged("Changed since, so that nothing is rolled back", p.Changed.Changed)
		return fmt.Errorf("%s refuses to roll back release %d; to go on: %s", store.Environment(), undone.ID, p.Changed.Command())
	}
	if p.Changed != nil {
		a.tellChanged("Changed since, and left alone", p.Changed.Changed)
	}
	if f.plan {
		if len(p.Tables) > 0 {
			return exitCode(exitChanges)
		}
		return nil
	}
	if !f.yes {
		if err := a.confirm(fmt.Sprintf("Restore the rows of %s to what they were before?", store.Environment())); err != nil {
			return err
		}
	}
	bar := a.bar()
	q.Digest, q.Progress = p.Digest, func(n, total int) { bar.show("restore", "rows", n, total) }
	done, err := store.Rollback(ctx, q)
	bar.clear()
	if err != nil {
		return err
	}
	a.tellRollback(store.Environment(), done)
	return a.revertFiles(ctx, w, store, done, f)
}

// showRollback shows the releases that are undone, and row by row what is restored.
func (a *app) showRollback(environment string, p *mysqlstore.RollbackPlan) error {
	for _, r := range p.Undoes {
		line := fmt.Sprintf("%s: release %d (%s of %s, by %s): +%d -%d ~%d", environment, r.ID, r.Kind, release.ShortDigest(r.Commit), r.Actor, r.Inserted, r.Deleted, r.Updated)
		if r.State == mysqlstore.RolledBack {
			line += ", rolled back already"
		}
		fmt.Fprintln(a.out, printable(line))
	}
	fmt.Fprintln(a.out)
	return a.showPlans(a.out, "text", []*release.Plan{{Environment: environment, Tables: p.Tables, Base: p.Base}}, nil)
}

// toUndo is the release to roll back: the one that is named by its number, or the newest.
func toUndo(ctx context.Context, store *mysqlstore.Store, args []string) (mysqlstore.Release, error) {
	id := int64(0)
	if len(args) == 1 {
		var err error
		if id, err = strconv.ParseInt(args[0], 10, 64); err != nil || id <= 0 {
			return mysqlstore.Release{}, fmt.Errorf("%q is not the number of a release; liveops status lists them", args[0])
		}
	}
	return store.Undoable(ctx, id)
}

// tellChanged names the rows that are not restored, and who changed them.
func (a *app) tellChanged(what string, changed mysqlstore.Changed) {
	fmt.Fprintf(a.out, "\n%s (%s):\n", what, several(changed.Count(), "row", "rows"))
	for _, t := range changed {
		if t.Why != "" {
			fmt.Fprintln(a.out, printable(fmt.Sprintf("  %s: %s (%s)", t.Table, t.Why, several(t.Count, "row", "rows"))))
			continue
		}
		for _, row := range t.Rows {
			fmt.Fprintln(a.out, "  "+printable(row.String()))
		}
		if more := t.Count - len(t.Rows); more > 0 {
			fmt.Fprintf(a.out, "  and %d more of %s\n", more, printable(t.Table))
		}
	}
}

func (a *app) tellRollback(environment string, r mysqlstore.Rollback) {
	what := fmt.Sprintf("release %d", r.Undoes)
	if n := len(r.Undone); n > 1 {
		what = fmt.Sprintf("releases %d to %d", r.Undone[n-1], r.Undone[0])
	}
	fmt.Fprintf(a.out, "\nRolled back %s of %s: %s deleted, %d brought back, %d restored (release %d).\n",
		what, environment, several(r.Deleted, "row", "rows"), r.Inserted, r.Updated, r.ID)
	if len(r.Kept) > 0 {
		fmt.Fprintf(a.out, "%s left alone.\n", several(r.Kept.Count(), "row was", "rows were"))
	}
	for _, table := range r.Counters {
		fmt.Fprintln(a.out, printable("The AUTO_INCREMENT counter of "+table+" stays where it is: no rollback takes it back."))
	}
	if r.Hold == (mysqlstore.Hold{}) {
		return
	}
	fmt.Fprintln(a.out, printable(fmt.Sprintf("%s is on hold: %s.", environment, strings.TrimSuffix(r.Hold.Reason, "."))))
	fmt.Fprintf(a.out, "Once the default branch agrees: liveops unlock --env %s\n", environment)
}
