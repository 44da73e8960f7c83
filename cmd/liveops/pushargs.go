package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"liveops/pushd/runs"
)

// campaignArgs takes the name of a campaign: at least so many names, and at most. Who says the environment behind it, as comments have it,
// is told how a shell has it.
func campaignArgs(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		form := c.CommandPath() + " --env ENV"
		switch {
		case len(args) < least:
			return errors.New("say which campaign: " + form + " NAME")
		case len(args) <= most:
			return nil
		case c.Flags().Changed("env") && most == 0:
			return fmt.Errorf("%s lists all campaigns, and takes no name; of one, liveops push status --env ENV NAME", c.CommandPath())
		case c.Flags().Changed("env"):
			return errors.New("one campaign at a time: " + form + " NAME")
		}
		said := c.CommandPath() + " --env " + args[most]
		for _, name := range args[:most] {
			said += " " + name
		}
		if c.Flags().Lookup("list") != nil && len(args) == most+2 {
			said += " --list " + args[most+1]
		}
		return errors.New("in a shell --env says which environment: " + said)
	}
}

// knownCampaign fails with a *control.UnknownError where a campaign has no run and was not released either.
func knownCampaign(ctx context.Context, files *pushFiles, record *runs.Store, name string) error {
	newest, err := record.Newly(ctx, name, 1)
	if err != nil || len(newest) > 0 {
		return err
	}
	released, err := files.read(ctx)
	if err != nil {
		return err
	}
	_, err = released.Campaign(name)
	return err
}
