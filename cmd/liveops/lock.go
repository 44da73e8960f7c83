package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) lockCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:   "lock --env ENV REASON",
		Short: "Hold an environment: it takes no release until it is unlocked",
		Long: `Hold an environment, with a reason for those who come by: it takes no release, from the bot or from here, until
it is unlocked. Where it is on hold already, the first reason stays. Push campaigns that were released before are sent at their
times all the same: see liveops push pause.`,
		Example: `  liveops lock --env production "the winter event runs until Monday"`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			store, err := w.one(c.Context(), open)
			if err != nil {
				return err
			}
			reason, by := strings.Join(args, " "), actor()
			h, err := store.SetHold(c.Context(), reason, by)
			if err != nil {
				return err
			}
			was := "is on hold since"
			if h.Reason != reason || h.By != by {
				was = "was on hold already, and the first reason stays: since"
			}
			fmt.Fprintln(a.out, printable(fmt.Sprintf("%s %s %s, by %s: %s", store.Environment(), was, h.Since.UTC().Format("2006-01-02 15:04:05 MST"), h.By, h.Reason)))
			return nil
		},
	}
	w.flags(c, false)
	return c
}

func (a *app) unlockCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:   "unlock --env ENV",
		Short: "Lift an environment's hold",
		Long: `Lift an environment's hold, whoever set it: a person, a release that was stopped, or a rollback. The next release
then brings the environment to the default branch as it is, so look at liveops plan first.`,
		Example: `  liveops plan --env staging     what the next release would change
  liveops unlock --env staging`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			store, err := w.one(c.Context(), open)
			if err != nil {
				return err
			}
			h, err := store.LiftHold(c.Context(), actor())
			if err != nil {
				return err
			}
			if h == nil {
				fmt.Fprintf(a.out, "%s was not on hold.\n", store.Environment())
				return nil
			}
			fmt.Fprintln(a.out, printable(fmt.Sprintf("%s takes releases again. The hold was by %s: %s", store.Environment(), h.By, h.Reason)))
			return nil
		},
	}
	w.flags(c, false)
	return c
}
