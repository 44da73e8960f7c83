package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"liveops/datasheets"
)

// spelling is how a text's characters are written.
type spelling uint8

const (
	asIs    spelling = iota // only what cannot be seen is escaped
	quoting                 // between quotes: quotes and backslashes are escaped too
	asASCII                 // between quotes, all else than ASCII escaped: for texts that only look alike
)

func (sp spelling) quotes() bool { return sp != asIs }

// collect returns the glyphs of s up to the first that goes beyond most cells; whole says whether that was all.
func collect(s string, most int, sp spelling) (gs []glyph, whole bool) {
	for n := 0; len(s) > 0; {
		var g glyph
		raw := s
		g, s = nextGlyph(s)
		switch seen := strings.HasPrefix(raw, g.text); {
		case sp == asASCII && seen && cells(g.text) < len(g.text):
			g = escapeAll(g.text)
		case sp.quotes() && seen && (g.text[0] == '"' || g.text[0] == '\\'):
			g = glyph{`\` + g.text, 1 + g.width}
		}
		n += g.width
		gs = append(gs, g)
		if n > most {
			return gs, false
		}
	}
	return gs, true
}

func escapeAll(s string) glyph {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf && r != '"' && r != '\\' {
			b.WriteRune(r)
		} else {
			b.WriteString(escapeRune(r))
		}
	}
	return escape(b.String())
}

// join writes glyphs in at most most cells, with an ellipsis where they are not the whole.
func join(gs []glyph, whole bool, most int) string {
	var b strings.Builder
	n := 0
	for _, g := range gs {
		if !whole && n+g.width > most-1 {
			break
		}
		n += g.width
		b.WriteString(g.text)
	}
	if !whole {
		b.WriteString("…")
	}
	return b.String()
}

// fit is a value as a person reads it, in at most most cells: NULL, (default) and (empty) for those without text;
// a text between quotes where it would else be taken for something else.
func fit(c *datasheets.Column, v datasheets.Value, most int) string {
	if s, ok := word(c, v); ok {
		return s
	}
	if sp := spell(c, v.Text()); sp.quotes() {
		return quote(v.Text(), max(most-2, 2), sp)
	}
	return literal(v.Text(), most)
}

func quote(s string, most int, sp spelling) string {
	gs, whole := collect(s, most, sp)
	return `"` + join(gs, whole, most) + `"`
}

// emptyCell is how an empty cell of a sheet is written.
const emptyCell = "(empty)"

// word is how a value without text is written.
func word(c *datasheets.Column, v datasheets.Value) (string, bool) {
	switch {
	case v.IsNull() && (c.Type == datasheets.SheetText || c.Type == datasheets.SheetNumber):
		return emptyCell, true
	case v.IsNull():
		return "NULL", true
	case v.IsDefault():
		return "(default)", true
	}
	return "", false
}

// spell decides whether a value stands between quotes: a text that is empty, has blanks at its ends or in a
// row, reads as NULL, or has what separates values here or must be escaped. What is not text needs none.
func spell(c *datasheets.Column, s string) spelling {
	switch c.Type {
	case datasheets.String, datasheets.Enum, datasheets.Set:
	case datasheets.SheetText:
		if s == emptyCell {
			return quoting
		}
		if strings.HasPrefix(s, `"`) { // it has quotes of its own, see datasheets.AppendSheetCell
			return asIs
		}
	default:
		return asIs
	}
	if s == "" || s == "NULL" || s == "(default)" || s[0] == '"' || edged(s) {
		return quoting
	}
	for _, sign := range []string{"  ", ", ", "→", "…"} {
		if strings.Contains(s, sign) {
			return quoting
		}
	}
	for rest := s; len(rest) > 0; {
		at := rest
		var g glyph
		if g, rest = nextGlyph(rest); !strings.HasPrefix(at, g.text) { // it is an escape
			return quoting
		}
	}
	return asIs
}

func edged(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsSpace(first) || unicode.IsSpace(last)
}

// numeric reports whether a column's values are set to the right.
func numeric(c *datasheets.Column) bool {
	switch c.Type {
	case datasheets.Integer, datasheets.Decimal, datasheets.Float, datasheets.Double, datasheets.Bit, datasheets.Year,
		datasheets.SheetNumber:
		return true
	}
	return false
}
