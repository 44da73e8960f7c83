package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
)

// A release runs with foreign_key_checks = 0: no cascade fires by accident, and the order of tables and rows
// does not matter, cycles and self-references included. Instead, the references to and from every changed row
// are checked here at the end, under lock, before the commit. Sessions of the game keep their checks on, so a
// row that one of them adds meanwhile waits for, or is seen by, these locks.

// reference is one foreign key: child columns that name a parent's columns.
type reference struct {
	name                       string
	childSchema, child, parent string
	columns, parentColumns     []string
}

// checkReferences refuses rows that name a parent that is not there, and rows of any table, owned or not, that
// would be left without theirs.
func checkReferences(ctx context.Context, tx *transaction, work []*tableWork) error {
	byName := map[string]*tableWork{}
	for _, w := range work {
		if len(w.Changes) > 0 {
			byName[w.Schema.Name] = w
		}
	}
	if len(byName) == 0 {
		return nil
	}
	refs, err := readReferences(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range refs {
		if w := byName[r.parent]; w != nil {
			if err := r.checkChildren(ctx, tx, w); err != nil {
				return err
			}
		}
		if w := byName[r.child]; w != nil && r.childSchema == "" {
			if err := r.checkParents(ctx, tx, w); err != nil {
				return err
			}
		}
	}
	return nil
}

func readReferences(ctx context.Context, q querier) ([]*reference, error) {
	var refs []*reference
	err := each(ctx, q, `SELECT CONSTRAINT_NAME, IF(TABLE_SCHEMA = DATABASE(), '', TABLE_SCHEMA), TABLE_NAME, COLUMN_NAME,
		REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE
		WHERE REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL
		ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`, func(rows *sql.Rows) error {
		var r reference
		var column, parentColumn string
		if err := rows.Scan(&r.name, &r.childSchema, &r.child, &column, &r.parent, &parentColumn); err != nil {
			return err
		}
		if n := len(refs); n == 0 || refs[n-1].name != r.name || refs[n-1].child != r.child || refs[n-1].childSchema != r.childSchema {
			refs = append(refs, &r)
		}
		last := refs[len(refs)-1]
		last.columns, last.parentColumns = append(last.columns, column), append(last.parentColumns, parentColumn)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the foreign keys of information_schema: %w", err)
	}
	return refs, nil
}

// orphans is a query over the child rows that name a parent which is not there. what is selected of the child
// c, and which child rows are looked at, is the caller's.
func (r *reference) orphans(what, where string) string {
	child := quote(r.child)
	if r.childSchema != "" {
		child = quote(r.childSchema) + "." + child
	}
	var on, given []string
	for i := range r.columns {
		on = append(on, "p."+quote(r.parentColumns[i])+" = c."+quote(r.columns[i]))
		given = append(given, "c."+quote(r.columns[i])+" IS NOT NULL")
	}
	return "SELECT " + what + " FROM " + child + " c LEFT JOIN " + quote(r.parent) + " p ON " + strings.Join(on, " AND ") +
		where + " AND p." + quote(r.parentColumns[0]) + " IS NULL AND " + strings.Join(given, " AND ")
}

// checkChildren looks for rows that name a parent row that was deleted or has another key now.
func (r *reference) checkChildren(ctx context.Context, tx *transaction, w *tableWork) error {
	var at []int
	var columns []*datasheets.Column
	for _, name := range r.parentColumns {
		i := slices.IndexFunc(w.full, func(c int) bool { return w.Schema.Columns[c].Name == name })
		if i < 0 {
			return &RefusedError{Table: w.Schema.Name, Reason: "a foreign key refers to its generated column " + name + ", which is not supported"}
		}
		at, columns = append(at, i), append(columns, &w.Schema.Columns[w.full[i]])
	}
	var gone [][]datasheets.Value
	for i := range w.Changes {
		before, after := pick(w.before[i], at), pick(w.after[i], at)
		if before != nil && !slices.Equal(before, after) && !slices.ContainsFunc(before, datasheets.Value.IsNull) {
			gone = append(gone, before)
		}
	}
	return r.find(ctx, tx, w, "rows of "+r.child+" would be left without the row of "+r.parent+" that they refer to", r.columns, columns, gone)
}

// checkParents looks for rows that were written and name a parent that is not there.
func (r *reference) checkParents(ctx context.Context, tx *transaction, w *tableWork) error {
	var names []string
	var columns []*datasheets.Column
	for _, k := range w.Schema.Key {
		names, columns = append(names, w.Schema.Columns[k].Name), append(columns, &w.Schema.Columns[k])
	}
	var keys [][]datasheets.Value
	for i := range w.after {
		if w.after[i] != nil {
			keys = append(keys, w.key(w.after[i]))
		}
	}
	return r.find(ctx, tx, w, "rows refer to rows of "+r.parent+" that do not exist", names, columns, keys)
}

// find looks for orphans among the child rows whose columns (named names, of these types) are one of tuples,
// under lock, and names a few of them.
func (r *reference) find(ctx context.Context, tx *transaction, w *tableWork, reason string, names []string, columns []*datasheets.Column, tuples [][]datasheets.Value) error {
	found := &RefusedError{Table: w.Schema.Name, Reason: fmt.Sprintf("%s (foreign key %s)", reason, r.name)}
	for batch := range slices.Chunk(tuples, rowsBatch) {
		where, args, err := whereIn("c.", names, columns, batch)
		if err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, r.orphans("COUNT(*)", where)+" LOCK IN SHARE MODE", args...).Scan(&n); err != nil {
			return refusal(w.Schema.Name, err)
		}
		if n > 0 && len(found.Rows) < fewRows {
			if found.Rows, err = r.describe(ctx, tx, where, args); err != nil {
				return err
			}
		}
		found.Count += n
	}
	if found.Count > 0 {
		return found
	}
	return nil
}

// describe names a few orphans by their primary key or, in a table without one, by what they refer to.
func (r *reference) describe(ctx context.Context, tx *transaction, where string, args []any) ([]string, error) {
	var columns []string
	err := each(ctx, tx, `SELECT COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE CONSTRAINT_NAME = 'PRIMARY'
		AND TABLE_SCHEMA = IF(? = '', DATABASE(), ?) AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`, func(rows *sql.Rows) error {
		columns = append(columns, "")
		return rows.Scan(&columns[len(columns)-1])
	}, r.childSchema, r.childSchema, r.child)
	if err != nil {
		return nil, err
	}
	if len(columns) == 0 {
		columns = r.columns
	}
	selected := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = "c." + quote(c)
	}
	var described []string
	query := r.orphans(strings.Join(selected, ", "), where) + fmt.Sprintf(" ORDER BY %s LIMIT %d", strings.Join(selected, ", "), fewRows)
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		s := r.child
		for i, c := range columns {
			s += " " + c + "=" + values[i].String
		}
		described = append(described, s)
		return nil
	}, args...)
	return described, err
}

func pick(row []datasheets.Value, at []int) []datasheets.Value {
	if row == nil {
		return nil
	}
	out := make([]datasheets.Value, len(at))
	for i, a := range at {
		out[i] = row[a]
	}
	return out
}
