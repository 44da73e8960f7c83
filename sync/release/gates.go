package release

import (
	"context"
	"fmt"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
)

// gates decides, before anything is planned, whether a commit may go to an environment now: the environment
// does not have it yet, follows it in the branch's order, is not on hold, and the one before it has taken it.
// Where the answer is no, the step is final.
func (r *run) gates(ctx context.Context, s *Step, t Target) (open bool, err error) {
	st, err := t.Store.State(ctx)
	if err != nil {
		return false, err
	}
	relation, commits, err := r.History.Between(ctx, st.Commit, r.Commit.ID)
	if err != nil {
		return false, fmt.Errorf("find the way from the commit released to %s: %w", t.Name, err)
	}
	switch relation {
	case datarepo.Same:
		return false, r.alreadyThere(ctx, s, t, st)
	case datarepo.Behind:
		s.State, s.Reason = Same, "has a later commit, "+ShortDigest(st.Commit)+", already"
		return false, nil
	case datarepo.Diverged:
		return false, r.stop(ctx, s, t, "the commit released to "+t.Name+", "+ShortDigest(st.Commit)+", is not in the history of this one: the default branch was rewritten",
			"compare the two by hand, then lift the hold and apply the commit")
	}
	s.Commits = nil
	for _, c := range commits {
		s.Commits = append(s.Commits, Commit(c))
	}
	if st.Hold != nil {
		return false, r.held(ctx, s, t, st.Hold)
	}
	return r.predecessor(ctx, s, t)
}

// held ends a step at an environment on hold. The plan is made all the same, to be shown: the hold may be this
// commit's own, of a run that ended before it could say why.
func (r *run) held(ctx context.Context, s *Step, t Target, hold *mysqlstore.Hold) error {
	snap, err := t.Store.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	if s.Plan, err = MakePlanSince(ctx, r.Desired, t.Name, snap, r.Released); err != nil {
		return err
	}
	s.State, s.Hold, s.Problems = Stopped, hold, s.Plan.Problems
	s.Reason, s.Mend = (&mysqlstore.HeldError{Environment: t.Name, Hold: *hold}).Error(), "lift the hold, then apply the commit"
	return nil
}

// alreadyThere ends a step whose commit the environment has, with what the ledger says of its release.
func (r *run) alreadyThere(ctx context.Context, s *Step, t Target, st mysqlstore.State) error {
	done, err := t.Store.Release(ctx, st.Release)
	if err != nil {
		return err
	}
	s.WasTaken(done)
	return nil
}

// predecessor stops a release to an environment whose predecessor has not taken the commit, or a later one.
func (r *run) predecessor(ctx context.Context, s *Step, t Target) (open bool, err error) {
	if t.After == "" {
		return true, nil
	}
	before := r.target(t.After)
	st, err := before.Store.State(ctx)
	if err != nil {
		return false, err
	}
	taken := st.Commit == r.Commit.ID
	if !taken && st.Commit != "" {
		relation, _, err := r.History.Between(ctx, st.Commit, r.Commit.ID)
		if err != nil {
			return false, err
		}
		taken = relation == datarepo.Behind
	}
	if taken && r.Desired.Purging != nil && st.Commit == r.Commit.ID {
		due, _, err := duePurges(ctx, r.Desired, before, st)
		if err != nil {
			return false, err
		}
		if len(due) > 0 {
			s.State, s.Reason = Stopped, before.Name+" has not run purge "+due[0].Name+" yet, and "+t.Name+" comes after it"
			s.Mend = "release the commit to " + before.Name + " first"
			return false, nil
		}
	}
	if taken {
		return true, nil
	}
	s.State, s.Reason = Stopped, before.Name+" has not taken this commit yet, and "+t.Name+" comes after it"
	s.Mend = "release the commit to " + before.Name + " first"
	return false, nil
}
