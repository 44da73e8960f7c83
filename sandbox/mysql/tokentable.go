package mysql

import (
	"fmt"
	"io"
	"sort"
	"sync/atomic"

	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/sql"
)

// tokenTable is a table of push tokens as the engine knows tables.
type tokenTable struct {
	name, database string
	schema         sql.Schema
	rows           *atomic.Pointer[[]sql.Row] // by compareTokens; each statement that changes some puts others in their place
}

// Name and the rest implement sql.Table.
func (t *tokenTable) Name() string               { return t.name }
func (t *tokenTable) String() string             { return t.name }
func (t *tokenTable) Schema() sql.Schema         { return t.schema }
func (t *tokenTable) Collation() sql.CollationID { return sql.Collation_ascii_bin }

// IgnoreSessionData says that sessions have no snapshots of the table; UnderlyingTable, that it is none of the engine's own.
func (t *tokenTable) IgnoreSessionData() bool        { return true }
func (t *tokenTable) UnderlyingTable() *memory.Table { return nil }

// span is rows of a table, as they were when a statement began.
type span []sql.Row

// Key has nothing to tell spans apart by: each statement has its own.
func (s span) Key() []byte { return nil }

// Partitions is all rows in one.
func (t *tokenTable) Partitions(*sql.Context) (sql.PartitionIter, error) {
	return sql.PartitionsToPartitionIter(span(*t.rows.Load())), nil
}

// PartitionRows are a span's.
func (t *tokenTable) PartitionRows(_ *sql.Context, p sql.Partition) (sql.RowIter, error) {
	rows, ok := p.(span)
	if !ok {
		return nil, fmt.Errorf("table %s has no partition %T", t.name, p)
	}
	return &spanRows{rest: rows}, nil
}

type spanRows struct{ rest span }

// Next is the next row; io.EOF behind the last.
func (r *spanRows) Next(*sql.Context) (sql.Row, error) {
	if len(r.rest) == 0 {
		return nil, io.EOF
	}
	row := r.rest[0]
	r.rest = r.rest[1:]
	return row, nil
}

// Close has nothing to close.
func (r *spanRows) Close(*sql.Context) error { return nil }

// PreciseMatch says that the engine is to look at the rows that an index finds as at others.
func (t *tokenTable) PreciseMatch() bool { return false }

// GetIndexes is the one index.
func (t *tokenTable) GetIndexes(*sql.Context) ([]sql.Index, error) {
	return []sql.Index{tokenIndex{t}}, nil
}

// IndexedAccess is the table itself.
func (t *tokenTable) IndexedAccess(*sql.Context, sql.IndexLookup) sql.IndexedTable { return t }

// LookupPartitions are the rows of each of a lookup's ranges, and perhaps more.
func (t *tokenTable) LookupPartitions(_ *sql.Context, lookup sql.IndexLookup) (sql.PartitionIter, error) {
	ranges, ok := lookup.Ranges.(sql.MySQLRangeCollection)
	if !ok {
		return nil, fmt.Errorf("table %s cannot be looked up by %T", t.name, lookup.Ranges)
	}
	all := span(*t.rows.Load())
	parts := make([]sql.Partition, len(ranges))
	for i, r := range ranges {
		part := all.within(platformColumn, r[0])
		if len(r) > 1 && len(part) > 0 && part[0][platformColumn] == part[len(part)-1][platformColumn] { // by token, then
			part = part.within(tokenColumn, r[1])
		}
		parts[i] = part
	}
	return sql.PartitionsToPartitionIter(parts...), nil
}

// within is the part of a span, which is sorted by a column, where that is in a range.
func (s span) within(column int, r sql.MySQLRangeColumnExpr) span {
	from, to := 0, len(s)
	switch c := r.LowerBound.(type) {
	case sql.Below:
		from = sort.Search(len(s), func(i int) bool { return s[i][column].(string) >= key(c.Key) })
	case sql.Above:
		from = sort.Search(len(s), func(i int) bool { return s[i][column].(string) > key(c.Key) })
	}
	switch c := r.UpperBound.(type) {
	case sql.Below:
		to = sort.Search(len(s), func(i int) bool { return s[i][column].(string) >= key(c.Key) })
	case sql.Above:
		to = sort.Search(len(s), func(i int) bool { return s[i][column].(string) > key(c.Key) })
	case sql.AboveNull: // only NULL, which no row has
		to = 0
	}
	return s[from:max(from, to)]
}

// key is a bound of a range.
func key(k any) string {
	if b, ok := k.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(k)
}
