package audience

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
)

// Cost says what reading a query's tokens costs beyond reading them once, and what would mend it; "" where an index
// brings them in order.
func (s *Store) Cost(ctx context.Context, q Query) (string, error) {
	if q.SQL != "" {
		return "the SELECT is carried out and sorted once for every 10,000 tokens", nil
	}
	indexes, err := s.indexes(ctx, q.Table.Name)
	if err != nil {
		return "", err
	}
	best := "each page of 10,000 tokens reads and sorts the whole table"
	for _, i := range indexes {
		switch {
		case i.orders(&q.Table):
			return "", nil
		case strings.EqualFold(i.columns[0], q.Table.Token):
			best = "the table is read once for each platform"
		}
	}
	columns := quote(q.Table.Platform) + ", " + quote(q.Table.Token)
	if q.Table.Language != "" { // so that the index has all that is read
		columns += ", " + quote(q.Table.Language)
	}
	return fmt.Sprintf("%s; an index makes that unnecessary: CREATE INDEX push_order ON %s (%s)", best, quote(q.Table.Name), columns), nil
}

// way is how the server is to find the tokens of a query's pages. The zero way leaves it to the server.
type way struct {
	index string // it must go by this one; "" for none
	// ranged leaves it the range of an index on platform and token, or another index, but not all of a platform's tokens up to
	// the page. That is said by two comparisons with the platform instead of one, which no index finds but by a range
	// (measured on MariaDB 10.11: what pages of 20 among 20,000 look at is 8,000 rows with two, and 1.6 million with one).
	ranged bool
}

// way is by the index that brings a query's tokens in order, where there is one: of several one that has the language too, by
// which rows need not be looked up. Where other indexes may find the audience sooner, the server chooses.
func (s *Store) way(ctx context.Context, q *typed) (w way, err error) {
	if q.SQL != "" {
		return way{}, nil
	}
	indexes, err := s.indexes(ctx, q.Table.Name)
	others := q.Only != nil
	for _, i := range indexes {
		covers := slices.Contains(i.columns, q.Table.Language)
		switch {
		case !i.orders(&q.Table):
			others = others || i.finds(q.Query)
		case w.index == "" || covers:
			w.index = i.name
		}
	}
	if err != nil || w.index == "" || !others {
		return w, err
	}
	switch c := q.columns.of(q.Table.Platform); {
	case c == nil || c.Type != datasheets.Enum && c.Type != datasheets.Set:
		return way{ranged: true}, nil
	case q.Only != nil: // an index finds single values of an ENUM or a SET only: it has them by their numbers, and they are compared as texts (https://dev.mysql.com/doc/refman/8.4/en/enum.html)
		return way{}, nil
	}
	return w, nil
}

// index is one of a table's.
type index struct {
	name    string
	begins  string   // its first column, also where it has only the start of that
	columns []string // "" for what is no whole column
}

// finds says whether an index may find the rows that meet one of a query's conditions.
func (i *index) finds(q *Query) bool {
	return !strings.EqualFold(i.begins, q.Table.Platform) &&
		slices.ContainsFunc(q.Where, func(c Condition) bool { return strings.EqualFold(i.begins, c.Column) })
}

// orders says whether an index brings a table's tokens in the order in which they are read.
func (i *index) orders(t *Table) bool {
	return len(i.columns) > 1 && strings.EqualFold(i.columns[0], t.Platform) && strings.EqualFold(i.columns[1], t.Token)
}

// indexes are those of a table that have an order.
func (s *Store) indexes(ctx context.Context, table string) ([]index, error) {
	st := &statement{}
	st.add(`SELECT INDEX_NAME, COLUMN_NAME, SUB_PART IS NULL FROM information_schema.STATISTICS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND INDEX_TYPE = 'BTREE' ORDER BY INDEX_NAME, SEQ_IN_INDEX`, table)
	var all []index
	err := s.readOnly(ctx, st, func(rows *sql.Rows) error {
		var name string
		var column sql.NullString
		var whole bool
		if err := rows.Scan(&name, &column, &whole); err != nil {
			return err
		}
		if n := len(all); n == 0 || all[n-1].name != name {
			all = append(all, index{name: name, begins: column.String})
		}
		if !whole { // of the start of a text: it does not tell what comes in which order
			column.String = ""
		}
		last := &all[len(all)-1]
		last.columns = append(last.columns, column.String)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the indexes of %s: %w", table, err)
	}
	return all, nil
}
