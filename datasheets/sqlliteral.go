package datasheets

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// parseDefault tells a literal default, which it brings into the form that AppendServer reads, from an
// expression. MariaDB writes a literal as in SQL, with NULL for none; MySQL writes its text and marks an
// expression as DEFAULT_GENERATED, but CURRENT_TIMESTAMP before version 8.
func (c *Column) parseDefault(d ColumnInfo) {
	if c.Generated || d.Default == nil && !containsFold(d.Extra, "default_generated") {
		return
	}
	text := valueOr(d.Default, "")
	isExpr := containsFold(d.Extra, "default_generated")
	if d.MariaDB {
		if strings.EqualFold(text, "NULL") {
			return
		}
		text, isExpr = mariaLiteral(text)
	}
	switch {
	case (c.Type == DateTime || c.Type == Timestamp) && containsFold(text, "current_timestamp"):
		isExpr = true
	case c.Type == Bit:
		text, isExpr = bitLiteral(text)
	case c.Type == Binary && !d.MariaDB:
		text = hexLiteral(text)
	case c.Type == Binary && !isASCII(text): // information_schema is UTF-8 and has mangled the bytes
		isExpr = true
	}
	if c.DefaultIsExpr = isExpr; !isExpr {
		c.Default = &text
	}
}

// mariaLiteral reads a default as MariaDB keeps it: 'text', a number, b'101', or an expression.
func mariaLiteral(s string) (text string, isExpr bool) {
	if text, rest, ok := cutQuoted(s); ok && rest == "" {
		return text, false
	}
	if strings.HasPrefix(s, "b'") {
		return s, false
	}
	if _, ok := parseNumber(nil, []byte(s)); ok {
		return s, false
	}
	return s, true
}

// bitLiteral turns b'101' into 5.
func bitLiteral(s string) (text string, isExpr bool) {
	bits, ok := strings.CutPrefix(s, "b'")
	bits, quoted := strings.CutSuffix(bits, "'")
	base := 10
	if ok && quoted {
		base = 2
	}
	v, err := strconv.ParseUint(bits, base, 64)
	return strconv.FormatUint(v, 10), err != nil
}

// hexLiteral turns 0x6162, as MySQL shows the default of a binary column, into ab.
func hexLiteral(s string) string {
	if raw, ok := decodeHex([]byte(s)); ok {
		return string(raw)
	}
	return s
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// parseMembers reads the members of "enum('a','it”s')". A quote in a member is doubled, a backslash begins an
// escape. A quote that nobody doubled ends the member only where a comma or the end follows, since not every
// server doubles them.
func parseMembers(columnType string) []string {
	open := strings.IndexByte(columnType, '(')
	end := strings.LastIndexByte(columnType, ')')
	if open < 0 || end < open {
		return nil
	}
	var members []string
	for rest := columnType[open+1 : end]; ; {
		member, after, ok := cutQuoted(strings.TrimLeft(rest, " "))
		if !ok {
			return members
		}
		members = append(members, member)
		if rest, ok = strings.CutPrefix(after, ","); !ok {
			return members
		}
	}
}

// cutQuoted reads a text in single quotes off the start of s.
func cutQuoted(s string) (text, rest string, ok bool) {
	if s == "" || s[0] != '\'' {
		return "", s, false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(unescaped(s[i]))
		case s[i] != '\'':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '\'':
			i++
			b.WriteByte('\'')
		case i+1 == len(s) || s[i+1] == ',' || s[i+1] == ' ':
			return b.String(), s[i+1:], true
		default:
			b.WriteByte('\'')
		}
	}
	return "", s, false
}

// unescaped is the byte that an escape of MySQL's string literals stands for
// (https://dev.mysql.com/doc/refman/8.0/en/string-literals.html).
func unescaped(b byte) byte {
	if i := strings.IndexByte("0bnrtZ", b); i >= 0 {
		return "\x00\b\n\r\t\x1a"[i]
	}
	return b
}
