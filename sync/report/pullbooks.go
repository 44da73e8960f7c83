package report

import (
	"strings"

	"liveops/sync/bookdiff"
	"liveops/sync/plan"
)

// Workbook is what differs in one workbook between the base and the merge result, for a pull request that no database
// says more of.
type Workbook struct {
	Path   string         // as the merge result has it; where it is gone, as the base has it
	Diff   *bookdiff.Diff // nil where it could not be compared
	Reason string         // why it could not: one line of prose
}

// workbookSection lists what differs in the workbooks; "" where nothing was compared so.
func (p *Pull) workbookSection(d detail) string {
	if len(p.Workbooks) == 0 {
		return ""
	}
	var lines []string
	for i := range p.Workbooks {
		lines = append(lines, p.Workbooks[i].lines()...)
	}
	var b strings.Builder
	b.WriteString("No database was asked: this is what the workbooks say, compared with those of " + codeSpan(p.BaseName, 60) + ".\n\n")
	for _, l := range lines[:min(len(lines), d.items)] {
		b.WriteString("- " + l + "\n")
	}
	if n := len(lines) - d.items; n > 0 {
		b.WriteString("- … and " + several(n, "more sheet") + "\n")
	}
	if p.MoreWorkbooks > 0 {
		b.WriteString("- … and " + several(p.MoreWorkbooks, "more workbook") + "\n")
	}
	return b.String() + "\n"
}

// lines are a line for each sheet that differs, or for the workbook where it has none.
func (w *Workbook) lines() []string {
	if w.Diff == nil {
		return []string{codeSpan(shortPath(w.Path), 200) + ": not compared: " + stop(prose(w.Reason))}
	}
	title := diffTitle(&bookdiff.Diff{Old: shortPath(w.Diff.Old), New: shortPath(w.Diff.New)}, codeSpan)
	if len(w.Diff.Sheets) == 0 {
		return []string{title + ": " + noDifference}
	}
	minus := func(n plan.Count) string { return counts(n, "−") }
	var lines []string
	for i := range w.Diff.Sheets {
		s := &w.Diff.Sheets[i]
		l := title + " › " + codeSpan(s.Name(), 64) + ": " + strings.Join(diffParts(s, minus), ", ")
		if c := columnChanges(s, codeSpan); c != "" {
			l += "; " + c
		}
		if s.Note != "" {
			l += "; " + prose(s.Note)
		}
		lines = append(lines, l)
	}
	return lines
}

// workbookViews are the sheets whose rows differ, each under the name of its workbook and its own.
func (p *Pull) workbookViews() []tableView {
	var vs []tableView
	for _, w := range p.Workbooks {
		if w.Diff == nil {
			continue
		}
		for i := range w.Diff.Sheets {
			t := *w.Diff.Sheets[i].Table
			if len(t.Changes) == 0 {
				continue
			}
			schema := *t.Schema
			schema.Name = shortPath(w.Path) + " › " + schema.Name
			t.Schema = &schema
			vs = append(vs, tableView{table: &t, own: t.Changes})
		}
	}
	return vs
}

// shortPath is a workbook's path without the folder that all workbooks are in.
func shortPath(path string) string { return strings.TrimPrefix(path, "datasheets/") }
