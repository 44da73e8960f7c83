package bookdiff

import (
	"context"
	"strings"

	"liveops/datasheets"
)

// grid is a sheet as it is compared.
type grid struct {
	sheet   *datasheets.Sheet
	columns []column
	at      []int // by sheet column: index into columns, -1 where there is none yet
	rows    []row // below the header
}

// column is a column of a sheet.
type column struct {
	name    string
	sheet   int  // the sheet's column, counted from 1
	place   int  // the column of pair.schema
	numbers bool // its cells below the header hold numbers, or nothing
}

type row struct {
	number int
	cells  []cell
}

// cell is a cell that is not empty.
type cell struct {
	column int // index into grid.columns
	value  datasheets.Value
	isText bool
}

// readGrid reads a whole sheet. A Sheet without Rows is one that is not there.
func readGrid(ctx context.Context, s *datasheets.Sheet) (*grid, error) {
	g := &grid{sheet: s}
	if s.Rows == nil {
		return g, nil
	}
	o := &datasheets.Options{Date1904: s.Date1904}
	header := true
	for r, err := range s.Rows {
		if err != nil {
			return nil, err
		}
		if r.Number%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cells, err := g.readRow(r, o, header)
		if err != nil {
			return nil, err
		}
		if len(cells) > 0 && !header {
			g.rows = append(g.rows, row{r.Number, cells})
		}
		header = header && len(g.columns) == 0
	}
	return g, nil
}

// readRow converts the cells of a row, or takes up the names of a header, of which it returns no cells.
func (g *grid) readRow(r datasheets.Row, o *datasheets.Options, header bool) ([]cell, error) {
	var cells []cell
	var packed []byte
	for _, c := range r.Cells {
		packed = datasheets.AppendSheetCell(packed[:0], c, o)
		values, err := datasheets.Unpack(packed)
		if err != nil {
			return nil, err
		}
		if values[0].IsNull() {
			continue
		}
		if header {
			name := strings.TrimSpace(values[0].Text())
			if c.Kind == datasheets.Text {
				name = strings.TrimSpace(string(c.Text))
			}
			g.add(c.Column, name)
			continue
		}
		i := g.column(c.Column)
		g.columns[i].numbers = g.columns[i].numbers && c.Kind == datasheets.Number
		cells = append(cells, cell{i, values[0], c.Kind == datasheets.Text})
	}
	return cells, nil
}

// column is the index of a sheet's column, which is added where nothing in the header names it.
func (g *grid) column(at int) int {
	if at < len(g.at) && g.at[at] >= 0 {
		return g.at[at]
	}
	return g.add(at, "")
}

// add adds a column. One without a name, or with that of an earlier one, is called by its letter.
func (g *grid) add(at int, name string) int {
	letter := "(" + strings.TrimRight(datasheets.CellName(at, 1), "1") + ")"
	for name == "" || g.index(name) >= 0 {
		name = strings.TrimSpace(name + " " + letter)
	}
	for len(g.at) <= at {
		g.at = append(g.at, -1)
	}
	g.at[at] = len(g.columns)
	g.columns = append(g.columns, column{name: name, sheet: at, numbers: true})
	return g.at[at]
}

// index finds a column by its name; -1 where there is none.
func (g *grid) index(name string) int {
	for i := range g.columns {
		if g.columns[i].name == name {
			return i
		}
	}
	return -1
}
