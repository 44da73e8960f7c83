package xlsx

import "bytes"

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// scanStart reads a start tag: its end is the first '>' that is not in quotes.
func (s *scanner) scanStart() error {
	var quote byte
	i := s.lo + 1
	for {
		for ; i < s.hi; i++ {
			switch c := s.buf[i]; {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '>':
				return s.startTag(s.buf[s.lo+1 : i])
			case c == '"' || c == '\'':
				quote = c
			case c == '<':
				s.err = syntaxf("a tag inside a tag")
				return s.err
			}
		}
		n := i - s.lo
		if !s.more() {
			return s.cut()
		}
		i = s.lo + n
	}
}

func (s *scanner) startTag(tag []byte) error {
	s.lo += len(tag) + len("<>")
	s.empty = len(tag) > 0 && tag[len(tag)-1] == '/'
	if s.empty {
		tag = tag[:len(tag)-1]
	}
	n := 0
	for n < len(tag) && !isSpace(tag[n]) {
		n++
	}
	if n == 0 || n > maxName || tag[0] == '=' || tag[0] == '"' || tag[0] == '\'' {
		s.err = syntaxf("a tag without a name")
		return s.err
	}
	name := tag[:n]
	s.attrs = tag[n:]
	if !s.empty {
		if len(s.marks) == maxDepth {
			s.err = syntaxf("elements are nested more than %d deep", maxDepth)
			return s.err
		}
		s.marks = append(s.marks, len(s.open))
		s.open = append(s.open, name...)
	}
	s.name, s.root = local(name), true
	return nil
}

// scanEnd reads an end tag, which must close the element that was opened last.
func (s *scanner) scanEnd() error {
	var want []byte
	last := len(s.marks) - 1
	if last >= 0 {
		want = s.open[s.marks[last]:]
	}
	name := s.buf[s.lo+len("</") : s.hi]
	if n := len(want); len(name) > n && name[n] == '>' && bytes.Equal(name[:n], want) {
		name = name[:n] // as nearly every tag is: whole in the buffer, without blanks
		s.lo += len("</>") + n
	} else {
		name = s.until(len("</"), ">")
		for len(name) > 0 && isSpace(name[len(name)-1]) {
			name = name[:len(name)-1]
		}
	}
	switch {
	case s.err != nil:
	case last < 0 || !bytes.Equal(name, want):
		s.err = syntaxf("</%.40s> closes an element that is not open there", name)
	default:
		s.open, s.marks = s.open[:s.marks[last]], s.marks[:last]
		s.name = local(name)
	}
	return s.err
}

// local is a name without its namespace prefix.
func local(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// attr takes the next attribute of the current start tag. name has its prefix, value is raw. ok is false
// after the last one, and after a fault, which is then in s.err.
func (s *scanner) attr() (name, value []byte, ok bool) {
	b := trimSpaceLeft(s.attrs)
	if len(b) == 0 {
		s.attrs = nil
		return nil, nil, false
	}
	n := 0
	for n < len(b) && b[n] != '=' && !isSpace(b[n]) {
		n++
	}
	name = b[:n]
	b = trimSpaceLeft(b[n:])
	if n > 0 && len(b) > 1 && b[0] == '=' {
		b = trimSpaceLeft(b[1:])
		if len(b) > 1 && (b[0] == '"' || b[0] == '\'') {
			if end := bytes.IndexByte(b[1:], b[0]); end >= 0 {
				s.attrs = b[end+2:]
				return name, b[1 : end+1], true
			}
		}
	}
	s.err = syntaxf("an attribute without a quoted value")
	return nil, nil, false
}

// attribute is the value of the current start tag's attribute of that name, with a prefix or without; ""
// where there is none. What is wrong with it is left in err.
func (s *scanner) attribute(want string) string {
	defer func(attrs []byte) { s.attrs = attrs }(s.attrs)
	for name, raw, ok := s.attr(); ok; name, raw, ok = s.attr() {
		if string(local(name)) != want {
			continue
		}
		value, err := appendText(nil, raw)
		if err == nil {
			value, err = finishText(value, 0)
		}
		if err != nil {
			s.err = err
			return ""
		}
		return string(value)
	}
	return ""
}

func trimSpaceLeft(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

func trimSpace(b []byte) []byte {
	b = trimSpaceLeft(b)
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
