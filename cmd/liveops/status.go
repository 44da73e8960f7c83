package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"liveops/sync/release"
	"liveops/sync/report"
)

// releasesShown is how many releases of an environment the status lists.
const releasesShown = 5

func (a *app) statusCommand() *cobra.Command {
	var w where
	var format string
	var audit int
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where each environment stands",
		Long: `Show of each environment the commit and release it is at, whether it is on hold or frozen and why, its newest releases,
and, side by side, how many rows each table that sheets describe has and how many of them the sheets would change
(? where problems in the files hide that; see liveops validate and liveops plan). Nothing is written. An environment
that gives no answer is told with the others, and makes the exit code 2.

With --audit it lists, too, who did what to each environment last: releases, holds, confirmations, gates passed over.`,
		Example: `  liveops status
  liveops status --env production --format json
  liveops status --env production --audit 20`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format, "text", "json"); err != nil {
				return err
			}
			environments, err := a.status(c.Context(), &w, max(audit, 0))
			if err != nil {
				return err
			}
			if format == "json" {
				err = report.StatusJSON(a.out, environments)
			} else {
				err = report.StatusText(a.out, environments, report.TextOptions{Color: a.color(a.out), Width: width(a.out)})
			}
			if err == nil && slices.ContainsFunc(environments, func(e report.EnvironmentStatus) bool { return e.Error != "" }) {
				err = exitCode(exitError)
			}
			return err
		},
	}
	w.flags(c, true)
	c.Flags().StringVar(&format, "format", "text", "text or json")
	c.Flags().IntVar(&audit, "audit", 0, "list the newest `N` entries of each environment's audit")
	return c
}

// status asks each environment. One that gives no answer has the reason in its place: what the others say is
// needed most just then.
func (a *app) status(ctx context.Context, w *where, audit int) ([]report.EnvironmentStatus, error) {
	s, err := w.open(ctx, false)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	chosen, err := w.chosen(s.desired.Config)
	if err != nil {
		return nil, err
	}
	open := &stores{settings: a.settings}
	defer open.Close()
	var all []report.EnvironmentStatus
	for _, e := range chosen {
		var status report.EnvironmentStatus
		store, err := open.Store(ctx, e.Name)
		if err == nil {
			status, err = a.environmentStatus(ctx, release.Target{Name: e.Name, Store: store}, s.desired)
		}
		if window, until, frozen := e.Freeze.At(time.Now()); err == nil && frozen {
			status.Freeze = &report.FreezeStatus{Reason: window.Reason, Zone: s.desired.Config.Timezone}
			if !until.IsZero() {
				status.Freeze.Until = &until
			}
		}
		if err == nil && audit > 0 {
			status.Audit, err = store.Audit(ctx, audit)
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			status = report.EnvironmentStatus{Name: e.Name, Error: err.Error()}
		}
		all = append(all, status)
	}
	return all, nil
}

func (a *app) environmentStatus(ctx context.Context, t release.Target, desired *release.Desired) (report.EnvironmentStatus, error) {
	bar := a.bar()
	defer bar.clear()
	s, err := release.ReadStatus(ctx, t, desired, releasesShown, func(done, total int) { bar.show("compare "+t.Name, "sheets", done, total) })
	return report.StatusOf(s), err
}
