package purge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Bounds on a document. Couchbase keeps 20 MiB at most
// (https://docs.couchbase.com/server/current/learn/clusters-and-availability/size-limitations.html).
const (
	maxDocument = 20 << 20
	maxDepth    = 500
)

// node is a JSON value with the bytes that it stands in.
type node struct {
	kind   byte // { [ " t f n, and 0 for a number
	raw    []byte
	keys   []string // of an object, as they are meant
	rawKey [][]byte // as they are written, with quotes
	items  []*node
}

// parseDocument reads a document. One whose meaning depends on the reader (a key twice, text that is not UTF-8) is
// refused.
func parseDocument(body []byte) (*node, error) {
	switch {
	case len(body) > maxDocument:
		return nil, fmt.Errorf("it is over %d bytes", maxDocument)
	case !json.Valid(body):
		return nil, errors.New("it is not JSON")
	case !utf8.Valid(body):
		return nil, errors.New("it is not UTF-8")
	}
	p := &treeParser{rest: body}
	return p.value(0)
}

// treeParser reads what is known to be JSON.
type treeParser struct{ rest []byte }

func (p *treeParser) blanks() { p.rest = bytes.TrimLeft(p.rest, " \t\r\n") }

func (p *treeParser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	p.blanks()
	start := p.rest
	n := &node{kind: start[0]}
	var err error
	switch n.kind {
	case '{':
		err = p.object(n, depth)
	case '[':
		err = p.array(n, depth)
	case '"':
		p.text()
	case 't', 'n':
		p.rest = p.rest[4:]
	case 'f':
		p.rest = p.rest[5:]
	default:
		n.kind = '0'
		end := bytes.IndexAny(p.rest, ",]} \t\r\n")
		if end < 0 {
			end = len(p.rest)
		}
		p.rest = p.rest[end:]
	}
	n.raw = start[:len(start)-len(p.rest)]
	return n, err
}

// text passes over a text and gives it as it is written.
func (p *treeParser) text() []byte {
	i := 1
	for p.rest[i] != '"' {
		if p.rest[i] == '\\' {
			i++
		}
		i++
	}
	raw := p.rest[:i+1]
	p.rest = p.rest[i+1:]
	return raw
}

func (p *treeParser) object(n *node, depth int) error {
	seen := map[string]bool{}
	for p.begins('}') {
		p.blanks()
		raw := p.text()
		key := unquote(raw)
		if seen[key] {
			return fmt.Errorf("it has the key %q twice in one object", key)
		}
		seen[key] = true
		p.blanks()
		p.rest = p.rest[1:] // the colon
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.keys, n.rawKey, n.items = append(n.keys, key), append(n.rawKey, raw), append(n.items, item)
	}
	return nil
}

func (p *treeParser) array(n *node, depth int) error {
	for p.begins(']') {
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	return nil
}

// begins passes over a bracket or comma, and says whether another element follows; else over the closing bracket.
func (p *treeParser) begins(closing byte) bool {
	p.blanks()
	if p.rest[0] != closing {
		p.rest = p.rest[1:]
		p.blanks()
	}
	if p.rest[0] == closing {
		p.rest = p.rest[1:]
		return false
	}
	return true
}

func unquote(raw []byte) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		panic(fmt.Sprintf("purge: a valid JSON text does not decode: %v", err))
	}
	return s
}

// value is the node as jq takes it: numbers keep their digits.
func (n *node) value() any {
	switch n.kind {
	case '{':
		m := make(map[string]any, len(n.keys))
		for i, key := range n.keys {
			m[key] = n.items[i].value()
		}
		return m
	case '[':
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case '"':
		return unquote(n.raw)
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	}
	return json.Number(n.raw)
}
