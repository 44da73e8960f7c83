package xlsx

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// preserves is whether white space at the edges of the current element's text counts: what its xml:space
// says, else what its surroundings say. Excel drops such space where nothing says "preserve".
func (s *scanner) preserves(inherited bool) (bool, error) {
	for len(s.attrs) > 0 {
		name, value, ok := s.attr()
		if !ok {
			break
		}
		if string(name) == "xml:space" {
			inherited = string(value) == "preserve"
		}
	}
	return inherited, s.err
}

// appendContent appends the text of the element whose start tag is the current token, passing its end.
func (s *scanner) appendContent(dst []byte, preserve bool) ([]byte, error) {
	preserve, err := s.preserves(preserve)
	if err != nil || s.empty {
		return dst, err
	}
	start := len(dst)
	for {
		tok, err := s.next()
		if err != nil {
			return dst, err
		}
		switch {
		case tok == startTag:
			err = s.skip()
		case tok == endTag:
			if !preserve {
				dst = append(dst[:start], trimSpace(dst[start:])...)
			}
			return dst, nil
		case len(dst)-start+len(s.text) > s.max:
			err = errLongText(s.max)
		case s.cdata:
			dst = append(dst, s.text...)
		default:
			dst, err = appendText(dst, s.text)
		}
		if err != nil {
			s.err = err
			return dst, err
		}
	}
}

// appendRich appends the text of an si or is element: its t elements, in runs or alone. The runs of phonetic
// text (rPh: furigana) tell how the text is read aloud and are no part of it.
func (s *scanner) appendRich(dst []byte, preserve bool) ([]byte, error) {
	preserve, err := s.preserves(preserve)
	if err != nil || s.empty {
		return dst, err
	}
	start := len(dst)
	for depth := len(s.marks); len(s.marks) >= depth; {
		tok, err := s.next()
		if err == nil && tok == startTag {
			switch string(s.name) {
			case "t":
				dst, err = s.appendContent(dst, preserve)
			case "r":
			default:
				err = s.skip()
			}
		}
		if err == nil && len(dst)-start > s.max {
			err = errLongText(s.max)
		}
		if err != nil {
			s.err = err
			return dst, err
		}
	}
	return dst, nil
}

func errLongText(max int) error {
	return faultf("shorten the text: Excel holds 32,767 characters in a cell", "the text of one cell is longer than %d bytes", max)
}

// appendText appends character data: entities and numeric references resolved, line ends as "\n".
func appendText(dst, raw []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(raw, '&')
		if i < 0 {
			return appendLines(dst, raw), nil
		}
		dst = appendLines(dst, raw[:i])
		raw = raw[i+1:]
		end := bytes.IndexByte(raw, ';')
		r := rune(-1)
		if end > 0 {
			r = reference(raw[:end])
		}
		if r < 0 {
			return dst, syntaxf("&%.12s is not a character reference", raw)
		}
		dst = utf8.AppendRune(dst, r)
		raw = raw[end+1:]
	}
}

// appendLines appends raw text with CR LF and CR as LF, as XML prescribes.
func appendLines(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\r')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(append(dst, raw[:i]...), '\n')
		raw = bytes.TrimPrefix(raw[i+1:], []byte("\n"))
	}
}

// reference is the character of an entity's name or of "#10" or "#x1F600"; -1 for what is neither.
func reference(name []byte) rune {
	switch string(name) {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if len(name) < 2 || len(name) > 12 || name[0] != '#' {
		return -1
	}
	digits, base := string(name[1:]), 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n == 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return -1
	}
	return rune(n)
}

// finishText turns a cell's text into what Excel shows, in place from start on: the escapes of ST_Xstring
// resolved and CR LF as LF.
func finishText(dst []byte, start int) ([]byte, error) {
	text := dst[start:]
	if bytes.Contains(text, []byte("_x")) {
		text = unescape(text)
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		text = append(text[:0], bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))...)
	}
	if !utf8.Valid(text) {
		return dst, faultf(mendSave, "the text %.60q is not valid UTF-8", text)
	}
	return dst[:start+len(text)], nil
}

// unescape resolves _xHHHH_ in place: a UTF-16 code unit that XML cannot hold (ECMA-376 part 1, 22.9.2.19).
// "_x005F_" stands for the underscore of a text that only looks like an escape.
func unescape(b []byte) []byte {
	const size = len("_x000D_")
	w := 0
	for i := 0; i < len(b); {
		r := codeUnit(b[i:])
		if r < 0 {
			b[w] = b[i]
			w, i = w+1, i+1
			continue
		}
		i += size
		if r >= 0xD800 && r < 0xDC00 {
			if low := codeUnit(b[i:]); low >= 0xDC00 && low < 0xE000 {
				r = (r-0xD800)<<10 | (low - 0xDC00) + 0x10000
				i += size
			}
		}
		w = len(utf8.AppendRune(b[:w], r))
	}
	return b[:w]
}

// codeUnit is the value of the escape that b begins with; -1 where it begins with none.
func codeUnit(b []byte) rune {
	if len(b) < 7 || b[0] != '_' || b[1] != 'x' || b[6] != '_' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}
