package xlsx

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"liveops/datasheets"
)

// check reads the patched workbook back beside the old one.
func (w *patcher) check(path string, limits Limits) error {
	old, err := Open(path, w.data, limits)
	if err != nil {
		return err
	}
	now, err := Open(path, w.patched.Data, limits)
	if err != nil {
		return fmt.Errorf("what was written of %s cannot be read: %w", path, err)
	}
	if len(old.Sheets) != len(now.Sheets) {
		return fmt.Errorf("what was written of %s has %d sheets, not %d", path, len(now.Sheets), len(old.Sheets))
	}
	for i := range old.Sheets {
		written, edited := w.written[old.Sheets[i].Name]
		if !edited {
			continue // its part was copied
		}
		if err := checkSheet(&old.Sheets[i], &now.Sheets[i], written); err != nil {
			return fmt.Errorf("what was written of %s › %s is not what it should be: %w", path, old.Sheets[i].Name, err)
		}
	}
	return nil
}

// checkSheet holds a sheet to the old one, with what was written in its place.
func checkSheet(old, now *datasheets.Sheet, written map[[2]int]datasheets.Cell) error {
	next, stop := iter.Pull2(cellsOf(now))
	defer stop()
	same := func(at [2]int, want datasheets.Cell) error {
		got, cell, ok := next()
		if !ok || got != at || cell.Kind != want.Kind || string(cell.Text) != string(want.Text) {
			return fmt.Errorf("%s should hold %q, found %q in %s", datasheets.CellName(at[1], at[0]), want.Text, cell.Text, datasheets.CellName(max(got[1], 1), got[0]))
		}
		return nil
	}
	for at, want := range merged(cellsOf(old), written) {
		if err := same(at, want); err != nil {
			return err
		}
	}
	if got, cell, more := next(); more {
		return fmt.Errorf("%s holds %q", datasheets.CellName(max(got[1], 1), got[0]), cell.Text)
	}
	return nil
}

// cellsOf are the cells of a sheet by row and column. It ends early where the sheet cannot be read.
func cellsOf(s *datasheets.Sheet) iter.Seq2[[2]int, datasheets.Cell] {
	return func(yield func([2]int, datasheets.Cell) bool) {
		for row, err := range s.Rows {
			if err != nil {
				return
			}
			for _, c := range row.Cells {
				if c.Kind == datasheets.Text && len(c.Text) == 0 {
					continue
				}
				if !yield([2]int{row.Number, c.Column}, c) {
					return
				}
			}
		}
	}
}

// merged are the cells of a sheet with others in their place, or between them; an Empty one takes a cell away.
func merged(cells iter.Seq2[[2]int, datasheets.Cell], written map[[2]int]datasheets.Cell) iter.Seq2[[2]int, datasheets.Cell] {
	order := func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }
	places := slices.SortedFunc(maps.Keys(written), order)
	return func(yield func([2]int, datasheets.Cell) bool) {
		left := places
		put := func() bool { // the first of those left
			at := left[0]
			left = left[1:]
			return written[at].Kind == datasheets.Empty || yield(at, written[at])
		}
		for at, cell := range cells {
			for len(left) > 0 && order(left[0], at) < 0 {
				if !put() {
					return
				}
			}
			if _, replaced := written[at]; !replaced && !yield(at, cell) {
				return
			}
		}
		for len(left) > 0 {
			if !put() {
				return
			}
		}
	}
}
