package datasheets

import (
	"encoding/json"
	"slices"
	"strings"
)

// CellsFor are the cells that stand for a value of Columns[i], each of which is read back as that very value: an alias
// or a list where liveops.yaml has one, else a number or a date where a spreadsheet keeps it exactly, and a text, which
// any cell can hold whatever its number format is. The best is first; Cell.Column is not set. An empty cell stands
// alone. It fails with an *UnkeepableError where there is none; o is as for AppendRow.
func (h *Header) CellsFor(i int, v Value, o *Options) ([]Cell, error) {
	options := Options{Date1904: h.date1904}
	if o != nil {
		options.Location = o.Location
	}
	c := &h.Table.Columns[h.Columns[i].Table]
	if v.IsDefault() {
		return nil, c.unkeepable(v, "only the server knows it")
	}
	candidates := c.cells(v, &options)
	if r := h.rules[i]; r != nil {
		candidates = r.cells(c, v, candidates)
	}
	var cells []Cell
	wrong := ""
	for _, cell := range candidates {
		because := readsBack(v, cell, func(cell Cell) ([]byte, *Mismatch) { return h.appendCell(nil, i, cell, &options) })
		if because == "" {
			cells = append(cells, cell)
		} else {
			wrong = because
		}
	}
	if cells == nil {
		return nil, c.unkeepable(v, wrong)
	}
	return cells, nil
}

// Choices are the values that cells of a column with a fixed list of them may have, in the list's order; nil for other
// columns.
func (h *Header) Choices(i int) []string {
	c := &h.Table.Columns[h.Columns[i].Table]
	if c.Type != Enum {
		return nil
	}
	choices := slices.Clone(c.Members)
	if r := h.rules[i]; r != nil {
		for k, member := range choices {
			if cells := r.cells(c, NewValue(member), nil); len(cells) > 0 {
				choices[k] = string(cells[0].Text)
			}
		}
	}
	return choices
}

// PlainColumn is the sheet's column whose cells hold the values of a table column as they are, without aliases or lists;
// 0 where the sheet has none.
func (h *Header) PlainColumn(name string) int {
	for i, c := range h.Columns {
		if h.Table.Columns[c.Table].Name == name && (h.rules[i] == nil || h.rules[i].aliases == nil && h.rules[i].list == "") {
			return c.Sheet
		}
	}
	return 0
}

// FirstColumn is where the sheet's columns begin: 1 or, vertically, the row of the first name.
func (h *Header) FirstColumn() int {
	if h.layout.Vertical {
		return h.layout.HeaderRow()
	}
	return 1
}

// Same says whether a cell of Columns[i] is read as a value; o is as for AppendRow.
func (h *Header) Same(i int, cell Cell, v Value, o *Options) bool {
	options := Options{Date1904: h.date1904}
	if o != nil {
		options.Location = o.Location
	}
	packed, wrong := h.appendCell(nil, i, cell, &options)
	return wrong == nil && string(packed) == string(AppendValue(nil, v))
}

// cells are the candidates for a value where liveops.yaml says more than the column's type.
func (r *rule) cells(c *Column, v Value, plain []Cell) []Cell {
	if r.list != "" {
		if text, ok := r.listText(c, v); ok {
			return []Cell{{Kind: Text, Text: []byte(text)}}
		}
		return plain
	}
	if r.mapping == nil {
		return plain
	}
	packed := string(AppendValue(nil, v))
	for _, a := range r.mapping.Aliases {
		if string(r.aliases[a.Text]) == packed {
			return append([]Cell{{Kind: Text, Text: []byte(a.Text)}}, plain...)
		}
	}
	return plain
}

// listText joins the elements of a list; ok is false for what is none, or has lists within.
func (r *rule) listText(c *Column, v Value) (text string, ok bool) {
	elements, ok := elementsOf(c, v)
	if !ok {
		return "", false
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		if texts[i], ok = r.elementText(e); !ok {
			return "", false
		}
	}
	if len(texts) == 0 {
		return `""`, true
	}
	return strings.Join(texts, r.list), true
}

// elementText is what a cell says for an element: its alias or, for a text or a number, itself.
func (r *rule) elementText(e Cell) (string, bool) {
	if r.mapping != nil {
		for _, a := range r.mapping.Aliases {
			if to := a.Value.Cell; to.Kind == e.Kind && string(to.Text) == string(e.Text) {
				return a.Text, true
			}
		}
	}
	return string(e.Text), e.Kind == Text || e.Kind == Number
}

// elementsOf takes a set, or an array of JSON, apart.
func elementsOf(c *Column, v Value) ([]Cell, bool) {
	if v.IsNull() {
		return nil, false
	}
	var elements []Cell
	if c.Type == Set {
		for name := range strings.SplitSeq(v.Text(), ",") {
			if name != "" {
				elements = append(elements, Cell{Kind: Text, Text: []byte(name)})
			}
		}
		return elements, true
	}
	var raw []json.RawMessage
	if json.Unmarshal([]byte(v.Text()), &raw) != nil || raw == nil {
		return nil, false
	}
	for _, r := range raw {
		var text string
		switch s := string(r); {
		case s == "null":
			elements = append(elements, Cell{})
		case s == "true", s == "false":
			elements = append(elements, Cell{Kind: Bool, Text: []byte(map[string]string{"true": "1", "false": "0"}[s])})
		case s[0] == '"' && json.Unmarshal(r, &text) == nil:
			elements = append(elements, Cell{Kind: Text, Text: []byte(text)})
		case s[0] == '[', s[0] == '{':
			return nil, false
		default:
			elements = append(elements, Cell{Kind: Number, Text: []byte(s)})
		}
	}
	return elements, true
}
