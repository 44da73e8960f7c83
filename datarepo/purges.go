package datarepo

import (
	"fmt"
	"io/fs"
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
	paths, problems, err := yamlPaths(fsys, purgesDir, maxPurges, "purges", "delete old ones: what was run stays in each environment's record")
	if err != nil {
		return nil, nil, err
	}
	names := newNames("purge")
	for _, path := range paths {
		p, more := loadFile(fsys, path, "list the ids in a workbook", func(content []byte, r *report) *purge.Purge { return readPurge(content, r, zone) })
		problems = append(problems, more...)
		if problem := names.take(path); problem != nil {
			problems = append(problems, *problem)
		} else if p != nil {
			purges = append(purges, p)
		}
	}
	slices.SortFunc(purges, func(a, b *purge.Purge) int { return strings.Compare(a.Name, b.Name) })
	return purges, datasheets.SortProblems(problems), nil
}

func readPurge(content []byte, r *report, zone *time.Location) *purge.Purge {
	node := parseYAML(content, purgeShape(), r)
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
		Name: fileName(r.path), Path: r.path, Description: f["description"].text,
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
