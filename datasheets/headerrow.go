package datasheets

// AppendRow converts a row below the header and appends it, packed, to dst: the values of Columns in their order.
// A column without a cell is empty; a cell of the key never is. With a problem, dst comes back as it was. Cells in
// a column that the header does not name are a problem where the first of them stands, and none after that.
// The sheet's own Date1904 counts, not that of o; o may be nil.
func (h *Header) AppendRow(dst []byte, r Row, o *Options) ([]byte, []Problem) {
	options := Options{Date1904: h.date1904}
	if o != nil {
		options.Location = o.Location
	}
	problems := h.sortCells(r)
	row := dst
	for i := range h.cells {
		var wrong *Mismatch
		if row, wrong = h.appendCell(row, i, h.cells[i], &options); wrong != nil {
			problems = append(problems, wrong.At(h.at(h.Columns[i].Sheet, r.Number)))
		}
	}
	if len(problems) > 0 {
		return dst, problems
	}
	return row, nil
}

// sortCells puts the row's cells where their columns are in h.cells.
func (h *Header) sortCells(r Row) (problems []Problem) {
	clear(h.cells)
	for _, cell := range r.Cells {
		if cell.isEmpty() {
			continue
		}
		for len(h.places) <= cell.Column {
			h.places = append(h.places, unnamed)
		}
		switch i := h.places[cell.Column]; i {
		case ignored:
		case unnamed:
			h.places[cell.Column] = ignored
			problems = append(problems, Problem{
				At:   h.at(cell.Column, r.Number),
				Text: "found " + found(cell, &Options{Date1904: h.date1904}) + " under no column name",
				Mend: "name the column in " + h.headerCell(cell.Column) + ", or empty its cells",
			})
		default:
			h.cells[i] = cell
		}
	}
	return problems
}

// appendCell converts a cell of managed column i.
func (h *Header) appendCell(row []byte, i int, cell Cell, o *Options) ([]byte, *Mismatch) {
	table := h.Columns[i].Table
	c, rule := &h.Table.Columns[table], h.rules[i]
	if cell.Kind == Empty && h.Table.IsKey(table) && (rule == nil || rule.constant == nil && rule.empty == nil) {
		return row, c.mismatch(cell, o, "a value: it is part of the primary key", "write a value, or empty the whole row")
	}
	if rule != nil {
		return rule.append(row, c, cell, o)
	}
	return c.AppendCell(row, cell, o)
}
