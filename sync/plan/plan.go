// Package plan compares the rows a table has with the rows that sheets want it to have. It is pure: rows come
// in packed (see datasheets.AppendValue), changes go out as values, sorted.
package plan

import (
	"liveops/datasheets"
)

// Op is what a change does to a row.
type Op uint8

// The operations, in the order in which a release does them.
const (
	Delete Op = iota
	Update
	Insert
)

// String is the operation's word.
func (o Op) String() string {
	return [...]string{"delete", "update", "insert"}[o]
}

// Change is what happens to one row. Before and After hold the table's managed columns in the order of
// Table.Columns; Before is nil for an insert, After for a delete. A value of After may be
// datasheets.ServerDefault, for an insert only.
type Change struct {
	Op     Op
	Before []datasheets.Value
	After  []datasheets.Value
	At     datasheets.Position // where the row stands; zero for a delete
}

// Row is the row as it will be or, for a delete, as it was.
func (c *Change) Row() []datasheets.Value {
	if c.Op == Delete {
		return c.Before
	}
	return c.After
}

// Old is Before.
func (c *Change) Old() []datasheets.Value { return c.Before }

// New is After.
func (c *Change) New() []datasheets.Value { return c.After }

// Source is a sheet that describes a table.
type Source struct {
	Path  string `json:"path"`
	Sheet string `json:"sheet"`
}

// Table is what would change in one table.
type Table struct {
	Schema  *datasheets.Table
	Managed []int // indexes into Schema.Columns of what the sheet has: the key's columns first, in the key's order
	Sources []Source
	Rows    int // how many rows the sheets want
	Unowned int // how many rows the table has that no sheet owns: they are left alone
	Changes []Change
	Owned   *datasheets.Ownership // the rows that the sheets own; nil for all
	Want    Sum                   // of the rows wanted; what a read-back of the owned rows must equal
	Partial bool                  // only rows that may differ were compared: Want is not known, and Rows is 0
}

// KeyLen is how many of the managed columns, from the first, are the primary key.
func (t *Table) KeyLen() int { return len(t.Schema.Key) }

// Column is the i-th managed column.
func (t *Table) Column(i int) *datasheets.Column { return &t.Schema.Columns[t.Managed[i]] }

// Count is how many rows are deleted, inserted and updated.
type Count struct {
	Deleted  int `json:"deleted"`
	Inserted int `json:"inserted"`
	Updated  int `json:"updated"`
}

// Total is the number of rows that change.
func (c Count) Total() int { return c.Deleted + c.Inserted + c.Updated }

// Add sums counts.
func (c Count) Add(d Count) Count {
	return Count{c.Deleted + d.Deleted, c.Inserted + d.Inserted, c.Updated + d.Updated}
}

// Count counts the changes of a table.
func (t *Table) Count() Count {
	var n Count
	for i := range t.Changes {
		switch t.Changes[i].Op {
		case Delete:
			n.Deleted++
		case Insert:
			n.Inserted++
		case Update:
			n.Updated++
		}
	}
	return n
}
