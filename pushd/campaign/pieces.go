package campaign

import (
	"fmt"
	"strconv"
	"strings"
)

// The kinds of pieces that a query is made of.
const (
	blank     = iota // also in place of a comment, and a hint
	word             // a keyword or name
	name             // in backticks; with an i behind them it is one in any case
	text             // in quotes
	parameter        // $name and its like
	sign             // one character of all else, and numbers
)

type piece struct {
	kind int
	text string
}

func (p piece) is(s string) bool     { return p.kind == sign && p.text == s }
func (p piece) isWord(w string) bool { return p.kind == word && strings.EqualFold(p.text, w) }
func (p piece) isHint() bool         { return p.kind == blank && strings.HasPrefix(p.text, hintBegins) }

// plainName is a word, or a name without its backticks; "" for what is neither.
func (p piece) plainName() string {
	switch p.kind {
	case word:
		return p.text
	case name:
		plain, _ := unescaped(p.text)
		return plain
	}
	return ""
}

// piecesOf takes a query apart as the query service does
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/index.html, https://github.com/couchbase/query/blob/master/parser/n1ql/n1ql.nex):
// quotes, backticks and comments end where they end there.
func piecesOf(query string) (pieces []piece, err error) {
	for rest := query; rest != ""; {
		p, n := piece{sign, rest[:1]}, 1
		switch c := rest[0]; {
		case strings.IndexByte(" \t\r\n\f", c) >= 0:
			p = piece{blank, " "}
			if c == '\n' {
				p.text = "\n"
			}
		case strings.HasPrefix(rest, "--"):
			p = piece{blank, " "}
			if n = strings.IndexAny(rest, "\r\n"); n < 0 {
				n = len(rest)
			}
			if hint, is := strings.CutPrefix(rest[:n], "--+"); is {
				p.text, err = hintOf(hint)
			}
		case strings.HasPrefix(rest, "/*"):
			p = piece{blank, " "}
			if n = strings.Index(rest[2:], "*/") + 4; n < 4 {
				return nil, &QueryFault{"a comment of the query does not end", "close it with `*/`"}
			}
			if hint, is := strings.CutPrefix(rest[:n-len(hintEnds)], hintBegins); is {
				p.text, err = hintOf(hint)
			}
		case c == '\'' || c == '"' || c == '`':
			if n = quotedEnd(rest); n < 0 {
				return nil, &QueryFault{fmt.Sprintf("the query does not close its %s", quoted(rest[:1])), ""}
			}
			p = piece{text, rest[:n]}
			if c == '`' {
				if strings.HasPrefix(rest[n:], "i") {
					n++
				}
				p = piece{name, rest[:n]}
				_, err = unescaped(p.text)
			}
		case c == '$' || c == '@' || c == '?':
			n = 1 + wordLength(rest[1:])
			p = piece{parameter, rest[:n]}
		case wordLength(rest) > 0:
			n = wordLength(rest)
			p = piece{word, rest[:n]}
		}
		if err != nil {
			return nil, err
		}
		pieces, rest = append(pieces, p), rest[n:]
	}
	return pieces, nil
}

// Hints stand in comments of their own
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/optimizer-hints.html).
const hintBegins, hintEnds = "/*+", "*/"

// hintOf is a hint as a query's text has it. Where one with a star ends, the service does not see as one would: it goes past
// the end of `**//`.
func hintOf(hint string) (string, error) {
	if strings.Contains(hint, "*") {
		return "", &QueryFault{"a hint of the query has a star in it", "write it without"}
	}
	return hintBegins + hint + hintEnds, nil
}

// quotedEnd is where what begins with a quote ends: -1 for never. A backslash takes the character after it, and a doubled quote
// is one, but for double quotes: there it ends one text and begins another.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\', s[i] == s[0] && s[0] != '"' && strings.HasPrefix(s[i+1:], s[:1]):
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return -1
}

// unescaped is a name without its backticks: in them a doubled one is one, and a backslash is as in JSON, or before a quote. Halves
// of surrogates come out as U+FFFD.
func unescaped(quotedName string) (string, error) {
	fault := &QueryFault{"the query has a name in backticks that cannot be read", "write it without backslashes"}
	escapes := map[byte]string{'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", '/': "/", '\\': `\`, '"': `"`, '\'': "'", '`': "`"}
	var plain strings.Builder
	for s := strings.TrimSuffix(strings.TrimSuffix(quotedName, "i"), "`")[1:]; s != ""; {
		switch {
		case s[0] == '`':
			plain.WriteByte('`')
			s = s[2:]
		case s[0] != '\\':
			plain.WriteByte(s[0])
			s = s[1:]
		case len(s) > 1 && escapes[s[1]] != "":
			plain.WriteString(escapes[s[1]])
			s = s[2:]
		case len(s) > 5 && s[1] == 'u':
			r, err := strconv.ParseUint(s[2:6], 16, 16)
			if err != nil {
				return "", fault
			}
			plain.WriteRune(rune(r))
			s = s[6:]
		default:
			return "", fault
		}
	}
	return plain.String(), nil
}

func wordLength(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= '0' && s[n] <= '9' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || s[n] >= 0x80) {
		n++
	}
	return n
}
