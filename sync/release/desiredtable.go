package release

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// DesiredTable is a table with the sheets that describe it.
type DesiredTable struct {
	Mapping *datasheets.Mapping
	Sheets  []*datasheets.Sheet // in the mapping's order, then by workbook
	Partial bool                // a sheet is missing, or told to be elsewhere: the others do not say what the table shall be
}

// Sources are the sheets as plans name them.
func (t *DesiredTable) Sources() []plan.Source {
	var sources []plan.Source
	for _, s := range t.Sheets {
		sources = append(sources, plan.Source{Path: s.Path, Sheet: s.Name})
	}
	return sources
}

// assemble finds the tables that the sheets describe. Where some workbooks could not be read, a sheet that is
// missing may well be in one of them, and is no problem of its own.
func (d *Desired) assemble(mappings []datasheets.Mapping, someUnread bool) {
	bySheet := map[string]*DesiredTable{}
	byTable := map[string]*datasheets.Mapping{}
	var tables []*DesiredTable
	for i := range mappings {
		t := &DesiredTable{Mapping: &mappings[i]}
		tables = append(tables, t)
		byTable[t.Mapping.Table] = t.Mapping
		for _, s := range t.Mapping.Sheets {
			bySheet[s.Name] = t
		}
	}
	for i := range d.Sheets {
		s := &d.Sheets[i]
		t := bySheet[s.Name]
		if m := byTable[s.Name]; t == nil && m != nil {
			d.problem(positionOf(s), "rename the sheet, or add it to the table's sheets", "the table %s is described by other sheets (%s): %s", s.Name, inFile(m.At), sheetNames(m))
			continue
		}
		if t == nil {
			t = &DesiredTable{Mapping: datasheets.DefaultMapping(s)}
			tables, bySheet[s.Name] = append(tables, t), t
		}
		d.addSheet(t, s)
	}
	for _, t := range tables {
		if !t.Mapping.Default {
			d.checkComplete(t, someUnread)
		}
		slices.SortStableFunc(t.Sheets, func(a, b *datasheets.Sheet) int {
			return cmp.Compare(t.Mapping.Sheet(a.Name), t.Mapping.Sheet(b.Name))
		})
		d.Tables = append(d.Tables, *t)
	}
	slices.SortFunc(d.Tables, func(a, b DesiredTable) int { return cmp.Compare(a.Mapping.Table, b.Mapping.Table) })
}

// addSheet adds a sheet to its table. Without `workbooks`, two sheets of one name are a problem: together they
// would be a table, and neither alone is.
func (d *Desired) addSheet(t *DesiredTable, s *datasheets.Sheet) {
	m := t.Mapping
	if len(m.Workbooks) > 0 {
		if !slices.ContainsFunc(m.Workbooks, func(p datasheets.Pattern) bool { return matches(p, s.Path) }) {
			d.problem(positionOf(s), "move the workbook, add it to the table's workbooks, or begin the sheet's name with # to make it a note",
				"the workbook is none of those that the table %s is spread over (%s)", m.Table, inFile(m.Workbooks[0].At))
			t.Partial = true
			return
		}
	} else if i := slices.IndexFunc(t.Sheets, func(other *datasheets.Sheet) bool { return other.Name == s.Name }); i >= 0 {
		d.problem(positionOf(s), "keep one of the two sheets, or begin the other's name with # to make it a note; a table that is spread over workbooks needs `workbooks` in liveops.yaml",
			"table %s is described already by a sheet of %s", m.Table, t.Sheets[i].Path)
		t.Partial = true
		return
	}
	t.Sheets = append(t.Sheets, s)
}

// checkComplete looks for sheets and workbooks that liveops.yaml names and that are not there.
func (d *Desired) checkComplete(t *DesiredTable, someUnread bool) {
	m := t.Mapping
	for _, s := range m.Sheets {
		if slices.ContainsFunc(t.Sheets, func(found *datasheets.Sheet) bool { return found.Name == s.Name }) {
			continue
		}
		t.Partial = true
		if !someUnread {
			d.problem(s.At, d.mendMissing(s.Name), "no workbook has the sheet %q of the table %s", s.Name, m.Table)
		}
	}
	for _, p := range m.Workbooks {
		if !someUnread && !slices.ContainsFunc(t.Sheets, func(s *datasheets.Sheet) bool { return matches(p, s.Path) }) {
			d.problem(p.At, "correct the path, or take it out", "no workbook of this path has a sheet of the table %s: %q", m.Table, p.Text)
		}
	}
}

// mendMissing advises the sheet that may have been meant.
func (d *Desired) mendMissing(name string) string {
	var names []string
	for i := range d.Sheets {
		names = append(names, d.Sheets[i].Name)
	}
	if near := datasheets.Nearest(name, names); near != "" {
		return "the nearest is " + near
	}
	return "add the sheet, or take it out of liveops.yaml"
}

func (d *Desired) problem(at datasheets.Position, mend, format string, args ...any) {
	d.Problems = append(d.Problems, datasheets.Problem{At: at, Text: fmt.Sprintf(format, args...), Mend: mend})
}

func matches(p datasheets.Pattern, name string) bool {
	ok, err := path.Match(p.Text, name)
	return ok && err == nil // liveops.yaml was refused otherwise
}

func positionOf(s *datasheets.Sheet) datasheets.Position {
	return datasheets.Position{Path: s.Path, Sheet: s.Name}
}

func sheetNames(m *datasheets.Mapping) string {
	var names []string
	for _, s := range m.Sheets {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// inFile is a position of liveops.yaml within a sentence.
func inFile(at datasheets.Position) string { return fmt.Sprintf("%s, line %d", at.Path, at.Line) }
