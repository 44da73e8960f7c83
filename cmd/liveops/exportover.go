package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sync/export"
)

// over writes tables over the sheets of one workbook that is there.
func (e *exporter) over(ctx context.Context, file string, tables []string) error {
	data, err := readOver(file)
	if err != nil {
		return err
	}
	book, err := xlsx.Open(file, data, xlsx.Limits{})
	if err != nil {
		return err
	}
	var targets []export.Target
	var failed error
	for _, name := range tables {
		t := export.Target{Mapping: e.desired.Mapping(name)}
		if t.Mapping == nil {
			t.Mapping = datasheets.DefaultMapping(&datasheets.Sheet{Path: file, Name: name})
		}
		for _, m := range t.Mapping.Sheets {
			found := false
			for i := range book.Sheets {
				if found = book.Sheets[i].Name == m.Name; found {
					t.Sheets = append(t.Sheets, &book.Sheets[i])
					break
				}
			}
			if !found {
				failed = errors.Join(failed, fmt.Errorf("%s has no sheet %s for the table %s: add it with its column names, or write a new workbook", file, m.Name, name))
			}
		}
		targets = append(targets, t)
	}
	if failed != nil {
		return failed
	}
	return e.write(ctx, targets, nil, func(string) string { return file })
}

// intoRepo writes tables over the data repo's workbooks, and new workbooks for those that no sheet describes.
func (e *exporter) intoRepo(ctx context.Context, tables []string) error {
	if len(e.desired.Problems) > 0 { // a workbook that cannot be read hides its sheets
		return fmt.Errorf("the data repo has problems, so that it is not known where the tables stand; see liveops validate. The first: %w", &e.desired.Problems[0])
	}
	described, others := e.desired.Described(tables)
	var targets []export.Target
	for _, t := range described {
		targets = append(targets, export.Target{Mapping: t.Mapping, Sheets: t.Sheets})
	}
	return e.write(ctx, targets, others, func(p string) string { return filepath.Join(e.dir, filepath.FromSlash(p)) })
}

// write writes targets over their workbooks and other tables into new ones. All is made before any file is written.
func (e *exporter) write(ctx context.Context, targets []export.Target, others []string, file func(path string) string) error {
	files, err := export.Files(ctx, e.snap, targets, others, e.desired.Mapping, e.reading(), func(p string) ([]byte, error) { return readOver(file(p)) })
	if err != nil {
		return err
	}
	for _, f := range files {
		to := file(f.Path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := writeFile(to, f.Data, f.Over != nil); err != nil {
			return err
		}
		if f.Over != nil {
			e.tellRewritten(to, *f.Over)
			continue
		}
		fmt.Fprintf(e.out, "Wrote %s: %s.\n", to, rowsIn([]*export.Exported{f.New}))
		e.tellUnowned([]string{f.Table}, []*export.Exported{f.New})
	}
	if len(files) == 0 {
		fmt.Fprintf(e.out, "Nothing to write: the sheets say what %s holds.\n", e.environment)
	}
	return nil
}

// readOver reads a workbook that is to be changed where it stands. A Git LFS pointer stands for one that is elsewhere.
func readOver(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if _, is := datarepo.ParsePointer(data); is {
		return nil, fmt.Errorf("%s is a Git LFS pointer and not the workbook itself: run `git lfs pull` first", file)
	}
	return data, nil
}

func (e *exporter) tellRewritten(file string, w export.Rewritten) {
	fmt.Fprintf(e.out, "Changed %s:\n", file)
	for _, s := range w.Sheets {
		fmt.Fprintf(e.out, "  %s: %s changed, %d added, %d emptied\n", printable(s.Sheet), several(s.Edited, "row", "rows"), s.Added, s.Cleared)
	}
	if len(w.Formulas) > 0 {
		var cells []string
		for _, f := range w.Formulas {
			cells = append(cells, printable(f.Sheet)+"!"+datasheets.CellName(f.Column, f.Row))
		}
		const most = 10
		if more := len(cells) - most; more > 0 {
			cells = append(cells[:most], fmt.Sprintf("and %d more", more))
		}
		fmt.Fprintf(e.out, "  formulas that gave another value are values now: %s\n", strings.Join(cells, ", "))
	}
}
