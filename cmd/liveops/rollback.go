package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

func (a *app) rollbackCommand() *cobra.Command {
	var w where
	var yes bool
	c := &cobra.Command{
		Use:   "rollback --env ENV [RELEASE]",
		Short: "Restore the rows that a release changed",
		Long: `Restore the rows that a release (by its number; by default the newest) changed to what they were before it, in
one transaction. A row that is no longer as the release left it is left alone and named. The environment is held
afterwards, since the default branch still has the release's changes: revert them there, then liveops unlock.`,
		Example: `  liveops rollback --env production      the newest release
  liveops rollback --env production 41   release 41; liveops status lists them`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			store, err := w.one(c.Context(), open)
			if err != nil {
				return err
			}
			undone, err := toUndo(c.Context(), store, args)
			if err != nil {
				return err
			}
			fmt.Fprintln(a.out, printable(fmt.Sprintf("%s: release %d (%s of %s, by %s): +%d -%d ~%d", store.Environment(), undone.ID,
				undone.Kind, release.ShortDigest(undone.Commit), undone.Actor, undone.Inserted, undone.Deleted, undone.Updated)))
			if !yes {
				if err := a.confirm(fmt.Sprintf("Restore the rows of %s to what they were before?", store.Environment())); err != nil {
					return err
				}
			}
			bar := a.bar()
			done, err := store.Rollback(c.Context(), undone.ID, actor(), func(n, total int) { bar.show("restore", "rows", n, total) })
			bar.clear()
			if err != nil {
				return err
			}
			a.tellRollback(store.Environment(), done)
			return nil
		},
	}
	w.flags(c, false)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

// toUndo is the release to roll back: the one that is named by its number, or the newest. To undo an undoing
// brings back what someone wanted gone, so it must be asked for by number.
func toUndo(ctx context.Context, store *mysqlstore.Store, args []string) (mysqlstore.Release, error) {
	if len(args) == 1 {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || id <= 0 {
			return mysqlstore.Release{}, fmt.Errorf("%q is not the number of a release; liveops status lists them", args[0])
		}
		undone, err := store.Release(ctx, id)
		if err == nil && undone.State != mysqlstore.Applied {
			err = fmt.Errorf("%w: release %d of %s is %s", mysqlstore.ErrNotUndoable, id, store.Environment(), undone.State)
		}
		return undone, err
	}
	st, err := store.State(ctx)
	if err != nil {
		return mysqlstore.Release{}, err
	}
	if st.Release == 0 {
		return mysqlstore.Release{}, fmt.Errorf("%s has no release yet", store.Environment())
	}
	newest, err := store.Release(ctx, st.Release)
	if err == nil && newest.Kind == mysqlstore.RollbackKind {
		err = fmt.Errorf("the newest release of %s, %d, is the rollback of release %d; name the release to undo by its number (liveops status lists them)",
			store.Environment(), newest.ID, newest.Undoes)
	}
	return newest, err
}

// keptShown is how many of the rows that were left alone are named one by one.
const keptShown = 50

func (a *app) tellRollback(environment string, r mysqlstore.Rollback) {
	fmt.Fprintf(a.out, "Rolled back release %d of %s: %s deleted, %d brought back, %d restored (release %d).\n",
		r.Undoes, environment, several(r.Deleted, "row", "rows"), r.Inserted, r.Updated, r.ID)
	if len(r.Kept) > 0 {
		fmt.Fprintf(a.out, "%s changed since and left alone:\n", several(len(r.Kept), "row was", "rows were"))
		for _, row := range r.Kept[:min(len(r.Kept), keptShown)] {
			fmt.Fprintln(a.out, "  "+printable(row))
		}
		if more := len(r.Kept) - keptShown; more > 0 {
			fmt.Fprintf(a.out, "  and %d more\n", more)
		}
	}
	if r.Hold == (mysqlstore.Hold{}) {
		return
	}
	fmt.Fprintln(a.out, printable(fmt.Sprintf("%s is on hold: %s.", environment, strings.TrimSuffix(r.Hold.Reason, "."))))
	fmt.Fprintf(a.out, "Revert the change on the default branch, then: liveops unlock --env %s\n", environment)
}
