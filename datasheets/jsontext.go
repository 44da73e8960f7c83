package datasheets

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string and decodes it. What has no escape is a part of the source.
func (p *jsonParser) text() ([]byte, *jsonFault) {
	p.pos++
	start := p.pos
	var decoded []byte
	for p.pos < len(p.src) {
		b := p.src[p.pos]
		switch {
		case b == '"':
			text := p.src[start:p.pos]
			if decoded != nil {
				text = append(decoded, text...)
			}
			p.pos++
			return text, nil
		case b == '\\':
			decoded = append(decoded, p.src[start:p.pos]...)
			r, fault := p.escape()
			if fault != nil {
				return nil, fault
			}
			decoded = utf8.AppendRune(decoded, r)
			start = p.pos
		case b < ' ':
			return nil, p.fault("a control character must be written as an escape, a line break as \\n")
		case b < utf8.RuneSelf:
			p.pos++
		default:
			r, n := utf8.DecodeRune(p.src[p.pos:])
			if r == utf8.RuneError && n == 1 {
				return nil, p.fault("this is not valid UTF-8")
			}
			p.pos += n
		}
	}
	return nil, p.fault("the double quote at the end is missing")
}

// escape decodes the escape at the parser's place.
func (p *jsonParser) escape() (rune, *jsonFault) {
	rest := p.src[p.pos+1:]
	if len(rest) == 0 {
		return 0, p.fault("the escape is not complete")
	}
	if i := strings.IndexByte(`"\/bfnrt`, rest[0]); i >= 0 {
		p.pos += 2
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	r, ok := p.unicode()
	if !ok {
		return 0, p.fault("there is no such escape")
	}
	width := len(`\u0000`)
	if utf16.IsSurrogate(r) {
		p.pos += width
		low, ok := p.unicode()
		p.pos -= width
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return 0, p.fault("half of a surrogate pair is missing")
		}
		width *= 2
	}
	p.pos += width
	return r, nil
}

// unicode reads the escape \uXXXX at the parser's place, without moving on.
func (p *jsonParser) unicode() (rune, bool) {
	s := p.src[p.pos:]
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' || !isHex(s[2:6]) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(v), err == nil
}

func isHex(s []byte) bool {
	for _, b := range s {
		if !isDigit(b) && (b|0x20 < 'a' || b|0x20 > 'f') {
			return false
		}
	}
	return true
}

// appendJSONText appends a string in double quotes with no more escapes than JSON asks for.
func appendJSONText(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, b := range text {
		switch {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b >= ' ':
			dst = append(dst, b)
		default:
			if i := strings.IndexByte("\b\f\n\r\t", b); i >= 0 {
				dst = append(dst, '\\', "bfnrt"[i])
				continue
			}
			dst = fmt.Appendf(dst, `\u%04x`, b)
		}
	}
	return append(dst, '"')
}
