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
	store, err := t.Stores.Store(ctx, c.Env)
	if err != nil {
		return nil, err
	}
	run, err := store.Purges().Purge(ctx, c.Purge) // what it has changed already is told apart
	if err != nil && !errors.Is(err, mysqlstore.ErrNoPurge) {
		return nil, err
	}
	pl, err := purgerun.MakePlan(ctx, one, documents, documents.Documents(one.Scope, one.Collection), purgerun.PlanOptions{Run: run.ID})
	return &release.Plan{Environment: c.Env, Purges: []release.PurgePlan{{Purge: one, Plan: pl}}}, err
}

// gate refuses a purge where a release would wait: in a freeze, also to go on with it, and to begin it for approval, and
// until the environment before has run it, unless that one has no user documents.
func (t *talk) gate(ctx context.Context, c command.Command, begun bool) error {
	g := release.PurgeGate{Policy: release.PolicyOf(t.config), Environment: c.Env, Name: c.Purge, Begun: begun}
	after := g.Policy.Environment(c.Env).After
	if after != "" && !begun {
		_, err := t.userDocuments(ctx, after)
		if unset := (*release.UnsetError)(nil); err != nil && !errors.As(err, &unset) {
			return err
		}
		if err == nil {
			before, err := t.Stores.Store(ctx, after)
			if err != nil {
				return err
			}
			g.Before = before.Purges()
		}
	}
	waits, err := g.Waits(ctx, t.Now())
	if err != nil || len(waits) == 0 {
		return err
	}
	w := waits[0]
	switch {
	case w.Kind == release.Frozen && begun:
		return refuse("wait for its end; `liveops purge run --despite-freeze` on a checkout passes over it", "%s", w.Reason+ends(w))
	case w.Kind == release.Frozen:
		return refuse("wait for its end, or for the next release, which brings the purge along", "%s", w.Reason+ends(w))
	case w.Kind == release.Unapproved:
		return refuse("merge something: the release brings the purge along, and has it approved", "%s", w.Reason)
	default:
		return refuse("look at `/liveops purge status "+c.Purge+" "+after+"`, and run it there first", "%s", w.Reason)
	}
}

// ends says when a wait is over, where that is in sight.
func ends(w release.Wait) string {
	if w.Until.IsZero() {
		return ""
	}
	return " until " + w.Until.UTC().Format("2006-01-02 15:04 UTC")
}

// purgeRun runs a purge, or goes on with one that has begun. It is held to freezes and to the limits, or what was confirmed
// of the release that began it; one that has not begun, to all that a release waits for.
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
	run, err := store.Purges().Purge(ctx, one.Name)
	fresh := errors.Is(err, mysqlstore.ErrNoPurge) && !begun
	if err != nil && !fresh {
		return reply{}, err
	}
	if run.State.Over() {
		return reply{}, &purge.OverError{Run: run}
	}
	if err := t.gate(ctx, c, !fresh); err != nil {
		return reply{}, err
	}
	policy := release.PolicyOf(t.config)
	if fresh {
		p, err := t.planPurge(ctx, c)
		if err != nil {
			return reply{}, err
		}
		for _, past := range policy.Excesses(p) {
			return refusal("it "+past.String(), "have it merged: a second person confirms it there"), nil
		}
	}
	documents, err := t.userDocuments(ctx, c.Env)
	if err != nil {
		return reply{}, err
	}
	result, err := purgerun.Run(ctx, one, documents, documents.Documents(one.Scope, one.Collection), store.Purges(),
		purgerun.Options{Actor: t.Author, Commit: t.base.tip, Room: policy.PurgeRoom(run), Every: time.Minute, Now: t.Now, Wait: t.Wait})
	if err != nil {
		return reply{}, err
	}
	if result.Run.State != purge.Done {
		return reply{report.Refused, report.PurgeRun(result.Run)}, nil
	}
	return done(report.PurgeRun(result.Run)), nil
}
