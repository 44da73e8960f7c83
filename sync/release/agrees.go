package release

import (
	"context"

	"liveops/sync/mysqlstore"
)

// Agrees says whether an environment holds just what a commit wants of it: its plan has neither a change nor a problem.
func Agrees(ctx context.Context, d *Desired, t Target) (bool, error) {
	agrees, _, err := agreement(ctx, d, t)
	return agrees, err
}

// LiftRollbackHold lifts the hold under which a rollback left an environment, and returns it, once the environment
// agrees with a commit: the head of the default branch, after what was rolled back is reverted there. It returns nil and
// lifts nothing where they do not agree, where the environment is not on hold, or not by a rollback, and where
// something else moved the environment meanwhile.
func LiftRollbackHold(ctx context.Context, d *Desired, t Target) (*mysqlstore.Hold, error) {
	st, err := t.Store.State(ctx)
	if err != nil || st.Hold == nil || st.Hold.Kind != mysqlstore.HeldByRollback {
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
	return len(p.Problems) == 0 && p.Count().Total() == 0, p.Base, nil
}
