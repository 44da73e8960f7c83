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
	checksDir = "checks"
	maxChecks = 200
)

// Checks lists the data tests under checks/, at any depth and sorted: files named *.sql in either case. Dot files
// are passed over, and so are other files, but what is named like one and is no plain file is a problem, and so are
// more than 200. A repo without the directory has none.
func Checks(fsys fs.FS) (paths []string, problems []datasheets.Problem, err error) {
	entries := 0
	err = fs.WalkDir(fsys, checksDir, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == checksDir {
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
		case e.Type().IsRegular() && strings.EqualFold(path.Ext(name), ".sql"):
			paths = append(paths, name)
		case !e.Type().IsRegular() && (strings.EqualFold(path.Ext(name), ".sql") || path.Ext(name) == ""):
			problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: name},
				Text: "this is no plain file (a link, a submodule, or a name that not every system can have), and is not read", Mend: "commit the file itself in its place"})
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list the data tests: %w", err)
	}
	if len(paths) > maxChecks {
		problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: checksDir},
			Text: fmt.Sprintf("there are %d data tests; %d are allowed, since all of them run while rows are locked", len(paths), maxChecks), Mend: "put several into one SELECT with UNION ALL"})
		paths = nil
	}
	return paths, datasheets.SortProblems(problems), nil
}
