package export

import (
	"context"
	"fmt"
	"slices"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sync/mysqlstore"
)

// sheetEdits are the cells of a sheet that are to hold something else.
type sheetEdits struct {
	sheet   *datasheets.Sheet
	header  *datasheets.Header
	options *datasheets.Options
	cells   []cellEdit
	change  SheetChange

	lowest int             // the last row with anything in it
	last   int             // the last row of the table's
	others map[string]bool // keys of rows that belong to other environments only
}

// cellEdit is one of them: the value of a managed column.
type cellEdit struct {
	edit   xlsx.Edit
	column int // an index into the header's; -1 for the column of #env
	value  datasheets.Value
}

func (s *sheetEdits) edits() xlsx.SheetEdits {
	e := xlsx.SheetEdits{Sheet: s.sheet.Name, Like: s.last}
	if s.last == s.lowest {
		e.Last = s.last
	}
	for _, c := range s.cells {
		e.Cells = append(e.Cells, c.edit)
	}
	return e
}

// at is the edit of a cell; nil for none.
func (s *sheetEdits) at(row, column int) *cellEdit {
	i := slices.IndexFunc(s.cells, func(c cellEdit) bool { return c.edit.Row == row && c.edit.Column == column })
	if i < 0 {
		return nil
	}
	return &s.cells[i]
}

// comesTo says whether what a formula was calculated to is the value that its cell is to have. Where it is not, the
// formula goes the next time.
func (s *sheetEdits) comesTo(row, column int, result string) bool {
	c := s.at(row, column)
	for _, kind := range []datasheets.Kind{c.edit.Cells[0].Kind, datasheets.Text} {
		if result != "" && s.header.Same(c.column, datasheets.Cell{Kind: kind, Text: []byte(result)}, c.value, s.options) {
			return true
		}
	}
	c.edit.DropFormula = true
	return false
}

// editsOf compares the sheets of a table with its rows.
func editsOf(ctx context.Context, snap *mysqlstore.Snapshot, t Target, r Reading) ([]*sheetEdits, error) {
	table := snap.Tables[t.Mapping.Table]
	if table == nil {
		return nil, fmt.Errorf("there is no table %q", t.Mapping.Table)
	}
	binding, problems := t.Mapping.Bind(table, r.options())
	var sheets []*sheetEdits
	for _, s := range t.Sheets {
		names, err := t.Mapping.Layout.Names(s)
		if err != nil {
			return nil, asProblems(err)
		}
		h, more := binding.ReadHeader(s, names, r.Scope)
		problems = append(problems, more...)
		sheets = append(sheets, &sheetEdits{sheet: s, header: h, others: map[string]bool{},
			options: &datasheets.Options{Location: r.Location, Date1904: s.Date1904}})
	}
	if len(problems) > 0 {
		return nil, &ProblemsError{problems}
	}
	if len(sheets) == 0 {
		return nil, fmt.Errorf("no sheet describes the table %s", table.Name)
	}
	for _, s := range sheets[1:] {
		if !slices.Equal(s.header.Managed(), sheets[0].header.Managed()) {
			return nil, fmt.Errorf("the sheets %s and %s of the table %s do not have the same columns", sheets[0].sheet.Name, s.sheet.Name, table.Name)
		}
	}
	rows, _, err := readRows(ctx, snap, binding, sheets[0].header.Managed())
	if err != nil {
		return nil, err
	}
	wrong := &TableError{Table: table.Name}
	for i, mapped := range t.Mapping.Sheets {
		var parts []*sheetEdits // the same sheet of several workbooks
		for _, s := range sheets {
			if s.sheet.Name == mapped.Name {
				parts = append(parts, s)
			}
		}
		if err := compareSheets(ctx, parts, mapped.Name, rows[i], wrong); err != nil {
			return nil, asProblems(err)
		}
	}
	if wrong.Reasons != nil {
		return nil, wrong
	}
	return sheets, nil
}

// compareSheets compares the workbooks' sheets of one name with the rows that they own together.
func compareSheets(ctx context.Context, parts []*sheetEdits, name string, rows [][]datasheets.Value, wrong *TableError) error {
	if len(parts) == 0 {
		if len(rows) > 0 {
			wrong.Reasons = append(wrong.Reasons, fmt.Sprintf("there is no sheet %s for %d of its rows", name, len(rows)))
		}
		return nil
	}
	w := &wanted{rows: rows, byKey: make(map[string]int, len(rows)), done: make([]bool, len(rows)), wrong: wrong}
	for i, values := range rows {
		w.byKey[keyOf(values, len(parts[0].header.Table.Key))] = i
	}
	for _, s := range parts {
		compare := s.compare
		if s.header.Vertical() {
			compare = s.compareVertical
		}
		if err := compare(ctx, w); err != nil {
			return err
		}
	}
	end := parts[len(parts)-1]
	for i, values := range rows {
		if !w.done[i] && !end.header.Vertical() {
			end.add(values, w.wrong)
		}
	}
	return nil
}

