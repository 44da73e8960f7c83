package datasheets

import (
	"bytes"
	"slices"
	"strings"
)

// jsonFault is why a text is not JSON: what is wrong at which byte.
type jsonFault struct {
	offset int
	what   string
}

// canonicalJSON rewrites a JSON text (RFC 8259) so that texts of the same value are the same bytes: without blanks,
// the members of an object sorted by the bytes of their names, numbers by value with all their digits, strings
// with no more escapes than needed. Two members of one name, halves of surrogate pairs, and more than depth
// levels of arrays and objects are faults.
func canonicalJSON(src []byte, depth int) ([]byte, *jsonFault) {
	p := jsonParser{src: src}
	p.blanks()
	dst, fault := p.value(make([]byte, 0, len(src)), depth)
	if fault != nil {
		return nil, fault
	}
	if p.blanks(); p.pos < len(src) {
		return nil, p.fault("there is more after the value")
	}
	return dst, nil
}

type jsonParser struct {
	src []byte
	pos int
}

func (p *jsonParser) fault(what string) *jsonFault { return &jsonFault{p.pos, what} }

func (p *jsonParser) blanks() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek is the next byte; 0 at the end.
func (p *jsonParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// take skips the next byte if it is b.
func (p *jsonParser) take(b byte) bool {
	if p.peek() != b || p.pos >= len(p.src) {
		return false
	}
	p.pos++
	return true
}

// value appends the value at the parser's place in canonical form; depth is how many levels it may have.
func (p *jsonParser) value(dst []byte, depth int) ([]byte, *jsonFault) {
	switch b := p.peek(); b {
	case '{', '[':
		if depth == 0 {
			return dst, p.fault("the values stand in each other too deeply")
		}
		p.pos++
		if b == '{' {
			return p.object(dst, depth-1)
		}
		return p.array(dst, depth-1)
	case '"':
		text, fault := p.text()
		return appendJSONText(dst, text), fault
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(p.src[p.pos:], []byte(word)) {
			p.pos += len(word)
			return append(dst, word...), nil
		}
	}
	return p.number(dst)
}

func (p *jsonParser) array(dst []byte, depth int) (_ []byte, fault *jsonFault) {
	dst = append(dst, '[')
	if p.blanks(); p.take(']') {
		return append(dst, ']'), nil
	}
	for {
		p.blanks()
		if dst, fault = p.value(dst, depth); fault != nil {
			return dst, fault
		}
		if p.blanks(); p.take(']') {
			return append(dst, ']'), nil
		}
		if !p.take(',') {
			return dst, p.fault("a comma or ] is missing")
		}
		dst = append(dst, ',')
	}
}

// jsonMember is a member of an object: its name, decoded, and its value in canonical form.
type jsonMember struct {
	name, value []byte
	offset      int
}

func (p *jsonParser) object(dst []byte, depth int) ([]byte, *jsonFault) {
	if p.blanks(); p.take('}') {
		return append(dst, "{}"...), nil
	}
	var members []jsonMember
	for {
		m, fault := p.member(depth)
		if fault != nil {
			return dst, fault
		}
		members = append(members, m)
		if p.blanks(); p.take('}') {
			break
		}
		if !p.take(',') {
			return dst, p.fault("a comma or } is missing")
		}
	}
	slices.SortStableFunc(members, func(a, b jsonMember) int { return bytes.Compare(a.name, b.name) })
	separator := byte('{')
	for i, m := range members {
		if i > 0 && bytes.Equal(m.name, members[i-1].name) {
			return dst, &jsonFault{m.offset, "the object has the name " + quoted(string(m.name)) + " twice"}
		}
		dst = append(appendJSONText(append(dst, separator), m.name), ':')
		dst = append(dst, m.value...)
		separator = ','
	}
	return append(dst, '}'), nil
}

func (p *jsonParser) member(depth int) (m jsonMember, fault *jsonFault) {
	p.blanks()
	m.offset = p.pos
	if p.peek() != '"' {
		return m, p.fault("a name in double quotes is missing")
	}
	if m.name, fault = p.text(); fault != nil {
		return m, fault
	}
	if p.blanks(); !p.take(':') {
		return m, p.fault("a colon is missing")
	}
	p.blanks()
	m.value, fault = p.value(nil, depth)
	return m, fault
}

// number appends a number by its value.
func (p *jsonParser) number(dst []byte) ([]byte, *jsonFault) {
	start := p.pos
	end := start
	for end < len(p.src) && strings.IndexByte("+-.eE0123456789", p.src[end]) >= 0 {
		end++
	}
	s := p.src[start:end]
	var buf [64]byte
	n, ok := parseNumber(buf[:0], s)
	switch {
	case len(s) == 0:
		return dst, p.fault("a value is missing")
	case !isJSONNumber(s):
		return dst, p.fault("this is no number of JSON")
	case !ok:
		return dst, p.fault("the number's exponent is too large")
	}
	p.pos = end
	return n.appendShortest(dst), nil
}

// isJSONNumber checks a number by JSON's grammar, which is narrower than that of parseNumber and has no limit.
func isJSONNumber(s []byte) bool {
	s = bytes.TrimPrefix(s, []byte("-"))
	if len(s) > 1 && s[0] == '0' && isDigit(s[1]) {
		return false
	}
	s, ok := cutDigits(s)
	if ok && len(s) > 0 && s[0] == '.' {
		s, ok = cutDigits(s[1:])
	}
	if ok && len(s) > 0 && s[0]|0x20 == 'e' {
		s = s[1:]
		if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		s, ok = cutDigits(s)
	}
	return ok && len(s) == 0
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// cutDigits skips digits; false where there is none.
func cutDigits(s []byte) (rest []byte, ok bool) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[i:], i > 0
}
