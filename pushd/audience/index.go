package audience

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
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

// order is the name of the index that brings a query's tokens in order; "" where there is none, or where some people only are
// read, whom other indexes may find sooner. Of several it is one that has the language too, by which rows need not be looked up.
func (s *Store) order(ctx context.Context, q *Query) (name string, err error) {
	if q.SQL != "" || q.Only != nil {
		return "", nil
	}
	indexes, err := s.indexes(ctx, q.Table.Name)
	for _, i := range indexes {
		if covers := slices.Contains(i.columns, q.Table.Language); i.orders(&q.Table) && (name == "" || covers) {
			name = i.name
		}
	}
	return name, err
}

// index is one of a table's.
type index struct {
	name    string
	columns []string // "" for what is no whole column
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
			all = append(all, index{name: name})
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
