package rules

import (
	"fmt"
	"regexp"
	"slices"

	"liveops/datasheets"
)

// Bind holds what liveops.yaml says of a table to its columns. headers are those of the table's sheets; they manage
// the same columns. tables are all of the database, by name. Problems stand where liveops.yaml says something
// that cannot be checked.
func Bind(b *datasheets.Binding, headers []*datasheets.Header, tables map[string]*datasheets.Table, o *datasheets.Options) (*Rules, []datasheets.Problem) {
	r := binder{Rules: &Rules{table: b.Table, headers: headers, managed: headers[0].Managed()}, tables: tables, options: o}
	for i := range b.Mapping.Columns {
		if m := &b.Mapping.Columns[i]; m.Checks.Any() {
			r.column(m)
		}
	}
	for _, u := range b.Mapping.Unique {
		r.unique(u.At, u.Columns)
	}
	for i := range b.Table.ForeignKeys {
		r.foreignKey(&b.Table.ForeignKeys[i])
	}
	return r.Rules, datasheets.SortProblems(r.problems)
}

type binder struct {
	*Rules
	tables   map[string]*datasheets.Table
	options  *datasheets.Options
	problems []datasheets.Problem
}

func (b *binder) problem(at datasheets.Position, mend, format string, args ...any) {
	b.problems = append(b.problems, datasheets.Problem{At: at, Text: fmt.Sprintf(format, args...), Mend: mend})
}

// place is where a column stands in a row; -1, and a problem, where the sheets do not have it.
func (b *binder) place(name string, at datasheets.Position) int {
	i := slices.IndexFunc(b.managed, func(c int) bool { return b.table.Columns[c].Name == name })
	if i < 0 {
		mend := "add it to the sheet, or take the check out"
		if b.table.Column(name) < 0 {
			mend = "correct the name"
		}
		b.problem(at, mend, "the sheets of the table %s have no column %q to check", b.table.Name, name)
	}
	return i
}

// column binds the checks of one column.
func (b *binder) column(m *datasheets.ColumnMapping) {
	i := b.table.Column(m.Column)
	if i < 0 {
		return // told by Binding
	}
	at := b.place(m.Column, m.At)
	if at < 0 {
		return
	}
	c := &b.table.Columns[i]
	rule := &columnRule{at: at, column: c, checks: &m.Checks}
	rule.min, rule.max = b.bound(c, m.Checks.Min, m.List), b.bound(c, m.Checks.Max, m.List)
	if rule.min != nil && rule.max != nil && c.Compare(*rule.min, *rule.max) > 0 {
		b.problem(m.Checks.Max.At, "exchange the two", "`max` (%s) is less than `min` (%s)", rule.max.Text(), rule.min.Text())
	}
	if p := m.Checks.Pattern; p != nil {
		switch {
		case c.Type != datasheets.String && c.Type != datasheets.Enum:
			b.problem(p.At, "take it out", "the column %s %s holds no plain text that a pattern could fit", c.Name, c.SQLType)
		default:
			rule.pattern = regexp.MustCompile(`\A(?:` + p.Text + `)\z`) // it was compiled when liveops.yaml was read
		}
	}
	if m.Checks.Required || rule.min != nil || rule.max != nil || rule.pattern != nil {
		b.columns = append(b.columns, rule)
	}
	if m.Checks.Unique {
		b.unique(m.At, []string{m.Column})
	}
	if m.Checks.References != nil {
		b.reference(m, c, at)
	}
}

// bound converts `min` or `max`.
func (b *binder) bound(c *datasheets.Column, l *datasheets.Literal, list string) *datasheets.Value {
	switch {
	case l == nil:
		return nil
	case !c.Ordered() || list != "":
		b.problem(l.At, "take it out", "the column %s %s holds no numbers, dates or times that could be compared", c.Name, c.SQLType)
		return nil
	case l.Cell.Kind == datasheets.Empty:
		b.problem(l.At, "write a value, or leave it out", "NULL is no bound")
		return nil
	}
	packed, problem := l.Convert(c, b.options)
	if problem != nil {
		b.problems = append(b.problems, *problem)
		return nil
	}
	values, err := datasheets.Unpack(packed)
	if err != nil || len(values) != 1 {
		return nil // it was packed by Convert
	}
	return &values[0]
}

func (b *binder) unique(at datasheets.Position, columns []string) {
	u := &unique{first: map[string]Place{}}
	for _, name := range columns {
		i := b.place(name, at)
		if i < 0 {
			return
		}
		u.at = append(u.at, i)
	}
	b.uniques = append(b.uniques, u)
}

// reference binds a declared reference.
func (b *binder) reference(m *datasheets.ColumnMapping, c *datasheets.Column, at int) {
	ref := m.Checks.References
	t := b.tables[ref.Table]
	switch {
	case t == nil:
		b.problem(ref.At, "correct the table's name", "there is no table %q to refer to%s", ref.Table, nearest(ref.Table, tableNames(b.tables)))
		return
	case ref.Column == "" && len(t.Key) != 1:
		b.problem(ref.At, "name the column: "+ref.Table+".column", "the primary key of %s is %d columns", ref.Table, len(t.Key))
		return
	}
	column := ref.Column
	if column == "" {
		column = t.Columns[t.Key[0]].Name
	}
	if t.Column(column) < 0 {
		b.problem(ref.At, "correct the column's name", "the table %s has no column %q%s", ref.Table, column, nearest(column, columnNames(t)))
		return
	}
	list := ""
	switch {
	case m.List != "" && c.Type == datasheets.Set:
		list = setList
	case m.List != "" || c.Type == datasheets.JSON:
		list = jsonList
	}
	b.References = append(b.References, &Reference{Table: ref.Table, Columns: []string{column}, at: []int{at}, list: list, first: map[string]use{},
		Why: fmt.Sprintf("%s, line %d", ref.At.Path, ref.At.Line)})
}

// foreignKey takes a reference of the schema whose columns the sheets have. Others are the server's to check.
func (b *binder) foreignKey(k *datasheets.ForeignKey) {
	if b.tables[k.Parent] == nil {
		return
	}
	ref := &Reference{Table: k.Parent, Columns: k.ParentColumns, first: map[string]use{}, Why: "foreign key " + k.Name}
	for _, name := range k.Columns {
		at := slices.IndexFunc(b.managed, func(c int) bool { return b.table.Columns[c].Name == name })
		if at < 0 {
			return
		}
		ref.at = append(ref.at, at)
	}
	declared := slices.ContainsFunc(b.References, func(r *Reference) bool {
		return r.Table == ref.Table && slices.Equal(r.at, ref.at) && slices.Equal(r.Columns, ref.Columns)
	})
	if !declared {
		b.References = append(b.References, ref)
	}
}

func nearest(name string, names []string) string {
	if near := datasheets.Nearest(name, names); near != "" {
		return "; nearest: " + near
	}
	return ""
}

func tableNames(tables map[string]*datasheets.Table) []string {
	var names []string
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func columnNames(t *datasheets.Table) []string {
	var names []string
	for i := range t.Columns {
		names = append(names, t.Columns[i].Name)
	}
	return names
}
