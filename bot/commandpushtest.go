package bot

import (
	"context"
	"errors"
	"time"

	"liveops/bot/command"
	"liveops/pushd/campaign"
	"liveops/pushd/control"
	"liveops/pushd/runs"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
)

// campaignPreview shows what a campaign would do that was released.
func (t *talk) campaignPreview(ctx context.Context, c command.Command, store *mysqlstore.Store) (reply, error) {
	released, err := control.Read(ctx, store)
	if err != nil {
		return reply{}, err
	}
	one, err := released.Campaign(c.Campaign)
	if err != nil {
		return reply{}, err
	}
	if _, err := released.Push(); err != nil {
		return reply{}, err
	}
	around := &release.CampaignContext{Policy: released.Config, Phones: t.Phones, Servers: t.Servers, Now: t.Now()}
	preview := release.PreviewReleased(ctx, c.Env, around, released.Specs(), one.Campaign)
	if ctx.Err() != nil {
		return reply{}, ctx.Err()
	}
	return done(report.CampaignMarkdown([]campaign.Preview{preview})), nil
}

// testWait is how long the answer to a test waits for its end: messages are sent within seconds, unless the gateway asks for a pause.
const testWait = control.AskedWait

// campaignTest sends a campaign's message to a test list, and tells what became of it. It reaches nobody else: so nobody need confirm it,
// and no freeze or hold is in its way.
func (t *talk) campaignTest(ctx context.Context, c command.Command, store *mysqlstore.Store, record *runs.Store) (reply, error) {
	test, err := record.Test(ctx, c.Campaign, t.asked.UTC().Truncate(time.Second), runs.Asked(c.List))
	if errors.Is(err, runs.ErrNoRun) {
		test, err = t.beginTest(ctx, c, store, record)
	}
	if err != nil {
		return reply{}, err
	}
	if test.Actor != t.Author || !test.Started.Equal(t.asked.Truncate(time.Microsecond)) { // or it is of a try that ended before its answer
		return refusal("a test of campaign `"+c.Campaign+"` began in this very second", "say it again"), nil
	}
	left := testWait
	test, err = control.AwaitTest(ctx, record, test, func(ctx context.Context, d time.Duration) error {
		if left -= d; left < 0 {
			return errSlow
		}
		return t.Wait(ctx, d)
	})
	switch {
	case errors.Is(err, errSlow):
		return reply{report.Failed, report.Sentence("the test has not come to its end, and is canceled: of its messages, some may have been sent",
			"look whether `liveops pushd` runs for "+c.Env+"; `/liveops push status "+c.Campaign+" "+c.Env+"` shows what became of it")}, nil
	case err != nil:
		return reply{}, err
	case test.State != runs.Done || test.Trouble() != "":
		return reply{report.Failed, report.CampaignTestMarkdown(c.Env, test)}, nil
	}
	return done(report.CampaignTestMarkdown(c.Env, test)), nil
}

func (t *talk) beginTest(ctx context.Context, c command.Command, store *mysqlstore.Store, record *runs.Store) (runs.Run, error) {
	released, err := control.Read(ctx, store)
	if err != nil {
		return runs.Run{}, err
	}
	one, err := released.Campaign(c.Campaign)
	if err != nil {
		return runs.Run{}, err
	}
	test, _, err := control.Test(ctx, record, released, one, c.List, t.Author, t.asked)
	return test, err
}
