package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"liveops/datasheets"
)

// Snapshot is an environment as it stood at one instant: state, schema and rows agree with each other.
// Use it from one goroutine, and close it.
type Snapshot struct {
	State  State
	Tables map[string]*datasheets.Table

	store *Store
	tx    *transaction
}

// Snapshot opens a snapshot. It only reads: on a database that liveops has not applied to yet, State is zero.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	tx, err := s.begin(ctx, "SET @liveops_read = NOW(6)", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
		"START TRANSACTION WITH CONSISTENT SNAPSHOT")
	if err != nil {
		return nil, err
	}
	snap := &Snapshot{store: s, tx: tx}
	if snap.State, err = s.readState(ctx, tx, ""); err == nil {
		snap.Tables, err = readSchema(ctx, tx)
	}
	if err == nil {
		var read string
		err = tx.QueryRowContext(ctx, "SELECT @liveops_read").Scan(&read)
		snap.State.Read = parseTime(read)
	}
	if err != nil {
		tx.end()
		return nil, err
	}
	return snap, nil
}

// Close ends the snapshot.
func (s *Snapshot) Close() { s.tx.end() }

// Rows hands over each row of a table, packed in the order of the managed columns (indexes into t.Columns), in
// no order. The bytes are valid during the call only.
func (s *Snapshot) Rows(ctx context.Context, t *datasheets.Table, managed []int, row func(packed []byte) error) error {
	return readRows(ctx, s.tx, t, managed, "", row)
}

// Releases lists the newest releases that the ledger had, newest first; none where there is no ledger.
func (s *Snapshot) Releases(ctx context.Context, limit int) ([]Release, error) {
	return s.store.readReleases(ctx, s.tx, "ORDER BY id DESC LIMIT ?", limit)
}

// Count counts the rows of a table.
func (s *Snapshot) Count(ctx context.Context, t *datasheets.Table) (n int, err error) {
	err = s.tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+quote(t.Name)).Scan(&n)
	return n, err
}

// readRows reads the rows that suffix (a WHERE clause, a lock) leaves.
func readRows(ctx context.Context, q querier, t *datasheets.Table, columns []int, suffix string, row func(packed []byte) error, args ...any) error {
	expressions := make([]string, len(columns))
	for i, c := range columns {
		expressions[i] = t.Columns[c].SelectExpr()
	}
	query := "SELECT " + strings.Join(expressions, ", ") + " FROM " + quote(t.Name) + suffix
	raw := make([]sql.RawBytes, len(columns))
	into := make([]any, len(columns))
	for i := range raw {
		into[i] = &raw[i]
	}
	var packed []byte
	err := each(ctx, q, query, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		packed = packed[:0]
		for i, c := range columns {
			var err error
			if packed, err = t.Columns[c].AppendServer(packed, raw[i]); err != nil {
				return fmt.Errorf("column %s: %w", t.Columns[c].Name, err)
			}
		}
		return row(packed)
	}, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	return nil
}
