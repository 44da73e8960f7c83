package release

import (
	"context"
	"errors"
	"fmt"

	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// asked ends a step whose request has led to a release before: of a run that died before it could say so, or of a
// delivery that is handed over again. What has become of that release since is told; nothing is done again.
func (r *run) asked(ctx context.Context, s *Step, t Target) (done bool, err error) {
	if r.ID == "" {
		return false, nil
	}
	found, err := t.Store.ReleaseOf(ctx, r.ID)
	if err != nil || found == nil {
		return false, err
	}
	s.Release, s.Count = found.ID, plan.Count{Deleted: found.Deleted, Inserted: found.Inserted, Updated: found.Updated}
	if found.State == mysqlstore.Applied {
		if s.State = Applied; s.Count.Total() == 0 {
			s.State = Same
		}
		return true, nil
	}
	st, err := t.Store.State(ctx)
	if err != nil {
		return false, err
	}
	s.State, s.Hold, s.Reason, s.Mend = Stopped, st.Hold, found.Error, "remove the cause, lift the hold, then apply the commit"
	if found.State == mysqlstore.RolledBack {
		s.Reason = fmt.Sprintf("this request was applied as release %d, which was rolled back since", found.ID)
		s.Mend = "if it is right after all, lift the hold and apply the commit"
	}
	return true, nil
}

func isMoved(err error) bool {
	var moved *mysqlstore.MovedError
	return errors.As(err, &moved)
}
