package datasheets

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
)

// Layout is where in a sheet the columns' names and the rows stand. The zero Layout is a header in row 1 and rows
// below it.
type Layout struct {
	Header   int  // the row that names the columns; 0 for the first. Nothing above it is read
	Skip     int  // how many rows below the header are not read: types, descriptions
	Vertical bool // the names stand in column A from row Header on, their values in column B: one row. What stands further right is not read
}

// comment begins a row, by its cell in column A, or a column, by its header, that is for people.
const comment = '#'

// HeaderRow is the row that names the columns, counted from 1.
func (l Layout) HeaderRow() int { return max(l.Header, 1) }

// Cell is the address of a value: of a column's cell in a row or, vertically, of the cell beside its name.
func (l Layout) Cell(column, row int) string {
	if l.Vertical {
		return CellName(2, column)
	}
	return CellName(column, row)
}

// Names is the row of the columns' names. Of a vertical sheet it is what stands in column A; a "column" is
// then the number of a row, here and in Rows. A sheet without one fails with a *Problem; other errors are the
// sheet's own.
func (l Layout) Names(s *Sheet) (Row, error) {
	if l.Vertical {
		names, _, err := l.turn(s)
		if err == nil && len(names.Cells) == 0 {
			err = l.noNames(s, "column A holds no names", fmt.Sprintf("column A, from row %d on", l.HeaderRow()))
		}
		return names, err
	}
	for row, err := range s.Rows {
		switch {
		case err != nil:
			return Row{}, err
		case row.Number == l.HeaderRow():
			return row.clone(), nil
		case row.Number > l.HeaderRow():
			return Row{}, l.noNames(s, fmt.Sprintf("row %d is empty; it must hold the column names", l.HeaderRow()), fmt.Sprintf("row %d", l.HeaderRow()))
		}
	}
	return Row{}, l.noNames(s, fmt.Sprintf("row %d is empty; it must hold the column names", l.HeaderRow()), fmt.Sprintf("row %d", l.HeaderRow()))
}

func (l Layout) noNames(s *Sheet, text, where string) *Problem {
	return &Problem{
		At:   Position{Path: s.Path, Sheet: s.Name, Cell: CellName(1, l.HeaderRow())},
		Text: text,
		Mend: "write the column names into " + where + ", or begin the sheet's name with # to make it a note",
	}
}

// Rows are the rows of values, as the sheet has them: below the header and the rows that are skipped, without
// comments. A vertical sheet has one.
func (l Layout) Rows(s *Sheet) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if l.Vertical {
			if _, values, err := l.turn(s); err != nil || len(values.Cells) > 0 {
				yield(values, err)
			}
			return
		}
		for row, err := range s.Rows {
			if err == nil && (row.Number <= l.HeaderRow()+l.Skip || isCommentRow(row)) {
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// isCommentRow says whether a row's first cell, that of column A, makes a comment of it.
func isCommentRow(row Row) bool {
	return len(row.Cells) > 0 && row.Cells[0].Column == 1 && IsComment(row.Cells[0])
}

// IsComment says whether a cell makes a comment of its row, where it stands in column A, or of its column, where it
// is the header: a text that begins with #.
func IsComment(c Cell) bool { return c.Kind == Text && len(c.Text) > 0 && c.Text[0] == comment }

// turn reads a vertical sheet: its names and its values, each by the number of the row that it stands in.
func (l Layout) turn(s *Sheet) (names, values Row, err error) {
	names.Number, values.Number = 1, 1
	for row, err := range s.Rows {
		if err != nil {
			return names, values, err
		}
		if row.Number < l.HeaderRow() {
			continue
		}
		for _, cell := range row.Cells {
			to := &names
			switch cell.Column {
			case 1:
			case 2:
				to = &values
			default:
				continue
			}
			to.Cells = append(to.Cells, Cell{Column: row.Number, Kind: cell.Kind, Text: bytes.Clone(cell.Text)})
		}
	}
	return names, values, nil
}

// clone is the row on its own, valid beyond the next.
func (r Row) clone() Row {
	r.Cells = slices.Clone(r.Cells)
	for i := range r.Cells {
		r.Cells[i].Text = bytes.Clone(r.Cells[i].Text)
	}
	return r
}
