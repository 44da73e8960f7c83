package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"liveops/sync/release"
	"liveops/sync/report"
)

func (a *app) validateCommand() *cobra.Command {
	var w where
	var offline bool
	c := &cobra.Command{
		Use:   "validate",
		Short: "Check liveops.yaml, every workbook, purge and campaign",
		Long: `Check liveops.yaml, every purge and campaign, and every workbook against the tables of each environment, and list every problem with
its file, sheet and cell. With --offline, check only what shows without a database.

Exit code 0: no problem, 2: problems, or an error.`,
		Example: `  liveops validate
  liveops validate --offline --repo ../game-data`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := w.open(c.Context(), false)
			if err != nil {
				return err
			}
			defer s.Close()
			problems := s.desired.Problems
			var plans []*release.Plan
			if offline || s.desired.Config == nil {
				if problems, err = s.desired.Check(c.Context()); err != nil {
					return err
				}
			} else {
				open := &stores{settings: a.settings}
				defer open.Close()
				targets, err := w.targets(c.Context(), s.desired.Config, open)
				if err != nil {
					return err
				}
				tokens := &phones{settings: a.settings}
				defer tokens.Close()
				s.addCampaigns(tokens, nil)
				s.desired.Campaigning.All = true
				if plans, err = planAll(c.Context(), s.desired, targets, a.bar()); err != nil {
					return err
				}
			}
			if !anyProblem(plans, problems) {
				fmt.Fprintf(a.out, "No problem in %s.\n", lookedAt(s.desired))
				return nil
			}
			if err := report.ProblemsText(a.out, problems, plans, a.color(a.out)); err != nil {
				return err
			}
			return exitCode(exitError)
		},
	}
	w.flags(c, true)
	c.Flags().BoolVar(&offline, "offline", false, "ask no database")
	return c
}

// lookedAt names what was checked: "liveops.yaml, 3 sheets and 1 purge".
func lookedAt(d *release.Desired) string {
	parts := []string{"liveops.yaml", several(len(d.Sheets), "sheet", "sheets")}
	if n := len(d.Purges); n > 0 {
		parts = append(parts, several(n, "purge", "purges"))
	}
	if n := len(d.Campaigns); n > 0 {
		parts = append(parts, several(n, "campaign", "campaigns"))
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}
