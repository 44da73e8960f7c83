package mysqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// RollbackRequest is a release to undo.
type RollbackRequest struct {
	ID      string // as Request.ID
	Release int64
	Actor   string

	// Through undoes all later releases too, newest first, in the same transaction: the environment is then as it was
	// before Release. Without it, a row that a later release changed is a changed row like any other.
	Through bool

	// KeepChanged leaves rows that have changed since alone and names them, and so all rows of tables whose definition has
	// changed. Without it, one such row is enough to refuse the rollback.
	KeepChanged bool

	Digest   string                // RollbackPlan.Digest of what was shown; "" for whatever it comes to now
	Progress func(done, total int) // called now and then with rows done; nil for none
}

// Rollback is the undoing of releases, done.
type Rollback struct {
	Release           // the ledger's entry of the rollback itself
	Undone   []int64  // the releases that were undone, newest first
	Kept     Changed  // rows that were left alone, since they are no longer as the releases left them
	Counters []string // tables whose AUTO_INCREMENT counter the releases moved on, which nothing takes back
	Hold     Hold     // the hold that the environment is under now; zero for none
	Oldest   Release  // of those undone
}

// ErrNotUndoable is a release that has nothing to undo: it failed, or was rolled back already.
var ErrNotUndoable = errors.New("the release cannot be rolled back")

// Rollback restores the before-images of a release in one transaction; with Through, those of all later ones too, so that
// a row which several of them changed ends as before the oldest. It is refused with a *ChangedError, which names the rows,
// where rows are no longer as the releases left them, unless KeepChanged is set; with a *MovedError where it does not come
// to what Digest is of; and with a *RefusedError where rows would be left without those that they refer to. Of a
// table's AUTO_INCREMENT counter, nothing takes back what a release moved it on.
//
// The environment's commit goes back to the one before the oldest release undone, unless a later one stands that moved
// it on. The environment is held, as HeldByRollback: the sheets still say otherwise. After promotions, which no sheet knows
// of, it is not held.
//
// A request that was done before is not done again: its entry is returned as it is.
func (s *Store) Rollback(ctx context.Context, q RollbackRequest) (Rollback, error) {
	if err := s.Prepare(ctx); err != nil {
		return Rollback{}, err
	}
	out := Rollback{Release: Release{Kind: RollbackKind, Actor: q.Actor, State: Applied, Undoes: q.Release, Started: s.now(), RequestID: q.ID}}
	r := &out.Release
	var w *worked
	var before State
	err := s.release(ctx, r, func(tx *transaction, st State) (_ []*tableWork, err error) {
		m := &meter{report: q.Progress}
		if w, err = s.workOut(ctx, tx, st, q, " FOR UPDATE", m); err != nil {
			return nil, err
		}
		if w.changed != nil && !q.KeepChanged {
			return nil, w.changed
		}
		if q.Digest != "" && q.Digest != w.digest(s.environment) {
			return nil, &MovedError{Environment: s.environment}
		}
		before, r.Commit, r.Digest = st, w.commit, w.undone[len(w.undone)-1].Digest
		n := w.count()
		r.Deleted, r.Inserted, r.Updated = n.Deleted, n.Inserted, n.Updated
		if err := write(ctx, tx, w.work); err != nil {
			return nil, err
		}
		return w.work, checkReferences(ctx, tx, w.work)
	}, func(tx *transaction) error { return s.endRollback(ctx, tx, before, w, &out) })
	if errors.Is(err, errAsked) {
		return s.rollbackOf(ctx, *r)
	}
	if err != nil {
		return Rollback{}, err
	}
	return out, nil
}

