package report

import (
	"bufio"
	"fmt"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// How many rows stand in a page's table, and in each of the pieces that follow it. The pieces are in <noscript>
// elements: a browser that runs scripts takes them for text, which costs nothing until the page's script makes
// rows of it; one that does not shows them.
const (
	firstRows = 100
	pieceRows = 500
)

// section is the rows of one table in a page.
type section struct {
	ID, Name, Where, Environments, Sheets, Note, Counts string
	Rows, Added, Removed, Updated                       int
	Heads                                               []columnHead
	Quiet                                               bool // there are columns that no update changes, and updates
	view                                                *tableView
}

type columnHead struct {
	Name    string
	Key     bool
	Numeric bool
	Quiet   bool // no update changes it, and it is not of the key
}

// addSection adds a table's rows and returns the section's id.
func (d *document) addSection(v *tableView, where, environments, note string) string {
	n := v.count()
	s := section{ID: fmt.Sprintf("t%d", len(d.sections)+1), Name: shown(v.table.Schema.Name), Where: shown(where), Environments: environments,
		Sheets: sheetsOf(v.table), Note: shown(note), Counts: counts(n, "−"), Rows: n.Total(), Added: n.Inserted, Removed: n.Deleted, Updated: n.Updated, view: v}
	changed := make([]bool, len(v.table.Managed))
	for i := range v.table.Changes {
		if c := &v.table.Changes[i]; c.Op == plan.Update {
			for k := range changed {
				changed[k] = changed[k] || c.Before[k] != c.After[k]
			}
		}
	}
	name := identifying(v.table)
	for i := range v.table.Managed {
		c := v.table.Column(i)
		h := columnHead{Name: shown(c.Name), Key: i < v.table.KeyLen(), Numeric: numeric(c)}
		h.Quiet = !h.Key && i != name && !changed[i] && n.Updated > 0
		s.Quiet = s.Quiet || h.Quiet
		s.Heads = append(s.Heads, h)
	}
	d.sections = append(d.sections, s)
	return s.ID
}

// rows writes the first rows into the table that is open, closes it, and writes the others in pieces. head is the
// table's head.
func (s *section) rows(out *bufio.Writer, head []byte) error {
	w := &rowWriter{Writer: out, table: s.view.table}
	left, open := firstRows, "</tbody></table>"
	for _, part := range []struct {
		changes []plan.Change
		merged  bool
	}{{s.view.own, false}, {s.view.pending, true}} {
		for i := range part.changes {
			if left == 0 {
				out.WriteString(open + "\n<noscript><table>")
				out.Write(head)
				out.WriteString("<tbody lang=\"\">\n")
				left, open = pieceRows, "</tbody></table></noscript>"
			}
			w.row(&part.changes[i], part.merged)
			left--
		}
	}
	_, err := out.WriteString(open + "\n") // an error stays with out
	return err
}

// rowWriter writes rows of a table. There are too many of them for a template; they have text in the content of
// elements only, never in an attribute, and all that comes from cells is escaped for that.
type rowWriter struct {
	*bufio.Writer
	table *plan.Table
}

// row writes a change: what it is, the cells, and where in the workbooks the row stands. merged says that the default
// branch has it already.
func (w *rowWriter) row(c *plan.Change, merged bool) {
	switch c.Op {
	case plan.Insert:
		w.WriteString(`<tr class="a"><td>+ added`)
	case plan.Delete:
		w.WriteString(`<tr class="r"><td>− removed`)
	case plan.Update:
		w.WriteString(`<tr class="u"><td>~ changed`)
	}
	if merged {
		w.WriteString(` <b>merged</b>`)
	}
	w.WriteString("</td>")
	row := c.Row()
	for i := range row {
		column := w.table.Column(i)
		edited := c.Op == plan.Update && c.Before[i] != c.After[i]
		element := w.open(i < w.table.KeyLen(), edited, numeric(column))
		if edited {
			w.edit(column, c.Before[i], c.After[i])
		} else {
			w.value(column, row[i])
		}
		w.WriteString("</" + element + ">")
	}
	w.WriteString("<td>")
	if c.Op != plan.Delete {
		w.text(w.position(c.At))
	}
	w.WriteString("</td></tr>\n")
}

// open begins a cell and returns its element.
func (w *rowWriter) open(key, edited, number bool) (element string) {
	element, scope, classes := "td", "", ""
	if key {
		element, scope = "th", ` scope="row"`
	}
	switch {
	case edited && number:
		classes = ` class="c n"`
	case edited:
		classes = ` class="c"`
	case number:
		classes = ` class="n"`
	}
	w.WriteString("<" + element + scope + classes + ">")
	return element
}

// position is where a row stands: the cell, and the sheet and the workbook where there are several.
func (w *rowWriter) position(at datasheets.Position) string {
	sources := w.table.Sources
	for _, s := range sources {
		if s.Path != sources[0].Path {
			return place(at)
		}
	}
	if len(sources) < 2 && at.Cell != "" {
		return at.Cell
	}
	return strings.TrimPrefix(datasheets.Position{Sheet: at.Sheet, Cell: at.Cell, Line: at.Line}.String(), " › ")
}
