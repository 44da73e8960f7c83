package report

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"liveops/datasheets"
)

// context is how many characters before the first that differs are shown of a text that is too long to be
// shown whole.
const context = 10

// edit is how one cell changes, "110 → 120", each side in at most most cells. Of long texts the part that
// changes is shown; texts that differ but look alike are spelled out.
func edit(c *datasheets.Column, old, fresh datasheets.Value, most int) string {
	_, noText := word(c, old)
	_, noText2 := word(c, fresh)
	if noText || noText2 {
		return fit(c, old, most) + " → " + fit(c, fresh, most)
	}
	b, a := old.Text(), fresh.Text()
	from := differ(b, a)
	sp := max(spell(c, b), spell(c, a))
	if alike(b[from:], a[from:]) {
		sp = asASCII
	}
	return part(b, from, most, sp) + " → " + part(a, from, most, sp)
}

// differ is the index of the first character in which two texts differ, or an earlier one that it belongs to.
func differ(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	for i > 0 && (i < len(a) && !utf8.RuneStart(a[i]) || i < len(b) && !utf8.RuneStart(b[i])) {
		i--
	}
	return back(a, i, 0)
}

// back goes n characters back from index i of s, and on to where a glyph begins.
func back(s string, i, n int) int {
	for steps := 0; i > 0 && steps < n+longestGlyph; steps++ {
		r, _ := utf8.DecodeRuneInString(s[i:])
		joined := i < len(s) && (unseen(r) && r >= utf8.RuneSelf || unicode.In(r, unicode.M, unicode.Cf))
		if steps >= n && !joined {
			break
		}
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return i
}

// alike reports whether two different texts cannot be told apart on a screen: those of the same characters,
// composed differently. Texts that are longer than anyone compares by eye are not looked at.
func alike(a, b string) bool {
	const longest = 1 << 16
	return len(a) <= longest && len(b) <= longest && norm.NFC.String(a) == norm.NFC.String(b)
}

// before is where to begin to show s so that at most most cells, and not much, come before index from.
func before(s string, from, most int) int {
	for n := context; n > 0; n-- {
		if start := back(s, from, n); cells(s[start:from]) <= most {
			return start
		}
	}
	return from
}

// part shows s in at most most cells, beginning shortly before index from where s does not fit as a whole.
func part(s string, from, most int, sp spelling) string {
	if sp.quotes() {
		most = max(most-2, 2)
	}
	gs, whole := collect(s, most, sp)
	start := before(s, from, most/3)
	if !whole && start > 0 {
		gs, whole = collect(s[start:], most-1, sp)
		gs = append([]glyph{{"…", 1}}, gs...)
	}
	text := join(gs, whole, most)
	if sp.quotes() {
		return `"` + text + `"`
	}
	return text
}
