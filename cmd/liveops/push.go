package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"liveops/pushd/control"
	"liveops/pushd/runs"
	"liveops/sync/report"
)

func (a *app) pushCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "push",
		Short: "See and steer the push campaigns of an environment",
		Long: `See and steer the push campaigns that were released to an environment. What is asked for here stands in the
environment's MySQL, from which liveops pushd takes it within a second.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.pushListCommand(), a.pushStatusCommand(), a.pushPreviewCommand(), a.pushTestCommand(), a.pushSendNowCommand(),
		a.pushWishCommand(pushWish{"pause", runs.Paused, "Stop sending, for now", "It is of every run of the campaign that is under way. Messages that are on their way arrive. liveops push resume goes on where it stood."}),
		a.pushWishCommand(pushWish{"resume", runs.Running, "Go on with what is paused", "It goes on where it stood; no token gets a second message by it. A run whose test comes first is sent after that all the same."}),
		a.pushWishCommand(pushWish{"cancel", runs.Canceling, "End what is under way for good", "It is of every run of the campaign that is under way, and of one whose test was sent ahead of it. It answers when every worker has stopped: after that nothing of them is sent. What was sent stays sent. Where they have not within 30 seconds, it says so and fails; the cancel stands all the same."}))
	return c
}

// pushStore opens the record of the environment that was asked for.
func (a *app) pushStore(ctx context.Context, w *where, open *stores) (*pushFiles, *runs.Store, error) {
	store, err := w.one(ctx, open)
	if err != nil {
		return nil, nil, err
	}
	return &pushFiles{settings: a.settings, store: store}, runs.New(store.DB()), nil
}

// withPush is a command of one campaign in the environment that was asked for.
func (a *app) withPush(w *where, do func(c *cobra.Command, args []string, files *pushFiles, record *runs.Store) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		open := &stores{settings: a.settings}
		defer open.Close()
		files, record, err := a.pushStore(c.Context(), w, open)
		if err != nil {
			return err
		}
		return do(c, args, files, record)
	}
}

func (a *app) pushListCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:     "list --env ENV",
		Short:   "List the campaigns that were released, with their next times",
		Long:    "List the campaigns that were released to an environment, each with its next time, how its newest run stands, and how a test does that was sent ahead\nof a run. Of one with `timezone: user` the time is the first in the zones that users have, which are read from the tokens.",
		Example: "  liveops push list --env production",
		Args:    campaignArgs(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			files, record, err := a.pushStore(c.Context(), &w, open)
			if err != nil {
				return err
			}
			return a.pushList(c.Context(), files, record)
		},
	}
	w.flags(c, false)
	return c
}

func (a *app) pushList(ctx context.Context, files *pushFiles, record *runs.Store) error {
	released, err := files.read(ctx)
	if err != nil {
		return err
	}
	zones, err := a.userZones(ctx, released)
	if err != nil {
		return err
	}
	now := time.Now()
	all, err := control.List(ctx, record, released, zones, now)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %s\n", released.Environment, several(len(all), "campaign", "campaigns"))
	for _, s := range all {
		fmt.Fprintln(a.out, printable("  "+report.CampaignStanding(s, now)))
	}
	return nil
}

// userZones reads the time zones that users have, where a campaign goes by them. Where they cannot be read in time, it says why, and they
// are not known.
func (a *app) userZones(ctx context.Context, r *control.Release) (control.Zones, error) {
	push, err := r.Push()
	if !r.EachUser() || errors.Is(err, control.ErrNoPush) {
		return control.Zones{}, nil
	}
	if err != nil {
		return control.Zones{}, err
	}
	tokens := &phones{settings: a.settings}
	defer tokens.Close()
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	names, err := tokens.zones(asking, r.Environment, push)
	if ctx.Err() != nil {
		return control.Zones{}, ctx.Err()
	}
	if err != nil {
		fmt.Fprintln(a.err, printable("The time zones of users are not known: "+err.Error()))
	}
	return control.Zones{Names: names, Known: err == nil}, nil
}

// pushWish is a command that asks for a state.
type pushWish struct {
	name        string
	to          runs.State
	short, long string
}

func (a *app) pushWishCommand(wish pushWish) *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:     wish.name + " --env ENV NAME",
		Short:   wish.short,
		Long:    wish.short + ". " + wish.long,
		Example: fmt.Sprintf("  liveops push %s --env production crystals", wish.name),
		Args:    campaignArgs(1, 1),
		RunE: a.withPush(&w, func(c *cobra.Command, args []string, files *pushFiles, record *runs.Store) error {
			reason := ""
			if wish.to != runs.Running {
				reason = runs.By + actor()
			}
			all, err := control.Wish(c.Context(), record, files.store, args[0], wish.to, reason)
			environment := files.store.Environment()
			if onlyCanceled(err) {
				return errors.Join(err, fmt.Errorf("whether the %s is recorded is not known: see liveops push status --env %s, or say it again", wish.name, environment))
			}
			if err != nil {
				return err
			}
			if wish.to == runs.Canceling {
				all, err = a.awaitCanceled(c.Context(), record, environment, args[0], all)
			}
			for _, r := range all {
				fmt.Fprintln(a.out, printable(args[0]+": "+report.CampaignRun(r, time.Now())))
			}
			return err
		}),
	}
	w.flags(c, false)
	return c
}

// pause waits for a time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
