package mysqlstore

import (
	"context"
	"fmt"
)

// Undoable is the release that is meant to be rolled back: the one of a number or, for 0, the newest. To undo an undoing
// brings back what someone wanted gone, so it must be asked for by its number. It fails with ErrNoRelease, and with
// ErrNotUndoable beside the release, where there is nothing to undo.
func (s *Store) Undoable(ctx context.Context, id int64) (Release, error) {
	if id != 0 {
		r, err := s.Release(ctx, id)
		if err == nil && r.State != Applied {
			err = fmt.Errorf("%w: release %d of %s is %s", ErrNotUndoable, id, s.environment, r.State)
		}
		return r, err
	}
	st, err := s.State(ctx)
	if err != nil {
		return Release{}, err
	}
	if st.Release == 0 {
		return Release{}, unreleased(s.environment)
	}
	newest, err := s.Release(ctx, st.Release)
	if err == nil && newest.Kind == RollbackKind {
		err = fmt.Errorf("%w: the newest release of %s, %d, is the rollback of release %d; name the release to undo by its number (liveops status lists them)",
			ErrNotUndoable, s.environment, newest.ID, newest.Undoes)
	}
	return newest, err
}

// unreleased is the ErrNoRelease of an environment that nothing was released to yet.
type unreleased string

func (e unreleased) Error() string { return string(e) + " has no release yet" }

// Unwrap is ErrNoRelease.
func (unreleased) Unwrap() error { return ErrNoRelease }
