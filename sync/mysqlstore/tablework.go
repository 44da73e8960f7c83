package mysqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// rowsBatch is how many rows one statement names that writes them.
const rowsBatch = 500

// readBatch is how many rows one statement names that reads them: the fewer statements the faster, up to a point.
const readBatch = 4000

// tableWork is the changing of one table inside a transaction. full is every column that an image must hold to
// bring a row back: all but generated ones, the key's first.
type tableWork struct {
	*plan.Table
	full   []int
	at     []int                // managed column → its place in full
	before [][]datasheets.Value // by change: the whole row as it was; nil for an insert
	after  [][]datasheets.Value // by change: the whole row as it is now; nil for a delete
	parked int                  // rows moved out of the way before their update
	meter  *meter

	believed bool // before is what the plan says, and nobody has looked
}

func newTableWork(t *plan.Table, m *meter) *tableWork {
	w := &tableWork{Table: t, meter: m, full: slices.Clone(t.Schema.Key),
		before: make([][]datasheets.Value, len(t.Changes)), after: make([][]datasheets.Value, len(t.Changes))}
	for i := range t.Schema.Columns {
		if !t.Schema.IsKey(i) && !t.Schema.Columns[i].Generated {
			w.full = append(w.full, i)
		}
	}
	for _, c := range t.Managed {
		w.at = append(w.at, slices.Index(w.full, c))
	}
	return w
}

// key is the key of a row of managed columns.
func (w *tableWork) key(row []datasheets.Value) []datasheets.Value { return row[:w.KeyLen()] }

// holds says whether a whole row has the values of a row of managed columns.
func (w *tableWork) holds(full, row []datasheets.Value) bool {
	for i, at := range w.at {
		if full[at] != row[i] {
			return false
		}
	}
	return true
}

// lock locks the rows that change, keeps their images, and returns the changes (by index, in order) whose rows
// are not as the plan saw them.
func (w *tableWork) lock(ctx context.Context, tx *transaction) (moved []int, err error) {
	return w.readOld(ctx, tx, " FOR UPDATE")
}

// readOld is lock, with a lock that may be none. Of a change whose row moved, before is the row as it is.
func (w *tableWork) readOld(ctx context.Context, tx *transaction, lock string) (moved []int, err error) {
	inserts := w.changes(plan.Insert)
	old := append(w.changes(plan.Delete), w.changes(plan.Update)...)
	found, err := w.readChanged(ctx, tx, old, (*plan.Change).Old, lock)
	if err != nil {
		return nil, err
	}
	for _, i := range old {
		c := &w.Changes[i]
		w.before[i] = found[packKey(w.key(c.Before))]
		if w.before[i] == nil || !w.holds(w.before[i], c.Before) {
			moved = append(moved, i)
		}
	}
	there, err := w.readByKey(ctx, tx, inserts, (*plan.Change).New, lock)
	if err != nil {
		return nil, err
	}
	for _, i := range inserts {
		key := packKey(w.key(w.Changes[i].After))
		if there[key] != nil {
			moved = append(moved, i)
			w.before[i] = there[key]
			delete(there, key)
		}
	}
	for _, row := range there { // a key that only the server's collation holds to be the same
		return nil, &RefusedError{Table: w.Schema.Name, Reason: "a row that is to be inserted has, to the database, the key of one that is there",
			Rows: []string{w.describe(row)}, Count: len(there)}
	}
	slices.Sort(moved)
	return moved, nil
}

// believe takes the images before the change from the plan, which must manage every column of an image.
func (w *tableWork) believe() {
	w.believed = true
	for i := range w.Changes {
		if w.Changes[i].Op == plan.Insert {
			continue
		}
		w.before[i] = make([]datasheets.Value, len(w.full))
		for m, at := range w.at {
			w.before[i][at] = w.Changes[i].Before[m]
		}
	}
}

// describeChanges names the rows of some changes.
func (w *tableWork) describeChanges(changes []int) []string {
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = w.describe(w.Changes[c].Row())
	}
	return names
}

