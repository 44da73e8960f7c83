package mysqlstore

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"liveops/datasheets"
)

// imageEncoder writes rows of a table as JSON objects by column, as json.Marshal would a map: sorted.
type imageEncoder struct {
	order []int    // places in a whole row, by column name
	names []string // `"name":`, in that order
}

func newImageEncoder(w *tableWork) (*imageEncoder, error) {
	name := func(place int) string { return w.Schema.Columns[w.full[place]].Name }
	e := &imageEncoder{}
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

// encode is a row, of its columns those that are not as in base, or all where base is nil; nil for no row.
func (e *imageEncoder) encode(row, base []datasheets.Value) (any, error) {
	if row == nil {
		return nil, nil
	}
	b := []byte{'{'}
	for i, place := range e.order {
		if base != nil && base[place] == row[place] {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, e.names[i]...)
		if row[place].IsNull() {
			b = append(b, "null"...)
			continue
		}
		var err error
		if b, err = appendJSON(b, row[place].Text()); err != nil {
			return nil, err
		}
	}
	return string(append(b, '}')), nil
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
