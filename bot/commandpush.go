package bot

import (
	"context"
	"errors"
	"strings"
	"time"

	"liveops/bot/command"
	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/control"
	"liveops/pushd/runs"
	"liveops/sync/mysqlstore"
	"liveops/sync/report"
)

// runsShown is how many runs of a campaign its status lists.
const runsShown = 10

// campaign carries out a command about push campaigns in one environment. What the record of runs says no to, or what was
// released, is refused.
func (t *talk) campaign(ctx context.Context, c command.Command, what string) (reply, error) {
	store, err := t.Stores.Store(ctx, c.Env)
	if err != nil {
		return reply{}, err
	}
	record := runs.New(store.DB())
	var r reply
	switch what {
	case "list":
		r, err = t.campaigns(ctx, store, record)
	case "status":
		r, err = t.campaignStands(ctx, c, store, record)
	case "pause":
		r, err = t.campaignWish(ctx, c, store, record, runs.Paused)
	case "resume":
		r, err = t.campaignWish(ctx, c, store, record, runs.Running)
	case "cancel":
		r, err = t.campaignCancel(ctx, c, store, record)
	case "preview":
		r, err = t.campaignPreview(ctx, c, store)
	case "test":
		r, err = t.campaignTest(ctx, c, store, record)
	default:
		r, err = t.campaignNow(ctx, c, store, record)
	}
	var (
		unknown *control.UnknownError
		idle    *control.IdleError
		state   *runs.StateError
		problem *datasheets.Problem
		list    *datarepo.NoListError
	)
	switch {
	case errors.As(err, &unknown):
		mend := "`/liveops push list " + c.Env + "` lists them"
		if unknown.Near != "" {
			mend = "did you mean `" + unknown.Near + "`?"
		}
		return refusal((&control.UnknownError{Campaign: unknown.Campaign, Environment: unknown.Environment}).Error(), mend), nil
	case errors.Is(err, control.ErrNoPush):
		return refusal("nothing is sent in "+c.Env, "give it `push` in liveops.yaml, and have that released"), nil
	case errors.As(err, &state), errors.As(err, &problem):
		return refusal(err.Error(), ""), nil
	case errors.As(err, &list):
		mend := "`push.lists` of the environment in liveops.yaml names them"
		if list.Near != "" {
			mend = "did you mean `" + list.Near + "`?"
		}
		return refusal("there is no test list `"+list.List+"` in "+c.Env, mend), nil
	case errors.Is(err, control.ErrNoTest):
		return refusal("campaign `"+c.Campaign+"` names no test list", "add `test` to its file, or name a list: `/liveops push test "+c.Campaign+" "+c.Env+" LIST`"), nil
	case errors.As(err, &idle):
		return refusal(err.Error(), "`/liveops push status "+c.Campaign+" "+c.Env+"` shows those that have ended"), nil
	}
	return r, err
}

func (t *talk) campaigns(ctx context.Context, store *mysqlstore.Store, record *runs.Store) (reply, error) {
	released, err := control.Read(ctx, store)
	if err != nil {
		return reply{}, err
	}
	all, err := control.List(ctx, record, released, control.Zones{}, t.Now()) // the zones may take long to read, and no pause waits behind a list
	return done(report.CampaignsMarkdown(store.Environment(), all, t.Now())), err
}

// campaignStands shows the newest runs of a campaign; also of one that is not released any more.
func (t *talk) campaignStands(ctx context.Context, c command.Command, store *mysqlstore.Store, record *runs.Store) (reply, error) {
	newest, err := record.Newly(ctx, c.Campaign, runsShown)
	if err != nil {
		return reply{}, err
	}
	if err := record.Stuck(ctx, newest); err != nil {
		return reply{}, err
	}
	if len(newest) == 0 {
		released, err := control.Read(ctx, store)
		if err != nil {
			return reply{}, err
		}
		if _, err := released.Campaign(c.Campaign); err != nil {
			return reply{}, err
		}
	}
	return done(report.CampaignRunsMarkdown(c.Env, c.Campaign, newest, t.Now())), nil
}

// campaignWish asks that the runs of a campaign stop for now, or go on.
func (t *talk) campaignWish(ctx context.Context, c command.Command, store *mysqlstore.Store, record *runs.Store, to runs.State) (reply, error) {
	reason := ""
	if to == runs.Paused {
		reason = runs.By + t.Author
	}
	all, err := control.Wish(ctx, record, store, c.Campaign, to, reason)
	if err != nil {
		return reply{}, err
	}
	return done(t.runsInWords(c.Env, all)), nil
}

func (t *talk) runsInWords(environment string, all []runs.Run) string {
	var lines []string
	for _, r := range all {
		lines = append(lines, report.CampaignRunSentence(environment, r, t.Now()))
	}
	return strings.Join(lines, "\n\n")
}

// errSlow is that not all workers have stopped within control.CancelWait.
var errSlow = errors.New("not every worker has stopped yet")

// campaignCancel ends the runs of a campaign, and answers once nothing of them is sent any more.
func (t *talk) campaignCancel(ctx context.Context, c command.Command, store *mysqlstore.Store, record *runs.Store) (reply, error) {
	all, err := control.Wish(ctx, record, store, c.Campaign, runs.Canceling, runs.By+t.Author)
	if idle := (*control.IdleError)(nil); errors.As(err, &idle) {
		if all, err := t.canceledBefore(ctx, c, record); err != nil || len(all) > 0 {
			return done(t.runsInWords(c.Env, all)), err
		}
	}
	if err != nil {
		return reply{}, err
	}
	left := control.CancelWait
	all, err = control.AwaitCanceled(ctx, record, all, func(ctx context.Context, d time.Duration) error {
		if left -= d; left < 0 {
			return errSlow
		}
		return t.Wait(ctx, d)
	})
	switch {
	case errors.Is(err, errSlow):
		return reply{report.Failed, report.Sentence("the cancel is asked for, and is not answered yet: messages may still be sent",
			"look whether `liveops pushd` runs for "+c.Env+"; `/liveops push cancel "+c.Campaign+" "+c.Env+"` waits for it again") + "\n\n" + t.runsInWords(c.Env, all)}, nil
	case err != nil:
		return reply{}, err
	}
	return done("Nothing of it is sent any more. " + t.runsInWords(c.Env, all)), nil
}

// canceledBefore are the runs of a campaign that were canceled since the comment was written: an earlier try asked for that.
func (t *talk) canceledBefore(ctx context.Context, c command.Command, record *runs.Store) (all []runs.Run, err error) {
	newest, err := record.Newest(ctx, c.Campaign, runsShown)
	for _, r := range newest {
		if r.State == runs.Canceled && r.Reason == runs.By+t.Author && r.Finished.After(t.asked) {
			all = append(all, r)
		}
	}
	return all, err
}
