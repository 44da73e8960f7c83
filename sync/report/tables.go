package report

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"liveops/sync/plan"
	"liveops/sync/release"
)

// lineWidth is how many cells a line of a comment's code block takes: what GitHub shows without scrolling.
const lineWidth = 116

// openRows is how many rows of a comment are shown unfolded.
const openRows = 40

// name is an environment's name, or a table's, within a sentence.
func name(s string) string { return prose(s) }

func names(ss []string) string {
	out := make([]string, len(ss))
	for i, s := range ss {
		out[i] = name(s)
	}
	return list(out)
}

// tableNames is how many tables change in any of the plans.
func tableNames(vs []tableView) []string {
	var ns []string
	for i := range vs {
		if n := vs[i].table.Schema.Name; !slices.Contains(ns, n) {
			ns = append(ns, n)
		}
	}
	return ns
}

// summary is the table of what changes where: a line for each table that changes, a column for each
// environment.
func summary(plans []*release.Plan, vs []tableView, d detail) string {
	tables := tableNames(vs)
	if len(tables) == 0 || d.tables == 0 {
		return totals(plans)
	}
	var b strings.Builder
	b.WriteString("| table | workbook |")
	for _, p := range plans {
		b.WriteString(" " + tableCell(name(p.Environment)) + " |")
	}
	b.WriteString("\n| --- | --- |" + strings.Repeat(" --- |", len(plans)) + "\n")
	for _, table := range tables[:min(len(tables), d.tables)] {
		i := slices.IndexFunc(vs, func(v tableView) bool { return v.table.Schema.Name == table })
		fmt.Fprintf(&b, "| %s | %s |", tableCell(codeSpan(table, 64)), tableCell(workbooks(vs[i].table.Sources)))
		for _, p := range plans {
			b.WriteString(" " + tableChange(p, table) + " |")
		}
		b.WriteString("\n")
	}
	if n := len(tables) - d.tables; n > 0 {
		fmt.Fprintf(&b, "| … and %s |  |%s\n", several(n, "more table"), strings.Repeat("  |", len(plans)))
	}
	if len(tables) > 1 {
		b.WriteString("| **together** |  |")
		for _, p := range plans {
			b.WriteString(" " + counts(p.Count(), "−") + " |")
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

// tableChange is a cell of the summary.
func tableChange(p *release.Plan, table string) string {
	for _, t := range p.Tables {
		if t.Schema.Name == table {
			return counts(t.Count(), "−") + unowned(t)
		}
	}
	if len(p.Problems) > 0 {
		return several(len(p.Problems), "problem")
	}
	return nothing
}

// unowned says how many rows of a table are left alone, since no sheet owns them; "" where none.
func unowned(t *plan.Table) string {
	if t.Unowned == 0 {
		return ""
	}
	return ", " + several(t.Unowned, "unowned row") + " left alone"
}

// totals is what changes in each environment, where there is no table to show; "" where nothing does.
func totals(plans []*release.Plan) string {
	var b strings.Builder
	for _, p := range plans {
		if n := p.Count(); n.Total() > 0 {
			fmt.Fprintf(&b, "- %s: %s in %s\n", name(p.Environment), counts(n, "−"), several(len(p.Changed()), "table"))
		}
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// workbooks names the sheets of a table in Markdown, without the folder that all workbooks are in.
func workbooks(sources []plan.Source) string {
	short := slices.Clone(sources)
	for i := range short {
		short[i].Path = strings.TrimPrefix(short[i].Path, "datasheets/")
	}
	return sheets(short, 4, codeSpan)
}

// Sheets names all sheets of a table, by workbook: "items.xlsx › TreasureItemData, Artifact". It is plain text, not
// yet fit to be shown.
func Sheets(sources []plan.Source) string {
	return sheets(sources, len(sources), func(s string, _ int) string { return s })
}

// sheets names the first most sheets, by workbook: "items.xlsx › TreasureItemData, Artifact".
func sheets(sources []plan.Source, most int, show func(s string, most int) string) string {
	var parts []string
	path := ""
	for i, s := range sources {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(sources)-most))
			break
		}
		sheet := show(s.Sheet, 40)
		if s.Path != path {
			path = s.Path
			sheet = show(path, 100) + " › " + sheet
		}
		parts = append(parts, sheet)
	}
	return strings.Join(parts, ", ")
}

// blocks are the rows of each table, folded where they are many. fold folds all.
func blocks(vs []tableView, environments int, d detail, fold bool) string {
	if d.rows == 0 || d.tables == 0 {
		if len(vs) > 0 {
			return "The rows are too many for a comment.\n\n"
		}
		return ""
	}
	var b strings.Builder
	open := 0
	for i := range vs[:min(len(vs), d.tables)] {
		v := &vs[i]
		rows := min(v.count().Total(), d.rows)
		folded := fold || open+rows > openRows
		if !folded {
			open += rows
		}
		b.WriteString(block(v, environments, d.rows, folded))
		if b.Len() > 3*longestComment { // it is in no comment: three bytes are one unit of its length at least
			break
		}
	}
	if n := len(vs) - d.tables; n > 0 {
		b.WriteString("The rows of " + several(n, "more table") + " are too many for a comment.\n\n")
	}
	return b.String()
}

// block is the rows of one table. The blank lines matter: they end the HTML on both sides of the fence
// (https://github.github.com/gfm/#html-blocks).
func block(v *tableView, environments, rows int, folded bool) string {
	open := " open"
	if folded {
		open = ""
	}
	head := htmlCode(v.table.Schema.Name, 64) + " " + counts(v.count(), "−")
	if where := v.where(environments); where != "" {
		head += " (" + html.EscapeString(literal(where, 300)) + ")"
	}
	code := fenced(hunkLines(v, rows, lineWidth))
	return "<details" + open + "><summary>" + head + "</summary>\n\n" + code + "\n</details>\n\n"
}

// hunkLines are the lines of a view's hunks: what the commit brings, then what waits for a release already.
func hunkLines(v *tableView, rows, width int) []line {
	var lines []line
	title := v.table.Schema.Name
	if len(v.own) > 0 {
		h := newHunk(title, v.own, rows)
		lines = h.lines(v.table, width)
	}
	if len(v.pending) > 0 {
		h := newHunk(title+": merged already, waiting for a release", v.pending, max(rows-len(v.own), 1))
		lines = append(lines, h.lines(v.table, width)...)
	}
	return lines
}

// fenced is lines as a diff that GitHub colours, in a fence longer than any in them.
func fenced(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(map[mark]string{titleLine: "", plainLine: "  ", deletedLine: "- ", insertedLine: "+ ", updatedLine: "! "}[l.mark])
		b.WriteString(l.text + "\n")
	}
	fence := strings.Repeat("`", max(3, longestRun(b.String())+1))
	return fence + "diff\n" + b.String() + fence + "\n"
}
