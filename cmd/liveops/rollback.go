package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"liveops/sync/mysqlstore"
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
			st, err := store.State(c.Context())
			if err != nil {
				return err
			}
			id := st.Release
			if len(args) == 1 {
				if id, err = strconv.ParseInt(args[0], 10, 64); err != nil {
					return fmt.Errorf("%q is not the number of a release; liveops status lists them", args[0])
				}
			}
			if id == 0 {
				return fmt.Errorf("%s has no release yet", store.Environment())
			}
			undone, err := store.Release(c.Context(), id)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s: release %d of %.8s by %s: +%d -%d ~%d\n", store.Environment(), id, undone.Commit, undone.Actor, undone.Inserted, undone.Deleted, undone.Updated)
			if !yes {
				if err := a.confirm(fmt.Sprintf("Restore the rows of %s to what they were before?", store.Environment())); err != nil {
					return err
				}
			}
			bar := a.bar()
			done, err := store.Rollback(c.Context(), id, actor(), func(n, total int) { bar.show("restore", "rows", n, total) })
			bar.clear()
			if err != nil {
				return err
			}
			a.tellRollback(store.Environment(), done)
			return nil
		},
	}
	w.flags(c, true)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

// keptShown is how many of the rows that were left alone are named one by one.
const keptShown = 50

func (a *app) tellRollback(environment string, r mysqlstore.Rollback) {
	fmt.Fprintf(a.out, "Rolled back release %d of %s: %d rows deleted, %d brought back, %d restored (release %d).\n",
		r.Undoes, environment, r.Deleted, r.Inserted, r.Updated, r.ID)
	if len(r.Kept) > 0 {
		fmt.Fprintf(a.out, "%d rows were changed since and were left alone:\n", len(r.Kept))
		for _, row := range r.Kept[:min(len(r.Kept), keptShown)] {
			fmt.Fprintf(a.out, "  %q\n", row)
		}
		if more := len(r.Kept) - keptShown; more > 0 {
			fmt.Fprintf(a.out, "  and %d more\n", more)
		}
	}
	fmt.Fprintf(a.out, "%s is on hold: %s. Revert the change on the default branch, then: liveops unlock --env %s\n", environment, r.Hold.Reason, environment)
}
