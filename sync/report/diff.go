package report

import (
	"fmt"
	"io"
	"strings"

	"liveops/sync/bookdiff"
	"liveops/sync/plan"
)

const noDifference = "no difference"

// DiffText writes what differs between two workbooks, every row of it, in the manner of Text.
func DiffText(w io.Writer, d *bookdiff.Diff, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 120
	}
	o.Width = max(o.Width, narrowest)
	t := &terminal{color: o.Color}
	t.line(t.paint(bold, diffTitle(d, literal)) + ": " + diffSummary(d, t.counts))
	for i := range d.Sheets {
		s := &d.Sheets[i]
		t.line("")
		head := t.paint(bold, literal(s.Name(), 64))
		for _, part := range diffParts(s, t.counts) {
			head += " " + part
		}
		t.line(head)
		if c := columnChanges(s, literal); c != "" {
			t.line("  " + c)
		}
		if s.Note != "" {
			t.line(t.paint(yellow, "  "+literal(s.Note, 1000)))
		}
		if err := t.pages(w, &tableView{table: s.Table, own: s.Table.Changes}, o.Width); err != nil {
			return err
		}
	}
	return t.flush(w)
}

// DiffMarkdown is what differs between two workbooks in the manner of a pull request's comment. It fits into one.
func DiffMarkdown(d *bookdiff.Diff) string {
	minus := func(n plan.Count) string { return counts(n, "−") }
	head := "### " + diffTitle(d, codeSpan) + ": " + diffSummary(d, minus) + "\n\n"
	var vs []tableView
	for i := range d.Sheets {
		if t := d.Sheets[i].Table; len(t.Changes) > 0 {
			vs = append(vs, tableView{table: t, own: t.Changes})
		}
	}
	return fitting(func(dt detail) string {
		return head + diffList(d, minus, dt.items) + blocks(vs, 1, dt, false)
	}, head+"The report is too long for a comment.\n")
}

// diffList is a line for each of the first most sheets.
func diffList(d *bookdiff.Diff, count func(plan.Count) string, most int) string {
	var b strings.Builder
	for i := range d.Sheets[:min(len(d.Sheets), most)] {
		s := &d.Sheets[i]
		b.WriteString("- " + codeSpan(s.Name(), 64) + ": " + strings.Join(diffParts(s, count), ", "))
		if c := columnChanges(s, codeSpan); c != "" {
			b.WriteString("; " + c)
		}
		if s.Note != "" {
			b.WriteString(". Its " + prose(s.Note))
		}
		b.WriteString("\n")
	}
	if n := len(d.Sheets) - most; n > 0 {
		b.WriteString("- … and " + several(n, "more sheet") + "\n")
	}
	if len(d.Sheets) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// diffTitle names the workbooks that were compared.
func diffTitle(d *bookdiff.Diff, show func(s string, most int) string) string {
	const most = 200
	switch {
	case d.Old == "":
		return show(d.New, most) + " (new workbook)"
	case d.New == "":
		return show(d.Old, most) + " (workbook removed)"
	case d.Old == d.New:
		return show(d.New, most)
	}
	return show(d.Old, most) + " → " + show(d.New, most)
}

// diffSummary counts what differs in the whole workbook.
func diffSummary(d *bookdiff.Diff, count func(plan.Count) string) string {
	in := " in " + several(len(d.Sheets), "sheet")
	switch {
	case len(d.Sheets) == 0:
		return noDifference
	case d.Count().Total() == 0:
		return "no row differs, only columns or sheets do"
	}
	return count(d.Count()) + in
}

// diffParts says how a sheet stands: "+2 -1", "new sheet".
func diffParts(s *bookdiff.Sheet, count func(plan.Count) string) []string {
	var parts []string
	if n := s.Table.Count(); n.Total() > 0 {
		parts = append(parts, count(n))
	}
	switch s.State {
	case bookdiff.Added:
		parts = append(parts, "new sheet")
	case bookdiff.Removed:
		parts = append(parts, "sheet removed")
	}
	if parts == nil {
		parts = append(parts, "no row differs")
	}
	return parts
}

// columnChanges names the columns that one of the workbooks lacks.
func columnChanges(s *bookdiff.Sheet, show func(s string, most int) string) string {
	var parts []string
	for _, c := range []struct {
		word  string
		names []string
	}{{"added", s.AddedColumns}, {"removed", s.RemovedColumns}} {
		if len(c.names) == 0 {
			continue
		}
		const most = 30
		var names []string
		for _, n := range c.names[:min(len(c.names), most)] {
			names = append(names, show(n, 40))
		}
		if n := len(c.names) - most; n > 0 {
			names = append(names, fmt.Sprintf("%d more", n))
		}
		noun := "column"
		if len(c.names) > 1 {
			noun = "columns"
		}
		parts = append(parts, noun+" "+c.word+": "+list(names))
	}
	return strings.Join(parts, "; ")
}

// DiffJSON writes what differs between two workbooks for programs. Its shape is stable: keys may be added, none
// changes.
//
//	old, new                    the workbooks' paths; "" for one that is not there
//	sheets[]                    those that differ
//	  name                      of the sheet
//	  state                     "changed", "added" or "removed"
//	  addedColumns, removedColumns
//	  note                      how rows are matched where not by the key asked for or the first column; "" where they are
//	  rows                      how many rows the new sheet has
//	  deleted, inserted, updated
//	  changes[]                 op, key, before, after, at: as in JSON, values as in datasheets.AppendSheetCell
func DiffJSON(w io.Writer, d *bookdiff.Diff) error {
	r := jsonDiff{Old: d.Old, New: d.New, Sheets: []jsonSheet{}}
	for i := range d.Sheets {
		s := &d.Sheets[i]
		j := jsonSheet{Name: s.Name(), State: s.State.String(), AddedColumns: some(s.AddedColumns), RemovedColumns: some(s.RemovedColumns),
			Note: s.Note, Rows: s.Table.Rows, Count: s.Table.Count(), Changes: []jsonChange{}}
		for c := range s.Table.Changes {
			j.Changes = append(j.Changes, changeOf(s.Table, &s.Table.Changes[c]))
		}
		r.Sheets = append(r.Sheets, j)
	}
	return writeJSON(w, r)
}

type jsonDiff struct {
	Old    string      `json:"old"`
	New    string      `json:"new"`
	Sheets []jsonSheet `json:"sheets"`
}

type jsonSheet struct {
	Name           string   `json:"name"`
	State          string   `json:"state"`
	AddedColumns   []string `json:"addedColumns"`
	RemovedColumns []string `json:"removedColumns"`
	Note           string   `json:"note"`
	Rows           int      `json:"rows"`
	plan.Count
	Changes []jsonChange `json:"changes"`
}
