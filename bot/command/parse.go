package command

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Bounds of what is read. GitHub takes 65,536 characters in a comment, of four bytes at most.
const (
	longestComment = 4 * 65_536 // bytes
	mostCommands   = 10         // in one comment
	longestLine    = 4_096      // bytes
	mostMarks      = 5_000      // characters of Markdown: the time to parse them grows with their square
)

// prefix begins every command.
const prefix = "/liveops"

// Line is a line of a comment that is a command, whatever it says.
type Line struct {
	Number int      // of the line in the comment, from 1
	Text   string   // the line as it was written, without blanks and HTML comments around it
	Words  []string // what follows /liveops, split as a shell would; nil where Err is set
	Err    *Error   // why the line cannot be read, or will not be taken; nil where it can
}

// Parse finds the commands of a comment, in their order. A command is a line that begins with /liveops, with three
// spaces before it at most, and that GitHub shows as plain text: not in code (fenced, indented or inline), a
// quote, HTML or an HTML comment, <details>, a link or struck text. Comments are read as GitHub's Markdown
// (https://github.github.com/gfm/); HTML comments on a command's line are left out of it.
//
// A command right below a quote or table belongs to it by Markdown's rules: such a line has an Err that says so.
// The line after the tenth command is the last that is returned, with an Err. A comment longer than GitHub
// takes has no commands. Of one with more than 5,000 characters that mean something to Markdown, only the first
// line that looks like a command is returned, with an Err. Parse never fails.
func Parse(comment string) []Line {
	if len(comment) > longestComment || !mentions(comment) {
		return nil
	}
	source := []byte(strings.ReplaceAll(strings.ReplaceAll(comment, "\r\n", "\n"), "\r", "\n"))
	if marks(source) > mostMarks {
		return tooMuch(source)
	}
	var lines []Line
	for _, c := range candidates(source) {
		if len(lines) == mostCommands {
			return append(lines, c.refused(source, &Error{
				Problem: fmt.Sprintf("a comment may hold %d commands; from this line on none was run", mostCommands),
				Mend:    "put the others in another comment",
			}))
		}
		lines = append(lines, c.line(source))
	}
	return lines
}

// mentions reports whether a comment can have a command at all; most have none, and are not parsed.
func mentions(comment string) bool {
	return strings.Contains(strings.ToLower(narrow(comment)), prefix)
}

func marks(source []byte) int {
	n := 0
	for _, b := range source {
		if bytes.IndexByte([]byte("*_~`[]()!<>&"), b) >= 0 {
			n++
		}
	}
	return n
}

// tooMuch answers the first line that looks like a command in a comment that is not parsed.
func tooMuch(source []byte) []Line {
	start := 0
	for row := range bytes.Lines(source) {
		indent := len(row) - len(bytes.TrimLeft(row, " "))
		stop := start + len(bytes.TrimRight(row, "\n"))
		c := &candidate{start: start + indent, stop: stop}
		if indent <= 3 && c.start < stop {
			if _, ok := cutPrefix(string(source[c.start:stop])); ok {
				return []Line{c.refused(source, &Error{
					Problem: "the comment has too much markup to look for commands in it, so none was run",
					Mend:    "put the command in a comment of its own",
				})}
			}
		}
		start += len(row)
	}
	return nil
}

// candidates finds the lines that Markdown shows as text and that begin with the prefix.
func candidates(source []byte) []*candidate {
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	f := &finder{source: source, curtain: newCurtain()}
	f.walk(parser.Parse(text.NewReader(source)))
	return f.found
}

// candidate is a line that begins with the prefix, as a part of the comment.
type candidate struct {
	start, stop int      // from the prefix to the end of the line
	comments    [][2]int // HTML comments on it, in order
	within      string   // what the line belongs to by Markdown's rules, though it does not look so; or ""
}

func (c *candidate) number(source []byte) int { return 1 + bytes.Count(source[:c.start], []byte("\n")) }

// written is the line without its HTML comments.
func (c *candidate) written(source []byte) string {
	var b strings.Builder
	from := c.start
	for _, comment := range c.comments {
		b.Write(source[from:comment[0]])
		b.WriteByte(' ')
		from = comment[1]
	}
	b.Write(source[from:c.stop])
	return strings.TrimFunc(strings.ToValidUTF8(b.String(), "\ufffd"), isBlank)
}

// line reads a candidate.
func (c *candidate) line(source []byte) Line {
	line := Line{Number: c.number(source), Text: c.written(source)}
	rest, _ := cutPrefix(line.Text)
	switch {
	case c.within != "":
		line.Err = &Error{"by Markdown's rules this line belongs to the " + c.within + " above it, so it was not run", "leave an empty line before it"}
	case len(line.Text) > longestLine:
		line.Text = strings.ToValidUTF8(line.Text[:longestLine], "") + "…"
		line.Err = &Error{fmt.Sprintf("the line is longer than %d bytes", longestLine), "split it into several commands"}
	default:
		at := utf8.RuneCountInString(line.Text) - utf8.RuneCountInString(rest)
		line.Words, line.Err = split(rest, at)
	}
	return line
}

// refused is a candidate that is not taken, whatever it says.
func (c *candidate) refused(source []byte, why *Error) Line {
	line := c.line(source)
	line.Words, line.Err = nil, why
	return line
}

// cutPrefix cuts /liveops off a line that begins with it as a word: in any case, and in the wide letters of East
// Asian keyboards. Blanks and invisible characters may stand before it.
func cutPrefix(line string) (rest string, ok bool) {
	rest = strings.TrimLeftFunc(line, isBlank)
	for _, want := range prefix {
		r, n := utf8.DecodeRuneInString(rest)
		if n == 0 || unicode.ToLower(narrowRune(r)) != want {
			return line, false
		}
		rest = rest[n:]
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return rest, rest == "" || isBlank(r)
}

// narrow turns the full-width forms of ASCII into ASCII (https://www.unicode.org/charts/PDF/UFF00.pdf).
func narrow(s string) string { return strings.Map(narrowRune, s) }

func narrowRune(r rune) rune {
	if r >= '\uff01' && r <= '\uff5e' {
		return r - '\uff01' + '!'
	}
	return r
}

// isBlank reports whether a character separates words: any space that keyboards write (U+00A0 and U+3000 among
// them), and what cannot be seen: controls, byte order marks, marks of direction.
func isBlank(r rune) bool {
	switch r {
	case '\u200b', '\u2060', '\ufeff':
		return true
	}
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}
