package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"liveops/pushd/campaign"
	"liveops/pushd/control"
	"liveops/pushd/runs"
	"liveops/sync/release"
	"liveops/sync/report"
)

func (a *app) pushPreviewCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:   "preview --env ENV NAME",
		Short: "Show what a campaign would do that was released",
		Long: `Show what a campaign would do that was released to an environment, as pull requests do: its next times, how many phones, how
long it takes at its rate and by the gateways' quotas, the game servers that would be added (where AWS's settings are here), each
language's message, and the other campaigns that it meets. Only looks.`,
		Example: "  liveops push preview --env production crystals",
		Args:    campaignArgs(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			files, _, err := a.pushStore(c.Context(), &w, open)
			if err != nil {
				return err
			}
			return a.pushPreview(c.Context(), files, open, args[0])
		},
	}
	w.flags(c, false)
	return c
}

func (a *app) pushPreview(ctx context.Context, files *pushFiles, open *stores, name string) error {
	released, err := files.read(ctx)
	if err != nil {
		return err
	}
	one, err := released.Campaign(name)
	if err != nil {
		return err
	}
	if _, err := released.Push(); err != nil {
		return fmt.Errorf("environment %s: %w", released.Environment, err)
	}
	tokens := &phones{settings: a.settings}
	defer tokens.Close()
	around := &release.CampaignContext{Policy: released.Config, Phones: tokens, Servers: a.standing(open), Now: time.Now()}
	preview := release.PreviewReleased(ctx, released.Environment, around, released.Specs(), one.Campaign)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return report.CampaignText(a.out, []campaign.Preview{preview}, report.TextOptions{Color: a.color(a.out)})
}

func (a *app) pushTestCommand() *cobra.Command {
	var w where
	var list string
	c := &cobra.Command{
		Use:   "test --env ENV NAME",
		Short: "Send a campaign's message to its test list now",
		Long: `Send the message of a campaign, as it was released to an environment, to its test list now, and to nobody else: to the list of
the campaign's test, or to another one of the environment's push.lists. It answers with what became of each message, and
fails where none to a platform was accepted. It is no run of the campaign: the next one is as it was.`,
		Example: `  liveops push test --env staging crystals
  liveops push test --env production crystals --list qa`,
		Args: campaignArgs(1, 1),
		RunE: a.withPush(&w, func(c *cobra.Command, args []string, files *pushFiles, record *runs.Store) error {
			return a.pushTest(c.Context(), files, record, args[0], list)
		}),
	}
	w.flags(c, false)
	c.Flags().StringVarP(&list, "list", "l", "", "a `list` of push.lists in liveops.yaml; the campaign's own test by default")
	return c
}

// testWait is how long a test is waited for: messages are sent within seconds, unless the gateway asks for a pause.
const testWait = control.AskedWait

func (a *app) pushTest(ctx context.Context, files *pushFiles, record *runs.Store, name, list string) error {
	released, err := files.read(ctx)
	if err != nil {
		return err
	}
	one, err := released.Campaign(name)
	if err != nil {
		return err
	}
	test, begun, err := control.Test(ctx, record, released, one, list, actor(), time.Now())
	switch {
	case errors.Is(err, control.ErrNoTest):
		return fmt.Errorf("%w: add `test` to its file, or name a list with --list", err)
	case err != nil:
		return err
	case !begun:
		return fmt.Errorf("a test of %s began in this very second: say it again", name)
	}
	waiting, cancel := context.WithTimeout(ctx, testWait)
	defer cancel()
	test, err = control.AwaitTest(waiting, record, test, pause)
	if err != nil {
		return errors.Join(fmt.Errorf("the test has not come to its end, and is canceled; of its messages, some may have been sent: does liveops pushd run for %s?", released.Environment), err)
	}
	for _, line := range report.CampaignTest(released.Environment, test) {
		fmt.Fprintln(a.out, printable(line))
	}
	switch {
	case test.State != runs.Done:
		return fmt.Errorf("the test of %s is %s", name, test.State)
	case test.Trouble() != "":
		return fmt.Errorf("the test of %s did not arrive", name)
	}
	return nil
}
