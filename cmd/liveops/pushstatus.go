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

func (a *app) pushStatusCommand() *cobra.Command {
	var w where
	var watch bool
	c := &cobra.Command{
		Use:   "status --env ENV [NAME]",
		Short: "Show how the newest runs stand",
		Long:  "Show how the newest runs of an environment stand, or those of one campaign: progress, rate, what became of the messages, and when the others follow a test.",
		Example: `  liveops push status --env production
  liveops push status --env production crystals --watch`,
		Args: campaignArgs(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			files, record, err := a.pushStore(c.Context(), &w, open)
			if err != nil {
				return err
			}
			name := ""
			if len(args) > 0 {
				name = args[0]
				if err := knownCampaign(c.Context(), files, record, name); err != nil {
					return err
				}
			}
			if watch {
				return a.watchPush(c.Context(), record, name)
			}
			return a.pushStatus(c.Context(), record, name)
		},
	}
	w.flags(c, false)
	c.Flags().BoolVarP(&watch, "watch", "w", false, "follow the run that is under way until it ends, also from its test on")
	return c
}

// pushRuns is how many runs status lists.
const pushRuns = 10

func (a *app) pushStatus(ctx context.Context, record *runs.Store, name string) error {
	newest, err := record.Newly(ctx, name, pushRuns)
	if err != nil {
		return err
	}
	if err := record.Stuck(ctx, newest); err != nil {
		return err
	}
	if len(newest) == 0 {
		fmt.Fprintln(a.out, "no runs")
	}
	for _, r := range newest {
		fmt.Fprintln(a.out, printable(r.Campaign+": "+report.CampaignRun(r, time.Now())))
	}
	return nil
}

// watchPush shows a bar while the newest run goes on, its test first, and how each ended.
func (a *app) watchPush(ctx context.Context, record *runs.Store, name string) error {
	watch, r, err := control.NewWatch(ctx, record, name)
	if errors.Is(err, runs.ErrNoRun) {
		fmt.Fprintln(a.out, "no runs")
		return nil
	}
	if err != nil {
		return err
	}
	bar := a.bar()
	defer bar.clear()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		next, err := watch.Next(ctx, r)
		if err != nil {
			return err
		}
		if next.ID != r.ID && r.Test != "" {
			if r, err = record.Run(ctx, r.ID); err != nil {
				return err
			}
			a.watched(bar, r)
		}
		if r = next; r.State.Ended() {
			a.watched(bar, r)
			return nil
		}
		one := []runs.Run{r}
		if err := record.Stuck(ctx, one); err != nil {
			return err
		}
		if r = one[0]; r.State != runs.Running || r.Tokens == 0 || len(r.Stuck) > 0 {
			bar.say(printable(r.Campaign + ": " + report.CampaignRun(r, time.Now())))
		} else {
			bar.show(printable(watchedName(r)+" running"), "tokens", int(r.Settled()), int(max(r.Tokens, r.Settled())))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watched tells how a run that was watched, or its test, has ended, or stands as its run begins.
func (a *app) watched(bar *bar, r runs.Run) {
	bar.clear()
	fmt.Fprintln(a.out, printable(r.Campaign+": "+report.CampaignRun(r, time.Now())))
}

// watchedName is a run, or its test, before a bar.
func watchedName(r runs.Run) string {
	if r.Test != "" {
		return r.Campaign + " test"
	}
	return r.Campaign
}
