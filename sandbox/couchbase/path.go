package couchbase

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/couchbase/gocbcore/v10/memd"
)

// Limits of sub-document operations (https://github.com/couchbase/kv_engine/blob/master/docs/SubDocument.md, Limits).
const (
	maxPath       = 1024 // bytes
	maxComponents = 32
	maxSpecs      = 16
)

// A step is one component of a path: a member's name, or an array's index.
type step struct {
	name    string
	index   int // -1 is the last element
	isIndex bool
}

// parsePath reads a path of a document's body (SubDocument.md, Path): names parted by dots, [n] for elements of an
// array, [-1] for the last, backticks around what has dots or brackets, two backticks for one. "" is the whole body.
func parsePath(path string) ([]step, memd.StatusCode) {
	var steps []step
	rest := path
	for rest != "" {
		var s step
		var ok bool
		if rest[0] == '[' {
			s, rest, ok = parseIndex(rest)
		} else {
			s, rest, ok = parseName(rest)
		}
		if !ok {
			return nil, memd.StatusSubDocPathInvalid
		}
		if steps = append(steps, s); len(steps) > maxComponents {
			return nil, memd.StatusSubDocPathTooBig
		}
		switch {
		case rest == "" || rest[0] == '[':
		case rest[0] == '.' && len(rest) > 1 && rest[1] != '[':
			rest = rest[1:]
		default:
			return nil, memd.StatusSubDocPathInvalid
		}
	}
	return steps, memd.StatusSuccess
}

func parseIndex(path string) (step, string, bool) {
	text, rest, ok := strings.Cut(path[1:], "]")
	if !ok {
		return step{}, "", false
	}
	if text == "-1" {
		return step{index: -1, isIndex: true}, rest, true
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return step{index: int(n), isIndex: true}, rest, err == nil
}

// parseName reads a name up to a dot or bracket that is not within backticks. The name is as in JSON: \" is a quote.
func parseName(path string) (step, string, bool) {
	var raw strings.Builder
	quoted := false
	i := 0
	for ; i < len(path); i++ {
		switch ch := path[i]; {
		case ch == '`' && quoted && i+1 < len(path) && path[i+1] == '`':
			raw.WriteByte('`')
			i++
		case ch == '`':
			quoted = !quoted
		case (ch == '.' || ch == '[') && !quoted:
			name, ok := unescape(raw.String())
			return step{name: name}, path[i:], ok
		case ch == ']' && !quoted:
			return step{}, "", false
		default:
			raw.WriteByte(ch)
		}
	}
	name, ok := unescape(raw.String())
	return step{name: name}, "", ok && !quoted
}

func unescape(raw string) (string, bool) {
	var name string
	err := json.Unmarshal([]byte(`"`+raw+`"`), &name)
	return name, err == nil && name != ""
}

// maxAttribute is the longest name of an extended attribute, in bytes (ExtendedAttributes.md).
const maxAttribute = 15

// statusAttribute says that an attribute cannot have that name: XATTR_EINVAL.
const statusAttribute = memd.StatusCode(0x87)

// parseAttribute reads a path into the extended attributes: the attribute's name up to the first dot or bracket, which
// cannot be escaped, then a path within its value.
func parseAttribute(path string) ([]step, memd.StatusCode) {
	name, inner := path, ""
	if i := strings.IndexAny(path, ".["); i >= 0 {
		name, inner = path[:i], path[i:]
	}
	if !validAttribute(name) {
		return nil, statusAttribute
	}
	if inner == "." {
		return nil, memd.StatusSubDocPathInvalid
	}
	steps, status := parsePath(strings.TrimPrefix(inner, "."))
	return append([]step{{name: name}}, steps...), status
}

// validAttribute says whether an attribute may have that name: not beginning with punctuation other than _ (the
// system's) and $ (virtual ones), which need something after them.
func validAttribute(name string) bool {
	if name == "" || len(name) > maxAttribute || name == "_" || name == "$" {
		return false
	}
	c := name[0]
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
