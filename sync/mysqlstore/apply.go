package mysqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"liveops/sync/check"
	"liveops/sync/plan"
)

// Request is a plan to apply, with what the ledger keeps of it.
type Request struct {
	ID       string // what the caller calls this request, at most 191 bytes: asked for again, it is not done again; "" for nothing
	Commit   string
	Digest   string
	Actor    string
	Pull     int
	Epoch    uint64    // of the state that the plan was made from
	Read     time.Time // State.Read of the snapshot that the plan was made from; zero where unknown
	Tables   []*plan.Table
	Files    []File                // kept with the commit, for who follows the environment without the data repo
	Tests    []check.Test          // each must find no row in what the plan makes of the database
	Override string                // which gates were passed over, and why, for the audit; "" for none
	Progress func(done, total int) // called now and then with rows done; nil for none
}

// Apply applies a plan in one transaction and returns its entry in the ledger. Each row is locked and known to be
// the plan's before-image, changed, and read back; references to and from changed rows are checked; every
// table of the plan must then equal what its sheets say (verify.go tells how that is known); every data test must find no
// row. Then the ledger entry and the images are written, and all of it is committed. If anything fails nothing is
// changed: HeldError, MovedError, RefusedError, TestsFailedError, ErrBusy and UnreachableError say what.
//
// A commit that the environment is at already is not applied again: its release is returned as it is. So is the release
// of a request that was applied before, which may be rolled back by now; see RequestError.
func (s *Store) Apply(ctx context.Context, q Request) (Release, error) {
	if err := s.Prepare(ctx); err != nil {
		return Release{}, err
	}
	r := Release{Kind: ApplyKind, Commit: q.Commit, Digest: q.Digest, Actor: q.Actor, Pull: q.Pull, State: Applied, Started: s.now(), RequestID: q.ID}
	err := s.release(ctx, &r, func(tx *transaction, st State) ([]*tableWork, error) {
		switch {
		case st.Commit == q.Commit:
			return nil, errAlready
		case st.Hold != nil:
			return nil, &HeldError{s.environment, *st.Hold}
		}
		if err := s.auditOverride(ctx, tx, q); err != nil {
			return nil, err
		}
		work, err := s.applyTables(ctx, tx, st, q, &r)
		if err != nil {
			return nil, err
		}
		return work, writeFiles(ctx, tx, q.Commit, q.Files)
	}, nil)
	if errors.Is(err, errAsked) {
		return r, nil
	}
	if errors.Is(err, errAlready) {
		st, err := s.State(ctx)
		if err != nil {
			return Release{}, err
		}
		return s.Release(ctx, st.Release)
	}
	return r, err
}

// Promote applies a plan that was made from another environment's rows instead of a commit's, as Apply does, and
// leaves the environment's commit as it is.
func (s *Store) Promote(ctx context.Context, q Request) (Release, error) {
	if err := s.Prepare(ctx); err != nil {
		return Release{}, err
	}
	r := Release{Kind: PromoteKind, Digest: q.Digest, Actor: q.Actor, State: Applied, Started: s.now(), RequestID: q.ID}
	err := s.release(ctx, &r, func(tx *transaction, st State) ([]*tableWork, error) {
		if st.Hold != nil {
			return nil, &HeldError{s.environment, *st.Hold}
		}
		r.Commit = st.Commit
		if err := s.auditOverride(ctx, tx, q); err != nil {
			return nil, err
		}
		return s.applyTables(ctx, tx, st, q, &r)
	}, nil)
	if errors.Is(err, errAsked) {
		return r, nil
	}
	return r, err
}

// errAlready ends a release whose commit the environment has.
var errAlready = errors.New("released already")

// applyLockWait is how long a release waits for a row that the game has locked.
const applyLockWait = 10 * time.Second

// release runs one transaction that changes tables and the environment's state, and commits it. after, where there is
// one, is called when the release has its number. Where the request was done before, r is its entry, and the error errAsked.
func (s *Store) release(ctx context.Context, r *Release, work func(*transaction, State) ([]*tableWork, error), after func(*transaction) error) error {
	return s.change(ctx, applyLockWait, func(tx *transaction, st State) error {
		if err := s.askedBefore(ctx, tx, r); err != nil {
			return err
		}
		r.PreviousCommit, r.PreviousRelease = st.Commit, st.Release
		done, err := work(tx, st)
		if err != nil {
			return err
		}
		r.Finished = s.now()
		if err := s.insertRelease(ctx, tx, r); err != nil {
			return err
		}
		if err := s.auditRelease(ctx, tx, r); err != nil {
			return err
		}
		if err := writeImages(ctx, tx, r.ID, done); err != nil {
			return err
		}
		if after != nil {
			if err := after(tx); err != nil {
				return err
			}
		}
		if err := s.writeState(ctx, tx, r); err != nil {
			return err
		}
		if err := tx.commit(ctx); err != nil {
			return s.resolve(ctx, st, *r, err)
		}
		return nil
	})
}

