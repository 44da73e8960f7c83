package check

import (
	"strings"
)

// token is a word, a name in backquotes, a text in quotes, or one other character.
type token struct {
	kind    tokenKind
	text    string // of a quoted name: without its quotes
	at, end int    // where it stands in the file
}

type tokenKind uint8

const (
	word tokenKind = iota
	quotedName
	quotedText
	sign
)

// is reports whether a token is this sign, or this word, given in capitals.
func (t token) is(s string) bool {
	return t.kind == sign && t.text == s || t.kind == word && strings.EqualFold(t.text, s)
}

func (t token) isName() bool { return t.kind == quotedName || t.kind == word && !isDigits(t.text) }

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// split divides the text as MySQL does in the mode that every session of liveops has: backslashes escape, double
// quotes hold texts (https://dev.mysql.com/doc/refman/8.0/en/string-literals.html), and two dashes begin a comment
// where a blank follows (https://dev.mysql.com/doc/refman/8.0/en/comments.html).
func (s *source) split() {
	s.plain = []byte(s.text)
	for i := 0; i < len(s.text); {
		rest := s.text[i:]
		switch c := rest[0]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '#', strings.HasPrefix(rest, "--") && (len(rest) == 2 || strings.IndexByte(" \t\r\n", rest[2]) >= 0):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			i = s.blank(i, i+n)
		case strings.HasPrefix(rest, "--"):
			s.refuse(i, "two dashes without a blank behind them are a comment to some and a sign to others", "write `-- ` before a comment, and a blank between two minus signs")
			return
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				s.refuse(i, "the comment does not end", "end it with */")
				return
			}
			if inner := rest[2:]; strings.HasPrefix(inner, "!") || strings.HasPrefix(inner, "M!") || strings.HasPrefix(inner, "+") {
				s.refuse(i, "the server would run or obey this comment", "write a plain comment")
				return
			}
			i = s.blank(i, i+2+n+2)
		case c == '\'' || c == '"' || c == '`':
			text, n := quoted(rest)
			if n == 0 {
				s.refuse(i, "the quote does not end", "close it")
				return
			}
			kind := quotedText
			if c == '`' {
				kind = quotedName
			}
			s.tokens = append(s.tokens, token{kind, text, i, i + n})
			i += n
		case isWordByte(c):
			n := 1
			for n < len(rest) && isWordByte(rest[n]) {
				n++
			}
			s.tokens = append(s.tokens, token{word, rest[:n], i, i + n})
			i += n
		case c < ' ' || c == 0x7f:
			s.refuse(i, "the file holds a control character", "save it as plain text")
			return
		default:
			s.tokens = append(s.tokens, token{sign, rest[:1], i, i + 1})
			i++
		}
	}
}

// isWordByte reports whether a byte is part of an unquoted name, keyword or number
// (https://dev.mysql.com/doc/refman/8.0/en/identifiers.html).
func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || c == '$' || c >= 0x80
}

// quoted reads a quote: what it holds, and its length with its quotes; 0 for one that does not end.
func quoted(s string) (text string, n int) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote != '`':
			i++
			if i < len(s) {
				b.WriteByte(s[i])
			}
		case s[i] != quote:
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == quote:
			b.WriteByte(quote)
			i++
		default:
			return b.String(), i + 1
		}
	}
	return "", 0
}

// blank makes blanks of a comment, keeps it where no statement has begun yet, and returns its end.
func (s *source) blank(from, to int) int {
	if len(s.tokens) == 0 {
		s.comments = append(s.comments, s.text[from:to])
	}
	for i := from; i < to; i++ {
		if c := s.plain[i]; c != '\n' && c != '\r' {
			s.plain[i] = ' '
		}
	}
	return to
}
