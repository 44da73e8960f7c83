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
		return Release{}, &notUndoable{s.environment + " has no release yet", ErrNoRelease}
	}
	newest, err := s.Release(ctx, st.Release)
	if err == nil && newest.Kind == RollbackKind {
		err = &notUndoable{fmt.Sprintf("the newest release of %s, %d, is the rollback of release %d; name the release to undo by its number (liveops status lists them)",
			s.environment, newest.ID, newest.Undoes), ErrNotUndoable}
	}
	return newest, err
}

// notUndoable is ErrNoRelease or ErrNotUndoable, told in words that need none of theirs.
type notUndoable struct {
	words string
	is    error
}

func (e *notUndoable) Error() string { return e.words }

// Unwrap is the sentinel.
func (e *notUndoable) Unwrap() error { return e.is }
