package mysqlstore

import (
	"context"
	"fmt"
	"time"

	"liveops/sync/plan"
)

// rehearsalLockWait is how long a rehearsal waits for a row that the game has locked: briefly, since it holds
// locks itself and nobody waits for its outcome.
const rehearsalLockWait = time.Second

// Rehearsal is what a rehearsal that went well did, and undid.
type Rehearsal struct {
	Rows  plan.Count
	Tests int // the data tests that were run
	Took  time.Duration
}

// Rehearse does all that Apply does up to the ledger's entry, then rolls it back: what the server or a data test
// would refuse is known before it counts. It is the very same code on the very same locks, and they are held while
// it runs; only that it gives up sooner (with ErrBusy) where someone else has one. It runs on an environment on
// hold too, and on one that has the commit already. The errors are those of Apply, but for HeldError.
//
// It leaves no trace in the tables, the ledger and the state, except that a table's AUTO_INCREMENT counter may
// have moved on, which no rollback takes back, and that the ledger's tables are made where they are missing.
func (s *Store) Rehearse(ctx context.Context, q Request) (Rehearsal, error) {
	if err := s.Prepare(ctx); err != nil {
		return Rehearsal{}, err
	}
	started := s.now()
	var r Release
	err := s.change(ctx, rehearsalLockWait, func(tx *transaction, st State) error {
		// Whoever changes a table's definition is not waited for either.
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET SESSION lock_wait_timeout = %d", int(rehearsalLockWait.Seconds()))); err != nil {
			return fmt.Errorf("rehearse on %s: %w", s.environment, err)
		}
		if _, err := s.applyTables(ctx, tx, st, q, &r); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "ROLLBACK"); err != nil {
			return fmt.Errorf("roll the rehearsal on %s back: %w", s.environment, err)
		}
		return nil
	})
	if err != nil {
		return Rehearsal{}, err
	}
	return Rehearsal{
		Rows:  plan.Count{Deleted: r.Deleted, Inserted: r.Inserted, Updated: r.Updated},
		Tests: len(q.Tests), Took: s.now().Sub(started)}, nil
}
