package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// glyph is what takes one place in a line: a character with the marks and joined characters that belong to it,
// or the escape of one that cannot be seen. Its width is in cells of a fixed-pitch font, where East Asian wide
// characters and emoji take two (https://www.unicode.org/reports/tr11/).
type glyph struct {
	text  string
	width int
}

// longestGlyph is how many characters a glyph may hold. The longest emoji sequences in use have ten or so;
// marks heaped up beyond it are escaped, so that a line's length stays in proportion to its width.
const longestGlyph = 16

// The characters that glyphs are made of beyond what package unicode tells.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	emojiPresentation  = '\ufe0f'
	keycap             = '\u20e3'
	ideographicSpace   = '\u3000'
)

// nextGlyph splits the first glyph off s, which is not empty.
func nextGlyph(s string) (g glyph, rest string) {
	if s[0] >= ' ' && s[0] <= '~' && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return glyph{s[:1], 1}, s[1:]
	}
	base, n := utf8.DecodeRuneInString(s)
	if plain(base) {
		if next, _ := utf8.DecodeRuneInString(s[n:]); n == len(s) || next < utf8.RuneSelf || plain(next) {
			return glyph{s[:n], 2}, s[n:]
		}
	}
	if base == utf8.RuneError && n == 1 {
		return escape(fmt.Sprintf(`\x%02x`, s[0])), s[1:]
	}
	if unseen(base) {
		return escape(escapeRune(base)), s[n:]
	}
	g.width = runeWidth(base)
	for last, count := base, 1; n < len(s) && count < longestGlyph; count++ {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !extends(base, last, r, count) {
			break
		}
		if r == emojiPresentation || r == keycap || regional(r) {
			g.width = 2
		}
		last = r
		n += size
	}
	g.text = s[:n]
	return g, s[n:]
}

// plain reports whether a character is one of those that most text in East Asia is made of: Korean syllables, Han
// characters and kana, which are seen, are wide and belong to nothing before them.
func plain(r rune) bool {
	return r >= 0xac00 && r <= 0xd7a3 || r >= 0x4e00 && r <= 0x9fff || r >= 0x3041 && r <= 0x3096 || r >= 0x30a1 && r <= 0x30fa
}

func escape(s string) glyph { return glyph{s, len(s)} }

// escapeRune writes a character as Go and JSON do: \n, \t, \u202e, \U000e0001.
func escapeRune(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// unseen reports whether a character that begins a glyph shows nothing, or changes how others are shown:
// controls, bidirectional and zero-width formats, blanks that look like another blank, marks without a base.
func unseen(r rune) bool {
	switch r {
	case ' ', ideographicSpace:
		return false
	case '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0': // letters and a symbol that are blank
		return true
	}
	if newer(r) {
		return false
	}
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Zs, unicode.Mn, unicode.Me)
}

// newer reports whether a character is in the blocks of emoji and ideographs, which grow with each version of
// Unicode: one that package unicode does not know yet is likely to be visible.
func newer(r rune) bool {
	return (r >= 0x1f000 && r <= 0x1faff || r >= 0x20000 && r <= 0x3ffff) && r&0xfffe != 0xfffe
}

// extends reports whether r belongs to the glyph that base began and whose last character so far is last.
func extends(base, last, r rune, count int) bool {
	switch {
	case last == zeroWidthJoiner:
		return symbol(r)
	case r == zeroWidthJoiner:
		return symbol(base)
	case r == zeroWidthNonJoiner:
		return last > 0x0590 && unicode.In(last, unicode.L, unicode.M)
	case regional(r):
		return regional(base) && count == 1
	case r >= 0x1f3fb && r <= 0x1f3ff, r >= 0xe0020 && r <= 0xe007f: // skin tones; the tags of a flag
		return symbol(base) && !regional(base)
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef: // which form of a character to show
		return base >= 0x2000 && !unicode.IsLetter(base) || base == 0x2139 || unicode.Is(unicode.Han, base) || keycapBase(base)
	case unicode.In(r, unicode.Mn, unicode.Me):
		return true
	case r > 0x1160 && r <= 0x11ff: // the vowels and final consonants of a Korean syllable
		return base >= 0x1100 && base < 0x115f || unicode.Is(unicode.Hangul, base) && base >= 0xac00
	}
	return false
}

// symbol reports whether r may be part of an emoji sequence.
func symbol(r rune) bool {
	return unicode.Is(unicode.So, r) || newer(r) && r < 0x20000 || r == 0x2194 || r == 0x2195
}

func regional(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

func keycapBase(r rune) bool { return r >= '0' && r <= '9' || r == '#' || r == '*' }

// runeWidth is the width of a character that begins a glyph: 2 or 1.
func runeWidth(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cells is how many cells a text takes that is already fit to be shown.
func cells(s string) int {
	n := 0
	for len(s) > 0 {
		var g glyph
		g, s = nextGlyph(s)
		n += g.width
	}
	return n
}

// pad fills s up to a width with blanks, on the left for numbers.
func pad(s string, to int, left bool) string {
	n := to - cells(s)
	switch {
	case n <= 0:
		return s
	case left:
		return strings.Repeat(" ", n) + s
	default:
		return s + strings.Repeat(" ", n)
	}
}

// literal is a name or a line of prose with what cannot be seen escaped, cut to at most most cells.
func literal(s string, most int) string {
	gs, whole := collect(s, most, asIs)
	return join(gs, whole, most)
}
