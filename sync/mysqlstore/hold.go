package mysqlstore

import (
	"context"
	"fmt"
)

// SetHold holds the environment. A hold that is there already stays, with its reason: the first one is why the
// environment stands where it stands.
func (s *Store) SetHold(ctx context.Context, reason, by string) (Hold, error) {
	h := Hold{Reason: reason, By: by, Since: s.now(), Kind: HeldByCommand}
	err := s.moveState(ctx, func(st State, tx *transaction) error {
		if st.Hold != nil {
			h = *st.Hold
			return nil
		}
		return s.writeHold(ctx, tx, h)
	})
	return h, err
}

// LiftHold lifts the environment's hold and returns it; nil where there was none. by is as in Hold.By.
func (s *Store) LiftHold(ctx context.Context, by string) (*Hold, error) {
	return s.lift(ctx, by, func(State) bool { return true })
}

// LiftHoldAt lifts the environment's hold as LiftHold does, if nothing has moved the environment since the state of
// that epoch was read; else it fails with a *MovedError and lifts nothing.
func (s *Store) LiftHoldAt(ctx context.Context, epoch uint64, by string) (*Hold, error) {
	return s.lift(ctx, by, func(st State) bool { return st.Epoch == epoch })
}

// lift lifts the hold of a state that is as it should be, and tells the audit.
func (s *Store) lift(ctx context.Context, by string, right func(State) bool) (lifted *Hold, err error) {
	err = s.moveState(ctx, func(st State, tx *transaction) error {
		if !right(st) {
			return &MovedError{Environment: s.environment}
		}
		if lifted = st.Hold; lifted != nil {
			e := AuditEntry{Actor: by, Action: AuditLift, Detail: "the hold by " + lifted.By + ": " + lifted.Reason}
			if err := s.audit(ctx, tx, e); err != nil {
				return err
			}
		}
		return clearHold(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return lifted, nil
}

func clearHold(ctx context.Context, q querier) error {
	_, err := q.ExecContext(ctx, `UPDATE liveops_environment SET hold_reason = NULL, hold_by = NULL, hold_since = NULL,
		hold_kind = '', hold_release = 0, epoch = epoch + 1 WHERE id = 1`)
	return err
}

// Fail writes a release that changed nothing into the ledger and holds the environment. One with a RequestID that the
// ledger has is not written again.
func (s *Store) Fail(ctx context.Context, r Release, hold string) (Release, Hold, error) {
	r.State = Failed
	if r.Finished.IsZero() {
		r.Finished = s.now()
	}
	h := Hold{Reason: hold, By: "liveops", Since: r.Finished, Kind: HeldByFailure}
	err := s.moveState(ctx, func(st State, tx *transaction) error {
		found, err := s.findRequest(ctx, tx, r.RequestID)
		if err != nil {
			return err
		}
		if found != nil {
			if r = *found; st.Hold != nil {
				h = *st.Hold
			} else {
				h = Hold{}
			}
			return nil
		}
		r.PreviousCommit, r.PreviousRelease = st.Commit, st.Release
		if err := s.insertRelease(ctx, tx, &r); err != nil {
			return err
		}
		if err := s.auditRelease(ctx, tx, &r); err != nil {
			return err
		}
		h.Release = r.ID
		if st.Hold != nil {
			h = *st.Hold
			return nil
		}
		return s.writeHold(ctx, tx, h)
	})
	return r, h, err
}

// writeHold holds the environment, and tells the audit.
func (s *Store) writeHold(ctx context.Context, q querier, h Hold) error {
	_, err := q.ExecContext(ctx, `UPDATE liveops_environment
		SET hold_reason = ?, hold_by = ?, hold_since = ?, hold_kind = ?, hold_release = ?, epoch = epoch + 1 WHERE id = 1`,
		h.Reason, h.By, formatTime(h.Since), string(h.Kind), h.Release)
	if err != nil {
		return err
	}
	return s.audit(ctx, q, AuditEntry{At: h.Since, Actor: h.By, Action: AuditHold, Detail: h.Reason})
}

// moveState changes the state under its lock.
func (s *Store) moveState(ctx context.Context, change func(State, *transaction) error) error {
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	tx, err := s.begin(ctx, "START TRANSACTION")
	if err != nil {
		return err
	}
	defer tx.end()
	st, err := s.readState(ctx, tx, " FOR UPDATE")
	if err == nil {
		err = change(st, tx)
	}
	if err == nil {
		err = tx.commit(ctx)
	}
	if err != nil {
		return fmt.Errorf("change the state of %s: %w", s.environment, refused(err))
	}
	return nil
}
