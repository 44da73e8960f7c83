package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"liveops/datasheets"
	"liveops/pushd/runs"
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
	c.AddCommand(a.pushListCommand(), a.pushStatusCommand(), a.pushSendNowCommand(),
		a.pushWishCommand(pushWish{"pause", runs.Paused, "Stop sending, for now", "Messages that are on their way arrive. liveops push resume goes on where it stood."}),
		a.pushWishCommand(pushWish{"resume", runs.Running, "Go on with a run that is paused", "It goes on where it stood; no token gets a second message by it."}),
		a.pushWishCommand(pushWish{"cancel", runs.Canceling, "End a run for good", "It answers when every worker has stopped: after that nothing of the run is sent. What was sent stays sent."}))
	return c
}

// pushStore opens the record of the environment that was asked for.
func (a *app) pushStore(ctx context.Context, w *where, open *stores) (*pushFiles, *runs.Store, error) {
	store, err := w.one(ctx, open)
	if err != nil {
		return nil, nil, err
	}
	record := runs.New(store.DB())
	return &pushFiles{settings: a.settings, store: store}, record, record.Prepare(ctx)
}

func (a *app) pushListCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:     "list --env ENV",
		Short:   "List the campaigns that were released, with their next times",
		Long:    "List the campaigns that were released to an environment, each with its next time and how its newest run stands.",
		Example: "  liveops push list --env production",
		Args:    cobra.NoArgs,
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
	_, campaigns, _, err := files.read(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %s\n", files.store.Environment(), several(len(campaigns), "campaign", "campaigns"))
	for _, f := range campaigns {
		data, err := json.Marshal(f)
		if err != nil {
			return err
		}
		c, err := decodeCampaign(f.Name, data)
		if err != nil {
			return err
		}
		next := "not due any more"
		if at, ok := c.Timetable(nil).Next(time.Now()); ok {
			next = "next " + at.In(c.Zone).Format(pushTime)
		}
		line := "  " + f.Name + ": " + next
		newest, err := record.Newest(ctx, f.Name, 1)
		if err != nil {
			return err
		}
		for _, r := range newest {
			line += "; " + runOfPush(r, time.Now())
		}
		fmt.Fprintln(a.out, printable(line))
	}
	return nil
}

// pushTime is a time to the second, since a run is known by it.
const pushTime = "Mon 2006-01-02 15:04:05 MST"

// runOfPush tells a run in one line.
func runOfPush(r runs.Run, now time.Time) string {
	line := r.Time.UTC().Format(pushTime) + " " + string(r.State)
	if r.Reason != "" {
		line += " (" + r.Reason + ")"
	}
	if r.State == runs.Missed {
		return line
	}
	total := "so far"
	if r.Read {
		total = fmt.Sprintf("of %d (%.0f %%)", r.Tokens, 100*float64(r.Settled())/float64(max(1, r.Tokens)))
	}
	line += fmt.Sprintf(": %d tokens %s, %d accepted, %d dead, %d rejected, %d failed", r.Settled(), total, r.Accepted, r.Dead, r.Rejected, r.GaveUp)
	if r.Unknown > 0 {
		line += fmt.Sprintf(", %d without an answer", r.Unknown)
	}
	if r.Repeats > 0 {
		line += fmt.Sprintf(", %d perhaps twice", r.Repeats)
	}
	until := now
	if !r.Finished.IsZero() {
		until = r.Finished
	}
	if took := until.Sub(r.Started); took > 0 && r.Settled() > 0 {
		line += fmt.Sprintf("; %.0f/s, %s", float64(r.Settled())/took.Seconds(), took.Round(time.Second))
	}
	return line
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
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			_, record, err := a.pushStore(c.Context(), &w, open)
			if err != nil {
				return err
			}
			r, err := liveRun(c.Context(), record, args[0])
			if err != nil {
				return err
			}
			reason := ""
			if wish.to != runs.Running {
				reason = "by " + actor()
			}
			if r, err = record.Wish(c.Context(), r.ID, wish.to, reason); err != nil {
				return err
			}
			if wish.to == runs.Canceling {
				if r, err = awaitCanceled(c.Context(), record, r); err != nil {
					return err
				}
			}
			fmt.Fprintln(a.out, printable(args[0]+": "+runOfPush(r, time.Now())))
			return nil
		},
	}
	w.flags(c, false)
	return c
}

// liveRun is the newest run of a campaign that has not ended.
func liveRun(ctx context.Context, record *runs.Store, name string) (runs.Run, error) {
	live, err := record.Live(ctx)
	if err != nil {
		return runs.Run{}, err
	}
	var names []string
	for i := len(live) - 1; i >= 0; i-- {
		if live[i].Campaign == name {
			return live[i], nil
		}
		names = append(names, live[i].Campaign)
	}
	if near := datasheets.Nearest(name, names); near != "" {
		return runs.Run{}, fmt.Errorf("no run of campaign %q is under way; did you mean %q?", name, near)
	}
	return runs.Run{}, fmt.Errorf("no run of campaign %q is under way; see liveops push status", name)
}

// awaitCanceled waits until no worker sends any more.
func awaitCanceled(ctx context.Context, record *runs.Store, r runs.Run) (runs.Run, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for r.State == runs.Canceling {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return r, errors.Join(ctx.Err(), errors.New("the cancel is asked for, and is not answered yet: messages may still be sent; see liveops push status"))
		}
		var err error
		if r, err = record.Run(ctx, r.ID); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (a *app) pushSendNowCommand() *cobra.Command {
	var w where
	var yes bool
	c := &cobra.Command{
		Use:     "send-now --env ENV NAME",
		Short:   "Send a campaign now, besides its times",
		Long:    "Send a campaign that was released to an environment now, to all of its audience, besides the times that its file says.",
		Example: "  liveops push send-now --env production crystals",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			files, record, err := a.pushStore(c.Context(), &w, open)
			if err != nil {
				return err
			}
			return a.pushSendNow(c.Context(), files, record, args[0], yes)
		},
	}
	w.flags(c, false)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) pushSendNow(ctx context.Context, files *pushFiles, record *runs.Store, name string, yes bool) error {
	released, err := files.released(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range released.Campaigns {
		if names = append(names, f.Name); f.Name != name {
			continue
		}
		if !yes {
			if err := a.confirm(fmt.Sprintf("Send %s to its whole audience in %s now?", name, files.store.Environment())); err != nil {
				return err
			}
		}
		now := time.Now().UTC()
		r, err := files.ordered(runs.Run{Campaign: name, Time: now.Truncate(time.Second), Commit: released.Commit, File: f.Data, Actor: actor(), State: runs.Running, Started: now})
		if err != nil {
			return err
		}
		r, begun, err := record.Order(ctx, r)
		if err != nil {
			return err
		}
		if !begun {
			return fmt.Errorf("a run of %s for %s is there already", name, r.Time.Format(pushTime))
		}
		fmt.Fprintln(a.out, printable(name+": "+runOfPush(r, now)))
		return nil
	}
	if near := datasheets.Nearest(name, names); near != "" {
		return fmt.Errorf("no campaign %q was released to %s; did you mean %q?", name, files.store.Environment(), near)
	}
	return fmt.Errorf("no campaign %q was released to %s; see liveops push list", name, files.store.Environment())
}
