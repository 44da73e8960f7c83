package datasheets

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mismatch says why a cell cannot become a value of its column: what was found and what the column takes
// (Text), and how to mend it (Mend). It is a Problem that does not know its position yet.
type Mismatch struct {
	Text string
	Mend string
}

// Error makes a Mismatch an error.
func (m *Mismatch) Error() string {
	if m.Mend == "" {
		return m.Text
	}
	return m.Text + " (" + m.Mend + ")"
}

// At is the Problem that the mismatch is at a position.
func (m *Mismatch) At(p Position) Problem {
	return Problem{At: p, Text: m.Text, Mend: m.Mend}
}

// refusal is a Mismatch in the making: what the column takes, where that is narrower than what its type takes,
// and how to mend the cell.
type refusal struct {
	takes string
	mend  string
}

// mismatch words the refusal of a cell. takes completes the sentence "…, but the column takes …".
func (c *Column) mismatch(cell Cell, o *Options, takes, mend string) *Mismatch {
	return &Mismatch{Text: "found " + found(cell, o) + ", but " + c.describe() + " takes " + takes, Mend: mend}
}

// refuse is mismatch for a refusal, with takes where the refusal does not say.
func (c *Column) refuse(cell Cell, o *Options, r *refusal, takes string) *Mismatch {
	if r.takes != "" {
		takes = r.takes
	}
	return c.mismatch(cell, o, takes, r.mend)
}

// describe names the column with its type: `price (int(11))`.
func (c *Column) describe() string {
	sqlType := c.SQLType
	if c.Type == JSON {
		sqlType = "json" // MariaDB calls it longtext
	}
	return oneLine(c.Name) + " (" + oneLine(sqlType) + ")"
}

// found says what a cell holds, as a person who looks at the sheet would.
func found(cell Cell, o *Options) string {
	switch cell.Kind {
	case Empty:
		return "an empty cell"
	case Number:
		return oneLine(string(cell.Text))
	case Bool:
		return boolText(cell)
	case Date:
		if text, wrong := o.appendSerial(nil, cell); wrong == nil {
			return "the date or time " + string(text)
		}
		return "the date number " + oneLine(string(cell.Text))
	case Duration:
		if text, wrong := o.appendSerial(nil, cell); wrong == nil {
			return "the duration " + string(text)
		}
		return "the duration of " + oneLine(string(cell.Text)) + " days"
	case Fault:
		return "the error " + oneLine(string(cell.Text))
	case Uncalculated:
		return "a formula without a result"
	default:
		return quoted(string(cell.Text))
	}
}

func boolText(cell Cell) string {
	if string(cell.Text) == "1" {
		return "TRUE"
	}
	return "FALSE"
}

// mostQuoted is how many characters of a cell a problem quotes.
const mostQuoted = 60

// quoted quotes a text, shortened, with what cannot be seen escaped, on one line.
func quoted(s string) string { return strconv.Quote(shorten(s)) }

// shorten keeps the first mostQuoted characters of a text and marks the cut.
func shorten(s string) string {
	if len(s) <= mostQuoted {
		return s
	}
	n := 0
	for i := range s {
		if n == mostQuoted {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// oneLine is a name or a number as it is, shortened; like quoted, but without the quotes, where it has something
// that cannot be seen.
func oneLine(s string) string {
	s = shorten(s)
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		s = strconv.Quote(s)
		return s[1 : len(s)-1]
	}
	return s
}

// listed joins names for a sentence, shortened to the first few.
func listed(names []string) string {
	const most = 8
	var b strings.Builder
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		if name == "" {
			name = `""`
		}
		b.WriteString(oneLine(name))
	}
	if len(names) > most {
		b.WriteString(" and " + strconv.Itoa(len(names)-most) + " more")
	}
	return b.String()
}

// isBlank is what may stand around a number, a date or a name: white space of any script and the invisible
// marks that come along with a paste (zero-width space, byte order mark).
func isBlank(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x200B, 0xFEFF:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

// trimBlanks cuts blanks off both ends.
func trimBlanks(s []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if !isBlank(r) {
			break
		}
		s = s[n:]
	}
	for len(s) > 0 {
		r, n := utf8.DecodeLastRune(s)
		if !isBlank(r) {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}
