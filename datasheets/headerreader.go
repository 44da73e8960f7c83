package datasheets

import (
	"fmt"
	"slices"
	"strings"
)

type headerReader struct {
	*Header
	given     []*rule // by table column: its rule, as the sheet's filter completes it
	first     []int   // by table column: the sheet column that names it, or 0
	elsewhere []bool  // by table column: the sheet has it for other environments
	problems  []Problem
}

// headerAt is the position of a header cell; of the whole sheet for column 0.
func (r *headerReader) headerAt(column int) Position {
	p := Position{Path: r.Path, Sheet: r.Sheet}
	if column > 0 {
		p.Cell = r.headerCell(column)
	}
	return p
}

func (r *headerReader) problem(column int, mend, format string, args ...any) {
	r.problems = append(r.problems, Problem{At: r.headerAt(column), Text: fmt.Sprintf(format, args...), Mend: mend})
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
	switch name := string(cell.Text); {
	case name == scopeHeader && r.scopeColumn == 0 && len(r.scope.Environments) > 0:
		r.scopeColumn = cell.Column
	case IsComment(cell), r.binding.ignored[name]:
	default:
		r.readColumn(name, cell.Column)
	}
}

// readColumn takes up a name that is neither a comment nor ignored.
func (r *headerReader) readColumn(name string, at int) {
	i, belongs := r.find(name, at)
	switch {
	case i < 0:
		r.unknown(name, at)
	case !belongs:
		r.elsewhere[i] = true
	case r.first[i] > 0:
		r.problem(at, "leave one of them out", "the column %s stands in %s and in %s", r.Table.Columns[i].Name,
			r.headerCell(r.first[i]), r.headerCell(at))
	default:
		r.first[i] = at
		r.checkColumn(i, at)
	}
}

// find is the table column that a header names, -1 for none, and whether it belongs to the environment.
func (r *headerReader) find(name string, at int) (i int, belongs bool) {
	if i = r.binding.find(name); i >= 0 || len(r.scope.Environments) == 0 {
		return i, true
	}
	cut := strings.LastIndexByte(name, '@')
	if cut < 0 {
		return -1, false
	}
	if i = r.binding.find(string(trimBlanks([]byte(name[:cut])))); i < 0 {
		return -1, false
	}
	belongs, wrong := r.scope.admits(name[cut+1:])
	if wrong != nil {
		r.problems = append(r.problems, wrong.At(r.headerAt(at)))
	}
	return i, belongs
}

// unknown words the problem of a header that names no column.
func (r *headerReader) unknown(name string, at int) {
	m := r.binding.renamed(name)
	switch {
	case m == nil:
		r.problem(at, r.mendName(name), "the table %s has no column %s", r.Table.Name, quoted(name))
	case m.Constant != nil:
		r.problem(at, "leave it out of the sheet, or add it to `ignore`", "the column %s is given by a constant (%s)", oneLine(name), m.At.inFile())
	default:
		r.problem(at, "leave it out of the sheet, or add it to `ignore`", "the column %s is read from the header %s (%s)", oneLine(name), quoted(m.From), m.At.inFile())
	}
}

func (r *headerReader) mendName(name string) string {
	names := r.binding.headerNames()
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
		c, rule := &r.Table.Columns[i], r.given[i]
		switch {
		case r.first[i] > 0 || c.Generated || rule != nil && rule.constant != nil:
		case rule != nil && !r.elsewhere[i]:
			r.problem(0, "add the column, or take it out of liveops.yaml", "the column %s is missing, which %s is read from (%s)",
				quoted(rule.mapping.Header()), c.describe(), rule.mapping.At.inFile())
		case r.Table.IsKey(i):
			r.problem(0, "add the column", "the primary key's column %s is missing", c.describe())
		case r.isFilter(i):
			r.problem(0, "add the column", "the column %s is missing, by which the sheet's rows are told from others (%s)", c.describe(),
				r.binding.Mapping.Sheets[r.sheet].At.inFile())
		case !c.Nullable && c.Default == nil && !c.DefaultIsExpr && !c.AutoIncrement:
			r.problem(0, "add the column, or give it a default", "the column %s is missing, and has no default: a new row would have no value",
				c.describe())
		}
	}
}

// isFilter says whether the filter of any sheet of the table asks for a column: rows are told apart by it.
func (r *headerReader) isFilter(column int) bool {
	return slices.ContainsFunc(r.binding.filters, func(f filter) bool {
		return slices.ContainsFunc(f, func(c condition) bool { return c.column == column })
	})
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
		rule := r.given[i]
		isConstant := rule != nil && rule.constant != nil
		if r.Table.Columns[i].Generated || r.Table.Columns[i].Type == Unsupported || r.first[i] == 0 && !isConstant {
			continue
		}
		if r.first[i] > 0 {
			r.places[r.first[i]] = len(r.Columns)
			rule = r.binding.rules[i]
		}
		r.Columns = append(r.Columns, HeaderColumn{Table: i, Sheet: r.first[i]})
		r.rules = append(r.rules, rule)
	}
	r.cells = make([]Cell, len(r.Columns))
}
