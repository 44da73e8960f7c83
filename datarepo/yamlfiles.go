package datarepo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"liveops/datasheets"
)

// namePattern is a purge's or campaign's name: it is a key of the environment's record.
const namePattern = `[A-Za-z0-9][A-Za-z0-9._-]{0,126}`

// fileName is the name of what a file holds: the file's, without folder and extension.
func fileName(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

// yamlPaths lists the YAML files under a folder, at any depth. What is named like one and is no plain file is a problem, and so
// are more than most of them, of which none is read then.
func yamlPaths(fsys fs.FS, dir string, most int, what, mend string) (paths []string, problems []datasheets.Problem, err error) {
	entries := 0
	err = fs.WalkDir(fsys, dir, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == dir {
			return nil
		}
		if err != nil {
			return err
		}
		if entries++; entries > maxDataEntries {
			return fmt.Errorf("%w: more than %d entries", ErrTooLarge, maxDataEntries)
		}
		ext := strings.ToLower(path.Ext(name))
		switch {
		case isPassedOver(name) && e.IsDir():
			return fs.SkipDir
		case isPassedOver(name), e.IsDir():
		case ext != ".yaml" && ext != ".yml":
		case !e.Type().IsRegular():
			problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: name},
				Text: "this is no plain file (a link, a submodule, or a name that not every system can have), and is not read", Mend: "commit the file itself in its place"})
		default:
			paths = append(paths, name)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list the %s: %w", what, err)
	}
	if len(paths) > most {
		problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: dir},
			Text: fmt.Sprintf("there are %d %s; %d are allowed", len(paths), what, most), Mend: mend})
		paths = nil
	}
	return paths, problems, nil
}

// loadFile opens a YAML file within its bounds, looks at its name, and has it read. less is how one that is too long is mended.
func loadFile[T any](fsys fs.FS, name, less string, read func([]byte, *report) *T) (*T, []datasheets.Problem) {
	r := &report{path: name}
	f, err := fsys.Open(name)
	if err != nil {
		r.add(nil, "", "the file cannot be read: %v", err)
		return nil, r.problems
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxYAMLBytes+1))
	switch {
	case err != nil:
		r.add(nil, "", "the file cannot be read: %v", err)
	case len(content) > maxYAMLBytes:
		r.add(nil, less, "the file is over %d bytes", maxYAMLBytes)
	case !isName(fileName(name), namePattern):
		r.add(nil, "rename the file", "the name %s is not one: letters, digits, `.`, `_` and `-`, 127 at most, the first a letter or digit", quoted(fileName(name)))
	default:
		return read(content, r), datasheets.SortProblems(r.problems)
	}
	return nil, r.problems
}

// names are those of one kind of thing, each known by its file's name.
type names struct {
	kind  string
	first map[string]string
}

func newNames(kind string) names { return names{kind, map[string]string{}} }

// take notes a file's name, or says that another file has it.
func (n names) take(file string) *datasheets.Problem {
	there, twice := n.first[fileName(file)]
	if !twice {
		n.first[fileName(file)] = file
		return nil
	}
	return &datasheets.Problem{At: datasheets.Position{Path: file}, Text: "a " + n.kind + " is known by its file's name, and " + there + " has this one, too", Mend: "rename this file"}
}

// isName says whether the whole of a text matches a pattern.
func isName(text, pattern string) bool {
	return regexp.MustCompile(`\A(?:` + pattern + `)\z`).MatchString(text)
}
