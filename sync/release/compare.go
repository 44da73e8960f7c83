package release

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// Holder is an environment with a snapshot of it.
type Holder struct {
	Environment string
	Snapshot    *mysqlstore.Snapshot
}

// Comparison is a plan of bringing tables of one environment to what another one holds.
type Comparison struct {
	Plan
	From   string
	Owned  []string // the tables of it that sheets own whole, by name
	Shared []string // those that sheets own in part: only rows that they do not own were compared
}

// Compare plans what it takes to bring tables of one environment to what another one holds: all rows of a table that
// sheets own whole or not at all and, of one that they own in part, the rows that they do not own. Tables that differ
// in their columns, or that one side lacks, are problems. What liveops.yaml says of sheets is d's; watch is told how
// many of the tables have been compared.
func Compare(ctx context.Context, d *Desired, from, to Holder, tables []string, watch func(done, total int)) (*Comparison, error) {
	c := &Comparison{From: from.Environment, Plan: Plan{Environment: to.Environment, Base: to.Snapshot.State}}
	for i, name := range slices.Sorted(slices.Values(tables)) {
		if err := c.compareTable(ctx, d, from, to, name); err != nil {
			return nil, fmt.Errorf("compare %s with %s: %w", to.Environment, from.Environment, err)
		}
		if watch != nil {
			watch(i+1, len(tables))
		}
	}
	c.Problems = datasheets.SortProblems(c.Problems)
	if len(c.Problems) == 0 {
		c.Digest = digest(to.Environment, c.Tables, d.Tests, nil, nil)
	}
	return c, nil
}

// Direct is the part of the comparison that may be written to the database: without the tables that sheets own whole.
func (c *Comparison) Direct(d *Desired) *Plan {
	p := c.Plan
	p.Tables = slices.DeleteFunc(slices.Clone(c.Tables), func(t *plan.Table) bool { return slices.Contains(c.Owned, t.Schema.Name) })
	if len(p.Problems) == 0 {
		p.Digest = digest(p.Environment, p.Tables, d.Tests, nil, nil)
	}
	return &p
}

// SheetTables are the tables that sheets describe, by name.
func (d *Desired) SheetTables() []string {
	var names []string
	for i := range d.Tables {
		names = append(names, d.Tables[i].Mapping.Table)
	}
	return names
}

// Described are those of some tables that sheets describe, and the names of the others.
func (d *Desired) Described(tables []string) (described []*DesiredTable, others []string) {
	for _, name := range tables {
		if i := slices.IndexFunc(d.Tables, func(t DesiredTable) bool { return t.Mapping.Table == name }); i >= 0 {
			described = append(described, &d.Tables[i])
		} else {
			others = append(others, name)
		}
	}
	return described, others
}

// Leads says whether one environment comes before another on the way of releases.
func Leads(config *datarepo.Config, from, to string) bool {
	after := map[string]string{}
	for _, e := range config.Environments {
		after[e.Name] = e.After
	}
	for at := after[to]; at != ""; at = after[at] {
		if at == from {
			return true
		}
	}
	return false
}

func (c *Comparison) compareTable(ctx context.Context, d *Desired, from, to Holder, name string) error {
	a, b := from.Snapshot.Tables[name], to.Snapshot.Tables[name]
	for _, side := range []struct {
		Holder
		table *datasheets.Table
	}{{from, a}, {to, b}} {
		if side.table == nil {
			p := c.problem(side.Environment, name, "there is no such table", "correct its name, or have the table made")
			if near := datasheets.Nearest(name, slices.Sorted(maps.Keys(side.Snapshot.Tables))); near != "" {
				p.Text += "; nearest: " + near
			}
		}
	}
	if a == nil || b == nil || !c.sameColumns(from.Environment, a, b) {
		return nil
	}
	owned, all, ok := c.ownership(d, b)
	if !ok {
		return nil
	}
	switch {
	case all:
		c.Owned = append(c.Owned, name)
	case owned != nil:
		c.Shared = append(c.Shared, name)
	}
	t, err := compareRows(ctx, from, to, a, b, owned)
	if err != nil {
		return err
	}
	c.Tables = append(c.Tables, t)
	return nil
}

func (c *Comparison) problem(environment, table, text, mend string) *datasheets.Problem {
	c.Problems = append(c.Problems, datasheets.Problem{At: datasheets.Position{Path: environment, Sheet: table}, Text: text, Mend: mend})
	return &c.Problems[len(c.Problems)-1]
}

