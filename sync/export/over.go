package export

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sync/mysqlstore"
)

// Target is a table with the sheets that describe it, as they stand.
type Target struct {
	Mapping *datasheets.Mapping
	Sheets  []*datasheets.Sheet
}

// Rewritten is a workbook of which cells have changed.
type Rewritten struct {
	Path     string
	Data     []byte
	Sheets   []SheetChange  // by name
	Formulas []xlsx.Formula // that are gone, since they do not come to what the table holds
}

// SheetChange is how many rows of a sheet are others now.
type SheetChange struct {
	Sheet                  string
	Added, Cleared, Edited int
}

// ProblemsError is that sheets cannot be written over, since they cannot be read as they stand.
type ProblemsError struct{ Problems []datasheets.Problem }

// Error is the first problem, and how many there are.
func (e *ProblemsError) Error() string {
	s := e.Problems[0].Error()
	if n := len(e.Problems) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Over writes the rows of a snapshot over workbooks: into each sheet the rows that it owns. Only cells that are read as
// another value than the table's are changed. A row that the table lacks is emptied in its place, and new rows stand
// below the lowest one, in the looks of the last: no row moves, so that nothing that points to one points elsewhere.
// Comments, ignored columns and rows of other environments stay. A formula stays where it comes to the table's value.
//
// read gives a workbook by its path. Workbooks in which nothing changes are not returned. What was written is read
// back and compared. It fails with a *ProblemsError where a sheet cannot be read, and with a *TableError as Sheets does.
func Over(ctx context.Context, snap *mysqlstore.Snapshot, targets []Target, r Reading, read func(path string) ([]byte, error)) ([]Rewritten, error) {
	books := map[string]*book{}
	var order []string
	for _, t := range targets {
		for _, s := range t.Sheets {
			if books[s.Path] == nil {
				books[s.Path] = &book{path: s.Path}
				order = append(order, s.Path)
			}
		}
		edits, err := editsOf(ctx, snap, t, r)
		if err != nil {
			return nil, err
		}
		for _, e := range edits {
			books[e.sheet.Path].sheets = append(books[e.sheet.Path].sheets, e)
		}
	}
	slices.Sort(order)
	var all []Rewritten
	for _, path := range order {
		b := books[path]
		if !slices.ContainsFunc(b.sheets, func(e *sheetEdits) bool { return len(e.cells) > 0 }) {
			continue
		}
		if strings.EqualFold(filepath.Ext(path), ".csv") {
			return nil, fmt.Errorf("%s differs from the database, and only workbooks (.xlsx) are written over; make one of it", path)
		}
		data, err := read(path)
		if err != nil {
			return nil, err
		}
		if err := b.patch(data); err != nil {
			return nil, err
		}
		all = append(all, b.rewritten())
	}
	return all, readBack(ctx, snap, targets, all, r)
}

// book is a workbook that is written over.
type book struct {
	path    string
	sheets  []*sheetEdits
	patched *xlsx.Patched
}

// patch writes the edits. Formulas in edited cells stay at first; those that do not come to the value that is wanted
// are dropped then, and the others calculated again, until all are right.
func (b *book) patch(data []byte) (err error) {
	for {
		var edits []xlsx.SheetEdits
		for _, s := range b.sheets {
			edits = append(edits, s.edits())
		}
		if b.patched, err = xlsx.Patch(b.path, data, edits, xlsx.Limits{}); err != nil || len(b.patched.Kept) == 0 {
			return err
		}
		results, err := xlsx.Calculate(b.patched.Data, b.patched.Kept)
		if err != nil {
			return fmt.Errorf("calculate the formulas of %s: %w", b.path, err)
		}
		wrong := false
		for i, f := range b.patched.Kept {
			s := b.sheets[slices.IndexFunc(b.sheets, func(s *sheetEdits) bool { return s.sheet.Name == f.Sheet })]
			if !s.comesTo(f.Row, f.Column, results[i]) {
				wrong = true
			}
		}
		if !wrong {
			return nil
		}
	}
}

func (b *book) rewritten() Rewritten {
	out := Rewritten{Path: b.path, Data: b.patched.Data}
	for _, s := range b.sheets {
		if len(s.cells) > 0 {
			s.change.Sheet = s.sheet.Name
			out.Sheets = append(out.Sheets, s.change)
		}
	}
	for _, f := range b.patched.Dropped {
		s := b.sheets[slices.IndexFunc(b.sheets, func(s *sheetEdits) bool { return s.sheet.Name == f.Sheet })]
		if c := s.at(f.Row, f.Column); c != nil && c.edit.Cells[0].Kind != datasheets.Empty {
			out.Formulas = append(out.Formulas, f)
		}
	}
	slices.SortFunc(out.Sheets, func(a, b SheetChange) int { return compare(a.Sheet, b.Sheet) })
	return out
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// readBack compares the sheets, as they are now, with the snapshot once more: nothing may be left to do.
func readBack(ctx context.Context, snap *mysqlstore.Snapshot, targets []Target, written []Rewritten, r Reading) error {
	now := map[string]*datasheets.Book{}
	for _, w := range written {
		b, err := xlsx.Open(w.Path, w.Data, xlsx.Limits{})
		if err != nil {
			return fmt.Errorf("read back what was written: %w", err)
		}
		now[w.Path] = b
	}
	for _, t := range targets {
		again := Target{Mapping: t.Mapping}
		changed := false
		for _, s := range t.Sheets {
			if b := now[s.Path]; b != nil {
				changed = true
				s = &b.Sheets[slices.IndexFunc(b.Sheets, func(other datasheets.Sheet) bool { return other.Name == s.Name })]
			}
			again.Sheets = append(again.Sheets, s)
		}
		if !changed {
			continue
		}
		edits, err := editsOf(ctx, snap, again, r)
		if err != nil {
			return fmt.Errorf("read back what was written: %w", err)
		}
		for _, e := range edits {
			if len(e.cells) > 0 {
				c := e.cells[0].edit
				return fmt.Errorf("%s › %s cannot be written so that it is read back as the table %s is: cell %s", e.sheet.Path, e.sheet.Name,
					t.Mapping.Table, datasheets.CellName(c.Column, c.Row))
			}
		}
	}
	return nil
}

// asProblems wraps a problem that reading a sheet met.
func asProblems(err error) error {
	if p := (*datasheets.Problem)(nil); errors.As(err, &p) {
		return &ProblemsError{[]datasheets.Problem{*p}}
	}
	return err
}
