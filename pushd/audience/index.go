package audience

import (
	"context"
	"database/sql"
	"fmt"
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
	for _, columns := range indexes {
		switch {
		case len(columns) > 1 && strings.EqualFold(columns[0], q.Table.Platform) && strings.EqualFold(columns[1], q.Table.Token):
			return "", nil
		case strings.EqualFold(columns[0], q.Table.Token):
			best = "the table is read once for each platform"
		}
	}
	return fmt.Sprintf("%s; an index makes that unnecessary: CREATE INDEX push_order ON %s (%s, %s)",
		best, quote(q.Table.Name), quote(q.Table.Platform), quote(q.Table.Token)), nil
}

// indexes are the columns of each index of a table, in their order; "" for what is no whole column.
func (s *Store) indexes(ctx context.Context, table string) ([][]string, error) {
	st := &statement{}
	st.add(`SELECT INDEX_NAME, COLUMN_NAME, SUB_PART IS NULL FROM information_schema.STATISTICS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY INDEX_NAME, SEQ_IN_INDEX`, table)
	var names []string // of the indexes
	var all [][]string
	err := s.readOnly(ctx, st, func(rows *sql.Rows) error {
		var index string
		var column sql.NullString
		var whole bool
		if err := rows.Scan(&index, &column, &whole); err != nil {
			return err
		}
		if n := len(names); n == 0 || names[n-1] != index {
			names, all = append(names, index), append(all, nil)
		}
		if !whole { // of the start of a text: it does not tell what comes in which order
			column.String = ""
		}
		all[len(all)-1] = append(all[len(all)-1], column.String)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the indexes of %s: %w", table, err)
	}
	return all, nil
}
