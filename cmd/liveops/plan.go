package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/sync/release"
	"liveops/sync/report"
)

func (a *app) planCommand() *cobra.Command {
	var w where
	var between fromTo
	var format string
	var committed, rehearse bool
	c := &cobra.Command{
		Use:   "plan [--from ENV --to ENV [TABLE...]]",
		Short: "Show what the workbooks would change in each environment",
		Long: `Show, row by row, what the workbooks would change in each environment's database. Nothing is written.
The files are read as they stand in the checkout, committed or not; --committed reads HEAD. Every table that sheets
describe is compared, so that rows that someone changed by hand show too; a pull request's comment is of the tables
whose workbooks have changed since the environment's release.

Of campaigns that change the next times are shown, and how many phones get them, where the environment's tokens can be
reached (LIVEOPS_<ENV>_PUSH_DSN, by default its MySQL; LIVEOPS_<ENV>_COUCHBASE_URL for a query of Couchbase).

Of purges that an environment has not seen yet the candidates are read, where its Couchbase is set: how many documents
would be changed, and the difference of the first ones.

With --rehearse the plan of the first environment is carried out there in a transaction, data tests included, and
rolled back: what the database or a data test (checks/*.sql) would refuse is among the problems. It locks the rows
of the sheets' tables for that moment, and makes the tables in which liveops keeps its records where they are missing.

With --from and --to it shows, instead, what would bring tables of one environment to what another one holds: by
default the tables that sheets describe, else those named. The servers compare checksums of ranges of rows, so that
only rows that may differ are read. See liveops promote.

Exit code 0: nothing to do, 1: there are changes, 2: an error, or problems in the files.`,
		Example: `  liveops plan                              every environment, as text
  liveops plan --env staging                one environment
  liveops plan --env staging --rehearse     and whether staging would take it
  liveops plan --format markdown > plan.md  what the bot's comment would say
  liveops plan --format html > plan.html    every row, in a page that can be filtered
  liveops plan --from staging --to production shop_item
  liveops plan --format json | jq '.environments[].tables[].name'`,
		RunE: func(c *cobra.Command, tables []string) error {
			if err := checkFormat(format, formats()...); err != nil {
				return err
			}
			if between.given() {
				return a.planBetween(c.Context(), &w, between, tables, format)
			}
			if len(tables) > 0 {
				return errors.New("tables are named with --from and --to; what sheets say is planned for all of them")
			}
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
				if rehearse {
					if err := mayRehearse(s.desired.Config, targets); err != nil {
						return err
					}
				}
				documents := &buckets{settings: a.settings}
				defer documents.Close()
				if err := s.addPurging(c.Context(), documents); err != nil {
					return err
				}
				tokens := &phones{settings: a.settings}
				defer tokens.Close()
				s.addCampaigns(tokens, a.standing(open))
				if plans, err = planAndPreview(c.Context(), s.desired, targets, a.bar()); err != nil {
					return err
				}
				if rehearse {
					bar := a.bar()
					err := release.Rehearse(c.Context(), plans[0], s.desired, targets[0].Store, func(done, total int) { bar.show("rehearse "+targets[0].Name, "rows", done, total) })
					bar.clear()
					if err != nil {
						return err
					}
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
	between.flags(c, &w)
	c.Flags().StringVar(&format, "format", "text", "text, markdown, json or html")
	c.Flags().BoolVar(&committed, "committed", false, "plan HEAD, without changes that are not committed")
	c.Flags().BoolVar(&rehearse, "rehearse", false, "try the plan out on the first environment, and roll it back")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp))
	for _, flag := range []string{"env", "committed", "rehearse"} {
		c.MarkFlagsMutuallyExclusive("from", flag)
	}
	return c
}

// mayRehearse refuses a rehearsal where the first environment, on which alone there is one, was not asked for.
func mayRehearse(config *datarepo.Config, targets []release.Target) error {
	if first := config.Environments[0].Name; targets[0].Name != first {
		return fmt.Errorf("--rehearse tries the plan out on %s, the first environment, and on no other; name it with --env", first)
	}
	return nil
}

// showPlans writes plans in a format.
func (a *app) showPlans(w io.Writer, format string, plans []*release.Plan, problems []datasheets.Problem) error {
	switch format {
	case "text":
		return report.Text(w, plans, problems, report.TextOptions{Color: a.color(w), Width: width(w)})
	case "markdown":
		_, err := io.WriteString(w, report.Markdown(plans, problems))
		return err
	case "html":
		return report.HTMLPlans(w, plans, problems)
	default:
		return report.JSON(w, plans, problems)
	}
}

// formats are those of a report.
func formats() []string { return []string{"text", "markdown", "json", "html"} }

// checkFormat refuses a --format that a command does not have, before any work is done.
func checkFormat(format string, has ...string) error {
	if slices.Contains(has, format) {
		return nil
	}
	last := len(has) - 1
	return fmt.Errorf("there is no format %q; there are %s and %s", format, strings.Join(has[:last], ", "), has[last])
}

// planExit is the exit code of what was shown.
func planExit(plans []*release.Plan, problems []datasheets.Problem) error {
	changes := 0
	for _, p := range plans {
		changes += p.Count().Total() + len(p.Purges) + len(p.Campaigns)
	}
	switch {
	case anyProblem(plans, problems):
		return exitCode(exitError)
	case changes > 0:
		return exitCode(exitChanges)
	default:
		return nil
	}
}

// anyProblem says whether the files, or the plan of any environment, have a problem.
func anyProblem(plans []*release.Plan, problems []datasheets.Problem) bool {
	return len(problems) > 0 || slices.ContainsFunc(plans, func(p *release.Plan) bool { return len(p.Problems) > 0 })
}
