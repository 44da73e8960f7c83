package datarepo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"liveops/datasheets"
	"liveops/sync/purge"
	"liveops/wallclock"
)

const purgesDir = "purges"

// Purges reads the purges under purges/, at any depth: files named *.yaml or *.yml, sorted by name. A purge's name is
// its file's, without the extension, and no two may have one. zone is that of liveops.yaml; nil is UTC. It returns the
// purges that are right, and everything that is wrong with the others.
func Purges(fsys fs.FS, zone *time.Location) (purges []*purge.Purge, problems []datasheets.Problem, err error) {
	paths, problems, err := purgePaths(fsys)
	if err != nil {
		return nil, nil, err
	}
	first := map[string]string{}
	for _, name := range paths {
		p, more := loadPurge(fsys, name, zone)
		problems = append(problems, more...)
		id := purgeName(name)
		switch there, twice := first[id]; {
		case twice:
			problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: name}, Text: "a purge is known by its file's name, and " + there + " has this one, too", Mend: "rename this file"})
		case p != nil:
			purges = append(purges, p)
		}
		if first[id] == "" {
			first[id] = name
		}
	}
	slices.SortFunc(purges, func(a, b *purge.Purge) int { return strings.Compare(a.Name, b.Name) })
	return purges, datasheets.SortProblems(problems), nil
}

func purgeName(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

// purgePaths lists the files of purges. What is named like one and is no plain file is a problem.
func purgePaths(fsys fs.FS) (paths []string, problems []datasheets.Problem, err error) {
	entries := 0
	err = fs.WalkDir(fsys, purgesDir, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == purgesDir {
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
		return nil, nil, fmt.Errorf("list the purges: %w", err)
	}
	if len(paths) > maxPurges {
		problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: purgesDir},
			Text: fmt.Sprintf("there are %d purges; %d are allowed", len(paths), maxPurges), Mend: "delete old ones: what was run stays in each environment's record"})
		paths = nil
	}
	return paths, problems, nil
}

// loadPurge reads one purge strictly.
func loadPurge(fsys fs.FS, name string, zone *time.Location) (*purge.Purge, []datasheets.Problem) {
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
		r.add(nil, "list the ids in a workbook", "the file is over %d bytes", maxYAMLBytes)
	case !regexp.MustCompile(`\A(?:` + namePattern + `)\z`).MatchString(purgeName(name)):
		r.add(nil, "rename the file", "the name %s is not one: letters, digits, `.`, `_` and `-`, 127 at most, the first a letter or digit", quoted(purgeName(name)))
	default:
		return readPurge(content, r, zone), datasheets.SortProblems(r.problems)
	}
	return nil, r.problems
}

func readPurge(content []byte, r *report, zone *time.Location) *purge.Purge {
	node := parseYAML(content, r)
	if len(r.problems) > 0 {
		return nil
	}
	if node == nil {
		r.add(nil, "see `liveops schema purge`", "the file is empty")
		return nil
	}
	root, ok := decode(node, purgeShape(), r)
	if !ok {
		return nil
	}
	spec := readSpec(root, r, zone)
	compiled, faults := purge.New(spec)
	for _, f := range faults {
		at := root.fields[f.Field]
		if f.Field == "mask" {
			at = at.items[f.Index]
		}
		place, exact := within(at, f.Offset, content)
		text := "`" + f.Field + "`: " + f.Text
		if !exact {
			text += fmt.Sprintf(" (at character %d of it)", len([]rune(at.text[:min(f.Offset, len(at.text))]))+1)
		}
		r.add(place, f.Mend, "%s", text)
	}
	if len(r.problems) > 0 {
		return nil
	}
	return compiled
}

// readSpec reads what the file says. What cannot go together is reported.
func readSpec(root value, r *report, zone *time.Location) purge.Spec {
	f := root.fields
	s := purge.Spec{
		Name: purgeName(r.path), Path: r.path, Description: f["description"].text,
		Scope: purge.DefaultName, Collection: purge.DefaultName,
		Match: f["match"].text, Update: f["update"].text, Delete: f["delete"].flag,
		Limit: f["limits"].fields["documents"].number, Rate: purge.DefaultRate,
	}
	if scope, ok := f["scope"]; ok {
		s.Scope = scope.text
	}
	if collection, ok := f["collection"]; ok {
		s.Collection = collection.text
	}
	if rate, ok := f["rate"]; ok {
		s.Rate = readRate(rate.text)
	}
	if expires, ok := f["expires"]; ok {
		s.Expires = readExpiry(expires, zone, r)
	}
	for _, m := range f["mask"].items {
		s.Mask = append(s.Mask, m.text)
	}
	_, updates := f["update"]
	switch {
	case updates && s.Delete:
		r.add(f["delete"].at, "keep one of the two", "`update` and `delete` exclude each other")
	case !updates && !s.Delete && !root.spoilt:
		r.add(root.at, "add `update:`, or `delete: true`", "the file does not say what becomes of the documents")
	}
	if selected, ok := f["select"]; ok {
		s.Select = readSelect(selected, r)
		if s.Select.View != nil && (s.Scope != purge.DefaultName || s.Collection != purge.DefaultName) {
			r.add(selected.at, "select by a query", "views are of documents in the default collection only")
		}
	}
	return s
}

// readRate reads what ratePattern let through, as documents a second.
func readRate(text string) float64 {
	var n float64
	var unit string
	if _, err := fmt.Sscanf(strings.Replace(text, "/", " ", 1), "%g %s", &n, &unit); err != nil {
		return purge.DefaultRate
	}
	if unit == "m" {
		return n / 60
	}
	return n
}

// readExpiry is the end of a day, or a moment.
func readExpiry(v value, zone *time.Location, r *report) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	day, err := time.Parse("2006-01-02", v.text)
	if err == nil {
		return wallclock.FirstInstant(day.AddDate(0, 0, 1), zone)
	}
	moment, err := time.Parse("2006-01-02T15:04", v.text)
	if err != nil {
		r.add(v.at, "", "%s is no day of the calendar", quoted(v.text))
		return time.Time{}
	}
	return wallclock.FirstInstant(moment, zone)
}
