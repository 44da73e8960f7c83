package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"liveops/datasheets"
	"liveops/sync/release"
	"liveops/sync/report"
)

func (a *app) planCommand() *cobra.Command {
	var w where
	var format string
	var committed bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what the workbooks would change in each environment",
		Long: `Show, row by row, what the workbooks would change in each environment's database. Nothing is written.
The files are read as they stand in the checkout, committed or not; --committed reads HEAD.

Exit code 0: nothing to do, 1: there are changes, 2: an error, or problems in the files.`,
		Example: `  liveops plan                              every environment, as text
  liveops plan --env staging                one environment
  liveops plan --format markdown > plan.md  what the bot's comment would say
  liveops plan --format json | jq '.environments[].tables[].name'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := w.open(c.Context(), committed)
			if err != nil {
				return err
			}
			defer s.Close()
			var plans []*release.Plan
			problems := s.desired.Problems
			if s.desired.Config != nil {
				open := &stores{settings: a.settings}
				defer open.Close()
				targets, err := w.targets(c.Context(), s.desired.Config, open)
				if err != nil {
					return err
				}
				if plans, err = planAll(c.Context(), s.desired, targets, a.bar()); err != nil {
					return err
				}
			} else if problems, err = s.desired.Check(c.Context()); err != nil {
				return err
			}
			if err := a.showPlans(a.out, format, plans, problems); err != nil {
				return err
			}
			return planExit(plans, problems)
		},
	}
	w.flags(c, true)
	c.Flags().StringVar(&format, "format", "text", "text, markdown or json")
	c.Flags().BoolVar(&committed, "committed", false, "plan HEAD, without changes that are not committed")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "markdown", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// showPlans writes plans in a format.
func (a *app) showPlans(w io.Writer, format string, plans []*release.Plan, problems []datasheets.Problem) error {
	switch format {
	case "text":
		return report.Text(w, plans, problems, report.TextOptions{Color: a.color(w), Width: width(w)})
	case "markdown":
		_, err := io.WriteString(w, report.Markdown(plans, problems))
		return err
	case "json":
		return report.JSON(w, plans, problems)
	default:
		return fmt.Errorf("there is no format %q; there are text, markdown and json", format)
	}
}

// planExit is the exit code of what was shown.
func planExit(plans []*release.Plan, problems []datasheets.Problem) error {
	changes := 0
	for _, p := range plans {
		problems = append(problems, p.Problems...)
		changes += p.Count().Total()
	}
	switch {
	case len(problems) > 0:
		return exitCode(exitError)
	case changes > 0:
		return exitCode(exitChanges)
	default:
		return nil
	}
}
