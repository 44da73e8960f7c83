package revert

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"liveops/datasheets"
	"liveops/datasheets/workbook"
	"liveops/sync/export"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// exportRows writes the environment's rows into the workbooks that were touched since the release: of the tables whose
// sheets the release changed, and no others, so that what else stands in these workbooks and waits for a release stays.
func (w *work) exportRows(ctx context.Context) error {
	if len(w.touched) == 0 {
		return nil
	}
	d, err := release.Read(ctx, "", w.now)
	if err != nil {
		return fmt.Errorf("read the files as they would be: %w", err)
	}
	done := map[string]bool{} // by table
	for _, t := range w.touched {
		now, err := w.headContent(t.path)
		if err != nil {
			return err
		}
		if why := w.unwritable(t, now, d); why != "" {
			w.cannot(t.path, why)
			continue
		}
		tables := tablesOf(t, d)
		if len(tables) == 0 {
			w.cannot(t.path, "it was changed or deleted since, and the sheets that the release changed are in no workbook any more")
		}
		for _, table := range tables {
			if done[table.Mapping.Table] {
				continue
			}
			done[table.Mapping.Table] = true
			if err := w.exportTable(ctx, t, d, table); err != nil {
				return err
			}
		}
	}
	return nil
}

// unwritable says why rows cannot be written into a file, which has a content at the head or nil for none; "" where they may be.
func (w *work) unwritable(t touched, now []byte, d *release.Desired) string {
	switch {
	case !isExcel(t.path) && !isCSV(t.path):
		return "it was changed since the release: look at it by hand"
	case isCSV(t.path):
		return "it was changed since the release, and only workbooks (.xlsx) are written over, no .csv files"
	case isLarge(now):
		return "it was changed since the release and is kept in Git LFS: nothing is written there"
	case len(d.Problems) > 0:
		return "it was changed since the release, and the data repo has problems, the first " + d.Problems[0].Error()
	}
	return ""
}

// exportTable writes the rows of a table into its workbooks.
func (w *work) exportTable(ctx context.Context, t touched, d *release.Desired, table *release.DesiredTable) error {
	reading := export.Reading{Scope: d.Scope(w.environment), Location: d.Location()}
	written, err := export.Over(ctx, w.snap, []export.Target{{Mapping: table.Mapping, Sheets: table.Sheets}}, reading, func(p string) ([]byte, error) {
		data, err := content(w.now, p)
		if err == nil && isLarge(data) {
			err = fmt.Errorf("%s is kept in Git LFS: nothing is written there", p)
		}
		return data, err
	})
	var unreachable *mysqlstore.UnreachableError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unreachable):
		return err
	case err != nil: // of the files, or of what cells can hold: where it is the database, the plan that follows fails too
		w.cannot(t.path, "it was changed since the release, and the rows of "+table.Mapping.Table+" cannot be written into it: "+err.Error())
		return nil
	}
	for _, r := range written {
		why := w.changes[r.Path].Why
		if w.changes[r.Path].How != Exported {
			why = "it was changed since the release, so that the rows of " + w.environment + " were written into it: "
		} else {
			why += "; "
		}
		for i, s := range r.Sheets {
			if i > 0 {
				why += "; "
			}
			why += fmt.Sprintf("%s: %d rows changed, %d added, %d emptied", s.Sheet, s.Edited, s.Added, s.Cleared)
		}
		if n := len(r.Formulas); n > 0 {
			why += fmt.Sprintf("; %d formulas that gave another value are values now", n)
		}
		w.put(r.Path, r.Data, Exported, why)
	}
	return nil
}

// tablesOf are the tables at the head of which the release changed a sheet in the file. Where the file is not there any
// more, its sheets are looked for by their names.
func tablesOf(t touched, d *release.Desired) []*release.DesiredTable {
	changed := changedSheets(t)
	has := func(path string) bool {
		return slices.ContainsFunc(d.Sheets, func(s datasheets.Sheet) bool { return s.Path == path })
	}
	here := has(t.path)
	var tables []*release.DesiredTable
	for i := range d.Tables {
		if slices.ContainsFunc(d.Tables[i].Sheets, func(s *datasheets.Sheet) bool {
			return (!here || s.Path == t.path) && changed(s.Name)
		}) {
			tables = append(tables, &d.Tables[i])
		}
	}
	return tables
}

// changedSheets says which sheets differ, by their cells, between the two versions of a workbook; all of them where one
// version cannot be read.
func changedSheets(t touched) func(name string) bool {
	before, ok := sheetSums(t.path, t.before)
	last, alsoOK := sheetSums(t.path, t.last)
	return func(name string) bool {
		if !ok || !alsoOK {
			return true
		}
		a, was := before[name]
		b, is := last[name]
		return (was || is) && (was != is || a != b)
	}
}

// sheetSums hashes the cells of each sheet of a workbook. ok is false for one that cannot be read.
func sheetSums(path string, data []byte) (sums map[string][sha256.Size]byte, ok bool) {
	sums = map[string][sha256.Size]byte{}
	if data == nil {
		return sums, true
	}
	book, err := workbook.Open(path, data)
	if err != nil {
		return nil, false
	}
	for i := range book.Sheets {
		h := sha256.New()
		for row, err := range book.Sheets[i].Rows {
			if err != nil {
				return nil, false
			}
			for _, c := range row.Cells {
				fmt.Fprintf(h, "%d %d %d %d ", row.Number, c.Column, c.Kind, len(c.Text)) // writing to a hash does not fail
				h.Write(c.Text)
			}
		}
		sums[book.Sheets[i].Name] = [sha256.Size]byte(h.Sum(nil))
	}
	return sums, true
}
