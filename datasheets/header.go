package datasheets

import (
	"fmt"
	"slices"
	"strings"
)

// Header is how a sheet's columns stand to a table's: what its first row says. It is not safe for concurrent
// use.
type Header struct {
	Path  string // the workbook's
	Sheet string
	Table *Table

	// Columns are the managed columns, in the order of a packed row: the key's in its order, then the others in the
	// table's. Where a column of the key is missing, which is a problem, the others still stand so.
	Columns []HeaderColumn

	date1904 bool
	places   []int  // by sheet column: an index into Columns, or ignored or unnamed
	cells    []Cell // of one row, by index into Columns
}

// HeaderColumn is a managed column: its index in the table's Columns, and the sheet's column, counted from 1.
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

// ReadHeader reads a sheet's first row, which names the table's columns. A column that the sheet lacks is not
// managed; a generated column in the sheet is passed over. Every fault of the header, and of the table as one that
// sheets could describe, is a problem; the header then serves to look for problems in the rows, no more.
func ReadHeader(sheet *Sheet, row Row, t *Table) (*Header, []Problem) {
	r := headerReader{
		Header: &Header{Path: sheet.Path, Sheet: sheet.Name, Table: t, date1904: sheet.Date1904},
		row:    row.Number,
		first:  make([]int, len(t.Columns)),
	}
	for _, cell := range row.Cells {
		r.readName(cell)
	}
	r.checkTable()
	r.checkMissing()
	r.place()
	return r.Header, SortProblems(r.problems)
}

type headerReader struct {
	*Header
	row      int
	first    []int // by table column: the sheet column that names it, or 0
	problems []Problem
}

// at is the position of a header cell; of the whole sheet for column 0.
func (r *headerReader) at(column int) Position {
	p := Position{Path: r.Path, Sheet: r.Sheet}
	if column > 0 {
		p.Cell = CellName(column, r.row)
	}
	return p
}

func (r *headerReader) problem(column int, mend, format string, args ...any) {
	r.problems = append(r.problems, Problem{At: r.at(column), Text: fmt.Sprintf(format, args...), Mend: mend})
}

// readName takes up one cell of the header.
func (r *headerReader) readName(cell Cell) {
	if cell.Kind == Empty || cell.Kind == Text && len(trimBlanks(cell.Text)) == 0 {
		return
	}
	for len(r.places) <= cell.Column {
		r.places = append(r.places, unnamed)
	}
	r.places[cell.Column] = ignored
	if cell.Kind != Text && cell.Kind != Number {
		r.problem(cell.Column, "write the column's name as text", "found %s where a column's name should be", found(cell, &Options{}))
		return
	}
	name := string(cell.Text)
	i := r.Table.Column(name)
	switch {
	case i < 0:
		r.problem(cell.Column, r.mendName(name), "the table %s has no column %s", r.Table.Name, quoted(name))
	case r.first[i] > 0:
		r.problem(cell.Column, "leave one of them out", "the column %s stands in %s and in %s", r.Table.Columns[i].Name,
			CellName(r.first[i], r.row), CellName(cell.Column, r.row))
	default:
		r.first[i] = cell.Column
		r.checkColumn(i, cell.Column)
	}
}

func (r *headerReader) mendName(name string) string {
	names := make([]string, len(r.Table.Columns))
	for i := range names {
		names[i] = r.Table.Columns[i].Name
	}
	near := Nearest(string(trimBlanks([]byte(name))), names)
	switch {
	case near == "":
		return "its columns are " + listed(names)
	case near == string(trimBlanks([]byte(name))):
		return "leave out the blanks around the name"
	case strings.EqualFold(near, name):
		return "only capitals differ: write " + oneLine(near)
	}
	return "the nearest is " + oneLine(near)
}

// checkColumn looks at the type of a column that the sheet names.
func (r *headerReader) checkColumn(i, at int) {
	c := &r.Table.Columns[i]
	if c.Type == Unsupported && !c.Generated {
		r.problem(at, "take the column out of the sheet", "the column %s cannot be kept in a sheet", c.describe())
	}
}

// checkTable looks at what no sheet can mend.
func (r *headerReader) checkTable() {
	t := r.Table
	if !strings.EqualFold(t.Engine, "InnoDB") {
		r.problem(0, "ask for ALTER TABLE … ENGINE=InnoDB", "the table %s is kept by the engine %s, which has no transactions",
			t.Name, quoted(t.Engine))
	}
	if len(t.Key) == 0 {
		r.problem(0, "ask for a primary key", "the table %s has no primary key to tell its rows by", t.Name)
	}
	for _, i := range t.Key {
		c := &t.Columns[i]
		if c.Type == Float || c.Type == Double {
			r.problem(0, "ask for a column of another type, such as a decimal",
				"the primary key's column %s is a binary fraction, which tells no rows apart reliably", c.describe())
		}
		if c.Generated {
			r.problem(0, "ask for a key of columns that a sheet can hold", "the primary key's column %s is generated", c.describe())
		}
	}
}

// checkMissing looks for columns that the sheet would have to name.
func (r *headerReader) checkMissing() {
	for i := range r.Table.Columns {
		c := &r.Table.Columns[i]
		switch {
		case r.first[i] > 0 || c.Generated:
		case r.Table.IsKey(i):
			r.problem(0, "add the column", "the primary key's column %s is missing", c.describe())
		case !c.Nullable && c.Default == nil && !c.DefaultIsExpr && !c.AutoIncrement:
			r.problem(0, "add the column, or give it a default", "the column %s is missing, and has no default: a new row would have no value",
				c.describe())
		}
	}
}

// place puts the managed columns in order.
func (r *headerReader) place() {
	order := slices.Clone(r.Table.Key)
	for i := range r.Table.Columns {
		if !r.Table.IsKey(i) {
			order = append(order, i)
		}
	}
	for _, i := range order {
		if r.first[i] > 0 && !r.Table.Columns[i].Generated && r.Table.Columns[i].Type != Unsupported {
			r.places[r.first[i]] = len(r.Columns)
			r.Columns = append(r.Columns, HeaderColumn{Table: i, Sheet: r.first[i]})
		}
	}
	r.cells = make([]Cell, len(r.Columns))
}
