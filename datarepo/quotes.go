package datarepo

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

const quoteIt = "put the text in quotes"

// quoteMend is the advice to put the text of a key in quotes, with the line as it should be where that is sure and can be shown in a
// line of prose: text is "" where it is not known. A sign that begins a comment with a blank behind it may have been meant as one.
func quoteMend(key, text string) string {
	const most = 200
	i := hash.FindStringIndex(text)
	meantAsComment := i != nil && (i[1] == len(text) || strings.ContainsRune(" \t", rune(text[i[1]])))
	written := key + ": " + inQuotes(text)
	switch {
	case meantAsComment:
		return quoteIt + ", or the comment on a line of its own"
	case text == "" || len(written) > most || strings.Contains(written, "`") || !reads(written, text):
		return quoteIt + " (of `" + key + "`)"
	}
	return quoteIt + ": `" + written + "`"
}

// inQuotes is a text of one line as YAML, in the quotes that change least of it.
func inQuotes(text string) string {
	if !strings.ContainsAny(text, `"\`) {
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// reads says whether a line of YAML gives its one key a text.
func reads(line, text string) bool {
	pairs, ok := pairsOf(parseYAML([]byte(line+"\n"), shape{}, &report{}))
	if !ok || len(pairs) != 1 {
		return false
	}
	got, ok := scalarText(pairs[0].Value)
	return ok && got == text
}

// mendSyntax is how a text is mended in which the parser stumbled; "" where it stumbled over something else.
func (s *source) mendSyntax(at *token.Position) (mend string) {
	if at.Line < 1 || at.Line > len(s.lines) {
		return ""
	}
	line := s.lines[at.Line-1]
	column := func(offset int) int { return utf8.RuneCountInString(line[:offset]) + 1 }
	if m := blockKey.FindStringSubmatchIndex(line); m != nil && s.free[line[m[2]:m[3]]] && column(m[4]) <= at.Column {
		return quoteMend(line[m[2]:m[3]], "")
	}
	for _, m := range flowKey.FindAllStringSubmatchIndex(line, -1) {
		if key := line[m[2]:m[3]]; s.free[key] && column(m[1]) <= at.Column {
			mend = quoteMend(key, "")
		}
	}
	return mend
}

// mendText is how a text is mended that YAML took for something else without a fault; "" where its line does not tell.
func (r *report) mendText(at *token.Position) string {
	if at == nil || at.Line < 1 || at.Line > len(r.source.lines) {
		return ""
	}
	for _, m := range r.source.inLine(at.Line) {
		return m.mend
	}
	return ""
}

// mendBlank is how a key is mended that stands for a text and has none: behind it is a comment, or a word that means nothing.
func (r *report) mendBlank(n ast.Node, k *key) string {
	t := n.GetToken()
	m := blockKey.FindStringSubmatch(r.line(t.Position.Line))
	if k.shape.kind != aText || k.shape.pattern != "" || m == nil || m[1] != k.name || !strings.HasPrefix(m[2], "#") && t.Type != token.NullType {
		return ""
	}
	return quoteMend(m[1], strings.TrimRight(m[2], " \t"))
}

// isCut reports a plain text with a comment behind it: most likely that is the rest of the text, which YAML leaves out.
func (r *report) isCut(n ast.Node) bool {
	t := n.GetToken()
	if _, is := n.(*ast.StringNode); !is || t.Type != token.StringType || t.Next == nil || t.Next.Type != token.CommentType || r.lenient {
		return false
	}
	if strings.HasSuffix(strings.TrimRight(t.Origin, " \t"), "\n") { // the comment is on a line of its own
		return false
	}
	mend := quoteIt + ", or the comment on a line of its own"
	if m := blockKey.FindStringSubmatch(r.line(t.Next.Position.Line)); m != nil && t.Position.Line == t.Next.Position.Line {
		mend = quoteMend(m[1], strings.TrimRight(m[2], " \t"))
	}
	r.add(t.Next.Position, mend, "everything after `#` is left out of the text")
	return true
}

// line is one line of the file, counted from 1; "" for none.
func (r *report) line(number int) string {
	if number < 1 || number > len(r.source.lines) {
		return ""
	}
	return r.source.lines[number-1]
}
