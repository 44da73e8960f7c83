// Package export makes sheets of an environment's tables, such that a plan of them right after says that there is
// nothing to do.
package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// TableError is a table that no sheet can describe, or that has a value which no cell can hold.
type TableError struct {
	Table   string
	Reasons []string // each a line of prose; at least one
}

// Error names the table and the reasons.
func (e *TableError) Error() string {
	return fmt.Sprintf("the table %s cannot be exported: %s", e.Table, strings.Join(e.Reasons, "; "))
}

// mostRows is how many rows a sheet has below its header (Excel specifications and limits).
const mostRows = 1_048_576 - 1

// mostReasons is how many values that no cell can hold a TableError names.
const mostReasons = 5

// Check says why no sheet can describe a table, as a *TableError, whatever its rows are: it has no primary key, is
// not InnoDB, has a column that cells cannot describe, or a name that a sheet cannot have or that keeps it from being
// read. nil where one can.
func Check(t *datasheets.Table) error {
	_, err := newHeader(t)
	return err
}

// newHeader is the header of the sheet with every column of a table but generated ones, in the table's order; the
// rules are those by which a plan reads it.
func newHeader(t *datasheets.Table) (*datasheets.Header, error) {
	var reasons []string
	if err := xlsx.CheckName(t.Name); err != nil {
		reasons = append(reasons, err.Error())
	} else if strings.HasPrefix(t.Name, "#") || strings.HasPrefix(t.Name, ".") || strings.HasPrefix(t.Name, "~") {
		reasons = append(reasons, "a sheet or workbook of that name is not read")
	}
	row := datasheets.Row{Number: 1}
	for _, c := range t.Columns {
		if c.Generated {
			continue
		}
		cell := datasheets.Cell{Column: len(row.Cells) + 1, Kind: datasheets.Text, Text: []byte(c.Name)}
		if datasheets.IsComment(cell) {
			reasons = append(reasons, "its column "+c.Name+" would be read as a comment")
		}
		row.Cells = append(row.Cells, cell)
	}
	h, problems := datasheets.ReadHeader(&datasheets.Sheet{Name: t.Name}, row, t)
	for _, p := range problems {
		if !slices.Contains(reasons, p.Text) {
			reasons = append(reasons, p.Text)
		}
	}
	if reasons != nil {
		return nil, &TableError{t.Name, reasons}
	}
	return h, nil
}

// Sheet reads a table of a snapshot as a sheet, named after the table, its rows by key, its enum columns with
// drop-down lists. It fails with a *TableError as Check does, and where a value has no cell or the rows are more
// than a sheet has. o says in which time zone a TIMESTAMP is told.
func Sheet(ctx context.Context, snap *mysqlstore.Snapshot, t *datasheets.Table, o *datasheets.Options) (*xlsx.Sheet, error) {
	h, err := newHeader(t)
	if err != nil {
		return nil, err
	}
	rows, err := readRows(ctx, snap, h)
	if err != nil {
		return nil, err
	}
	s := &xlsx.Sheet{Name: t.Name, Header: make([]string, len(h.Columns)), Rows: make([][]any, len(rows))}
	for _, hc := range h.Columns {
		c := &t.Columns[hc.Table]
		s.Header[hc.Sheet-1] = c.Name
		if c.Type == datasheets.Enum {
			s.Choices = append(s.Choices, xlsx.Choice{Column: hc.Sheet, Values: c.Members})
		}
	}
	slices.SortFunc(s.Choices, func(a, b xlsx.Choice) int { return a.Column - b.Column })
	wrong := &TableError{Table: t.Name}
	for i, values := range rows {
		cells := make([]any, len(h.Columns))
		for j, hc := range h.Columns {
			cell, err := t.Columns[hc.Table].Cell(values[j], o)
			if err != nil {
				wrong.add(values[:len(t.Key)], err)
				continue
			}
			cells[hc.Sheet-1] = cell
		}
		if first, ok := cells[0].(datasheets.Cell); ok && datasheets.IsComment(first) {
			wrong.add(values[:len(t.Key)], fmt.Errorf("the text %.60q in column A would make a comment of its row", first.Text))
		}
		s.Rows[i], rows[i] = cells, nil
	}
	if wrong.Reasons != nil {
		return nil, wrong
	}
	return s, nil
}

// readRows reads a table's rows in the order of their keys.
func readRows(ctx context.Context, snap *mysqlstore.Snapshot, h *datasheets.Header) ([][]datasheets.Value, error) {
	many, err := snap.HasMoreRows(ctx, h.Table, mostRows)
	if err != nil {
		return nil, err
	}
	if many {
		return nil, &TableError{h.Table.Name, []string{fmt.Sprintf("it has more than %d rows, which is all that a sheet holds", mostRows)}}
	}
	var rows [][]datasheets.Value
	err = snap.Rows(ctx, h.Table, h.Managed(), func(packed []byte) error {
		values, err := datasheets.Unpack(packed)
		rows = append(rows, values)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b []datasheets.Value) int { return plan.CompareKeys(h.Table, a, b) })
	return rows, nil
}

// add names a value that no cell can hold, by the key of its row; from a few on it only counts on.
func (e *TableError) add(key []datasheets.Value, err error) {
	switch n := len(e.Reasons); {
	case n < mostReasons:
		texts := make([]string, len(key))
		for i, v := range key {
			texts[i] = v.Text()
		}
		var u *datasheets.UnkeepableError
		if errors.As(err, &u) {
			e.Reasons = append(e.Reasons, fmt.Sprintf("row %s: %s", strings.Join(texts, ", "), u))
			return
		}
		e.Reasons = append(e.Reasons, err.Error())
	case n == mostReasons:
		e.Reasons = append(e.Reasons, "and more")
	}
}