// endRollback marks the undone releases, keeps which rows were left alone, and holds the environment.
func (s *Store) endRollback(ctx context.Context, tx *transaction, st State, w *worked, out *Rollback) error {
	out.Counters, out.Oldest = w.counters(), w.undone[len(w.undone)-1]
	ofSheets := false
	for _, u := range w.undone {
		is, err := s.isOfSheets(ctx, tx, u)
		if err != nil {
			return err
		}
		ofSheets = ofSheets || is
		if u.State != Applied {
			continue
		}
		out.Undone = append(out.Undone, u.ID)
		if _, err := tx.ExecContext(ctx, "UPDATE liveops_releases SET state = ?, undone_by = ? WHERE id = ?", string(RolledBack), out.ID, u.ID); err != nil {
			return fmt.Errorf("mark release %d: %w", u.ID, err)
		}
	}
	if w.changed != nil {
		out.Kept = w.changed.Changed
		kept, err := json.Marshal(out.Kept)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE liveops_releases SET kept = ? WHERE id = ?", kept, out.ID); err != nil {
			return fmt.Errorf("keep what release %d left alone: %w", out.ID, err)
		}
	}
	switch {
	case st.Hold != nil:
		out.Hold = *st.Hold
		return nil
	case !ofSheets:
		return nil
	}
	out.Hold = Hold{Reason: rollbackReason(out.Undone), By: out.Actor, Since: s.now(), Kind: HeldByRollback, Release: out.ID}
	return s.writeHold(ctx, tx, out.Hold)
}

func rollbackReason(undone []int64) string {
	if len(undone) == 1 {
		return fmt.Sprintf("release %d was rolled back; the default branch still has its changes", undone[0])
	}
	return fmt.Sprintf("releases %d to %d were rolled back; the default branch still has their changes", undone[len(undone)-1], undone[0])
}

// isOfSheets says whether the rows of a release come from the data repo: not those of a promotion, nor of its undoing.
func (s *Store) isOfSheets(ctx context.Context, q querier, r Release) (bool, error) {
	for r.Kind == RollbackKind {
		var err error
		if r, err = s.readRelease(ctx, q, r.Undoes); err != nil {
			return false, err
		}
	}
	return r.Kind != PromoteKind, nil
}

// RollbackBy reads a rollback of the ledger, by its own number, with the hold that the environment is under now. The
// Counters are not known any more. It fails with ErrNoRelease where there is none of that number.
func (s *Store) RollbackBy(ctx context.Context, id int64) (Rollback, error) {
	r, err := s.Release(ctx, id)
	if err != nil {
		return Rollback{}, err
	}
	if r.Kind != RollbackKind {
		return Rollback{}, fmt.Errorf("release %d of %s is no rollback: %w", id, s.environment, ErrNoRelease)
	}
	return s.rollbackOf(ctx, r)
}

// Commits are the data repo's commits around what was undone: the one before it ("" where it was the first release), and
// the one that brought the last of it. They are the same where no commit did, as of a promotion.
func (r *Rollback) Commits() (before, last string) {
	if len(r.Undone) > 1 {
		return r.Oldest.PreviousCommit, r.PreviousCommit
	}
	return r.Oldest.PreviousCommit, r.Oldest.Commit
}

// rollbackOf is a rollback as the ledger tells of it.
func (s *Store) rollbackOf(ctx context.Context, r Release) (Rollback, error) {
	out := Rollback{Release: r}
	undone, err := s.readReleases(ctx, s.db, "WHERE undone_by = ? ORDER BY id DESC", r.ID)
	if err != nil {
		return out, err
	}
	for _, u := range undone {
		out.Undone = append(out.Undone, u.ID)
	}
	if out.Oldest, err = s.readRelease(ctx, s.db, r.Undoes); err != nil {
		return out, err
	}
	var kept sql.NullString
	if err := s.db.QueryRowContext(ctx, "SELECT kept FROM liveops_releases WHERE id = ?", r.ID).Scan(&kept); err != nil {
		return out, fmt.Errorf("read what release %d left alone: %w", r.ID, err)
	}
	if kept.Valid {
		if err := json.Unmarshal([]byte(kept.String), &out.Kept); err != nil {
			return out, fmt.Errorf("read what release %d left alone: %w", r.ID, err)
		}
	}
	st, err := s.State(ctx)
	if st.Hold != nil {
		out.Hold = *st.Hold
	}
	return out, err
}
