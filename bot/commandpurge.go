package bot

import (
	"context"
	"errors"
	"time"

	"liveops/bot/command"
	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
	"liveops/sync/release"
	"liveops/sync/report"
)

// purge carries out a command about one purge in one environment. What the record of purges says no to is refused.
func (t *talk) purge(ctx context.Context, c command.Command, what string) (reply, error) {
	store, err := t.Stores.Store(ctx, c.Env)
	if err != nil {
		return reply{}, err
	}
	var r reply
	switch what {
	case "status":
		r, err = purgeStands(store.Purges().Purge(ctx, c.Purge))
	case "pause":
		r, err = purgeStands(store.Purges().Wish(ctx, c.Purge, purge.WishPause, t.Author))
	case "cancel":
		r, err = purgeStands(store.Purges().Wish(ctx, c.Purge, purge.WishCancel, t.Author))
	case "plan":
		r, err = t.purgePlan(ctx, c)
	case "undo":
		r, err = t.purgeUndo(ctx, c, store)
	default:
		r, err = t.purgeRun(ctx, c, store, what == "resume")
	}
	var (
		over    *purge.OverError
		changed *purge.ChangedError
		expired *purge.ExpiredError
		limit   *purge.LimitError
		running *purge.RunningError
		unset   *release.UnsetError
	)
	switch {
	case errors.Is(err, mysqlstore.ErrNoPurge):
		return refusal("purge `"+c.Purge+"` was never run in "+c.Env, ""), nil
	case errors.As(err, &over), errors.As(err, &changed), errors.As(err, &expired), errors.As(err, &limit), errors.As(err, &running), errors.As(err, &unset), errors.Is(err, purge.ErrLost):
		return refusal(err.Error(), ""), nil
	}
	return r, err
}

func purgeStands(run purge.Run, err error) (reply, error) {
	return done(report.PurgeRun(run)), err
}

// purgeOf finds a purge of the default branch.
func (t *talk) purgeOf(ctx context.Context, name string) (*purge.Purge, error) {
	desired, err := t.wanted(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range desired.Purges {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, refuse("add `purges/"+name+".yaml`, and have it reviewed", "the default branch has no purge `%s`", name)
}

// userDocuments opens those of an environment.
func (t *talk) userDocuments(ctx context.Context, environment string) (release.UserDocuments, error) {
	if t.Buckets == nil {
		return nil, &release.UnsetError{Reason: "no Couchbase is set for " + environment}
	}
	return t.Buckets.Documents(ctx, environment)
}

// purgePlan reads what a purge would do now.
func (t *talk) purgePlan(ctx context.Context, c command.Command) (reply, error) {
	p, err := t.planPurge(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return done(report.PurgePlanMarkdown(p)), nil
}

func (t *talk) planPurge(ctx context.Context, c command.Command) (*release.Plan, error) {
	one, err := t.purgeOf(ctx, c.Purge)
	if err != nil {
		return nil, err
	}
	documents, err := t.userDocuments(ctx, c.Env)
	if err != nil {
		return nil, err
	}
	pl, err := purgerun.MakePlan(ctx, one, documents, documents.Documents(one.Scope, one.Collection), purgerun.PlanOptions{})
	return &release.Plan{Environment: c.Env, Purges: []release.PurgePlan{{Purge: one, Plan: pl}}}, err
}

// mayBegin refuses to begin a purge where a release would wait: in a freeze, for approval, and until the environment before
// has run it, unless that one has no user documents.
func (t *talk) mayBegin(ctx context.Context, c command.Command) error {
	e := release.PolicyOf(t.config).Environment(c.Env)
	if _, until, frozen := e.Freeze.At(t.Now()); frozen {
		end := ""
		if !until.IsZero() { // the end is in sight
			end = " until " + until.UTC().Format("2006-01-02 15:04 UTC")
		}
		return refuse("wait for its end, or for the next release, which brings the purge along", "%s is frozen%s", c.Env, end)
	}
	if e.Approval {
		return refuse("merge something: the release brings the purge along, and has it approved", "%s takes nothing without approval", c.Env)
	}
	if e.After == "" {
		return nil
	}
	if _, err := t.userDocuments(ctx, e.After); err != nil {
		if unset := (*release.UnsetError)(nil); errors.As(err, &unset) {
			return nil
		}
		return err
	}
	before, err := t.Stores.Store(ctx, e.After)
	if err != nil {
		return err
	}
	run, err := before.Purges().Purge(ctx, c.Purge)
	if err != nil && !errors.Is(err, mysqlstore.ErrNoPurge) {
		return err
	}
	switch {
	case err != nil:
		return refuse("run it there first", "%s comes before %s, and has not done purge `%s` yet", e.After, c.Env, c.Purge)
	case run.State != purge.Done && run.State != purge.Past:
		return refuse("look at `/liveops purge status "+c.Purge+" "+e.After+"` first", "%s comes before %s, and purge `%s` is %s there", e.After, c.Env, c.Purge, run.State)
	}
	return nil
}

// purgeRun runs a purge, or goes on with one that has begun. One that has not is held to what a release waits for, and to
// the limits; a release has them confirmed.
func (t *talk) purgeRun(ctx context.Context, c command.Command, store *mysqlstore.Store, begun bool) (reply, error) {
	one, err := t.purgeOf(ctx, c.Purge)
	if err != nil {
		return reply{}, err
	}
	st, err := store.State(ctx)
	if err != nil {
		return reply{}, err
	}
	if st.Hold != nil {
		return reply{}, &mysqlstore.HeldError{Environment: c.Env, Hold: *st.Hold}
	}
	_, err = store.Purges().Purge(ctx, one.Name)
	fresh := errors.Is(err, mysqlstore.ErrNoPurge) && !begun
	if err != nil && !fresh {
		return reply{}, err
	}
	if fresh {
		if err := t.mayBegin(ctx, c); err != nil {
			return reply{}, err
		}
		p, err := t.planPurge(ctx, c)
		if err != nil {
			return reply{}, err
		}
		for _, past := range release.PolicyOf(t.config).Excesses(p) {
			return refusal("it "+past.String(), "have it merged: a second person confirms it there"), nil
		}
	}
	documents, err := t.userDocuments(ctx, c.Env)
	if err != nil {
		return reply{}, err
	}
	result, err := purgerun.Run(ctx, one, documents, documents.Documents(one.Scope, one.Collection), store.Purges(),
		purgerun.Options{Actor: t.Author, Commit: t.base.tip, Every: time.Minute, Now: t.Now, Wait: t.Wait})
	if err != nil {
		return reply{}, err
	}
	if result.Run.State != purge.Done {
		return reply{report.Refused, report.PurgeRun(result.Run)}, nil
	}
	return done(report.PurgeRun(result.Run)), nil
}
