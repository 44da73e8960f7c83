package bookdiff

import (
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// matcher finds, for each row of the new sheet, the row of the old one that it was.
type matcher struct {
	*pair
	was []int // by row of the new sheet: the row of the old one, or -1
}

// mostLeading is how many of the leading columns are tried as a key, where fewer of them repeat.
const mostLeading = 3

// match matches rows by the columns of key where both sheets have them, else by the first column or the first few,
// else as wholes. The note says why it is not by the key or the first column; "" where it is.
func (m *matcher) match(key []string) (note string) {
	if m.has(key) {
		m.layOut(key)
		if note = m.byKey(); note == "" {
			return ""
		}
	} else {
		leading := m.leading()
		for n := 1; n <= mostLeading && m.has(leading[:min(n, len(leading))]) && (n == 1 || n < len(leading)); n++ {
			m.layOut(leading[:n])
			repeats := m.byKey()
			switch {
			case repeats == "" && n == 1:
				return ""
			case repeats == "":
				return note + "; rows are matched by " + strings.Join(leading[:n], ", ")
			case n == 1:
				note = repeats
			}
		}
		if note == "" && len(leading) > 0 {
			note = "only one of the workbooks has the column " + leading[0]
		}
	}
	m.layOut(nil)
	m.asWholes()
	if note != "" {
		note += "; rows are matched as wholes"
	}
	return note
}

// byKey matches rows by the schema's key. Where a key repeats it matches none and says so.
func (m *matcher) byKey() (repeats string) {
	n := len(m.schema.Key)
	old, repeats := keys(m.old, n)
	if repeats != "" {
		return repeats
	}
	fresh, repeats := keys(m.fresh, n)
	if repeats != "" {
		return repeats
	}
	m.was = make([]int, len(m.fresh.rows))
	for key, i := range fresh {
		m.was[i] = -1
		if j, ok := old[key]; ok {
			m.was[i] = j
		}
	}
	return ""
}

// keys are the rows of a grid by key.
func keys(g *grid, n int) (map[string]int, string) {
	found := make(map[string]int, len(g.rows))
	for i := range g.rows {
		texts := g.key(&g.rows[i], n)
		var packed []byte
		for _, text := range texts {
			packed = datasheets.AppendText(packed, []byte(text))
		}
		if first, again := found[string(packed)]; again {
			return nil, fmt.Sprintf("the key %s stands at %s and at %s of %s", strings.Join(texts, ", "),
				g.position(&g.rows[first]).Cell, g.position(&g.rows[i]).Cell, g.sheet.Path)
		}
		found[string(packed)] = i
	}
	return found, ""
}

// key is the texts of a row's key, the first n columns of the schema; "" for an empty cell. A text and a number
// that look alike are the same.
func (g *grid) key(r *row, n int) []string {
	texts := make([]string, n)
	for _, c := range r.cells {
		i := g.columns[c.column].place
		if i >= n {
			continue
		}
		texts[i] = c.value.Text()
		if c.isText && len(texts[i]) > 2 && texts[i][0] == '"' { // the quotes that AppendSheetCell put around it
			texts[i] = texts[i][1 : len(texts[i])-1]
		}
	}
	return texts
}

// asWholes matches rows that are equal, the first with the first.
func (m *matcher) asWholes() {
	left := map[string][]int{}
	var packed []byte
	pack := func(g *grid, r *row) string {
		packed = packed[:0]
		for _, v := range m.values(g, r) {
			packed = datasheets.AppendValue(packed, v)
		}
		return string(packed)
	}
	for j := range m.old.rows {
		k := pack(m.old, &m.old.rows[j])
		left[k] = append(left[k], j)
	}
	m.was = make([]int, len(m.fresh.rows))
	for i := range m.fresh.rows {
		k := pack(m.fresh, &m.fresh.rows[i])
		m.was[i] = -1
		if js := left[k]; len(js) > 0 {
			m.was[i], left[k] = js[0], js[1:]
		}
	}
}

// changes are the rows that differ, as they stand in the new sheet, each that is gone after the last row above it
// that is not.
func (m *matcher) changes() []plan.Change {
	became := make([]int, len(m.old.rows))
	for j := range became {
		became[j] = -1
	}
	for i, j := range m.was {
		if j >= 0 {
			became[j] = i
		}
	}
	gone := make([][]plan.Change, len(m.fresh.rows)+1) // by the row of the new sheet above, counted from 1
	above := 0
	for j, i := range became {
		if i >= 0 {
			above = i + 1
			continue
		}
		gone[above] = append(gone[above], plan.Change{Op: plan.Delete, Before: m.values(m.old, &m.old.rows[j])})
	}
	changes := gone[0]
	for i := range m.fresh.rows {
		r := &m.fresh.rows[i]
		after := m.values(m.fresh, r)
		if j := m.was[i]; j < 0 {
			changes = append(changes, plan.Change{Op: plan.Insert, After: after, At: m.fresh.position(r)})
		} else if before := m.values(m.old, &m.old.rows[j]); !slices.Equal(before, after) {
			changes = append(changes, plan.Change{Op: plan.Update, Before: before, After: after, At: m.fresh.position(r)})
		}
		changes = append(changes, gone[i+1]...)
	}
	return changes
}