// change runs work in a transaction that has locked the environment. What work does not commit is rolled back.
func (s *Store) change(ctx context.Context, lockWait time.Duration, work func(*transaction, State) error) error {
	tx, err := s.begin(ctx,
		"SET SESSION foreign_key_checks = 0", // see references.go
		fmt.Sprintf("SET SESSION innodb_lock_wait_timeout = %d", int(lockWait.Seconds())),
		"START TRANSACTION")
	if err != nil {
		return err
	}
	defer tx.end()
	st, err := s.readState(ctx, tx, " FOR UPDATE NOWAIT")
	if err != nil {
		return refused(err)
	}
	return work(tx, st)
}

// writeState moves the environment to where the release leaves it.
func (s *Store) writeState(ctx context.Context, q querier, r *Release) error {
	commit, release := r.Commit, r.ID
	if _, err := q.ExecContext(ctx, `UPDATE liveops_environment
		SET epoch = epoch + 1, commit_id = ?, release_id = ? WHERE id = 1`, commit, release); err != nil {
		return fmt.Errorf("move the state of %s: %w", s.environment, err)
	}
	return nil
}

// resolve finds out from the ledger whether a commit whose answer got lost took place. It waits for the lock
// that the transaction holds until the server has ended it one way or the other.
func (s *Store) resolve(ctx context.Context, before State, r Release, cause error) error {
	tx, err := s.begin(ctx, "START TRANSACTION")
	if err != nil {
		return errors.Join(cause, err)
	}
	defer tx.end()
	after, err := s.readState(ctx, tx, " FOR UPDATE")
	switch {
	case err != nil:
		return errors.Join(cause, err)
	case after.Epoch > before.Epoch && after.Release == r.ID:
		return nil
	default:
		return fmt.Errorf("%w; the database rolled it back", cause)
	}
}

// applyTables does the work of Apply, and of Rehearse, on rows that are locked, and counts it in r.
func (s *Store) applyTables(ctx context.Context, tx *transaction, st State, q Request, r *Release) ([]*tableWork, error) {
	if st.Epoch != q.Epoch {
		return nil, &MovedError{Environment: s.environment}
	}
	for _, t := range q.Tables {
		n := t.Count()
		r.Deleted, r.Inserted, r.Updated = r.Deleted+n.Deleted, r.Inserted+n.Inserted, r.Updated+n.Updated
	}
	work, err := s.attempt(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	if err := checkReferences(ctx, tx, work); err != nil {
		return nil, err
	}
	return work, s.runTests(ctx, tx, q)
}

// attempt changes the tables and holds them to the plan. Where the plan could be believed about the rows that it
// changes (verify.go) and something is amiss all the same, that is undone and the rows are read first.
func (s *Store) attempt(ctx context.Context, tx *transaction, q Request) ([]*tableWork, error) {
	v, err := newVerifier(ctx, tx, q.Read)
	if err != nil {
		return nil, err
	}
	work := newWork(q)
	if err := v.believe(ctx, tx, work); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(work, func(w *tableWork) bool { return w.believed }) {
		return work, s.changeTables(ctx, tx, v, work)
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT liveops_believed"); err != nil {
		return nil, fmt.Errorf("set a savepoint: %w", err)
	}
	err = s.changeTables(ctx, tx, v, work)
	if refusal := (*RefusedError)(nil); !errors.Is(err, errBelieved) && !errors.As(err, &refusal) {
		return work, err
	}
	if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT liveops_believed"); err != nil {
		return nil, fmt.Errorf("go back to a savepoint: %w", err)
	}
	if v, err = newVerifier(ctx, tx, q.Read); err != nil {
		return nil, err
	}
	work = newWork(q)
	return work, s.changeTables(ctx, tx, v, work)
}

// newWork is the work of a request, not begun.
func newWork(q Request) (work []*tableWork) {
	meter := &meter{report: q.Progress}
	for _, t := range q.Tables {
		work = append(work, newTableWork(t, meter))
		meter.total += t.Count().Total()
	}
	return work
}

// changeTables locks the rows that change, unless they are believed, changes them, reads them back, and verifies.
func (s *Store) changeTables(ctx context.Context, tx *transaction, v *verifier, work []*tableWork) error {
	moved := &MovedError{Environment: s.environment}
	for _, w := range work {
		if w.believed {
			continue
		}
		rows, err := w.lock(ctx, tx)
		if err != nil {
			return err
		}
		moved.add(w.describeChanges(rows))
	}
	if moved.Count > 0 {
		return moved
	}
	if err := write(ctx, tx, work); err != nil {
		return err
	}
	return v.verify(ctx, tx, work)
}

func (e *MovedError) add(rows []string) {
	e.Count += len(rows)
	e.Rows = append(e.Rows, rows[:min(len(rows), max(0, fewRows-len(e.Rows)))]...)
}

// write changes the rows: all deletes, then updates (see park.go), then inserts, and reads the changed rows back.
func write(ctx context.Context, tx *transaction, work []*tableWork) error {
	for _, step := range []func(*tableWork, context.Context, *transaction) error{
		(*tableWork).delete, (*tableWork).park, (*tableWork).update, (*tableWork).insert, (*tableWork).readBack,
	} {
		for _, w := range work {
			if err := step(w, ctx, tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// meter counts rows for a progress report.
type meter struct {
	report      func(done, total int)
	done, total int
}

func (m *meter) add(n int) {
	m.done += n
	if m.report != nil {
		m.report(m.done, m.total)
	}
}
