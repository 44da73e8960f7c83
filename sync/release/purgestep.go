package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

// PurgeStep is a purge that a release brings to an environment, as far as it is; its State is "" before it begins.
type PurgeStep struct {
	Name string
	Run  purge.Run
}

// purgeNews is how often a purge that runs tells how far it is.
const purgeNews = 5 * time.Second

// purgeDigestLength is how much of a plan's digest stands for its purges alone, at its end, where it has any. By it a
// run that goes on knows which purges were reviewed: the tables are applied by then, and tell nothing any more.
const purgeDigestLength = 24

// purgesDigest is the end of the digest of a plan with these purges.
func purgesDigest(purges []*purge.Purge) string {
	h := sha256.New()
	e := json.NewEncoder(h) // writing to a hash does not fail
	for _, one := range purges {
		e.Encode([]string{one.Name, one.Fingerprint()})
	}
	return hex.EncodeToString(h.Sum(nil))[:purgeDigestLength]
}

// recordPast records as past, before an environment's first release, the purges that were there before its commit.
func (r *run) recordPast(ctx context.Context, s *Step, t Target) error {
	if r.Desired.Purging == nil || s.Plan.Base.Commit != "" || len(r.Desired.Purging.Past) == 0 {
		return nil
	}
	_, err := t.Store.Purges().Past(ctx, r.Desired.Purging.Past, r.Actor, r.Commit.ID)
	return err
}

// purges runs what is due in an environment that has the commit, each purge once, by name. The first that is not done
// stops the release; run again, it goes on from there.
func (r *run) purges(ctx context.Context, s *Step, t Target) error {
	if r.Desired.Purging == nil || s.State != Applied && s.State != Same {
		return nil
	}
	st, err := t.Store.State(ctx)
	if err != nil || st.Commit != r.Commit.ID {
		return err
	}
	due, over, err := duePurges(ctx, r.Desired, t, st)
	if err != nil {
		return err
	}
	s.Purges = nil
	for _, one := range over {
		s.Purges = append(s.Purges, PurgeStep{one.Name, one.run})
	}
	if len(due) == 0 {
		return nil
	}
	if st.Hold != nil {
		s.State, s.Hold = Stopped, st.Hold
		s.Reason, s.Mend = (&mysqlstore.HeldError{Environment: t.Name, Hold: *st.Hold}).Error(), "lift the hold, then apply the commit"
		return nil
	}
	if waits, err := r.frozenPurge(ctx, s, t, due); err != nil || waits {
		return err
	}
	documents, err := r.Desired.Purging.Documents(ctx, t.Name)
	if unset := (*UnsetError)(nil); errors.As(err, &unset) {
		return r.stopPurge(ctx, s, t, due[0].Name, unset.Reason)
	}
	if err != nil {
		return err
	}
	budget, bounded, err := r.purgeBudget(ctx, t, st)
	if err != nil {
		return err
	}
	used := 0 // by all that came with the commit
	for _, one := range slices.Concat(over, due) {
		if one.run.Commit == r.Commit.ID {
			used += one.run.Counts.Done
		}
	}
	after := s.State
	for _, one := range due {
		s.State = Purging
		room, before := 0, 0
		if one.run.Commit == r.Commit.ID {
			before = one.run.Counts.Done
		}
		if bounded {
			room = atLeast(budget-used+before, one.run)
		}
		if err := r.purge(ctx, s, t, one.Purge, documents, room); err != nil || s.State == Stopped {
			return err
		}
		used += s.Purges[len(s.Purges)-1].Run.Counts.Done - before
	}
	s.State = after
	return nil
}

// frozenPurge has a purge that was paused, or has failed, wait for the end of a freeze, as what is begun anew does. What was
// begun before a freeze goes on to its end, also where its process died.
func (r *run) frozenPurge(ctx context.Context, s *Step, t Target, due []duePurge) (waits bool, err error) {
	left := slices.IndexFunc(due, func(one duePurge) bool { return one.run.State == purge.Paused || one.run.State == purge.Failed })
	window, until, frozen := r.Policy.Environment(t.Name).Freeze.At(r.now())
	if left < 0 || !frozen {
		return false, nil
	}
	one := due[left]
	if why := r.Despite[Frozen]; why != "" {
		return false, t.Store.Purges().Override(ctx, one.Name, r.Actor, r.Commit.ID, "despite the "+string(Frozen)+": "+why)
	}
	wait := Wait{Kind: Frozen, Reason: frozenReason(t.Name, window) + ", and purge " + one.Name + " is " + string(one.run.State), Until: until}
	for _, one := range due {
		s.Purges = append(s.Purges, PurgeStep{one.Name, one.run})
	}
	s.State, s.Waits, s.Reason = Paused, []Wait{wait}, wait.Reason
	return true, nil
}

// purge runs one purge to its end.
func (r *run) purge(ctx context.Context, s *Step, t Target, one *purge.Purge, documents UserDocuments, room int) error {
	i := len(s.Purges)
	s.Purges = append(s.Purges, PurgeStep{Name: one.Name})
	r.report()
	result, err := purgerun.Run(ctx, one, documents, documents.Documents(one.Scope, one.Collection), t.Store.Purges(), purgerun.Options{
		Actor: r.Actor, Commit: r.Commit.ID, Room: room, Every: purgeNews, Now: r.Now, Wait: r.Wait,
		Progress: func(run purge.Run) {
			s.Purges[i].Run = run
			r.report()
		}})
	s.Purges[i].Run = result.Run
	over, limit := (*purge.OverError)(nil), (*purge.LimitError)(nil)
	switch {
	case errors.As(err, &limit) && limit.Policy:
		mend := fmt.Sprintf("look at `/liveops purge plan %s %s`; once a second person has said `/liveops confirm`, lift the hold and apply the commit", one.Name, t.Name)
		if r.Pull == 0 { // nobody can confirm it by a comment
			mend = fmt.Sprintf("look at `liveops purge plan %s`; lift the hold, then `liveops purge run --env %s %s --over-limit` goes on with it", one.Name, t.Name, one.Name)
		}
		return r.stopAs(ctx, s, t, "", "purge "+one.Name+": "+limit.Error(), mend)
	case errors.As(err, &over): // somebody was quicker
		s.Purges[i].Run = over.Run
		return nil
	case ctx.Err() != nil || errors.Is(err, purge.ErrLost) || errors.Is(err, mysqlstore.ErrBusy):
		return errors.Join(err, ctx.Err())
	case err != nil:
		return r.stopPurge(ctx, s, t, one.Name, err.Error())
	case result.Run.State == purge.Done:
		r.Log.Info("purged", "environment", t.Name, "purge", one.Name, "documents", result.Run.Counts.Done)
		return nil
	case result.Run.State == purge.Failed: // what jq said may quote what no report shows
		reason := fmt.Sprintf("%d of its documents could not be judged or changed", result.Run.Counts.Failed)
		if len(result.Failures) > 0 {
			reason += ", the first " + result.Failures[0].ID
		}
		return r.stopPurge(ctx, s, t, one.Name, reason)
	default:
		return r.stopPurge(ctx, s, t, one.Name, string(result.Run.State)+" by a person")
	}
}

// stopPurge stops a release at a purge. Its request is that of the tables, which are applied.
func (r *run) stopPurge(ctx context.Context, s *Step, t Target, name, reason string) error {
	return r.stopAs(ctx, s, t, "", "purge "+name+": "+reason, "remove the cause, lift the hold, then apply the commit: the purge goes on where it is")
}