// readChanged is readByKey of rows that are there; the result may hold others too.
func (w *tableWork) readChanged(ctx context.Context, tx *transaction, changes []int, row func(*plan.Change) []datasheets.Value, lock string) (map[string][]datasheets.Value, error) {
	if !w.coversTable(len(changes)) {
		return w.readByKey(ctx, tx, changes, row, lock)
	}
	found := make(map[string][]datasheets.Value, w.Rows)
	return found, w.readInto(ctx, tx, found, lock)
}

// coversTable says whether so many rows are most of the table, which is then read as a whole: that costs less
// than to find each of them. How many rows there are is not known of a rollback.
func (w *tableWork) coversTable(rows int) bool {
	return rows > rowsBatch && w.Rows > 0 && 2*rows > w.Rows+w.Unowned
}

// readByKey reads whole rows by the keys that row gives of the changes at the given indexes. The result is by
// packed key.
func (w *tableWork) readByKey(ctx context.Context, tx *transaction, changes []int, row func(*plan.Change) []datasheets.Value, lock string) (map[string][]datasheets.Value, error) {
	found := make(map[string][]datasheets.Value, len(changes))
	for len(changes) > 0 {
		var keys [][]datasheets.Value
		for size := 0; len(keys) < min(readBatch, len(changes)) && size < statementBytes; {
			key := w.key(row(&w.Changes[changes[len(keys)]]))
			keys = append(keys, key)
			for _, v := range key {
				size += len(v.Text())
			}
		}
		changes = changes[len(keys):]
		where, args, err := w.whereKeys(keys)
		if err != nil {
			return nil, err
		}
		if err := w.readInto(ctx, tx, found, where+lock, args...); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// readInto reads the whole rows that suffix leaves.
func (w *tableWork) readInto(ctx context.Context, tx *transaction, found map[string][]datasheets.Value, suffix string, args ...any) error {
	return refused(readRows(ctx, tx, w.Schema, w.full, suffix, func(packed []byte) error {
		key, err := datasheets.Prefix(packed, w.KeyLen())
		if err != nil {
			return err
		}
		found[string(key)], err = datasheets.Unpack(packed)
		return err
	}, args...))
}

// whereKeys is the WHERE clause that picks rows by key.
func (w *tableWork) whereKeys(keys [][]datasheets.Value) (string, []any, error) {
	names, columns := make([]string, w.KeyLen()), make([]*datasheets.Column, w.KeyLen())
	for i := range names {
		columns[i] = w.Column(i)
		names[i] = columns[i].Name
	}
	return whereIn("", names, columns, keys)
}

// whereIn is the WHERE clause that picks the rows whose columns, by name, hold one of some tuples of values of
// the given types. alias qualifies the names ("c.").
func whereIn(alias string, names []string, columns []*datasheets.Column, tuples [][]datasheets.Value) (string, []any, error) {
	left, one := alias+quote(names[0]), placeholder(columns[0])
	if len(names) > 1 {
		for i, n := range names[1:] {
			left += ", " + alias + quote(n)
			one += ", " + placeholder(columns[i+1])
		}
		left, one = "("+left+")", "("+one+")"
	}
	args := make([]any, 0, len(tuples)*len(columns))
	for _, tuple := range tuples {
		for i, c := range columns {
			a, err := c.Argument(tuple[i])
			if err != nil {
				return "", nil, err
			}
			args = append(args, a)
		}
	}
	return " WHERE " + left + " IN (" + one + strings.Repeat(", "+one, len(tuples)-1) + ")", args, nil
}

// placeholder is where an argument that a column is compared with goes. A DECIMAL and a text would meet as
// rounded doubles.
func placeholder(c *datasheets.Column) string {
	if c.Type == datasheets.Decimal {
		return fmt.Sprintf("CAST(? AS DECIMAL(%d,%d))", c.Precision, c.Scale)
	}
	return "?"
}

// describe names a row by its table and key.
func (w *tableWork) describe(row []datasheets.Value) string {
	return describeRow(w.Schema, w.key(row))
}

func describeRow(t *datasheets.Table, key []datasheets.Value) string {
	s := t.Name
	for i, v := range key {
		s += " " + t.Columns[t.Key[i]].Name + "=" + v.Text()
	}
	return s
}

func packKey(key []datasheets.Value) string {
	var b []byte
	for _, v := range key {
		b = datasheets.AppendValue(b, v)
	}
	return string(b)
}
