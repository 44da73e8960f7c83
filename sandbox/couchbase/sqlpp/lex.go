// Package sqlpp parses and evaluates the SQL++ selects that choose documents: one keyspace, conditions, totals, order, limit.
// What it takes it treats as Couchbase documents it
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/index.html):
//
//	SELECT [RAW | VALUE | ELEMENT] expression [[AS] name] | alias.*, … | *
//	FROM bucket[.scope.collection] [[AS] alias] | (select) [AS] alias
//	[WHERE condition] [GROUP BY expression, …] [ORDER BY expression [ASC | DESC], …] [LIMIT n] [OFFSET n]
//
// with =, ==, !=, <>, <, <=, >, >=, [NOT] IN, [NOT] LIKE, [NOT] BETWEEN … AND …, IS [NOT] NULL, MISSING or VALUED, AND,
// OR, NOT, ANY, SOME or EVERY name IN list SATISFIES condition END, CASE WHEN condition THEN value … [ELSE value] END, paths
// with names and [n], META([alias]).id and its fellows, literals, lists, parameters $name, $1 and ?, COUNT(*) and
// COUNT([DISTINCT] expression), and the functions of functions.go. All else is a syntax error, as are joins, unions,
// HAVING and arithmetic, which the query service itself would take.
//
// Signature and Explain say what a statement gives and how it would be carried out, as PREPARE and EXPLAIN do.
package sqlpp

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A SyntaxError says where a statement stops being one.
type SyntaxError struct {
	Line, Column int // both from 1
	Near, At     string
}

// Error is the service's text for error 3000.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("syntax error - line %d, column %d, near '%s', at: %s", e.Line, e.Column, e.Near, e.At)
}

type kind int

const (
	end       kind = iota
	word           // a keyword or name
	quoted         // a name in backticks
	text           // a string
	number         //
	parameter      // $name, $1, or ? (whose text is empty)
	sign           // an operator or punctuation
)

type token struct {
	kind  kind
	value string
	at    int // where it begins in the statement
}

// is says whether a token is that keyword or sign.
func (t token) is(s string) bool {
	return t.kind == word && strings.EqualFold(t.value, s) || t.kind == sign && t.value == s
}

// signs are those of more than one character before those of one.
var signs = []string{"==", "!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".", "*", ":", ";", "-"}

// lex splits a statement into tokens, the last of which is an end. It returns where it failed, -1 if it did not.
func lex(statement string) (tokens []token, failed int) {
	for i := 0; ; {
		i = skipBlank(statement, i)
		if i == len(statement) {
			return append(tokens, token{end, "", i}), -1
		}
		t, next := one(statement, i)
		if next < 0 {
			return append(tokens, token{end, "", i}), i
		}
		t.at = i
		tokens, i = append(tokens, t), next
	}
}

// one reads the token at i, and returns where the next may begin; -1 if it is none.
func one(s string, i int) (token, int) {
	switch c := s[i]; {
	case c == '`':
		v, next := until(s, i, '`', false)
		return token{kind: quoted, value: v}, next
	case c == '\'' || c == '"':
		v, next := until(s, i, c, true)
		return token{kind: text, value: v}, next
	case c >= '0' && c <= '9':
		j := i
		for j < len(s) && strings.IndexByte("0123456789.eE", s[j]) >= 0 || j < len(s) && (s[j] == '-' || s[j] == '+') && (s[j-1] == 'e' || s[j-1] == 'E') {
			j++
		}
		return token{kind: number, value: s[i:j]}, j
	case c == '?':
		return token{kind: parameter}, i + 1
	case c == '$':
		j := wordEnd(s, i+1)
		if j == i+1 {
			return token{}, -1
		}
		return token{kind: parameter, value: s[i+1 : j]}, j
	}
	if j := wordEnd(s, i); j > i {
		return token{kind: word, value: s[i:j]}, j
	}
	for _, sg := range signs {
		if strings.HasPrefix(s[i:], sg) {
			return token{kind: sign, value: sg}, i + len(sg)
		}
	}
	return token{}, -1
}

func wordEnd(s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		i += n
	}
	return i
}

// until reads what stands between two quotes, where a doubled quote is one and, if escapes is set, a backslash is as
// in JSON.
func until(s string, i int, quote byte, escapes bool) (string, int) {
	var b strings.Builder
	for i++; i < len(s); i++ {
		switch {
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			b.WriteByte(quote)
			i++
		case s[i] == quote:
			return b.String(), i + 1
		case s[i] == '\\' && escapes && i+1 < len(s):
			i++
			b.WriteString(escaped(s[i]))
		default:
			b.WriteByte(s[i])
		}
	}
	return "", -1
}

// escaped is what a backslash and c stand for. What a pattern of LIKE escapes keeps its backslash.
func escaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '\\', '\'', '"', '/':
		return string(c)
	}
	return `\` + string(c)
}

// skipBlank goes past blanks and comments.
func skipBlank(s string, i int) int {
	for i < len(s) {
		switch {
		case strings.IndexByte(" \t\r\n", s[i]) >= 0:
			i++
		case strings.HasPrefix(s[i:], "--"):
			n := strings.IndexByte(s[i:], '\n')
			if n < 0 {
				return len(s)
			}
			i += n
		case strings.HasPrefix(s[i:], "/*"):
			n := strings.Index(s[i:], "*/")
			if n < 0 {
				return len(s)
			}
			i += n + 2
		default:
			return i
		}
	}
	return i
}
