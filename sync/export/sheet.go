// Package export makes sheets of an environment's tables, such that a plan of them right after says that there is
// nothing to do: new workbooks, and the cells that differ in those that designers have.
package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

// Reading is how the sheets will be read.
type Reading struct {
	Scope    datasheets.Scope // for which environment
	Location *time.Location   // in which the times of TIMESTAMP columns are told; nil for UTC
}

func (r Reading) options() *datasheets.Options { return &datasheets.Options{Location: r.Location} }

// Check says why no sheet can describe a table, as a *TableError, whatever its rows are: it has no primary key, is
// not InnoDB, has a column that cells cannot describe, or a name that a sheet cannot have or that keeps it from being
// read. nil where one can.
func Check(t *datasheets.Table) error {
	_, err := newLayout(t, defaultMapping(t), Reading{})
	return err
}

func defaultMapping(t *datasheets.Table) *datasheets.Mapping {
	return datasheets.DefaultMapping(&datasheets.Sheet{Name: t.Name})
}

// Exported is a table as sheets.
type Exported struct {
	Sheets  []xlsx.Sheet // in the mapping's order
	Unowned int          // rows that no sheet owns, and that are in none

	layout *layout
}

// Rows is how many rows the sheets have.
func (e *Exported) Rows() (n int) {
	for i := range e.Sheets {
		n += len(e.Sheets[i].Rows)
	}
	return n
}

// Sheets reads a table of a snapshot as the sheets that a mapping describes (nil: one with the table's name and every
// column), each with the rows that it owns, by key, enum columns with drop-down lists. It fails with a *TableError as
// Check does, and where a value has no cell or the rows are more than a sheet has.
func Sheets(ctx context.Context, snap *mysqlstore.Snapshot, t *datasheets.Table, m *datasheets.Mapping, r Reading) (*Exported, error) {
	if m == nil {
		m = defaultMapping(t)
	}
	l, err := newLayout(t, m, r)
	if err != nil {
		return nil, err
	}
	rows, unowned, err := readRows(ctx, snap, l.binding, l.headers[0].Managed())
	if err != nil {
		return nil, err
	}
	e := &Exported{Unowned: unowned, layout: l}
	wrong := &TableError{Table: t.Name}
	for i, h := range l.headers {
		s := l.newSheet(i)
		if m.Layout.Vertical && len(rows[i]) > 1 {
			wrong.Reasons = append(wrong.Reasons, fmt.Sprintf("the sheet %s holds one row, and %d are to stand in it", s.Name, len(rows[i])))
			continue
		}
		for _, values := range rows[i] {
			s.Rows = append(s.Rows, rowCells(h, values, r, wrong))
		}
		rows[i] = nil
		e.Sheets = append(e.Sheets, s)
	}
	if wrong.Reasons != nil {
		return nil, wrong
	}
	return e, nil
}

// Link gives the columns that refer to another table, by a foreign key of one column, drop-down lists of what they may
// refer to, where both tables stand in the same workbook, the other one in one sheet.
func Link(workbook []*Exported) {
	for _, e := range workbook {
		for _, key := range e.layout.table.ForeignKeys {
			if len(key.Columns) != 1 {
				continue
			}
			i := slices.IndexFunc(workbook, func(o *Exported) bool { return o.layout.table.Name == key.Parent })
			if i < 0 || len(workbook[i].Sheets) != 1 || workbook[i].Sheets[0].Vertical || workbook[i].Rows() == 0 {
				continue
			}
			parent := &workbook[i].Sheets[0]
			column := workbook[i].layout.headers[0].PlainColumn(key.ParentColumns[0])
			for s := range e.Sheets {
				h := e.layout.headers[s]
				if at := h.PlainColumn(key.Columns[0]); at > 0 && column > 0 {
					from := &xlsx.Cells{Sheet: parent.Name, Column: column, First: parent.FirstRow(), Last: parent.FirstRow() + len(parent.Rows) - 1}
					e.Sheets[s].Choices = append(e.Sheets[s].Choices, xlsx.Choice{Column: at - h.FirstColumn() + 1, From: from})
				}
			}
		}
	}
}

// layout is a table with the headers of its sheets to be.
type layout struct {
	table   *datasheets.Table
	binding *datasheets.Binding
	headers []*datasheets.Header // by sheet of the mapping
	names   [][]string           // likewise
}

