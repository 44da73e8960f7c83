package datasheets

import (
	"iter"
)

// Header is how a sheet's columns stand to a table's: what its header says, and liveops.yaml. It is not safe for
// concurrent use.
type Header struct {
	Path  string // the workbook's
	Sheet string
	Table *Table

	// Columns are the managed columns, in the order of a packed row: the key's in its order, then the others in the
	// table's. Where a column of the key is missing, which is a problem, the others still stand so.
	Columns []HeaderColumn

	binding     *Binding
	sheet       int // an index into the mapping's sheets
	layout      Layout
	row         int // the header's number
	scope       Scope
	scopeColumn int // the sheet column that says which environments a row belongs to; 0 for none
	date1904    bool
	places      []int   // by sheet column: an index into Columns, or ignored or unnamed
	cells       []Cell  // of one row, by index into Columns
	rules       []*rule // by index into Columns; nil where the column's type says it all
}

// HeaderColumn is a managed column: its index in the table's Columns, and the sheet's column, counted from 1; 0
// where liveops.yaml gives the value.
type HeaderColumn struct {
	Table int
	Sheet int
}

// What a sheet column is that belongs to no managed one.
const (
	unnamed = -1 - iota // nothing stands in the header
	ignored             // named, but not managed
)

// Managed are the indexes in the table's Columns of the managed columns, in the order of a packed row.
func (h *Header) Managed() []int {
	m := make([]int, len(h.Columns))
	for i, c := range h.Columns {
		m[i] = c.Table
	}
	return m
}

// at is the position of a column's cell in a row.
func (h *Header) at(column, row int) Position {
	return Position{Path: h.Path, Sheet: h.Sheet, Cell: h.layout.Cell(column, row)}
}

// headerCell is the address of a column's name.
func (h *Header) headerCell(column int) string {
	if h.layout.Vertical {
		return CellName(1, column)
	}
	return CellName(column, h.row)
}

// Position is where people look for a row: the cell of the key's first column that the sheet has or, where it has
// none of them, of the first managed one.
func (h *Header) Position(row int) Position { return h.at(h.KeyColumn(), row) }

// Cell is the position of a row's cell in Columns[i] or, where liveops.yaml gives the value, of the row.
func (h *Header) Cell(i, row int) Position {
	if h.Columns[i].Sheet == 0 {
		return h.Position(row)
	}
	return h.at(h.Columns[i].Sheet, row)
}

// KeyColumn is the sheet's column that Position names.
func (h *Header) KeyColumn() int {
	for _, c := range h.Columns {
		if c.Sheet > 0 {
			return c.Sheet
		}
	}
	return 1
}

// Rows are the sheet's rows below the header, without comments (see Layout.Rows).
func (h *Header) Rows(s *Sheet) iter.Seq2[Row, error] { return h.layout.Rows(s) }

// Vertical says whether the sheet's columns stand below each other.
func (h *Header) Vertical() bool { return h.layout.Vertical }

// ReadHeader is Binding.ReadHeader for a sheet that liveops.yaml does not name: its columns have the table's names.
func ReadHeader(sheet *Sheet, row Row, t *Table) (*Header, []Problem) {
	b, _ := DefaultMapping(sheet).Bind(t, nil) // which has nothing that may not fit
	return b.ReadHeader(sheet, row, Scope{})
}

// ReadHeader reads the row of a sheet that names the table's columns (see Layout.Names). A column that the sheet
// lacks is not managed; a generated column in the sheet is passed over, and so are comments, which begin with #.
// Every fault of the header, and of the table as one that sheets could describe, is a problem; the header then
// serves to look for problems in the rows, no more. The sheet must be one of the mapping's.
func (b *Binding) ReadHeader(sheet *Sheet, row Row, scope Scope) (*Header, []Problem) {
	r := headerReader{
		Header: &Header{Path: sheet.Path, Sheet: sheet.Name, Table: b.Table, binding: b, sheet: b.Mapping.Sheet(sheet.Name),
			layout: b.Mapping.Layout, row: row.Number, scope: scope, date1904: sheet.Date1904},
		given:     b.constants(b.Mapping.Sheet(sheet.Name)),
		elsewhere: make([]bool, len(b.Table.Columns)),
		first:     make([]int, len(b.Table.Columns)),
	}
	for _, cell := range row.Cells {
		r.readName(cell)
	}
	r.checkTable()
	r.checkMissing()
	r.place()
	return r.Header, SortProblems(r.problems)
}
