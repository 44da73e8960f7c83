package report

import (
	"bufio"
	"io"
	"strings"

	"liveops/sync/plan"
)

// terminal gathers lines for a terminal. What it is given as text of others must have gone through literal or
// fit, which leave no control character.
type terminal struct {
	strings.Builder
	color bool
}

// ink is how a piece of text is shown: an SGR parameter of ECMA-48.
type ink string

const (
	bold   ink = "1"
	dim    ink = "2"
	red    ink = "31"
	green  ink = "32"
	yellow ink = "33"
	cyan   ink = "36"
)

func (t *terminal) paint(k ink, s string) string {
	if !t.color || s == "" {
		return s
	}
	return "\x1b[" + string(k) + "m" + s + "\x1b[0m"
}

func (t *terminal) line(s string) { t.WriteString(s + "\n") }

// flush writes what was gathered and forgets it.
func (t *terminal) flush(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString(t.String()) // an error stays with b until Flush
	t.Reset()
	return b.Flush()
}

// counts is a count in colour: "+2 -1 ~3".
func (t *terminal) counts(n plan.Count) string {
	if n.Total() == 0 {
		return nothing
	}
	words := strings.Split(counts(n, "-"), " ")
	for i, w := range words {
		words[i] = t.paint(map[byte]ink{'+': green, '-': red, '~': yellow}[w[0]], w)
	}
	return strings.Join(words, " ")
}

// rows writes the lines of a hunk with their signs and colours.
func (t *terminal) rows(ls []line) {
	for _, l := range ls {
		switch l.mark {
		case titleLine:
			t.line(t.paint(cyan, l.text))
		case plainLine:
			t.line(t.paint(dim, "  "+l.text))
		case deletedLine:
			t.line(t.paint(red, "- "+l.text))
		case insertedLine:
			t.line(t.paint(green, "+ "+l.text))
		case updatedLine:
			t.line(t.paint(yellow, "~ "+l.text))
		}
	}
}

// findings writes problems, each with its mend on a line of its own, and how many there are.
func (t *terminal) findings(fs []finding) {
	if len(fs) == 0 {
		return
	}
	for _, f := range fs {
		where := ""
		if f.environments != nil {
			where = " (" + list(f.environments) + ")"
		}
		t.line(t.paint(bold, literal(f.At.String(), 1000)) + where + ": " + t.paint(red, literal(f.Text, 4000)))
		if f.Mend != "" {
			t.line("    " + literal(f.Mend, 4000))
		}
	}
	t.line(t.paint(bold, several(len(fs), "problem")))
}
