package purge

import (
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
	kind  byte   // { [ " t f n, and 0 for a number
	raw   string // as it is written
	text  string // of a text, as it is meant
	keys  []key  // of an object, one for each item
	items []node
}

// key is that of a member, as it is meant and as it is written, with quotes.
type key struct{ text, raw string }

var errNotJSON = errors.New("it is not JSON")

// parseDocument reads a document. One whose meaning depends on the reader (a key twice, text that is not UTF-8) is
// refused.
func parseDocument(body []byte) (*node, error) {
	switch {
	case len(body) > maxDocument:
		return nil, fmt.Errorf("it is over %d bytes", maxDocument)
	case !utf8.Valid(body):
		if !json.Valid(body) {
			return nil, errNotJSON
		}
		return nil, errors.New("it is not UTF-8")
	}
	p := newTreeParser(body)
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.blanks(); p.at < len(p.body) {
		return nil, errNotJSON
	}
	return &n, nil
}

// value is the node as jq takes it: numbers keep their digits.
func (n *node) value() any {
	switch n.kind {
	case '{':
		m := make(map[string]any, len(n.keys))
		for i := range n.items {
			m[n.keys[i].text] = n.items[i].value()
		}
		return m
	case '[':
		list := make([]any, len(n.items))
		for i := range n.items {
			list[i] = n.items[i].value()
		}
		return list
	case '"':
		return n.text
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	}
	return json.Number(n.raw)
}