// sameColumns says whether rows of one table can stand in the other, and reports why not.
func (c *Comparison) sameColumns(from string, a, b *datasheets.Table) bool {
	before := len(c.Problems)
	const mend = "bring the two databases to the same schema first"
	for i := range b.Columns {
		want := &b.Columns[i]
		k := a.Column(want.Name)
		switch {
		case want.Generated:
		case k < 0:
			c.problem(from, a.Name, "the column "+want.Name+" is missing, which "+c.Environment+" has", mend)
		case a.Columns[k].SQLType != want.SQLType || a.Columns[k].Collation != want.Collation || a.Columns[k].Generated:
			c.problem(from, a.Name, fmt.Sprintf("the column %s is %s, and in %s %s", want.Name, describeColumn(&a.Columns[k]), c.Environment, describeColumn(want)), mend)
		case want.Type == datasheets.Unsupported:
			c.problem(from, a.Name, fmt.Sprintf("the column %s is %s, which liveops cannot copy", want.Name, want.SQLType), "leave the table out")
		}
	}
	for i := range a.Columns {
		if !a.Columns[i].Generated && b.Column(a.Columns[i].Name) < 0 {
			c.problem(c.Environment, b.Name, "the column "+a.Columns[i].Name+" is missing, which "+from+" has", mend)
		}
	}
	if !slices.Equal(keyNames(a), keyNames(b)) || len(b.Key) == 0 {
		c.problem(from, a.Name, fmt.Sprintf("the primary key is %v, and in %s %v; tables are compared by it", keyNames(a), c.Environment, keyNames(b)), mend)
	}
	if b.Engine != "InnoDB" {
		c.problem(c.Environment, b.Name, "the table is kept by "+b.Engine+", and what cannot be undone is not changed", "ALTER TABLE … ENGINE=InnoDB")
	}
	return len(c.Problems) == before
}

func describeColumn(c *datasheets.Column) string {
	s := c.SQLType
	if c.Collation != "" {
		s += " " + c.Collation
	}
	if c.Generated {
		s += " generated"
	}
	return s
}

func keyNames(t *datasheets.Table) []string {
	names := []string{}
	for _, k := range t.Key {
		names = append(names, t.Columns[k].Name)
	}
	return names
}

// ownership is which rows sheets own: all of them, or those that owned says, or none. It is not ok, and reported,
// where liveops.yaml does not fit the table.
func (c *Comparison) ownership(d *Desired, t *datasheets.Table) (owned *datasheets.Ownership, all, ok bool) {
	for i := range d.Tables {
		if d.Tables[i].Mapping.Table != t.Name {
			continue
		}
		binding, problems := d.Tables[i].Mapping.Bind(t, &datasheets.Options{Location: d.Location()})
		if len(problems) > 0 {
			c.Problems = append(c.Problems, problems...)
			return nil, false, false
		}
		owned = binding.Ownership(copied(t))
		return owned, owned == nil, true
	}
	return nil, false, true
}

// copied are the columns that are compared and copied: all but generated ones, the key's first.
func copied(t *datasheets.Table) []int {
	columns := slices.Clone(t.Key)
	for i := range t.Columns {
		if !t.IsKey(i) && !t.Columns[i].Generated {
			columns = append(columns, i)
		}
	}
	return columns
}

// compareRows finds the rows of b that differ from a's, but for those that sheets own.
func compareRows(ctx context.Context, from, to Holder, a, b *datasheets.Table, owned *datasheets.Ownership) (*plan.Table, error) {
	columns := copied(b)
	as := make([]int, len(columns))
	for i, c := range columns {
		as[i] = a.Column(b.Columns[c].Name)
	}
	source, target := mysqlstore.Side{Snapshot: from.Snapshot, Table: a, Columns: as}, mysqlstore.Side{Snapshot: to.Snapshot, Table: b, Columns: columns}
	parts, err := mysqlstore.Differing(ctx, source, target)
	if err != nil {
		return nil, err
	}
	differ := plan.NewDiffer(b, columns, []plan.Origin{{Source: plan.Source{Path: from.Environment, Sheet: b.Name}, KeyColumn: 1}})
	unlessOwned := func(row func([]byte) error) func([]byte) error {
		return func(packed []byte) error {
			if owned != nil {
				if is, err := owned.Owns(packed); err != nil || is {
					return err
				}
			}
			return row(packed)
		}
	}
	if err := target.RowsOf(ctx, parts, unlessOwned(differ.Have)); err != nil {
		return nil, err
	}
	err = source.RowsOf(ctx, parts, unlessOwned(func(packed []byte) error {
		_, err := differ.Want(packed, 0, 1) // no two rows of one database have the same key
		return err
	}))
	if err != nil {
		return nil, err
	}
	t, _, err := differ.Table(ctx, to.Snapshot)
	if err != nil {
		return nil, err
	}
	t.Partial, t.Rows, t.Want = true, 0, plan.Sum{}
	for i := range t.Changes {
		t.Changes[i].At = datasheets.Position{}
	}
	return t, nil
}
