package report

import (
	"html"
	"strings"
	"unicode/utf8"

	"liveops/datasheets"
)

// foldedText is how many bytes of text a page's cell shows; what is longer is folded. foldedCells is how much of it
// is shown then.
const (
	foldedText  = 400
	foldedCells = 90
)

// value writes a value that does not change.
func (w *rowWriter) value(c *datasheets.Column, v datasheets.Value) {
	if s, ok := word(c, v); ok {
		w.WriteString("<i>" + s + "</i>")
		return
	}
	s := v.Text()
	if len(s) > foldedText {
		w.fold(fit(c, v, foldedCells), func() { w.text(s) })
		return
	}
	w.quoted(c, s, func() { w.text(s) })
}

// fold writes a text of which only the summary is shown until someone asks for the whole.
func (w *rowWriter) fold(summary string, whole func()) {
	w.WriteString("<details><summary>")
	w.WriteString(html.EscapeString(summary)) // what cannot be seen is escaped in it already
	w.WriteString("</summary>")
	whole()
	w.WriteString("</details>")
}

// quoted writes between quotes what would be taken for something else without: no text, and the words for it.
func (w *rowWriter) quoted(c *datasheets.Column, s string, write func()) {
	isText := c.Type == datasheets.String || c.Type == datasheets.Enum || c.Type == datasheets.Set
	if isText && (s == "" || s == "NULL" || s == "(default)") || c.Type == datasheets.SheetText && s == emptyCell {
		w.WriteString("<q>" + s + "</q>")
		return
	}
	write()
}

// edit writes both values of a cell that changes. In long texts the part that differs is marked; texts that differ
// and look alike are spelled out.
func (w *rowWriter) edit(c *datasheets.Column, old, fresh datasheets.Value) {
	_, noOld := word(c, old)
	_, noFresh := word(c, fresh)
	b, a := old.Text(), fresh.Text()
	from, common, ascii := 0, 0, false
	if !noOld && !noFresh {
		from = differ(b, a)
		ascii = alike(b[from:], a[from:])
		common = commonEnd(b[from:], a[from:])
	}
	w.WriteString("<del>")
	w.side(c, old, b, from, common, ascii)
	w.WriteString("</del>")
	switch {
	case max(len(b), len(a)) > foldedText: // what is folded has a line of its own
	case strings.Contains(b, "\n"):
		w.WriteString("<br>")
	default:
		w.WriteString(" ")
	}
	w.WriteString("<ins>")
	w.side(c, fresh, a, from, common, ascii)
	w.WriteString("</ins>")
}

// markedText is from how many bytes on the part of a text that differs is marked.
const markedText = 16

func (w *rowWriter) side(c *datasheets.Column, v datasheets.Value, s string, from, common int, ascii bool) {
	if _, ok := word(c, v); ok {
		w.value(c, v)
		return
	}
	whole := func() {
		switch middle := s[from : len(s)-common]; {
		case ascii:
			w.spelled(s)
		case from+common > 0 && middle != "" && len(s) > markedText:
			w.piece(s[:from], true, false)
			w.WriteString("<mark>")
			w.piece(middle, from == 0, common == 0)
			w.WriteString("</mark>")
			w.piece(s[len(s)-common:], false, true)
		default:
			w.text(s)
		}
	}
	if len(s) > foldedText {
		sp := asIs
		if ascii {
			sp = asASCII
		}
		w.fold(part(s, from, foldedCells, sp), whole)
		return
	}
	w.quoted(c, s, whole)
}

// commonEnd is how many bytes at their ends two texts have in common, as whole glyphs.
func commonEnd(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	for n > 0 { // on to where a glyph begins in both
		i := len(a) - n
		if utf8.RuneStart(a[i]) && back(a, i, 0) == i && back(b, len(b)-n, 0) == len(b)-n {
			break
		}
		n--
	}
	return n
}

// text writes text as the content of an element, with what cannot be seen as visible escapes.
func (w *rowWriter) text(s string) { w.piece(s, true, true) }

// piece writes a piece of a text, which it begins or ends: only there are blanks made visible.
func (w *rowWriter) piece(s string, begins, ends bool) {
	if plainASCII(s) {
		w.WriteString(html.EscapeString(s))
		return
	}
	lead, tail := 0, len(s)
	if begins {
		lead = len(s) - len(strings.TrimLeft(s, " "))
	}
	if ends {
		tail = len(strings.TrimRight(s[lead:], " ")) + lead
	}
	w.blanks(s[:lead])
	for rest := s[lead:tail]; len(rest) > 0; {
		var g glyph
		at := rest
		g, rest = nextGlyph(rest)
		if strings.HasPrefix(at, g.text) {
			w.WriteString(html.EscapeString(g.text))
			continue
		}
		w.WriteString("<s>" + g.text + "</s>")
		if at[0] == '\n' {
			w.WriteString("<br>")
		}
	}
	w.blanks(s[tail:])
}

// blanks writes blanks at a text's end, made visible.
func (w *rowWriter) blanks(s string) {
	if s != "" {
		w.WriteString("<u>" + s + "</u>")
	}
}

// spelled writes a text with everything but ASCII as escapes.
func (w *rowWriter) spelled(s string) {
	gs, _ := collect(s, len(s)*10, asASCII)
	for _, g := range gs {
		w.WriteString(html.EscapeString(g.text))
	}
}

// plainASCII reports whether a text is visible ASCII without blanks at its ends.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}
