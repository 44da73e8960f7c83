// Package bookdiff compares two workbooks without a database: sheets by name, columns by header, rows by key,
// then cells by what the workbook stores. It is pure.
package bookdiff

import (
	"context"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// Diff is what differs between two workbooks. The order of sheets, columns and rows is not compared.
type Diff struct {
	Old, New string  // the paths of the workbooks; "" for one that is not there
	Sheets   []Sheet // those that differ: in the order of the new workbook's tabs, then those that it lacks
}

// State says how a sheet stands in the two workbooks.
type State uint8

// The states.
const (
	Changed State = iota // in both
	Added                // in the new one only
	Removed              // in the old one only
)

// String is the state's word.
func (s State) String() string { return [...]string{"changed", "added", "removed"}[s] }

// Sheet is what differs in one sheet.
type Sheet struct {
	State          State
	AddedColumns   []string // of a changed sheet: the columns that the old one lacks, in their order
	RemovedColumns []string // and those that the new one lacks
	Note           string   // why rows are not matched by the key asked for, or the first column; "" where they are
	Table          *plan.Table
}

// Name is the sheet's name.
func (s *Sheet) Name() string { return s.Table.Schema.Name }

// Count counts the rows that differ in all sheets.
func (d *Diff) Count() plan.Count {
	var n plan.Count
	for i := range d.Sheets {
		n = n.Add(d.Sheets[i].Table.Count())
	}
	return n
}

// KeyError is a key that no sheet has the columns of.
type KeyError struct{ Columns []string }

// Error names the columns.
func (e *KeyError) Error() string {
	return "no sheet has the key: " + strings.Join(e.Columns, ", ") + " in its header"
}

// Compare compares two workbooks; a Book without Path and Sheets stands for one that is not there. The first row
// of a sheet that is not empty is its header; a column without a name there is called by its letter, as in (D).
//
// Rows are matched by the columns of key, in sheets that have all of them; in the others, and where key is empty,
// by the new sheet's first column or, where that repeats, the first two or three. Whether a cell of the key holds a
// number or a text does not count. Where all that repeats, or only one of the sheets has the first column, rows are
// matched as wholes: then no row is an update. The sheet's Note says so.
//
// The tables of the Diff are the sheets: their columns are those of both sheets, the key's first, of type SheetText
// or SheetNumber; their values are those of AppendSheetCell. Their changes stand as in the new sheet, a row that is
// gone after the last one above it that is not.
//
// A workbook that cannot be read fails with a *datasheets.Problem, a key that fits no sheet with a *KeyError.
func Compare(ctx context.Context, old, fresh *datasheets.Book, key []string) (*Diff, error) {
	d := &Diff{Old: old.Path, New: fresh.Path}
	fits := len(key) == 0
	add := func(state State, o, n *datasheets.Sheet) error {
		p, err := readPair(ctx, o, n)
		if err != nil {
			return err
		}
		s := p.compare(state, key)
		fits = fits || p.has(key)
		if state != Changed || len(s.AddedColumns)+len(s.RemovedColumns)+len(s.Table.Changes) > 0 {
			d.Sheets = append(d.Sheets, s)
		}
		return nil
	}
	for i := range fresh.Sheets {
		n := &fresh.Sheets[i]
		state, o := Changed, find(old, n.Name)
		if o == nil {
			state, o = Added, &datasheets.Sheet{Name: n.Name}
		}
		if err := add(state, o, n); err != nil {
			return nil, err
		}
	}
	for i := range old.Sheets {
		o := &old.Sheets[i]
		if find(fresh, o.Name) != nil {
			continue
		}
		if err := add(Removed, o, &datasheets.Sheet{Name: o.Name}); err != nil {
			return nil, err
		}
	}
	if !fits {
		return nil, &KeyError{key}
	}
	return d, nil
}

func find(b *datasheets.Book, name string) *datasheets.Sheet {
	for i := range b.Sheets {
		if b.Sheets[i].Name == name {
			return &b.Sheets[i]
		}
	}
	return nil
}
