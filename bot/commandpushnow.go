package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/bot/command"
	"liveops/pushd/campaign"
	"liveops/pushd/control"
	"liveops/pushd/runs"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
)

// What stands in mysqlstore.Shown in place of a merge's commit, where what was shown is a push besides its times, and where
// that was sent and is nobody's to confirm any more.
const (
	ofPush = "push"
	ofSent = "sent"
)

// confirmedFor is how long a push besides its times may be sent once someone else has confirmed it.
const confirmedFor = 24 * time.Hour

// campaignNow sends a campaign besides its times. What it would send is shown first; it is sent when someone else has
// confirmed that, once.
func (t *talk) campaignNow(ctx context.Context, c command.Command, store *mysqlstore.Store, record *runs.Store) (reply, error) {
	before, err := record.Find(ctx, c.Campaign, t.asked.UTC().Truncate(time.Second))
	if err == nil && before.Actor == t.Author && before.Started.Equal(t.asked.Truncate(time.Microsecond)) { // of a try that ended before its answer
		return done(report.CampaignRunSentence(c.Env, before, t.Now())), nil
	}
	if err != nil && !errors.Is(err, runs.ErrNoRun) {
		return reply{}, err
	}
	if err := t.mayPushNow(ctx, c, store); err != nil {
		return reply{}, err
	}
	released, err := control.Read(ctx, store)
	if err != nil {
		return reply{}, err
	}
	one, err := released.Campaign(c.Campaign)
	if err != nil {
		return reply{}, err
	}
	rehearses, err := released.Rehearses()
	if err != nil {
		return reply{}, err
	}
	if rehearses { // whether its gateways are stand-ins, only those who send know
		return refusal(c.Env+" is not the last environment, and this would reach everyone whose token it has",
			"name its lists in `push.only` of liveops.yaml; or run `liveops push send-now` where `liveops pushd` runs"), nil
	}
	newest, err := record.Newest(ctx, c.Campaign, 1)
	if err != nil {
		return reply{}, err
	}
	digest := pushDigest(c, one, newest)
	confirmed, err := t.pushConfirmed(ctx, store, digest)
	if err != nil {
		return reply{}, err
	}
	if !confirmed {
		return t.showPush(c, store, one, newest, digest), nil
	}
	run, begun, err := control.Order(ctx, record, released, one, t.Author, t.asked)
	if err != nil {
		return reply{}, err
	}
	if !begun {
		return refusal("a run of campaign `"+c.Campaign+"` began in this very second", "look at `/liveops push status "+c.Campaign+" "+c.Env+"`"), nil
	}
	if err := store.SaveShown(ctx, mysqlstore.Shown{Repository: t.repository, Pull: t.Number, Commit: ofSent}); err != nil {
		t.log.Warn("that a push was sent is not recorded with what was shown", "error", err)
	}
	return done(report.CampaignRunSentence(c.Env, run, t.Now())), nil
}

// mayPushNow refuses where the environment is held or frozen: nothing is sent besides its times then.
func (t *talk) mayPushNow(ctx context.Context, c command.Command, store *mysqlstore.Store) error {
	st, err := store.State(ctx)
	if err != nil {
		return err
	}
	if st.Hold != nil {
		held := &mysqlstore.HeldError{Environment: c.Env, Hold: *st.Hold}
		return refuse("lift the hold first, with `/liveops unlock "+c.Env+"`", "%s", held.Error())
	}
	if w, frozen := release.PolicyOf(t.config).Frozen(c.Env, t.Now()); frozen {
		return refuse("wait for its end, or change the freeze in liveops.yaml", "%s", w.Reason+ends(w))
	}
	return nil
}

// pushDigest names one sending of a campaign as it was released: once the file is another one, or a run has begun since, it is
// another one.
func pushDigest(c command.Command, one *control.Campaign, newest []runs.Run) string {
	var last int64
	for _, r := range newest {
		last = r.ID
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", c.Env, c.Campaign, last, one.File))
	return hex.EncodeToString(sum[:])
}

// pushConfirmed says whether someone else has confirmed a push of late.
func (t *talk) pushConfirmed(ctx context.Context, store *mysqlstore.Store, digest string) (bool, error) {
	all, err := store.Confirmations(ctx, t.repository, t.Number)
	return slices.ContainsFunc(all, func(c mysqlstore.Confirmation) bool {
		return c.Kind == mysqlstore.Push && c.Digest == digest && !strings.EqualFold(c.By, t.Author) && t.Now().Sub(c.At) < confirmedFor
	}), err
}

// showPush refuses a push that nobody has confirmed, and shows what it would send.
func (t *talk) showPush(c command.Command, store *mysqlstore.Store, one *control.Campaign, newest []runs.Run, digest string) reply {
	t.shown = append(t.shown, shownPlan{t.line, store, mysqlstore.Shown{Repository: t.repository, Pull: t.Number, Commit: ofPush, Digest: digest}})
	text := report.Sentence("this would send campaign `"+c.Campaign+"` to all of its audience in "+c.Env+" now, besides its times",
		"someone else comments `/liveops confirm`; then say it again") + " It is push `" + release.ShortDigest(digest) + "`."
	if len(newest) > 0 {
		text += "\n\nThe newest before it: " + t.runsInWords(c.Env, newest)
	}
	preview := one.Preview(campaign.Given{Environment: c.Env, Now: t.Now()})
	return reply{report.Refused, text + "\n\n" + report.CampaignMarkdown([]campaign.Preview{preview})}
}
