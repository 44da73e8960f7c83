package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"liveops/sync/release"
	"liveops/sync/report"
)

// releasesShown is how many releases of an environment the status lists.
const releasesShown = 5

func (a *app) statusCommand() *cobra.Command {
	var w where
	var format string
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where each environment stands",
		Long: `Show of each environment the commit and release it is at, whether it is on hold and why, its newest releases,
and how many rows each described table has. Nothing is written.`,
		Example: `  liveops status
  liveops status --env production --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := w.open(c.Context(), false)
			if err != nil {
				return err
			}
			defer s.Close()
			open := &stores{settings: a.settings}
			defer open.Close()
			targets, err := w.targets(c.Context(), s.desired.Config, open)
			if err != nil {
				return err
			}
			var environments []report.EnvironmentStatus
			for _, t := range targets {
				e, err := environmentStatus(c.Context(), t, s.desired)
				if err != nil {
					return err
				}
				environments = append(environments, e)
			}
			switch format {
			case "text":
				return report.StatusText(a.out, environments, report.TextOptions{Color: a.color(a.out), Width: width(a.out)})
			case "json":
				return report.StatusJSON(a.out, environments)
			default:
				return fmt.Errorf("there is no format %q; there are text and json", format)
			}
		},
	}
	w.flags(c, true)
	c.Flags().StringVar(&format, "format", "text", "text or json")
	return c
}

func environmentStatus(ctx context.Context, t release.Target, desired *release.Desired) (report.EnvironmentStatus, error) {
	e := report.EnvironmentStatus{Name: t.Name}
	snap, err := t.Store.Snapshot(ctx)
	if err != nil {
		return e, err
	}
	defer snap.Close()
	e.State = snap.State
	if e.Last, err = t.Store.Releases(ctx, releasesShown); err != nil {
		return e, err
	}
	for _, sheet := range desired.Sheets {
		row := report.TableRows{Table: sheet.Name, Sheets: sheet.Path}
		if table := snap.Tables[sheet.Name]; table == nil {
			row.Err = "no such table"
		} else if row.Rows, err = snap.Count(ctx, table); err != nil {
			return e, err
		}
		e.Tables = append(e.Tables, row)
	}
	return e, nil
}
