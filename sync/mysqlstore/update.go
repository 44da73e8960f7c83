package mysqlstore

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// union is how a server is given many rows of values in one statement.
type union struct {
	rows                      int    // in one statement; 1 for one at a time
	second, third, open, shut string // what stands before the second row and the following ones, and around each
}

// unions are the ways of the servers. To MySQL's parser each row is a SELECT, the cost of which grows faster
// than their number; MariaDB has table values (https://mariadb.com/kb/en/table-value-constructors/); the embedded
// server would compare each row with each.
var unions = map[serverKind]union{
	mysqlServer:    {rows: 100, second: " UNION ALL SELECT ", third: " UNION ALL SELECT "},
	mariaDBServer:  {rows: 500, second: " UNION ALL VALUES ", third: ", ", open: "(", shut: ")"},
	embeddedServer: {rows: 1},
}

// update changes rows, those that differ in the same columns by one statement for many. It is always an UPDATE:
// no row is deleted and inserted again, and an insert trigger never fires.
func (w *tableWork) update(ctx context.Context, tx *transaction) error {
	groups, union := w.updateGroups(), unions[embeddedServer]
	if slices.ContainsFunc(groups, func(g *updateGroup) bool { return len(g.changes) > 1 }) && w.joinsByKey() {
		kind, err := readServerKind(ctx, tx)
		if err != nil {
			return err
		}
		union = unions[kind]
	}
	statements := make(chan updateStatement)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { // the next one is made while the server works on the last
		defer close(statements)
		return w.makeUpdates(ctx, union, groups, statements)
	})
	g.Go(func() error {
		for s := range statements {
			if err := w.exec(ctx, tx, s.rows, s.query, s.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// updateStatement is a statement that changes so many rows.
type updateStatement struct {
	rows  int
	query string
	args  []any
}

// makeUpdates makes the statements of all groups.
func (w *tableWork) makeUpdates(ctx context.Context, union union, groups []*updateGroup, into chan<- updateStatement) error {
	for _, group := range groups {
		for rest := group.changes; len(rest) > 0; {
			batch := rest[:w.fitting(group.columns, rest, union.rows)]
			rest = rest[len(batch):]
			query, args, err := w.updateOne(group.columns, batch[0])
			if len(batch) > 1 {
				query, args, err = w.updateMany(union, group.columns, batch)
			}
			if err != nil {
				return err
			}
			select {
			case into <- updateStatement{len(batch), query, args}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// fitting is how many of some updates go into one statement.
func (w *tableWork) fitting(columns, changes []int, most int) int {
	n := 1
	for size := w.updateBytes(columns, changes[0]); n < len(changes) && n < most && size < statementBytes; n++ {
		size += w.updateBytes(columns, changes[n])
	}
	return n
}

// updateBytes is about what an update adds to a statement.
func (w *tableWork) updateBytes(columns []int, change int) int {
	size := 0
	for _, m := range columns {
		size += len(w.Changes[change].After[m].Text())
	}
	return size
}

// updateGroup is updates, by index, that set the same managed columns.
type updateGroup struct {
	columns []int
	changes []int
}

// updateGroups groups the updates by what they set. A column that does not change is not set: the server may keep
// its value in another form than the canonical one (JSON with blanks).
func (w *tableWork) updateGroups() []*updateGroup {
	var groups []*updateGroup
	by := map[string]*updateGroup{}
	for _, i := range w.changes(plan.Update) {
		c := &w.Changes[i]
		var columns []int
		mask := make([]byte, len(c.After))
		for m := range c.After {
			if c.After[m] != c.Before[m] || w.Column(m).OnUpdate {
				columns, mask[m] = append(columns, m), 1
			}
		}
		g := by[string(mask)]
		if g == nil {
			g = &updateGroup{columns: columns}
			by[string(mask)] = g
			groups = append(groups, g)
		}
		g.changes = append(g.changes, i)
	}
	return groups
}

// updateOne is the statement that sets columns of one row.
func (w *tableWork) updateOne(columns []int, change int) (string, []any, error) {
	c := &w.Changes[change]
	var sets []string
	var args []any
	for _, m := range columns {
		a, err := w.Column(m).Argument(c.After[m])
		if err != nil {
			return "", nil, err
		}
		sets, args = append(sets, quote(w.Column(m).Name)+" = ?"), append(args, a)
	}
	where, keys, err := w.whereKeys([][]datasheets.Value{w.key(c.Before)})
	return "UPDATE " + quote(w.Schema.Name) + " SET " + strings.Join(sets, ", ") + where, append(args, keys...), err
}

// joinsByKey says whether rows can be found by joining with a table of keys. A constant is brought into the
// type of the column that it is compared with; a joined column is not, and text would meet a DECIMAL or a date
// as a rounded number or by no index. So only keys of whole numbers and of text are joined.
func (w *tableWork) joinsByKey() bool {
	for i := range w.KeyLen() {
		if c := w.Column(i); c.Type != datasheets.Integer && (c.Type != datasheets.String || c.Charset == "") {
			return false
		}
	}
	return true
}

// updateMany is the statement that sets columns of many rows:
//
//	UPDATE t JOIN (SELECT 1 AS k0, 'sword' AS v0 UNION ALL VALUES (2, 'axe'), (3, 'bow')) AS v ON t.id = v.k0 SET t.name = v.v0
//
// What it assigns are the very arguments that updateOne has, of which the union makes columns wide enough for
// all of them; the server converts them to the table's columns in the same way and strictness, and the read-back
// compares what became of them. The keys' text gets the collation of its column, so that the index is used.
func (w *tableWork) updateMany(u union, columns []int, changes []int) (string, []any, error) {
	var names, on, sets []string
	for i := range w.KeyLen() {
		names = append(names, w.keyExpr(i)+" AS k"+strconv.Itoa(i))
		on = append(on, "t."+quote(w.Column(i).Name)+" = v.k"+strconv.Itoa(i))
	}
	for i, m := range columns {
		names = append(names, "? AS v"+strconv.Itoa(i))
		sets = append(sets, "t."+quote(w.Column(m).Name)+" = v.v"+strconv.Itoa(i))
	}
	row := u.open
	for i := range w.KeyLen() {
		row += w.keyExpr(i) + ", "
	}
	row += strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + u.shut
	args := make([]any, 0, len(changes)*len(names))
	for _, i := range changes {
		c := &w.Changes[i]
		for k, v := range w.key(c.Before) {
			a, err := w.Column(k).Argument(v)
			if err != nil {
				return "", nil, err
			}
			args = append(args, a)
		}
		for _, m := range columns {
			a, err := w.Column(m).Argument(c.After[m])
			if err != nil {
				return "", nil, err
			}
			args = append(args, a)
		}
	}
	return "UPDATE " + quote(w.Schema.Name) + " AS t JOIN (SELECT " + strings.Join(names, ", ") + u.second + row + strings.Repeat(u.third+row, len(changes)-2) +
		") AS v ON " + strings.Join(on, " AND ") + " SET " + strings.Join(sets, ", "), args, nil
}

// keyExpr is the expression of an argument for a column of the key.
func (w *tableWork) keyExpr(i int) string {
	if c := w.Column(i); c.Type == datasheets.String {
		return "CONVERT(? USING " + c.Charset + ") COLLATE " + c.Collation
	}
	return "?"
}
