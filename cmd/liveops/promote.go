package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	var despite string
	c := &cobra.Command{
		Use:   "promote --from ENV --to ENV TABLE...",
		Short: "Bring tables from one environment to a later one",
		Long: `Bring tables of one environment to what an earlier one holds, in one transaction: the same plan, checks, data tests,
ledger and way back (liveops rollback) as a release of sheets. The plan is shown first and must be confirmed.

Only rows that no sheet owns are written to the database. What sheets own comes from the data repo, whose next release
would undo anything else: such rows are written into the workbooks of the checkout, as liveops export does, for you to commit.

While the later environment is frozen nothing is written to it, unless --despite-freeze says why; its audit has that.`,
		Example: `  liveops promote --from staging --to production drop_rate event_calendar
  liveops plan --from staging --to production drop_rate    only look`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, tables []string) error {
			if c.Flags().Changed("despite-freeze") && strings.TrimSpace(despite) == "" {
				return errors.New("say why: --despite-freeze REASON")
			}
			return a.promote(c.Context(), &w, between, tables, yes, despite)
		},
	}
	c.Flags().StringVar(&w.repo, "repo", ".", "the data repo's checkout, or a `folder` in it")
	between.flags(c, &w)
	c.MarkFlagRequired("from")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	c.Flags().StringVar(&despite, "despite-freeze", "", "go on despite a freeze, for this `reason`")
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
	holders, err := open.holders(ctx, s.desired, between)
	if err != nil {
		return err
	}
	defer holders.close()
	c, err := a.compare(ctx, s.desired, holders, tables)
	if err != nil {
		return err
	}
	if err := a.showComparison(c, format, s.desired.Problems); err != nil {
		return err
	}
	return planExit([]*release.Plan{&c.Plan}, s.desired.Problems)
}

// holders are two environments, each with a snapshot.
type holders struct{ from, to release.Holder }

func (h *holders) close() {
	for _, one := range []release.Holder{h.from, h.to} {
		if one.Snapshot != nil {
			one.Snapshot.Close()
		}
	}
}

// holders takes the snapshots.
func (s *stores) holders(ctx context.Context, d *release.Desired, between fromTo) (*holders, error) {
	h := &holders{release.Holder{Environment: between.from}, release.Holder{Environment: between.to}}
	for _, one := range []*release.Holder{&h.from, &h.to} {
		targets, err := (&where{environments: []string{one.Environment}}).targets(ctx, d.Config, s)
		if err == nil {
			one.Snapshot, err = targets[0].Store.Snapshot(ctx)
		}
		if err != nil {
			h.close()
			return nil, err
		}
	}
	return h, nil
}

// compare compares tables, by default those that sheets describe, of two environments.
func (a *app) compare(ctx context.Context, d *release.Desired, h *holders, tables []string) (*release.Comparison, error) {
	if len(tables) == 0 {
		tables = d.SheetTables()
	}
	tables = slices.Compact(slices.Sorted(slices.Values(tables)))
	bar := a.bar()
	defer bar.clear()
	return release.Compare(ctx, d, h.from, h.to, tables, func(done, total int) { bar.show("compare", "tables", done, total) })
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

// promote shows what changes, asks, and applies it; what sheets own it writes into the checkout's workbooks.
func (a *app) promote(ctx context.Context, w *where, between fromTo, tables []string, yes bool, despite string) error {
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
	holders, err := open.holders(ctx, s.desired, between)
	if err != nil {
		return err
	}
	defer holders.close()
	c, err := a.compare(ctx, s.desired, holders, tables)
	if err != nil {
		return err
	}
	if err := a.showComparison(c, "text", s.desired.Problems); err != nil {
		return err
	}
	if anyProblem([]*release.Plan{&c.Plan}, s.desired.Problems) { // also since a workbook that cannot be read hides which tables sheets own
		return errProblems
	}
	if direct := c.Direct(s.desired); direct.Count().Total() > 0 {
		override, err := despiteFreeze(s.desired.Config, between.to, despite)
		if err != nil {
			return err
		}
		if !yes {
			if err := a.confirm(fmt.Sprintf("Write %s to %s?", several(direct.Count().Total(), "row", "rows"), between.to)); err != nil {
				return err
			}
		}
		if err := a.promoteDirect(ctx, open, direct, s.desired, between, override); err != nil {
			return err
		}
	}
	return a.promoteSheets(ctx, s, holders, c)
}

// despiteFreeze is what the audit gets where an environment is frozen, an error where no reason is given.
func despiteFreeze(config *datarepo.Config, environment, reason string) (override string, err error) {
	asked := release.PolicyOf(config).Environment(environment)
	window, until, frozen := asked.Freeze.At(time.Now())
	switch {
	case !frozen:
		return "", nil
	case reason != "":
		return "despite the freeze: " + reason, nil
	}
	why := environment + " is frozen"
	if window.Reason != "" {
		why += " (" + window.Reason + ")"
	}
	if !until.IsZero() {
		why += " until " + until.In(config.Timezone).Format("2006-01-02 15:04 ") + config.Timezone.String()
	}
	return "", fmt.Errorf("%s; nothing was written. To go on: --despite-freeze REASON", why)
}

// promoteDirect applies the plan of tables, or rows, that no sheet owns.
func (a *app) promoteDirect(ctx context.Context, open *stores, p *release.Plan, d *release.Desired, between fromTo, override string) error {
	store, err := open.Store(ctx, between.to)
	if err != nil {
		return err
	}
	bar := a.bar()
	done, err := store.Promote(ctx, mysqlstore.Request{Digest: p.Digest, Actor: actor(), Epoch: p.Base.Epoch, Read: p.Base.Read, Tables: p.Tables,
		Tests: d.Tests, Override: override, Progress: func(n, total int) { bar.show("promote", "rows", n, total) }})
	bar.clear()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: promoted from %s: +%d -%d ~%d (release %d)\nTo undo it: liveops rollback --env %s %d\n",
		between.to, between.from, done.Inserted, done.Deleted, done.Updated, done.ID, between.to, done.ID)
	return nil
}

// promoteSheets writes the rows that sheets own into their workbooks, for the next release to bring.
func (a *app) promoteSheets(ctx context.Context, s *source, h *holders, c *release.Comparison) error {
	tables := slices.Sorted(slices.Values(slices.Concat(c.Owned, c.Shared)))
	if len(tables) == 0 {
		return nil
	}
	fmt.Fprintf(a.out, "\nSheets own rows of %s: they are written into the workbooks. Commit those, and the release brings them to %s.\n",
		strings.Join(tables, ", "), h.to.Environment)
	e := &exporter{app: a, desired: s.desired, snap: h.from.Snapshot, environment: h.to.Environment, dir: s.Dir}
	return e.intoRepo(ctx, tables)
}

// leads refuses a promotion that does not go the way of releases.
func leads(config *datarepo.Config, between fromTo) error {
	if _, err := (&where{environments: []string{between.from, between.to}}).chosen(config); err != nil {
		return err
	}
	if release.Leads(config, between.from, between.to) {
		return nil
	}
	return fmt.Errorf("%s does not come after %s in liveops.yaml: rows are promoted the way that releases go", between.to, between.from)
}
