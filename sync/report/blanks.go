package report

import (
	"fmt"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// blank is a text that a change brings with a blank at its beginning or end: hardly ever meant, and not seen in a sheet.
type blank struct {
	at            datasheets.Position // of the row
	column, value string              // the value as fit writes it, between quotes
}

// blanks are such texts of what changes, each once; those that the row had before are not told again.
func blanks(vs []tableView) []blank {
	var found []blank
	seen := map[blank]bool{}
	for i := range vs {
		t := vs[i].table
		for k := range t.Changes {
			for _, b := range blanksOf(t, &t.Changes[k]) {
				if !seen[b] {
					seen[b] = true
					found = append(found, b)
				}
			}
		}
	}
	return found
}

func blanksOf(t *plan.Table, c *plan.Change) []blank {
	var found []blank
	for i, v := range c.After {
		column := t.Column(i)
		if column.Type != datasheets.String || v.IsNull() || v.IsDefault() || v.Text() == "" || !edged(v.Text()) {
			continue
		}
		if c.Before == nil || c.Before[i] != v {
			found = append(found, blank{at: c.At, column: column.Name, value: fit(column, v, 40)})
		}
	}
	return found
}

// mostBlanks is how many are listed.
const mostBlanks = 5

const blanksMend = "Take it out, unless it is meant."

// blankSection tells of them in Markdown; "" where there are none.
func blankSection(vs []tableView) string {
	found := blanks(vs)
	if len(found) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**Look twice:** %s with a blank at the beginning or the end. %s\n\n", several(len(found), "new text"), blanksMend)
	for _, f := range found[:min(len(found), mostBlanks)] {
		fmt.Fprintf(&b, "- %s, %s: %s\n", codeSpan(place(f.at), 200), codeSpan(f.column, 64), codeSpan(f.value, 80))
	}
	if n := len(found) - mostBlanks; n > 0 {
		b.WriteString("- … and " + grouped(n) + " more\n")
	}
	return b.String() + "\n"
}

// blanks writes the same for a terminal.
func (t *terminal) blanks(vs []tableView) {
	found := blanks(vs)
	if len(found) == 0 {
		return
	}
	t.line("")
	t.line(t.paint(yellow, several(len(found), "new text")+" with a blank at the beginning or the end. "+blanksMend))
	for _, f := range found[:min(len(found), mostBlanks)] {
		t.line("  " + literal(place(f.at), 200) + ", " + literal(f.column, 64) + ": " + f.value)
	}
	if n := len(found) - mostBlanks; n > 0 {
		t.line("  … and " + grouped(n) + " more")
	}
}
