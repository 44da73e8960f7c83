package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"liveops/datasheets"
	"liveops/sync/purge"
)

func (a *app) purgeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "purge",
		Short: "Change user documents in Couchbase by the files in purges/",
		Long: `Change user documents in Couchbase by the files in purges/, once in each environment, with a way back. A purge is named
by its file, without the folder and the extension. What every run did stands in the environment's MySQL, with each
document as it was before.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.purgePlanCommand(), a.purgeRunCommand(), a.purgeUndoCommand(), a.purgeStatusCommand(),
		a.purgeWishCommand(purge.WishPause), a.purgeWishCommand(purge.WishCancel))
	return c
}

// purgeOf finds a purge of the files that were read.
func (s *source) purgeOf(name string) (*purge.Purge, error) {
	var names []string
	for _, p := range s.desired.Purges {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	for _, problem := range s.desired.Problems {
		if strings.HasPrefix(problem.At.Path, "purges/") {
			return nil, &problem
		}
	}
	if near := datasheets.Nearest(name, names); near != "" {
		return nil, fmt.Errorf("there is no purge %q; did you mean %q?", name, near)
	}
	return nil, fmt.Errorf("there is no purge %q; add purges/%s.yaml", name, name)
}

func (a *app) purgeStatusCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where each purge stands in each environment",
		Long:  `Show where each purge stands in each environment, by what its MySQL has. Nothing is written, and Couchbase is not asked.`,
		Example: `  liveops purge status
  liveops purge status --env production`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.purgeStatus(c.Context(), &w) },
	}
	w.flags(c, true)
	return c
}

func (a *app) purgeStatus(ctx context.Context, w *where) error {
	config, err := w.config()
	if err != nil {
		return err
	}
	open := &stores{settings: a.settings}
	defer open.Close()
	targets, err := w.targets(ctx, config, open)
	if err != nil {
		return err
	}
	for _, t := range targets {
		runs, err := t.Store.Purges().List(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s: %s\n", t.Name, several(len(runs), "purge", "purges"))
		for _, r := range runs {
			fmt.Fprintln(a.out, printable("  "+runLine(r)))
		}
	}
	return nil
}

// runLine tells a run in one line.
func runLine(r purge.Run) string {
	line := r.Name + ": " + string(r.State)
	if r.State == purge.Past {
		return line + ", it was there before the first release and is not run"
	}
	if r.Wish != purge.WishNone {
		line += " (asked to " + string(r.Wish) + ")"
	}
	line += ", " + several(r.Counts.Done, "document", "documents") + " changed"
	for _, c := range []struct {
		n    int
		what string
	}{{r.Counts.Undone, "brought back"}, {r.Counts.Skipped, "changed by the game first"}, {r.Counts.Failed, "failed"}} {
		if c.n > 0 {
			line += fmt.Sprintf(", %d %s", c.n, c.what)
		}
	}
	if r.Counts.Candidates > 0 {
		line += fmt.Sprintf("; round %d, %s", r.Counts.Round, several(r.Counts.Candidates, "candidate", "candidates"))
	}
	line += "; by " + r.Actor + ", " + r.Updated.UTC().Format("2006-01-02 15:04:05 MST")
	if r.Error != "" {
		line += ": " + r.Error
	}
	return line
}

func (a *app) purgeWishCommand(wish purge.Wish) *cobra.Command {
	var w where
	about := map[purge.Wish][2]string{
		purge.WishPause:  {"Pause a purge that runs", "liveops purge run goes on with it."},
		purge.WishCancel: {"End a purge for good", "What was changed stays changed; liveops purge undo brings it back. It is not run here again."},
	}[wish]
	c := &cobra.Command{
		Use:     string(wish) + " --env ENV NAME",
		Short:   about[0],
		Long:    about[0] + ". One that runs stops after the documents that it is at. " + about[1],
		Example: fmt.Sprintf("  liveops purge %s --env production 2013-12-santa-cookie", wish),
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			store, err := w.one(c.Context(), open)
			if err != nil {
				return err
			}
			r, err := store.Purges().Wish(c.Context(), args[0], wish, actor())
			if over := (*purge.OverError)(nil); errors.As(err, &over) {
				return fmt.Errorf("purge %s is %s in %s; there is nothing to %s", args[0], over.Run.State, store.Environment(), wish)
			}
			if err == nil {
				fmt.Fprintln(a.out, printable(runLine(r)))
			}
			return err
		},
	}
	w.flags(c, false)
	return c
}
