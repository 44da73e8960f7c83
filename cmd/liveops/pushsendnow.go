package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"liveops/datarepo"
	"liveops/pushd/control"
	"liveops/pushd/runs"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
)

// sendNow is how a campaign is sent besides its times.
type sendNow struct {
	yes           bool
	despiteFreeze string // why it is sent in a freeze
}

func (a *app) pushSendNowCommand() *cobra.Command {
	var w where
	var now sendNow
	c := &cobra.Command{
		Use:   "send-now --env ENV NAME",
		Short: "Send a campaign now, besides its times",
		Long: `Send a campaign that was released to an environment now, besides the times that its file says: to all of its audience. Those who
had the message get it again.

While the environment is on hold it refuses, and in a freeze of liveops.yaml, as it is committed, unless there is a reason. It asks no
second person, as a comment does: that, and what was passed over, is in the environment's audit (liveops status --audit 20).`,
		Example: `  liveops push send-now --env production crystals
  liveops push send-now --env production crystals --despite-freeze "the servers are back"`,
		Args: campaignArgs(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("despite-freeze") && strings.TrimSpace(now.despiteFreeze) == "" {
				return errors.New("say why: --despite-freeze REASON")
			}
			return a.withPush(&w, func(c *cobra.Command, args []string, files *pushFiles, record *runs.Store) error {
				return a.pushSendNow(c.Context(), &w, files, record, args[0], now)
			})(c, args)
		},
	}
	w.flags(c, false)
	c.Flags().BoolVarP(&now.yes, "yes", "y", false, "do not ask")
	c.Flags().StringVar(&now.despiteFreeze, "despite-freeze", "", "go on despite a freeze, for this `reason`")
	return c
}

func (a *app) pushSendNow(ctx context.Context, w *where, files *pushFiles, record *runs.Store, name string, o sendNow) error {
	released, err := files.sendable(ctx)
	if err != nil {
		return err
	}
	one, err := released.Campaign(name)
	if err != nil {
		return err
	}
	passed, err := sendNowGates(ctx, w, files.store, o)
	if err != nil {
		return err
	}
	if !o.yes {
		if err := a.confirm(fmt.Sprintf("Send %s to its whole audience in %s now, also to those who had it?", name, released.Environment)); err != nil {
			return err
		}
		if passed, err = sendNowGates(ctx, w, files.store, o); err != nil { // somebody may have held it while the question stood there
			return err
		}
	}
	if err := files.store.Override(ctx, actor(), released.Commit, "push "+name+": "+passed); err != nil {
		return err
	}
	now := time.Now()
	r, begun, err := control.Order(ctx, record, released, one, actor(), now)
	switch {
	case onlyCanceled(err):
		return errors.Join(err, fmt.Errorf("whether a run of %s was begun is not known: see liveops push status --env %s %s", name, released.Environment, name))
	case err != nil:
		return err
	case !begun:
		return fmt.Errorf("a run of %s for %s is there already", name, r.Time.Format(time.RFC3339))
	}
	fmt.Fprintln(a.out, printable(name+": "+report.CampaignRun(r, now)))
	return nil
}

// sendNowGates fails where a comment could not send now either: the environment is on hold, or in a freeze that is not passed over. It
// gives what the audit is told.
func sendNowGates(ctx context.Context, w *where, store *mysqlstore.Store, o sendNow) (passed string, err error) {
	if err := held(ctx, store); err != nil {
		return "", fmt.Errorf("%w; lift the hold first, with liveops unlock --env %s", err, store.Environment())
	}
	config, err := w.committed()
	if err != nil {
		return "", err
	}
	passed = "sent besides its times, without a second person"
	wait, frozen := release.PolicyOf(config).Frozen(store.Environment(), time.Now())
	switch {
	case !frozen:
		return passed, nil
	case o.despiteFreeze != "":
		return passed + "; despite the freeze: " + o.despiteFreeze, nil
	}
	until := ""
	if !wait.Until.IsZero() {
		until = " until " + wait.Until.UTC().Format("2006-01-02 15:04 UTC")
	}
	return "", fmt.Errorf("%s%s; --despite-freeze REASON passes over it", strings.ReplaceAll(wait.Reason, "`", ""), until)
}

// committed reads liveops.yaml as it is committed.
func (w *where) committed() (*datarepo.Config, error) {
	checkout, err := w.checkout()
	if err != nil {
		return nil, err
	}
	head, err := checkout.Head()
	if err != nil {
		return nil, errors.Join(err, checkout.Close())
	}
	config, problems := datarepo.LoadConfig(head.Files)
	if len(problems) > 0 {
		err = fmt.Errorf("liveops.yaml as it is committed: %w", &problems[0])
	}
	return config, errors.Join(err, checkout.Close())
}
