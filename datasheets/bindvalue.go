package datasheets

import (
	"fmt"
	"slices"
)

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
	packed, problem := l.Convert(c, &b.options)
	if problem != nil {
		b.problems = append(b.problems, *problem)
	}
	return packed, problem == nil
}

// Convert makes a packed value of a column; o is as for AppendCell. A NULL for a column that may not be NULL comes
// with its problem.
func (l Literal) Convert(c *Column, o *Options) ([]byte, *Problem) {
	if l.Cell.Kind == Empty {
		if c.Nullable {
			return AppendNull(nil), nil
		}
		return AppendNull(nil), &Problem{At: l.At, Text: fmt.Sprintf("the column %s may not be NULL", c.describe()), Mend: "write a value"}
	}
	packed, wrong := c.AppendCell(nil, l.cell(), o)
	if wrong != nil {
		p := wrong.At(l.At)
		return nil, &p
	}
	return packed, nil
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