// wanted are the rows that sheets of one name are to have.
type wanted struct {
	rows  [][]datasheets.Value
	byKey map[string]int
	done  []bool // by row: a sheet has it
	wrong *TableError
}

func keyOf(values []datasheets.Value, n int) string {
	var key []byte
	for _, v := range values[:n] {
		key = datasheets.AppendValue(key, v)
	}
	return string(key)
}

// compare finds the cells of the sheet's rows that differ, and the rows that are not wanted.
func (s *sheetEdits) compare(ctx context.Context, w *wanted) error {
	for row, err := range s.sheet.Rows {
		if err != nil {
			return err
		}
		s.lowest = row.Number
	}
	var problems []datasheets.Problem
	for row, err := range s.header.Rows(s.sheet) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		takes, problem := s.header.Takes(row)
		key, ok := s.header.AppendKey(nil, row, s.options)
		switch {
		case problem != nil:
			problems = append(problems, *problem)
		case !takes:
			s.others[string(key)] = ok
		case !ok:
			_, wrong := s.header.AppendRow(nil, row, s.options)
			problems = append(problems, wrong...)
		default:
			s.last = row.Number
			i, there := w.byKey[string(key)]
			if there && w.done[i] {
				problems = append(problems, datasheets.Problem{At: s.header.Position(row.Number), Text: "the row stands here a second time", Mend: "keep one of the two"})
			} else if there {
				w.done[i] = true
			}
			s.compareRow(row, i, there, w)
		}
	}
	if len(problems) > 0 {
		return &ProblemsError{problems}
	}
	return nil
}

// compareRow compares one row of the sheet with the i-th that is wanted, or clears it.
func (s *sheetEdits) compareRow(row datasheets.Row, i int, wantedRow bool, w *wanted) {
	before := len(s.cells)
	for j, hc := range s.header.Columns {
		if hc.Sheet == 0 {
			continue
		}
		cell := cellAt(row, hc.Sheet)
		edit := xlsx.Edit{Row: row.Number, Column: hc.Sheet}
		switch {
		case !wantedRow && cell.Kind == datasheets.Empty:
			continue
		case !wantedRow:
			edit.Cells = []datasheets.Cell{{}}
			s.cells = append(s.cells, cellEdit{edit: edit, column: j})
			continue
		case s.header.Same(j, cell, w.rows[i][j], s.options):
			continue
		}
		s.edit(j, edit, w.rows[i], w.wrong)
	}
	switch {
	case len(s.cells) == before:
	case wantedRow:
		s.change.Edited++
	default:
		s.change.Cleared++
	}
}

// edit sets a cell to the value of a managed column.
func (s *sheetEdits) edit(j int, e xlsx.Edit, values []datasheets.Value, wrong *TableError) {
	var err error
	if e.Cells, err = s.header.CellsFor(j, values[j], s.options); err == nil && e.Column == 1 && !s.header.Vertical() && datasheets.IsComment(e.Cells[0]) {
		err = commentError(e.Cells[0])
	}
	if err != nil {
		wrong.add(values[:len(s.header.Table.Key)], err)
		return
	}
	s.cells = append(s.cells, cellEdit{e, j, values[j]})
}

// add adds a row below the lowest. One that the sheet has for other environments belongs to this one only.
func (s *sheetEdits) add(values []datasheets.Value, wrong *TableError) {
	s.change.Added++
	row := s.lowest + s.change.Added
	for j, hc := range s.header.Columns {
		if hc.Sheet > 0 && !s.header.Same(j, datasheets.Cell{}, values[j], s.options) {
			s.edit(j, xlsx.Edit{Row: row, Column: hc.Sheet}, values, wrong)
		}
	}
	if column, name := s.header.ScopeColumn(); column > 0 && s.others[keyOf(values, len(s.header.Table.Key))] {
		cell := datasheets.Cell{Kind: datasheets.Text, Text: []byte(name)}
		s.cells = append(s.cells, cellEdit{edit: xlsx.Edit{Row: row, Column: column, Cells: []datasheets.Cell{cell}}, column: -1})
	}
}

// compareVertical compares the one row of a vertical sheet.
func (s *sheetEdits) compareVertical(_ context.Context, w *wanted) error {
	if len(w.rows) > 1 {
		w.wrong.Reasons = append(w.wrong.Reasons, fmt.Sprintf("the sheet %s holds one row, and %d are to stand in it", s.sheet.Name, len(w.rows)))
		return nil
	}
	row := datasheets.Row{Number: 1}
	for found, err := range s.header.Rows(s.sheet) {
		if err != nil {
			return err
		}
		row = found
	}
	s.compareRow(row, 0, len(w.rows) == 1, w)
	for i := range s.cells {
		s.cells[i].edit.Row, s.cells[i].edit.Column = s.cells[i].edit.Column, 2
	}
	return nil
}

func cellAt(row datasheets.Row, column int) datasheets.Cell {
	for _, c := range row.Cells {
		if c.Column == column {
			return c
		}
	}
	return datasheets.Cell{}
}
