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
	for i := range m.Sheets {
		b.filters = append(b.filters, b.bindFilter(&m.Sheets[i]))
	}
	b.checkOverlaps()
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

// column finds a column that liveops.yaml names; -1, and a problem, where a cell could not fill it.
func (b *binder) column(name string, at Position) int {
	i := b.Table.Column(name)
	switch {
	case i < 0:
		names := b.Table.columnNames()
		mend := "its columns are " + listed(names)
		if near := Nearest(name, names); near != "" {
			mend = "the nearest is " + oneLine(near)
		}
		b.problem(at, mend, "the table %s has no column %s", b.Table.Name, quoted(name))
		return -1
	case b.Table.Columns[i].Generated:
		b.problem(at, "take it out: the database computes the column", "the column %s is generated", b.Table.Columns[i].describe())
		return -1
	}
	return i
}

func (t *Table) columnNames() []string {
	names := make([]string, len(t.Columns))
	for i := range names {
		names[i] = t.Columns[i].Name
	}
	return names
}

// value converts a literal by a column; ok is false where it reports a problem.
func (b *binder) value(c *Column, l Literal) (packed []byte, ok bool) {
	if l.Cell.Kind == Empty {
		if !c.Nullable {
			b.problem(l.At, "write a value", "the column %s may not be NULL", c.describe())
		}
		return AppendNull(nil), c.Nullable
	}
	packed, wrong := c.AppendCell(nil, l.cell(), &b.options)
	if wrong != nil {
		b.problems = append(b.problems, wrong.At(l.At))
	}
	return packed, wrong == nil
}

// cell is the literal as a cell; an empty text is one, and not an empty cell.
func (l Literal) cell() Cell {
	if l.Cell.Kind == Text && len(l.Cell.Text) == 0 {
		return Cell{Kind: Text, Text: []byte(`""`)}
	}
	return l.Cell
}

func (b *binder) bindColumn(m *ColumnMapping) {
	i := b.column(m.Column, m.At)
	if i < 0 {
		return
	}
	c := &b.Table.Columns[i]
	r := &rule{mapping: m, list: m.List}
	b.rules[i] = r
	if m.Constant != nil {
		r.constant, _ = b.value(c, *m.Constant)
		if r.constant == nil { // so that the sheet is not asked for the column
			r.constant = AppendNull(nil)
		}
		return
	}
	b.headers[m.Header()] = i
	if m.Default != nil {
		r.empty, _ = b.value(c, *m.Default)
	}
	if m.List != "" && c.Type != JSON && c.Type != Set {
		b.problem(m.At, "leave `list` out", "the column %s holds no list: only JSON and SET columns do", c.describe())
	}
	b.bindAliases(c, m, r)
}

func (b *binder) bindAliases(c *Column, m *ColumnMapping, r *rule) {
	if len(m.Aliases) == 0 {
		return
	}
	r.aliases, r.elements = map[string][]byte{}, map[string]Cell{}
	for _, a := range m.Aliases {
		r.names = append(r.names, a.Text)
		switch {
		case m.List == "":
			r.aliases[a.Text], _ = b.value(c, a.Value)
		case c.Type == Set && (a.Value.Cell.Kind != Text || c.member(a.Value.Cell.Text) < 0):
			wrong := c.mismatch(a.Value.cell(), &b.options, c.members(), c.mendMember(string(a.Value.Cell.Text)))
			b.problems = append(b.problems, wrong.At(a.Value.At))
		default:
			r.elements[a.Text] = a.Value.Cell
		}
	}
	slices.Sort(r.names)
}

func (b *binder) bindFilter(s *SheetMapping) filter {
	f := filter{}
	for i := range s.Conditions {
		m := &s.Conditions[i]
		column := b.column(m.Column, m.At)
		if column < 0 {
			continue
		}
		c := condition{column: column, notIn: m.NotIn, values: map[string]bool{}}
		for _, l := range m.Values {
			packed, ok := b.value(&b.Table.Columns[column], l)
			if !ok {
				continue
			}
			if c.values[string(packed)] {
				b.problem(l.At, "keep one of the two", "the value %s stands here a second time", l.describe())
			}
			c.values[string(packed)] = true
			c.order = append(c.order, packed)
		}
		f = append(f, c)
	}
	return f
}

// checkOverlaps looks for sheets that could own the same row. With a problem, filters lack conditions, which would
// make more problems of it.
func (b *binder) checkOverlaps() {
	if len(b.problems) > 0 {
		return
	}
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
