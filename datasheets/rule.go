package datasheets

import (
	"bytes"
	"strings"
)

// rule is how a cell becomes a value where liveops.yaml says more than the column's type.
type rule struct {
	mapping  *ColumnMapping    // nil for a constant that follows from a sheet's filter
	constant []byte            // packed: the value of every row; nil where cells give it
	empty    []byte            // packed: the value of an empty cell; nil where the column's type says
	aliases  map[string][]byte // packed values by what cells say
	elements map[string]Cell   // likewise, of a list's elements
	names    []string          // of the aliases, sorted
	list     string            // what separates the elements of a cell; "" for no list
}

// append converts a cell as Column.AppendCell does.
func (r *rule) append(row []byte, c *Column, cell Cell, o *Options) ([]byte, *Mismatch) {
	switch {
	case r.constant != nil:
		return append(row, r.constant...), nil
	case cell.isEmpty():
		if r.empty != nil {
			return append(row, r.empty...), nil
		}
	case cell.Kind == Fault, cell.Kind == Uncalculated:
	case r.list != "":
		return r.appendList(row, c, cell, o)
	case r.aliases != nil:
		var buf [64]byte
		if text, wrong := cellText(buf[:0], cell, o); wrong == nil {
			if packed, ok := r.aliases[string(trimBlanks(text))]; ok {
				return append(row, packed...), nil
			}
		}
	}
	row, wrong := c.AppendCell(row, cell, o)
	if wrong != nil && r.aliases != nil {
		wrong.Mend = r.mendAlias(cell, wrong.Mend)
	}
	return row, wrong
}

// mendAlias advises an alias where a cell comes near one.
func (r *rule) mendAlias(cell Cell, mend string) string {
	if cell.Kind != Text || len(r.names) == 0 {
		return mend
	}
	if near := Nearest(string(trimBlanks(cell.Text)), r.names); near != "" {
		return "the nearest alias of liveops.yaml is " + oneLine(near)
	}
	return "write a value, or an alias of liveops.yaml: " + listed(r.names)
}

// appendList takes a cell apart and makes a JSON array, or a set, of its elements. An element that is a number by
// JSON's rules is one in an array; all else is text.
func (r *rule) appendList(row []byte, c *Column, cell Cell, o *Options) ([]byte, *Mismatch) {
	takes := "elements separated by " + quoted(r.list)
	var buf [64]byte
	text, wrong := cellText(buf[:0], cell, o)
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, takes)
	}
	if text = trimBlanks(text); len(text) > 0 && text[0] == '[' {
		if _, fault := canonicalJSON(text, c.jsonDepth()); fault == nil {
			return row, c.mismatch(cell, o, takes, "write the elements without brackets and quotes")
		}
	}
	var elements []Cell
	if !isEmptyText(cell) {
		for element := range strings.SplitSeq(string(text), r.list) {
			e := Cell{Kind: Text, Text: trimBlanks([]byte(element))}
			if alias, ok := r.elements[string(e.Text)]; ok {
				e = alias
			} else if len(e.Text) == 0 {
				return row, c.mismatch(cell, o, takes, "take out the separator that has no element on one side")
			} else if isJSONNumber(e.Text) {
				e.Kind = Number
			}
			elements = append(elements, e)
		}
	}
	if c.Type == Set {
		return r.appendSet(row, c, elements, o)
	}
	return c.appendJSON(row, Cell{Column: cell.Column, Kind: Text, Text: jsonArray(elements)}, o)
}

func (r *rule) appendSet(row []byte, c *Column, elements []Cell, o *Options) ([]byte, *Mismatch) {
	texts := make([][]byte, len(elements))
	for i, e := range elements {
		texts[i] = e.Text
		if c.member(e.Text) < 0 {
			return row, c.mismatch(e, o, c.members(), r.mendAlias(e, c.mendMember(string(e.Text))))
		}
	}
	joined := bytes.Join(texts, []byte(","))
	if len(joined) == 0 {
		joined = []byte(`""`)
	}
	return c.appendSet(row, Cell{Kind: Text, Text: joined}, o)
}

// jsonArray writes elements as JSON.
func jsonArray(elements []Cell) []byte {
	text := []byte("[")
	for i, e := range elements {
		if i > 0 {
			text = append(text, ',')
		}
		switch {
		case e.Kind == Empty:
			text = append(text, "null"...)
		case e.Kind == Bool:
			text = append(text, strings.ToLower(boolText(e))...)
		case e.Kind == Number:
			text = append(text, e.Text...)
		default:
			text = appendJSONText(text, e.Text)
		}
	}
	return append(text, ']')
}
