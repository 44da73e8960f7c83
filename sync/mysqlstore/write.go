package mysqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// changes lists the changes of one operation.
func (w *tableWork) changes(op plan.Op) []int {
	var is []int
	for i := range w.Changes {
		if w.Changes[i].Op == op {
			is = append(is, i)
		}
	}
	return is
}

func (w *tableWork) delete(ctx context.Context, tx *transaction) error {
	for batch := range slices.Chunk(w.changes(plan.Delete), rowsBatch) {
		keys := make([][]datasheets.Value, len(batch))
		for i, c := range batch {
			keys[i] = w.key(w.Changes[c].Before)
		}
		where, args, err := w.whereKeys(keys)
		if err != nil {
			return err
		}
		if err := w.exec(ctx, tx, len(batch), "DELETE FROM "+quote(w.Schema.Name)+where, args...); err != nil {
			return err
		}
	}
	return nil
}

func (w *tableWork) insert(ctx context.Context, tx *transaction) error {
	names := make([]string, len(w.Managed))
	for i := range w.Managed {
		names[i] = w.Column(i).Name
	}
	head := "INSERT INTO " + quote(w.Schema.Name) + " (" + quoteAll(names) + ") VALUES "
	for inserts := w.changes(plan.Insert); len(inserts) > 0; {
		query, args, n, err := w.insertRows(inserts)
		if err != nil {
			return err
		}
		if err := w.exec(ctx, tx, n, head+query, args...); err != nil {
			return err
		}
		inserts = inserts[n:]
	}
	return nil
}

// insertRows writes the values of the first n of some inserts, as many as fit in one statement.
func (w *tableWork) insertRows(inserts []int) (rows string, args []any, n int, err error) {
	var b strings.Builder
	for size := 0; n < len(inserts) && n < rowsBatch && size < statementBytes; n++ {
		if n > 0 {
			b.WriteString(", ")
		}
		for m, v := range w.Changes[inserts[n]].After {
			b.WriteString([]string{"(", ", "}[min(m, 1)])
			if v.IsDefault() {
				b.WriteString("DEFAULT")
				continue
			}
			a, err := w.Column(m).Argument(v)
			if err != nil {
				return "", nil, 0, err
			}
			b.WriteByte('?')
			args, size = append(args, a), size+len(v.Text())
		}
		b.WriteByte(')')
	}
	return b.String(), args, n, nil
}

// exec runs a statement that must change exactly rows rows.
func (w *tableWork) exec(ctx context.Context, tx *transaction, rows int, query string, args ...any) error {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return refusal(w.Schema.Name, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", w.Schema.Name, err)
	}
	if n != int64(rows) {
		return &RefusedError{Table: w.Schema.Name, Reason: fmt.Sprintf("%d rows were to change and %d did", rows, n)}
	}
	w.meter.add(rows)
	return nil
}

// readBack reads the inserted and updated rows, keeps their images, and compares them with the plan.
func (w *tableWork) readBack(ctx context.Context, tx *transaction) error {
	written := append(w.changes(plan.Update), w.changes(plan.Insert)...)
	found, err := w.readChanged(ctx, tx, written, (*plan.Change).New, " LOCK IN SHARE MODE")
	if err != nil {
		return err
	}
	for _, i := range written {
		want := w.Changes[i].After
		w.after[i] = found[packKey(w.key(want))]
		if w.after[i] == nil {
			return &RefusedError{Table: w.Schema.Name, Reason: "a row that was written is not there", Rows: []string{w.describe(want)}, Count: 1}
		}
		for m := range want {
			if got := w.after[i][w.at[m]]; want[m] != got && !want[m].IsDefault() {
				return &RefusedError{Table: w.Schema.Name, Reason: fmt.Sprintf("the database keeps %q in %s where the sheet says %q",
					got.Text(), w.Column(m).Name, want[m].Text()), Rows: []string{w.describe(want)}, Count: 1}
			}
		}
	}
	return nil
}
