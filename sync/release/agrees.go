package release

import (
	"context"
	"fmt"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
)

// Agrees says whether an environment holds just what a commit wants of it: its plan has neither a change, of rows or
// campaigns, nor a problem. Purges are not asked about.
func Agrees(ctx context.Context, d *Desired, t Target) (bool, error) {
	agrees, _, err := agreement(ctx, d, t)
	return agrees, err
}

// LiftRollbackHold lifts the hold under which a rollback left an environment, and returns it, once the environment
// agrees with a commit of the default branch that comes after what was rolled back: there it is reverted. (That the
// commit before it agrees says nothing: it is what the rollback went back to.) It returns nil and lifts nothing where they
// do not agree, where the environment is not on hold, or not by a rollback, and where something else moved the
// environment meanwhile. Without such a hold it costs a look at the state.
func LiftRollbackHold(ctx context.Context, d *Desired, h History, t Target) (*mysqlstore.Hold, error) {
	st, err := t.Store.State(ctx)
	if err != nil || st.Hold == nil || st.Hold.Kind != mysqlstore.HeldByRollback {
		return nil, err
	}
	if after, err := isAfter(ctx, d.Commit, h, t, st.Hold.Release); err != nil || !after {
		return nil, err
	}
	agrees, st, err := agreement(ctx, d, t)
	if err != nil || !agrees || st.Hold == nil || st.Hold.Kind != mysqlstore.HeldByRollback {
		return nil, err
	}
	lifted, err := t.Store.LiftHoldAt(ctx, st.Epoch, "liveops")
	if isMoved(err) {
		return nil, nil
	}
	return lifted, err
}

// isAfter says whether a commit has all that a rollback undid.
func isAfter(ctx context.Context, commit string, h History, t Target, rollback int64) (bool, error) {
	back, err := t.Store.RollbackBy(ctx, rollback)
	if err != nil {
		return false, err
	}
	_, last := back.Commits()
	relation, _, err := h.Between(ctx, last, commit)
	if err != nil {
		return false, fmt.Errorf("find whether %s comes after what was rolled back: %w", ShortDigest(commit), err)
	}
	return relation == datarepo.Ahead || relation == datarepo.Same, nil
}

// agreement is Agrees, with the state that it was found at.
func agreement(ctx context.Context, d *Desired, t Target) (bool, mysqlstore.State, error) {
	snap, err := t.Store.Snapshot(ctx)
	if err != nil {
		return false, mysqlstore.State{}, err
	}
	defer snap.Close()
	p, err := MakePlan(ctx, d, t.Name, snap, nil)
	if err != nil {
		return false, mysqlstore.State{}, err
	}
	return len(p.Problems) == 0 && p.Count().Total() == 0 && len(p.Campaigns) == 0, p.Base, nil
}
