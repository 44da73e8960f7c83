package datasheets

import (
	"fmt"
	"slices"
)

// Binding is a Mapping held to the columns of its table: with every value of liveops.yaml converted.
// Its headers are not safe for concurrent use, each by itself; the Binding is.
type Binding struct {
	Mapping *Mapping
	Table   *Table

	rules   []*rule // by table column; nil where cells are taken as they are, under the column's own name
	headers map[string]int
	ignored map[string]bool
	filters []filter // by sheet
}

// Bind holds a mapping to its table. What does not fit (no such column, a value that the column does not take,
// sheets that could own the same row) are problems at the positions of the mapping; the Binding then serves to
// look for more problems, no more. o is as for AppendCell.
func (m *Mapping) Bind(t *Table, o *Options) (*Binding, []Problem) {
	b := binder{
		Binding: &Binding{Mapping: m, Table: t, rules: make([]*rule, len(t.Columns)), headers: map[string]int{}, ignored: map[string]bool{}},
		options: o.withoutSheet(),
	}
	for i := range m.Columns {
		b.bindColumn(&m.Columns[i])
	}
	for i := range t.Columns {
		if b.rules[i] == nil {
			if _, taken := b.headers[t.Columns[i].Name]; !taken {
				b.headers[t.Columns[i].Name] = i
			}
		}
	}
	for _, header := range m.Ignore {
		b.ignored[header] = true
	}
	before := len(b.problems)
	for i := range m.Sheets {
		b.filters = append(b.filters, b.bindFilter(&m.Sheets[i]))
	}
	if len(b.problems) == before { // else filters lack conditions, which would make more problems of it
		b.checkOverlaps()
	}
	return b.Binding, SortProblems(b.problems)
}

type binder struct {
	*Binding
	options  Options
	problems []Problem
}

func (b *binder) problem(at Position, mend, format string, args ...any) {
	b.problems = append(b.problems, Problem{At: at, Text: fmt.Sprintf(format, args...), Mend: mend})
}

// checkOverlaps looks for sheets that could own the same row.
func (b *binder) checkOverlaps() {
	for j := range b.filters {
		for i := range j {
			if b.filters[i].overlaps(b.filters[j], b.Table) {
				b.problem(b.Mapping.Sheets[j].At, "give both a condition on one column, without a value in common",
					"the sheets %s and %s could own the same row of the table %s", quoted(b.Mapping.Sheets[i].Name), quoted(b.Mapping.Sheets[j].Name), b.Table.Name)
			}
		}
	}
}

// describe is the literal as it was written.
func (l Literal) describe() string {
	if l.Cell.Kind == Empty {
		return "NULL"
	}
	return found(l.cell(), &Options{})
}

// find is the table column that a header names; -1 for none.
func (b *Binding) find(header string) int {
	if i, ok := b.headers[header]; ok {
		return i
	}
	return -1
}

// renamed is a column that has the header's name but is filled otherwise; nil where there is none.
func (b *Binding) renamed(header string) *ColumnMapping {
	if i := b.Table.Column(header); i >= 0 && b.rules[i] != nil {
		return b.rules[i].mapping
	}
	return nil
}

// headerNames are what headers may say, in the order of the table's columns.
func (b *Binding) headerNames() []string {
	names := make([]string, 0, len(b.headers))
	for i, c := range b.Table.Columns {
		switch r := b.rules[i]; {
		case r == nil:
			names = append(names, c.Name)
		case r.constant == nil:
			names = append(names, r.mapping.Header())
		}
	}
	return names
}

// Names are what the header of one of the mapping's sheets says, in the order of the table's columns: of all columns but
// those that the database computes, that liveops.yaml gives a value, and that the sheet's filter leaves one value.
func (b *Binding) Names(sheet int) []string {
	var names []string
	rules := b.constants(sheet)
	for i, c := range b.Table.Columns {
		switch r := rules[i]; {
		case c.Generated, r != nil && r.constant != nil:
		case r != nil:
			names = append(names, r.mapping.Header())
		default:
			names = append(names, c.Name)
		}
	}
	return names
}

// inFile is a position of liveops.yaml within a sentence.
func (p Position) inFile() string { return fmt.Sprintf("%s, line %d", p.Path, p.Line) }

// withoutSheet are the options that hold outside a sheet too; o may be nil.
func (o *Options) withoutSheet() Options {
	if o == nil {
		return Options{}
	}
	return Options{Location: o.Location}
}

// constants are a table's rules for one sheet. A column to which the sheet's filter leaves one value needs no column
// in the sheet: it has that value.
func (b *Binding) constants(sheet int) []*rule {
	rules := slices.Clone(b.rules)
	for i, r := range rules {
		if only := b.filters[sheet].only(i); only != nil && (r == nil || r.constant == nil) {
			rules[i] = &rule{constant: only}
		}
	}
	return rules
}
