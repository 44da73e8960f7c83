package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) lockCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:     "lock --env ENV REASON",
		Short:   "Hold an environment: it takes no release until it is unlocked",
		Example: `  liveops lock --env production "the winter event runs until Monday"`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			store, err := w.one(c.Context(), open)
			if err != nil {
				return err
			}
			h, err := store.SetHold(c.Context(), strings.Join(args, " "), actor())
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s is on hold since %s, by %s: %s\n", store.Environment(), h.Since.UTC().Format("2006-01-02 15:04:05 MST"), h.By, h.Reason)
			return nil
		},
	}
	w.flags(c, true)
	return c
}

func (a *app) unlockCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:   "unlock --env ENV",
		Short: "Lift an environment's hold",
		Long: `Lift an environment's hold, whoever set it: a person, a release that was stopped, or a rollback. The next release
then brings the environment to the default branch as it is, so look at liveops plan first.`,
		Example: `  liveops plan --env staging && liveops unlock --env staging`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			store, err := w.one(c.Context(), open)
			if err != nil {
				return err
			}
			h, err := store.LiftHold(c.Context())
			if err != nil {
				return err
			}
			if h == nil {
				fmt.Fprintf(a.out, "%s was not on hold.\n", store.Environment())
				return nil
			}
			fmt.Fprintf(a.out, "%s takes releases again. The hold was by %s: %s\n", store.Environment(), h.By, h.Reason)
			return nil
		},
	}
	w.flags(c, true)
	return c
}
