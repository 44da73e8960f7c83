package bot

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/sync/bookdiff"
	"liveops/sync/release"
	"liveops/sync/report"
)

// mostWorkbooks is how many workbooks are compared without a database; a comment shows no more.
const mostWorkbooks = 50

// compareWorkbooks tells what differs in the workbooks of two commits, which is all that there is to tell where no
// environment's database is configured. One that was renamed and not changed differs in nothing.
func compareWorkbooks(ctx context.Context, told *report.Pull, was, is fs.FS) error {
	old, fresh, ok, err := datarepo.DifferingWorkbooks(was, is)
	if err != nil || !ok {
		return err
	}
	former, err := renamed(was, is, old, fresh)
	if err != nil {
		return err
	}
	paths := slices.Compact(slices.Sorted(slices.Values(slices.Concat(old, fresh))))
	paths = slices.DeleteFunc(paths, func(path string) bool {
		return slices.ContainsFunc(fresh, func(now string) bool { return former[now] == path }) && !slices.Contains(fresh, path)
	})
	for _, path := range paths[:min(len(paths), mostWorkbooks)] {
		if name := former[path]; name != "" {
			told.Workbooks = append(told.Workbooks, report.Workbook{Path: path, Diff: &bookdiff.Diff{Old: name, New: path}})
			continue
		}
		w, err := compareWorkbook(ctx, path, sideOf(was, path, old), sideOf(is, path, fresh))
		if err != nil {
			return err
		}
		told.Workbooks = append(told.Workbooks, w)
	}
	told.MoreWorkbooks = len(paths) - len(told.Workbooks)
	return nil
}

// renamed finds, for workbooks that one commit lacks, what they were called in it: by their contents.
func renamed(was, is fs.FS, old, fresh []string) (former map[string]string, err error) {
	olds, isOld := was.(datarepo.Identified)
	news, isNew := is.(datarepo.Identified)
	if !isOld || !isNew {
		return nil, nil
	}
	gone := map[string]string{} // by content
	for _, path := range old {
		if slices.Contains(fresh, path) {
			continue
		}
		id, err := olds.ContentID(path)
		if err != nil {
			return nil, err
		}
		gone[id] = path
	}
	former = map[string]string{}
	for _, path := range fresh {
		id, err := news.ContentID(path)
		if err != nil {
			return nil, err
		}
		if name := gone[id]; name != "" && !slices.Contains(old, path) {
			former[path] = name
			delete(gone, id)
		}
	}
	return former, nil
}

// side is one commit's files; none where it does not have the workbook.
type side struct{ files fs.FS }

func sideOf(files fs.FS, path string, has []string) side {
	if !slices.Contains(has, path) {
		return side{}
	}
	return side{files}
}

// open opens a workbook without the sheets that are notes; a Book without sheets stands for one that is not there.
func (s side) open(ctx context.Context, path string) (*datasheets.Book, error) {
	if s.files == nil {
		return &datasheets.Book{}, nil
	}
	book, err := release.OpenWorkbook(ctx, s.files, path)
	if err != nil {
		return nil, err
	}
	book.Sheets = slices.DeleteFunc(book.Sheets, func(sheet datasheets.Sheet) bool { return strings.HasPrefix(sheet.Name, "#") })
	return book, nil
}

// compareWorkbook compares one workbook, or says why it cannot be.
func compareWorkbook(ctx context.Context, path string, was, is side) (report.Workbook, error) {
	w := report.Workbook{Path: path}
	old, err := was.open(ctx, path)
	var fresh *datasheets.Book
	if err == nil {
		fresh, err = is.open(ctx, path)
	}
	if err == nil {
		w.Diff, err = bookdiff.Compare(ctx, old, fresh, nil)
	}
	var problem *datasheets.Problem
	if errors.As(err, &problem) {
		w.Diff, w.Reason, err = nil, problem.Text, nil
	}
	return w, err
}
