package mysqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"liveops/sync/plan"
)

// Before the commit every table of the plan must equal its sheets. To read it whole, under lock, proves that at a cost
// that grows with the table, however small the change. But the plan compared it whole, a moment ago, in a
// snapshot, so that a table equals its sheets still where
//
//  1. the server says that no transaction has committed a change to it since before that snapshot, and
//  2. this transaction wrote the rows of the plan, all of which were read back, and no other: the server counts
//     the rows that the session wrote, a trigger's among them.
//
// A table of which both are known is not read again; any other one is, and always where the server cannot say
// (only MariaDB is believed), and where something is not as expected.
//
// Nor are the rows that change read before they are changed, where that is known of their table both before the work
// and after it, and the plan compared every column that an image has: then they were, when this transaction locked them by
// changing them, what the plan read. Where it turns out otherwise the work is rolled back to a savepoint and
// done over, with every row read under lock first (attempt in apply.go).
//
// What this gives up: the whole reading keeps its locks until the commit, so that someone who changes a row
// that the release does not touch waits; now his change may come in between the server's answer and the commit.
// It stands in the database after the commit either way, and the next plan shows it.

// verifier gathers what the server says.
type verifier struct {
	read    time.Time // the server's clock before the plan's snapshot; zero where the server is not believed
	written rowCounters
}

// rowCounters are how many rows a session deleted, updated and inserted, temporary tables left out, as the
// storage engine counts them (https://mariadb.com/kb/en/server-status-variables/#handler_delete).
type rowCounters struct{ deleted, updated, inserted int }

// newVerifier is called before the transaction writes.
func newVerifier(ctx context.Context, tx *transaction, read time.Time) (*verifier, error) {
	if read.IsZero() {
		return &verifier{}, nil
	}
	kind, err := readServerKind(ctx, tx)
	if err != nil || kind != mariaDBServer {
		return &verifier{}, err
	}
	v := &verifier{read: read}
	v.written, err = readRowCounters(ctx, tx)
	return v, err
}

func readRowCounters(ctx context.Context, q querier) (c rowCounters, err error) {
	into := map[string]*int{"Handler_delete": &c.deleted, "Handler_update": &c.updated, "Handler_write": &c.inserted}
	err = each(ctx, q, "SHOW SESSION STATUS LIKE 'Handler_%'", func(rows *sql.Rows) error {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		if counter := into[name]; counter != nil {
			*counter = n
		}
		return nil
	})
	if err != nil {
		return c, fmt.Errorf("ask the server for the rows written: %w", err)
	}
	return c, nil
}

// believe takes the before-images of tables from the plan, where that may be done.
func (v *verifier) believe(ctx context.Context, tx *transaction, work []*tableWork) error {
	quiet, err := v.quietTables(ctx, tx)
	if err != nil {
		return err
	}
	for _, w := range work {
		if quiet[w.Schema.Name] && len(w.Managed) == len(w.full) {
			w.believe()
		}
	}
	return nil
}

// errBelieved is a plan that was believed and may have been wrong about the rows that it changes.
var errBelieved = errors.New("a table was changed since the plan's snapshot, or by more than the plan")

// verify holds every table to its sheets after the work was written and read back. It fails with errBelieved where
// that cannot be said of a table any more whose rows were believed.
func (v *verifier) verify(ctx context.Context, tx *transaction, work []*tableWork) error {
	alone, err := v.wroteNothingElse(ctx, tx, work)
	if err != nil {
		return err
	}
	var quiet map[string]bool
	if alone {
		if quiet, err = v.quietTables(ctx, tx); err != nil {
			return err
		}
	}
	for _, w := range work {
		if w.believed && !quiet[w.Schema.Name] {
			return errBelieved
		}
		if quiet[w.Schema.Name] || w.Partial {
			continue
		}
		if err := w.verify(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// wroteNothingElse says whether the session wrote the rows of the work and no others.
func (v *verifier) wroteNothingElse(ctx context.Context, tx *transaction, work []*tableWork) (bool, error) {
	if v.read.IsZero() {
		return false, nil
	}
	now, err := readRowCounters(ctx, tx)
	if err != nil {
		return false, err
	}
	var n plan.Count
	for _, w := range work {
		n = n.Add(w.Count()).Add(plan.Count{Updated: w.parked})
	}
	return now == rowCounters{v.written.deleted + n.Deleted, v.written.updated + n.Updated, v.written.inserted + n.Inserted}, nil
}

// quietMargin is how long before the snapshot a table must have been left alone. The server notes whole seconds,
// and shortly before the change can be seen.
const quietMargin = 5 * time.Second

// quietTables says which tables nobody else changed since the plan's snapshot. UPDATE_TIME is when a change was
// committed last; NULL, where the server has lost it by a restart or from its cache, says nothing.
func (v *verifier) quietTables(ctx context.Context, tx *transaction) (map[string]bool, error) {
	if v.read.IsZero() {
		return nil, nil
	}
	quiet := map[string]bool{}
	err := each(ctx, tx, `SELECT TABLE_NAME FROM information_schema.TABLES
		WHERE TABLE_SCHEMA = DATABASE() AND ENGINE = 'InnoDB' AND UPDATE_TIME < ?`, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		quiet[name] = true
		return err
	}, v.read.Add(-quietMargin).Format(time.DateTime))
	if err != nil {
		return nil, fmt.Errorf("ask the server when the tables were changed: %w", err)
	}
	return quiet, nil
}

// verify reads the whole table under lock and compares the rows that the sheets own with what they say. Nothing
// else can lock these rows: which they are only the values tell, and a row that is not theirs could become so.
func (w *tableWork) verify(ctx context.Context, tx *transaction) error {
	sum := plan.NewSummer(w.Schema, w.Managed)
	add := func(row []byte) error {
		if owned, err := w.Owned.Owns(row); err != nil || !owned {
			return err
		}
		return sum.Add(row)
	}
	if err := readRows(ctx, tx, w.Schema, w.Managed, " LOCK IN SHARE MODE", add); err != nil {
		return refused(err)
	}
	if !sum.Sum.Equal(w.Want) {
		return &RefusedError{Table: w.Schema.Name, Reason: fmt.Sprintf(
			"read back before the commit, the table is not what the sheets say (%d rows, the sheets have %d); "+
				"a trigger, or someone else, changes it too", sum.Sum.Rows, w.Want.Rows)}
	}
	return nil
}
