package report

import (
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// gap stands between two columns.
const gap = "  "

// grid is which columns of a table are shown, and how wide.
type grid struct {
	table   *plan.Table
	columns []gridColumn
	names   int // how many columns, from the first, say which row it is: the key's and the identifying one
	left    int // the width of those
	omitted int // how many columns are left out
}

type gridColumn struct {
	index int // of the managed column
	most  int // cells of its widest value
	width int
}

// newGrid lays out the columns of rows in so many cells. All of them where they fit; else narrowed; else the
// key, the identifying column and those of the others that fit, from the left, the ones that are NULL
// throughout left out first.
func newGrid(t *plan.Table, rows []plan.Change, width int) *grid {
	g := &grid{table: t}
	ids := make([]int, 0, t.KeyLen()+1)
	for i := range t.KeyLen() {
		ids = append(ids, i)
	}
	if i := identifying(t); i >= 0 {
		ids = append(ids, i)
	}
	for _, most := range []int{40, 28, 20, 12, 6} { // a key of many columns still leaves room
		g.columns = g.columns[:0]
		for _, i := range ids {
			g.columns = append(g.columns, g.measure(i, rows, most, true))
		}
		if g.width() <= width*2/3 {
			break
		}
	}
	if n := t.KeyLen(); len(ids) > n && g.width() > width {
		ids, g.columns = ids[:n], g.columns[:n]
	}
	g.names, g.left = len(ids), g.width()
	if slices.ContainsFunc(rows, func(c plan.Change) bool { return c.Op != plan.Update }) {
		g.addOthers(ids, rows, width)
	}
	return g
}

// addOthers adds the columns that rows which come or go are shown with.
func (g *grid) addOthers(ids []int, rows []plan.Change, width int) {
	var others []int
	for i := range g.table.Managed {
		if !slices.Contains(ids, i) {
			others = append(others, i)
		}
	}
	for _, most := range []int{40, 20} {
		g.columns = g.columns[:g.names]
		for _, i := range others {
			g.columns = append(g.columns, g.measure(i, rows, most, false))
		}
		if g.width() <= width {
			return
		}
	}
	all := slices.Clone(g.columns[g.names:])
	g.columns = g.columns[:g.names]
	used := g.left + len(gap) + cells(omission(len(all)))
	for _, c := range all {
		if empty(c.index, rows) || used+len(gap)+c.width > width {
			g.omitted++
			continue
		}
		used += len(gap) + c.width
		g.columns = append(g.columns, c)
	}
}

// measure is a column as wide as its name and its values need, at most most cells. The identifying columns
// are shown of every row, the others of those that come or go.
func (g *grid) measure(i int, rows []plan.Change, most int, every bool) gridColumn {
	c := g.table.Column(i)
	w := cells(literal(c.Name, most))
	for r := range rows {
		if every || rows[r].Op != plan.Update {
			w = max(w, cells(fit(c, rows[r].Row()[i], most)))
		}
	}
	return gridColumn{i, most, w}
}

// empty reports whether a column is NULL, or left to the server, in all rows that come or go.
func empty(i int, rows []plan.Change) bool {
	return !slices.ContainsFunc(rows, func(c plan.Change) bool {
		return c.Op != plan.Update && !c.Row()[i].IsNull() && !c.Row()[i].IsDefault()
	})
}

func (g *grid) width() int {
	n := -len(gap)
	for _, c := range g.columns {
		n += len(gap) + c.width
	}
	return max(n, 0)
}

func omission(n int) string { return "… " + several(n, "more column") }

// header is the names of the columns.
func (g *grid) header() string {
	names := make([]string, 0, len(g.columns)+1)
	for _, c := range g.columns {
		names = append(names, pad(literal(g.table.Column(c.index).Name, c.most), c.width, numeric(g.table.Column(c.index))))
	}
	if g.omitted > 0 {
		names = append(names, omission(g.omitted))
	}
	return strings.TrimRight(strings.Join(names, gap), " ")
}

// row is the first n columns of a row.
func (g *grid) row(values []datasheets.Value, n int) string {
	parts := make([]string, n)
	for i, c := range g.columns[:n] {
		column := g.table.Column(c.index)
		parts[i] = pad(fit(column, values[c.index], c.most), c.width, numeric(column))
	}
	return strings.TrimRight(strings.Join(parts, gap), " ")
}
