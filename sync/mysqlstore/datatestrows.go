package mysqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// What is told of the rows that a data test finds.
const (
	testRowsTold = 3
	longestValue = 60 // characters of a value
)

// foundRows is what a test found.
type foundRows struct {
	count int      // at most testRows + 1
	few   []string // the first, as "id=1, price=-5"
}

func findRows(ctx context.Context, q querier, query string) (found foundRows, err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return found, err
	}
	defer func() { err = cmp.Or(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return found, err
	}
	values, into := make([]sql.RawBytes, len(types)), make([]any, len(types))
	for i := range values {
		into[i] = &values[i]
	}
	for found.count <= testRows && rows.Next() {
		if found.count++; len(found.few) == testRowsTold {
			continue
		}
		if err := rows.Scan(into...); err != nil {
			return found, err
		}
		cells := make([]string, len(types))
		for i, c := range types {
			cells[i] = c.Name() + "=" + shown(values[i])
		}
		found.few = append(found.few, strings.Join(cells, ", "))
	}
	return found, rows.Err()
}

// shown is a value as a problem tells it.
func shown(value sql.RawBytes) string {
	switch {
	case value == nil:
		return "NULL"
	case !utf8.Valid(value):
		return cut("0x" + hex.EncodeToString(value))
	default:
		return cut(string(value))
	}
}

func cut(s string) string {
	if r := []rune(s); len(r) > longestValue {
		return string(r[:longestValue-1]) + "…"
	}
	return s
}
