package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// A server checks a unique index at every row that it writes, not at the end of the statement or transaction. So
// two rows that exchange their values, or a row that takes over what another one gives up, fail or not by the
// order in which they are written. No order serves for a cycle. Hence rows that hold what another row is to
// take are moved out of the way first, each by an UPDATE of its own of one column to NULL or to a value that no
// row has; after that the updates meet in no order. The value does not outlive the row's own update, moments later.

// uniqueIndex is a unique index besides the primary key.
type uniqueIndex struct {
	name    string
	columns []int // indexes into the table's columns
	inexact bool  // equal values cannot be asked for by the columns alone: it is of a prefix of a text, say
}

// readUniques lists a table's unique indexes but the primary key and those over expressions.
func readUniques(ctx context.Context, q querier, t *datasheets.Table) ([]*uniqueIndex, error) {
	var indexes []*uniqueIndex
	expressions := map[string]bool{}
	err := each(ctx, q, `SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0 AND INDEX_NAME <> 'PRIMARY'
		ORDER BY INDEX_NAME, SEQ_IN_INDEX`, func(rows *sql.Rows) error {
		var name string
		var of sql.NullString
		var prefix sql.NullInt64
		if err := rows.Scan(&name, &of, &prefix); err != nil {
			return err
		}
		if n := len(indexes); n == 0 || indexes[n-1].name != name {
			indexes = append(indexes, &uniqueIndex{name: name})
		}
		index, c := indexes[len(indexes)-1], t.Column(of.String)
		if c < 0 {
			expressions[name] = true
			return nil
		}
		index.columns = append(index.columns, c)
		column := &t.Columns[c]
		index.inexact = index.inexact || prefix.Valid || column.Generated || column.Type == datasheets.Float || column.Type == datasheets.Double
		return nil
	}, t.Name)
	if err != nil {
		return nil, fmt.Errorf("read the unique indexes of %s: %w", t.Name, err)
	}
	return slices.DeleteFunc(indexes, func(u *uniqueIndex) bool { return expressions[u.name] }), nil
}

// park moves rows out of the way of other rows' updates, where the updates touch a unique index.
func (w *tableWork) park(ctx context.Context, tx *transaction) error {
	updates := w.changes(plan.Update)
	if len(updates) < 2 {
		return nil
	}
	indexes, err := readUniques(ctx, tx, w.Schema)
	if err != nil {
		return err
	}
	byKey := map[string]int{} // packed key → update
	for _, i := range updates {
		byKey[packKey(w.key(w.before[i]))] = i
	}
	rows := map[int][]*datasheets.Column{} // update → the columns to set
	for _, index := range indexes {
		moving := slices.DeleteFunc(slices.Clone(updates), func(i int) bool { return !w.moves(index, i) })
		if len(moving) < 2 {
			continue
		}
		inTheWay, err := w.inTheWay(ctx, tx, index, moving, byKey)
		if err != nil {
			return err
		}
		for _, i := range inTheWay {
			if c := w.parkingColumn(index, i); c != nil && !slices.Contains(rows[i], c) {
				rows[i] = append(rows[i], c)
			}
		}
	}
	return w.parkRows(ctx, tx, rows)
}

// moves says whether an update changes what the row has in an index.
func (w *tableWork) moves(u *uniqueIndex, change int) bool {
	return slices.ContainsFunc(u.columns, func(c int) bool { return w.sets(c, change) })
}

// sets says whether an update changes a column of the table.
func (w *tableWork) sets(column, change int) bool {
	m := slices.Index(w.Managed, column)
	return m >= 0 && w.Changes[change].Before[m] != w.Changes[change].After[m]
}

// inTheWay finds, among rows that are updated, those that hold now what one of moving is to have. Whatever else
// holds it is a duplicate, which the server refuses.
func (w *tableWork) inTheWay(ctx context.Context, tx *transaction, u *uniqueIndex, moving []int, byKey map[string]int) ([]int, error) {
	if u.inexact {
		return moving, nil
	}
	names, columns := make([]string, len(u.columns)), make([]*datasheets.Column, len(u.columns))
	for i, c := range u.columns {
		columns[i], names[i] = &w.Schema.Columns[c], w.Schema.Columns[c].Name
	}
	var tuples [][]datasheets.Value
	for _, i := range moving {
		tuple := make([]datasheets.Value, len(u.columns))
		for k, c := range u.columns {
			tuple[k] = w.next(c, i)
		}
		if !slices.ContainsFunc(tuple, datasheets.Value.IsNull) {
			tuples = append(tuples, tuple)
		}
	}
	found := map[int]bool{}
	for batch := range slices.Chunk(tuples, rowsBatch) {
		where, args, err := whereIn("", names, columns, batch)
		if err != nil {
			return nil, err
		}
		err = readRows(ctx, tx, w.Schema, w.Schema.Key, where+" LOCK IN SHARE MODE", func(key []byte) error {
			if i, ok := byKey[string(key)]; ok {
				found[i] = true
			}
			return nil
		}, args...)
		if err != nil {
			return nil, refused(err)
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// next is what a row will have in a column of the table.
func (w *tableWork) next(column, change int) datasheets.Value {
	if m := slices.Index(w.Managed, column); m >= 0 {
		return w.Changes[change].After[m]
	}
	if at := slices.Index(w.full, column); at >= 0 {
		return w.before[change][at]
	}
	return datasheets.Null // generated: what it will be is the server's to say
}

// parkingColumn chooses, of an index, the column of a row that is set aside: one that the row's update gives its
// final value right after, NULL by preference, else the one with the most values to choose from. It is nil where
// the update changes none: then the row is to stay what it is, and whoever wants its value is refused.
func (w *tableWork) parkingColumn(u *uniqueIndex, change int) *datasheets.Column {
	var best *datasheets.Column
	for _, i := range u.columns {
		c := &w.Schema.Columns[i]
		if w.sets(i, change) && (best == nil || (c.Nullable && !best.Nullable) || (c.Nullable == best.Nullable && spareBits(c) > spareBits(best))) {
			best = c
		}
	}
	return best
}

// parkRows sets the columns of each row to NULL, or to values that a column has nowhere.
func (w *tableWork) parkRows(ctx context.Context, tx *transaction, rows map[int][]*datasheets.Column) error {
	wanted := map[*datasheets.Column]int{}
	for _, columns := range rows {
		for _, c := range columns {
			if !c.Nullable {
				wanted[c]++
			}
		}
	}
	spare := map[*datasheets.Column][]datasheets.Value{}
	for c, n := range wanted {
		var err error
		if spare[c], err = w.spareValues(ctx, tx, c, n); err != nil {
			return err
		}
	}
	for _, i := range slices.Sorted(maps.Keys(rows)) {
		var sets []string
		var args []any
		for _, c := range rows[i] {
			value := datasheets.Null
			if !c.Nullable {
				value, spare[c] = spare[c][0], spare[c][1:]
			}
			a, err := c.Argument(value)
			if err != nil {
				return err
			}
			sets, args = append(sets, quote(c.Name)+" = ?"), append(args, a)
		}
		where, keys, err := w.whereKeys([][]datasheets.Value{w.key(w.before[i])})
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE "+quote(w.Schema.Name)+" SET "+strings.Join(sets, ", ")+where, append(args, keys...)...); err != nil {
			return refusal(w.Schema.Name, err)
		}
		w.parked++
	}
	return nil
}
