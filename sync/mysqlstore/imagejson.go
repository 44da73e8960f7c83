package mysqlstore

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"liveops/datasheets"
)

// imageEncoder writes images of a table's rows as json.Marshal would, columns sorted, at a fraction of its cost.
type imageEncoder struct {
	table string   // as JSON
	order []int    // places in a whole row, by column name
	names []string // `"name":`, in that order
}

func newImageEncoder(w *tableWork) (*imageEncoder, error) {
	name := func(place int) string { return w.Schema.Columns[w.full[place]].Name }
	table, err := json.Marshal(w.Schema.Name)
	if err != nil {
		return nil, err
	}
	e := &imageEncoder{table: string(table)}
	for place := range w.full {
		e.order = append(e.order, place)
	}
	slices.SortFunc(e.order, func(a, b int) int { return strings.Compare(name(a), name(b)) })
	for _, place := range e.order {
		quoted, err := json.Marshal(name(place))
		if err != nil {
			return nil, err
		}
		e.names = append(e.names, string(quoted)+":")
	}
	return e, nil
}

// appendLine appends an image and a line's end. Either row may be nil; of two, after has only what differs.
func (e *imageEncoder) appendLine(b []byte, before, after []datasheets.Value) ([]byte, error) {
	b = append(append(b, `{"table":`...), e.table...)
	b, err := e.appendRow(append(b, `,"before":`...), before, nil)
	if err == nil {
		b, err = e.appendRow(append(b, `,"after":`...), after, before)
	}
	return append(b, "}\n"...), err
}

// appendRow appends a row, of its columns those that are not as in base, or all where base is nil.
func (e *imageEncoder) appendRow(b []byte, row, base []datasheets.Value) ([]byte, error) {
	if row == nil {
		return append(b, "null"...), nil
	}
	separator := byte('{')
	for i, place := range e.order {
		if base != nil && base[place] == row[place] {
			continue
		}
		b = append(append(b, separator), e.names[i]...)
		separator = ','
		if row[place].IsNull() {
			b = append(b, "null"...)
			continue
		}
		var err error
		if b, err = appendJSON(b, row[place].Text()); err != nil {
			return b, err
		}
	}
	if separator == '{' {
		b = append(b, '{')
	}
	return append(b, '}'), nil
}

// appendJSON appends a text as a JSON string. Most have nothing that JSON, or json.Marshal, escapes.
func appendJSON(b []byte, text string) ([]byte, error) {
	plain, ascii := true, true
	for i := 0; i < len(text) && plain; i++ {
		c := text[i]
		plain = c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7F
		ascii = ascii && c < utf8.RuneSelf
	}
	if plain && !ascii {
		plain = utf8.ValidString(text) && !strings.Contains(text, "\u2028") && !strings.Contains(text, "\u2029")
	}
	if !plain {
		quoted, err := json.Marshal(text)
		return append(b, quoted...), err
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"'), nil
}
