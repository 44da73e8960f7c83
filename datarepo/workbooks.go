package datarepo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"liveops/datasheets"
)

const (
	workbooksDir = "datasheets"

	// maxDataEntries bounds the walk through a tree that was made to have no end.
	maxDataEntries = 100_000
)

// Workbooks lists the workbooks under datasheets/, at any depth and sorted: files named *.xlsx, *.xlsm or *.csv in
// either case. Dot files and the lock files of spreadsheet programs are passed over, and so are other
// files, but a spreadsheet that cannot be read as it is (.xls, .xlsb, .ods, .numbers, a link) is a problem. Git LFS
// pointers are listed: see FollowPointers. A repo without the directory has no workbook. It fails with ErrTooLarge on
// more than 100,000 entries.
func Workbooks(fsys fs.FS) (paths []string, problems []datasheets.Problem, err error) {
	entries := 0
	err = fs.WalkDir(fsys, workbooksDir, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == workbooksDir {
			return nil
		}
		if err != nil {
			return err
		}
		if entries++; entries > maxDataEntries {
			return fmt.Errorf("%w: more than %d entries", ErrTooLarge, maxDataEntries)
		}
		switch {
		case isPassedOver(name) && e.IsDir():
			return fs.SkipDir
		case isPassedOver(name), e.IsDir():
			return nil
		}
		text, mend := unreadable(name, e)
		switch {
		case text != "":
			problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: name}, Text: text, Mend: mend})
		case isWorkbook(name):
			paths = append(paths, name)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list the workbooks: %w", err)
	}
	return paths, datasheets.SortProblems(problems), nil
}

func isWorkbook(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".xlsx", ".xlsm", ".csv":
		return true
	}
	return false
}

// unreadable says why a spreadsheet cannot be read, and how to put it right; "" for one that can, or that is
// no spreadsheet.
func unreadable(name string, e fs.DirEntry) (text, mend string) {
	switch ext := strings.ToLower(path.Ext(name)); {
	case ext == ".xls":
		return "the workbook is in the old .xls format, which is not read", "save it as .xlsx and delete this one"
	case ext == ".xlsb", ext == ".ods", ext == ".numbers":
		return fmt.Sprintf("the workbook is in the %s format, which is not read", ext), "save it as .xlsx and delete this one"
	case e.Type()&fs.ModeSymlink != 0 && (isWorkbook(name) || ext == ""): // a directory of workbooks may hide behind a link
		return "this is a symbolic link, and links are not followed", "commit the file itself in its place"
	case !e.Type().IsRegular() && (isWorkbook(name) || ext == ""):
		return "this is a submodule, or its name is not one that every system can have, and is not read", "commit a plain file whose name is UTF-8 without a backslash"
	}
	return "", ""
}
