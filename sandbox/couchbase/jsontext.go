package couchbase

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/couchbase/gocbcore/v10/memd"
)

// Sub-document operations change the text of a value in place: what they don't touch keeps its spaces, the order of
// its members and every digit of its numbers, as on a server. The text must be valid JSON.

// A span is where a value stands in a text.
type span struct{ start, end int }

// A member is one of an object's members or an array's elements.
type member struct {
	start int // of the member: of its name in an object
	name  string
	value span
}

// rootOf is the whole value of a text, without the spaces around it.
func rootOf(text []byte) span {
	start := skipSpace(text, 0)
	return span{start, skipValue(text, start)}
}

// members lists an object's or array's members in their order.
func members(text []byte, of span) []member {
	var all []member
	object := text[of.start] == '{'
	for i := skipSpace(text, of.start+1); text[i] != '}' && text[i] != ']'; {
		m := member{start: i}
		if object {
			end := skipValue(text, i)
			m.name = nameOf(text[i:end])
			i = skipSpace(text, skipSpace(text, end)+1)
		}
		m.value = span{i, skipValue(text, i)}
		all = append(all, m)
		if i = skipSpace(text, m.value.end); text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	return all
}

// nameOf is what a JSON string means; most have nothing that is escaped.
func nameOf(quoted []byte) (name string) {
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	_ = json.Unmarshal(quoted, &name) // it is a valid string
	return name
}

// child is the member that a step leads to, by its place in members; -1 if there is none.
func child(all []member, s step) int {
	switch {
	case s.isIndex && s.index == -1:
		return len(all) - 1
	case s.isIndex && s.index < len(all):
		return s.index
	case s.isIndex:
		return -1
	}
	return slices.IndexFunc(all, func(m member) bool { return m.name == s.name })
}

// find follows a path. If it leads nowhere it returns the value up to which it led, and the steps that are missing:
// with StatusSubDocPathNotFound if they could be there, StatusSubDocPathMismatch if not.
func find(text []byte, path []step) (span, []step, memd.StatusCode) {
	at := rootOf(text)
	for i, s := range path {
		if open := text[at.start]; open != '{' && open != '[' || s.isIndex != (open == '[') {
			return at, path[i:], memd.StatusSubDocPathMismatch
		}
		all := members(text, at)
		n := child(all, s)
		if n < 0 {
			return at, path[i:], memd.StatusSubDocPathNotFound
		}
		at = all[n].value
	}
	return at, nil, memd.StatusSuccess
}

// splice is a copy of a text with a part of it replaced.
func splice(text []byte, at span, by []byte) []byte {
	return slices.Concat(text[:at.start], by, text[at.end:])
}

// insertMember adds a member to an object's or array's text, before its n-th or, with n = -1, at the end.
func insertMember(text []byte, of span, n int, added []byte) []byte {
	all := members(text, of)
	switch {
	case len(all) == 0:
		return splice(text, span{of.start + 1, of.end - 1}, added)
	case n < 0 || n >= len(all):
		end := all[len(all)-1].value.end
		return splice(text, span{end, end}, append([]byte(","), added...))
	default:
		start := all[n].start
		return splice(text, span{start, start}, append(slices.Clone(added), ','))
	}
}

// removeMember removes the n-th member with the comma that parted it from others.
func removeMember(text []byte, of span, n int) []byte {
	all := members(text, of)
	switch {
	case n > 0:
		return splice(text, span{all[n-1].value.end, all[n].value.end}, nil)
	case len(all) > 1:
		return splice(text, span{all[0].start, all[1].start}, nil)
	default:
		return splice(text, span{of.start + 1, of.end - 1}, nil)
	}
}

// named is the text of an object's member.
func named(name string, value []byte) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(name) // a string always has a JSON form
	return slices.Concat(bytes.TrimRight(b.Bytes(), "\n"), []byte(":"), value)
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// skipValue is where the value that begins at i ends.
func skipValue(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			i = skipString(text, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
		default: // a number, true, false or null
			for i < len(text) && !ends(text[i]) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// ends says whether a byte cannot belong to a number or a word.
func ends(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ':', ']', '}':
		return true
	}
	return false
}

func skipString(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}
