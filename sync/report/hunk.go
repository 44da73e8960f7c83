package report

import (
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// hunk is some changes of one table as lines: a title, the names of the columns, and a line for each row.
type hunk struct {
	title string
	rows  []plan.Change // those shown
	rest  plan.Count    // those left out
}

// newHunk shows the first most of a table's changes.
func newHunk(title string, changes []plan.Change, most int) hunk {
	n := min(len(changes), most)
	all, shown := plan.Table{Changes: changes}, plan.Table{Changes: changes[:n]}
	a, s := all.Count(), shown.Count()
	return hunk{
		title: title,
		rows:  changes[:n],
		rest:  plan.Count{Deleted: a.Deleted - s.Deleted, Inserted: a.Inserted - s.Inserted, Updated: a.Updated - s.Updated},
	}
}

// mark says what a line is, so that a renderer gives it its sign or colour.
type mark uint8

const (
	titleLine mark = iota
	plainLine      // the columns' names; how many rows are left out
	deletedLine
	insertedLine
	updatedLine
)

type line struct {
	mark mark
	text string
}

// signWidth is what the sign before a row takes, "+ ".
const signWidth = 2

// lines lays the hunk out in so many cells: the key, a name, then the other columns of a row that comes or
// goes as far as they fit, or the cells of a row that changes.
func (h *hunk) lines(t *plan.Table, width int) []line {
	g := newGrid(t, h.rows, width-signWidth)
	out := []line{{titleLine, "@@ " + literal(h.title, width-6) + " @@"}, {plainLine, g.header()}}
	for i := range h.rows {
		c := &h.rows[i]
		switch c.Op {
		case plan.Delete:
			out = append(out, line{deletedLine, g.row(c.Before, len(g.columns))})
		case plan.Insert:
			out = append(out, line{insertedLine, g.row(c.After, len(g.columns))})
		case plan.Update:
			head := g.row(c.After, g.names)
			head = pad(head, g.left, false) + gap
			out = append(out, line{updatedLine, head + edits(t, c, max(width-signWidth-cells(head), 40))})
		}
	}
	if n := h.rest.Total(); n > 0 {
		out = append(out, line{plainLine, "… and " + grouped(n) + " more " + rowsOf(n) + " (" + inWords(h.rest) + ")"})
	}
	return out
}

func rowsOf(n int) string {
	if n == 1 {
		return "row"
	}
	return "rows"
}

// edits are the cells that an update changes, in most cells, at least one: "price: 110 → 120, grade: B → A".
func edits(t *plan.Table, c *plan.Change, most int) string {
	var changed []int
	for i := range c.After {
		if c.Before[i] != c.After[i] {
			changed = append(changed, i)
		}
	}
	side := 28
	if len(changed) == 1 {
		side = max((most-cells(t.Column(changed[0]).Name)-5)/2, 12)
	}
	s, used := "", 0
	for n, i := range changed {
		e := literal(t.Column(i).Name, 40) + ": " + edit(t.Column(i), c.Before[i], c.After[i], side)
		more := "… " + several(len(changed)-n, "more column")
		if n == len(changed)-1 {
			more = ""
		}
		if n > 0 && used+2+max(cells(e)+2, 0)+cells(more) > most {
			return s + ", … " + several(len(changed)-n, "more column")
		}
		if n > 0 {
			s, used = s+", ", used+2
		}
		s, used = s+e, used+cells(e)
	}
	return s
}

// identifying is the managed column that tells people which row it is: the first text column outside the key
// that is called a name or a title, else the first; -1 where there is none.
func identifying(t *plan.Table) int {
	first := -1
	for i := t.KeyLen(); i < len(t.Managed); i++ {
		c := t.Column(i)
		if c.Type != datasheets.String && c.Type != datasheets.SheetText {
			continue
		}
		if words := strings.Split(strings.ToLower(c.Name), "_"); slices.Contains(words, "name") || slices.Contains(words, "title") {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}
