package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// fromTo are the flags that name two environments.
type fromTo struct{ from, to string }

func (f *fromTo) flags(c *cobra.Command, w *where) {
	c.Flags().StringVar(&f.from, "from", "", "the `environment` whose rows are wanted")
	c.Flags().StringVar(&f.to, "to", "", "the `environment` that is to have them")
	c.MarkFlagsRequiredTogether("from", "to")
	c.RegisterFlagCompletionFunc("from", w.complete)
	c.RegisterFlagCompletionFunc("to", w.complete)
}

func (f *fromTo) given() bool { return f.from != "" }

func (a *app) promoteCommand() *cobra.Command {
	var w where
	var between fromTo
	var yes bool
	c := &cobra.Command{
		Use:   "promote --from ENV --to ENV TABLE...",
		Short: "Bring tables that no sheet owns from one environment to a later one",
		Long: `Bring tables of one environment to what an earlier one holds, in one transaction: the same plan, checks, data tests,
ledger and way back (liveops rollback) as a release of sheets. The plan is shown first and must be confirmed.

Only rows that no sheet owns are written. What sheets own comes from the data repo, whose next release would undo
anything else: to change it, change the workbook, for instance by liveops export from the environment that has it.`,
		Example: `  liveops promote --from staging --to production drop_rate event_calendar
  liveops plan --from staging --to production drop_rate    only look`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, tables []string) error {
			return a.promote(c.Context(), &w, between, tables, yes)
		},
	}
	c.Flags().StringVar(&w.repo, "repo", ".", "the data repo's checkout, or a `folder` in it")
	between.flags(c, &w)
	c.MarkFlagRequired("from")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

// planBetween shows what would bring tables of one environment to what another one holds.
func (a *app) planBetween(ctx context.Context, w *where, between fromTo, tables []string, format string) error {
	s, err := w.open(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	open := &stores{settings: a.settings}
	defer open.Close()
	c, err := a.compare(ctx, s.desired, open, between, tables)
	if err != nil {
		return err
	}
	if err := a.showComparison(c, format, s.desired.Problems); err != nil {
		return err
	}
	return planExit([]*release.Plan{&c.Plan}, s.desired.Problems)
}

// compare compares tables, by default those that sheets describe, of two environments.
func (a *app) compare(ctx context.Context, d *release.Desired, open *stores, between fromTo, tables []string) (*release.Comparison, error) {
	if len(tables) == 0 {
		tables = d.SheetTables()
	}
	slices.Sort(tables)
	var holders [2]release.Holder
	for i, name := range []string{between.from, between.to} {
		targets, err := (&where{environments: []string{name}}).targets(ctx, d.Config, open)
		if err != nil {
			return nil, err
		}
		snap, err := targets[0].Store.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		defer snap.Close()
		holders[i] = release.Holder{Environment: name, Snapshot: snap}
	}
	bar := a.bar()
	defer bar.clear()
	return release.Compare(ctx, d, holders[0], holders[1], slices.Compact(tables), func(done, total int) { bar.show("compare", "tables", done, total) })
}

// showComparison shows it as a plan.
func (a *app) showComparison(c *release.Comparison, format string, problems []datasheets.Problem) error {
	if err := a.showPlans(a.out, format, []*release.Plan{&c.Plan}, problems); err != nil {
		return err
	}
	if format == "text" && len(c.Shared) > 0 {
		fmt.Fprintf(a.out, "\nOnly rows that no sheet owns are compared of %s.\n", strings.Join(c.Shared, ", "))
	}
	return nil
}

// promote shows what changes, asks, and applies it.
func (a *app) promote(ctx context.Context, w *where, between fromTo, tables []string, yes bool) error {
	s, err := w.open(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := leads(s.desired.Config, between); err != nil {
		return err
	}
	open := &stores{settings: a.settings}
	defer open.Close()
	c, err := a.compare(ctx, s.desired, open, between, tables)
	if err != nil {
		return err
	}
	if err := a.showComparison(c, "text", s.desired.Problems); err != nil {
		return err
	}
	switch {
	case anyProblem([]*release.Plan{&c.Plan}, s.desired.Problems): // also since a workbook that cannot be read hides which tables sheets own
		return errProblems
	case len(c.Owned) > 0:
		return fmt.Errorf("sheets own %s, and the next release would undo what is written there: change the workbook instead", strings.Join(c.Owned, ", "))
	case c.Count().Total() == 0:
		return nil
	}
	if !yes {
		if err := a.confirm(fmt.Sprintf("Bring these rows of %s to %s?", between.from, between.to)); err != nil {
			return err
		}
	}
	store, err := open.Store(ctx, between.to)
	if err != nil {
		return err
	}
	bar := a.bar()
	done, err := store.Promote(ctx, mysqlstore.Request{Digest: c.Digest, Actor: actor(), Epoch: c.Base.Epoch, Read: c.Base.Read, Tables: c.Tables,
		Tests: s.desired.Tests, Progress: func(n, total int) { bar.show("promote", "rows", n, total) }})
	bar.clear()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: promoted from %s: +%d -%d ~%d (release %d)\nTo undo it: liveops rollback --env %s %d\n",
		between.to, between.from, done.Inserted, done.Deleted, done.Updated, done.ID, between.to, done.ID)
	return nil
}

// leads refuses a promotion that does not go the way of releases.
func leads(config *datarepo.Config, between fromTo) error {
	environments, err := (&where{environments: []string{between.from, between.to}}).chosen(config)
	if err != nil {
		return err
	}
	after := map[string]string{}
	for _, e := range config.Environments {
		after[e.Name] = e.After
	}
	for at := after[between.to]; len(environments) == 2 && at != ""; at = after[at] {
		if at == between.from {
			return nil
		}
	}
	return fmt.Errorf("%s does not come after %s in liveops.yaml: rows are promoted the way that releases go", between.to, between.from)
}