// newLayout makes the headers; the rules are those by which a plan reads them.
func newLayout(t *datasheets.Table, m *datasheets.Mapping, r Reading) (*layout, error) {
	l := &layout{table: t}
	var reasons []string
	tell := func(problems []datasheets.Problem) {
		for _, p := range problems {
			if !slices.Contains(reasons, p.Text) {
				reasons = append(reasons, p.Text)
			}
		}
	}
	var problems []datasheets.Problem
	l.binding, problems = m.Bind(t, r.options())
	tell(problems)
	first := 1
	if m.Layout.Vertical {
		first = m.Layout.HeaderRow()
	}
	for i, sheet := range m.Sheets {
		if err := xlsx.CheckName(sheet.Name); err != nil {
			reasons = append(reasons, err.Error())
		} else if strings.HasPrefix(sheet.Name, "#") || m.Default && (strings.HasPrefix(t.Name, ".") || strings.HasPrefix(t.Name, "~")) {
			reasons = append(reasons, "a sheet or workbook of that name is not read")
		}
		l.names = append(l.names, l.binding.Names(i))
		row := datasheets.Row{Number: m.Layout.HeaderRow()}
		for _, name := range l.names[i] {
			cell := datasheets.Cell{Column: len(row.Cells) + first, Kind: datasheets.Text, Text: []byte(name)}
			if datasheets.IsComment(cell) {
				reasons = append(reasons, "its column "+name+" would be read as a comment")
			}
			row.Cells = append(row.Cells, cell)
		}
		h, problems := l.binding.ReadHeader(&datasheets.Sheet{Name: sheet.Name}, row, r.Scope)
		tell(problems)
		l.headers = append(l.headers, h)
	}
	if reasons != nil {
		return nil, &TableError{t.Name, reasons}
	}
	return l, nil
}

// newSheet is a sheet without rows.
func (l *layout) newSheet(i int) xlsx.Sheet {
	m, h := l.binding.Mapping, l.headers[i]
	s := xlsx.Sheet{Name: m.Sheets[i].Name, Header: l.names[i], Top: m.Layout.Header, Vertical: m.Layout.Vertical}
	if !s.Vertical {
		s.Notes = make([][]string, m.Layout.Skip)
	}
	types := make([]string, len(s.Header))
	for j, hc := range h.Columns {
		if hc.Sheet == 0 {
			continue
		}
		at := hc.Sheet - h.FirstColumn()
		types[at] = l.table.Columns[hc.Table].SQLType
		if values := h.Choices(j); values != nil {
			s.Choices = append(s.Choices, xlsx.Choice{Column: at + 1, Values: values})
		}
	}
	if len(s.Notes) > 0 {
		s.Notes[0] = types
	}
	slices.SortFunc(s.Choices, func(a, b xlsx.Choice) int { return a.Column - b.Column })
	return s
}

// rowCells are the cells of a row. Values that none can hold are added to wrong.
func rowCells(h *datasheets.Header, values []datasheets.Value, r Reading, wrong *TableError) []any {
	var cells []any
	first := h.FirstColumn()
	for j, hc := range h.Columns {
		if hc.Sheet == 0 {
			continue
		}
		for len(cells) <= hc.Sheet-first {
			cells = append(cells, nil)
		}
		found, err := h.CellsFor(j, values[j], r.options())
		if err != nil {
			wrong.add(values[:len(h.Table.Key)], err)
			continue
		}
		cells[hc.Sheet-first] = found[0]
	}
	if len(cells) > 0 && !h.Vertical() {
		if c, ok := cells[0].(datasheets.Cell); ok && datasheets.IsComment(c) {
			wrong.add(values[:len(h.Table.Key)], commentError(c))
		}
	}
	return cells
}

func commentError(c datasheets.Cell) error {
	return fmt.Errorf("the text %.60q in column A would make a comment of its row", c.Text)
}

// readRows reads the rows of a table by the sheet of the mapping that owns them, in the order of their keys, and counts
// those that none owns.
func readRows(ctx context.Context, snap *mysqlstore.Snapshot, b *datasheets.Binding, managed []int) (rows [][][]datasheets.Value, unowned int, err error) {
	owned := b.Ownership(managed)
	rows = make([][][]datasheets.Value, len(b.Mapping.Sheets))
	err = snap.Rows(ctx, b.Table, managed, func(packed []byte) error {
		sheet, err := owned.Owner(packed)
		if err != nil || sheet < 0 {
			unowned++
			return err
		}
		if len(rows[sheet]) == mostRows {
			return &TableError{b.Table.Name, []string{fmt.Sprintf("it has more than %d rows, which is all that a sheet holds", mostRows)}}
		}
		values, err := datasheets.Unpack(packed)
		rows[sheet] = append(rows[sheet], values)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	for _, of := range rows {
		slices.SortStableFunc(of, func(a, b2 []datasheets.Value) int { return plan.CompareKeys(b.Table, a, b2) })
	}
	return rows, unowned, nil
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
