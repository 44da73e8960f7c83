package xlsx

import (
	"bytes"
)

// patchTag is a tag of a part as its bytes stand in it.
type patchTag struct {
	start, end int    // of the tag itself, from < to behind >
	name       string // without its prefix
	prefix     string // with the colon; "" for none
	closing    bool   // </name>
	empty      bool   // <name/>
}

// nextTag finds the first tag from i on; ok is false where there is none. Comments, instructions and character data
// are passed over.
func nextTag(b []byte, i int) (t patchTag, ok bool) {
	for {
		n := bytes.IndexByte(b[i:], '<')
		if n < 0 {
			return t, false
		}
		i += n
		until := ""
		switch rest := b[i:]; {
		case bytes.HasPrefix(rest, []byte("<!--")):
			until = "-->"
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			until = "]]>"
		case bytes.HasPrefix(rest, []byte("<?")):
			until = "?>"
		case bytes.HasPrefix(rest, []byte("<!")):
			until = ">"
		}
		if until == "" {
			return readTag(b, i)
		}
		if n = bytes.Index(b[i:], []byte(until)); n < 0 {
			return t, false
		}
		i += n + len(until)
	}
}

func readTag(b []byte, start int) (t patchTag, ok bool) {
	t.start = start
	var quote byte
	for i := start + 1; i < len(b); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			t.end = i + 1
			return t, t.readName(b[start+1 : i])
		}
	}
	return t, false
}

func (t *patchTag) readName(inside []byte) bool {
	if len(inside) > 0 && inside[0] == '/' {
		t.closing, inside = true, inside[1:]
	}
	if len(inside) > 0 && inside[len(inside)-1] == '/' {
		t.empty, inside = true, inside[:len(inside)-1]
	}
	n := bytes.IndexFunc(inside, func(r rune) bool { return r < 128 && isSpace(byte(r)) })
	if n < 0 {
		n = len(inside)
	}
	t.name = string(inside[:n])
	if colon := bytes.IndexByte(inside[:n], ':'); colon >= 0 {
		t.prefix, t.name = t.name[:colon+1], t.name[colon+1:]
	}
	return t.name != ""
}

// element is where the element of an opening tag ends: behind its closing tag.
func (t patchTag) element(b []byte) (end int, ok bool) {
	if t.empty {
		return t.end, true
	}
	depth := 1
	for i := t.end; depth > 0; {
		inner, ok := nextTag(b, i)
		if !ok {
			return 0, false
		}
		switch {
		case inner.closing:
			depth--
		case !inner.empty:
			depth++
		}
		i, end = inner.end, inner.end
	}
	return end, true
}

// attribute finds an attribute without a prefix: where its value stands, between the quotes. ok is false where the
// tag has none of that name.
func (t patchTag) attribute(b []byte, name string) (from, to int, ok bool) {
	tag := b[t.start:t.end]
	for i := 1 + len(t.prefix) + len(t.name); i < len(tag); {
		for i < len(tag) && isSpace(tag[i]) {
			i++
		}
		begin := i
		for i < len(tag) && tag[i] != '=' && tag[i] != '>' && tag[i] != '/' && !isSpace(tag[i]) {
			i++
		}
		key := string(tag[begin:i])
		for i < len(tag) && (isSpace(tag[i]) || tag[i] == '=') {
			i++
		}
		if i >= len(tag) || tag[i] != '"' && tag[i] != '\'' {
			return 0, 0, false
		}
		n := bytes.IndexByte(tag[i+1:], tag[i])
		if n < 0 {
			return 0, 0, false
		}
		if key == name {
			return t.start + i + 1, t.start + i + 1 + n, true
		}
		i += n + 2
	}
	return 0, 0, false
}

// value is an attribute's value as it stands there; "" where the tag has none.
func (t patchTag) value(b []byte, name string) string {
	from, to, ok := t.attribute(b, name)
	if !ok {
		return ""
	}
	return string(b[from:to])
}
