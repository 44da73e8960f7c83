package xlsx

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape writes text as the content of an element or attribute: what is markup in XML as entities, and what
// XML cannot hold, as well as what only looks like such an escape, in the form of ST_Xstring (see unescape).
func escape(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '_' && looksEscaped(text[i:]):
			b.WriteString("_x005F_")
		case needsEscape(r):
			fmt.Fprintf(&b, "_x%04X_", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// looksEscaped reports whether text, once written, begins like an escape: _xHHHH and an underscore, its own
// or that of an escape that follows.
func looksEscaped(text string) bool {
	const size = len("_x000D")
	if len(text) <= size || codeUnit([]byte(text[:size]+"_")) < 0 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(text[size:])
	return r == '_' || needsEscape(r)
}

// needsEscape reports whether r is not kept as it is in XML: a carriage return would be read as a line feed.
func needsEscape(r rune) bool { return r == '\r' || notXML(r) }

// notXML reports whether XML 1.0 has no such character (https://www.w3.org/TR/xml/#charsets).
func notXML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

// utf16Len is how many characters Excel counts in a text.
func utf16Len(text string) int {
	n := 0
	for _, r := range text {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
