package datarepo

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// jsonOf is a value as JSON. Numbers are as they are written, so they must be JSON's; keys stay in the file's order.
func jsonOf(n ast.Node, r *report) (json.RawMessage, bool) {
	var b bytes.Buffer
	ok := writeJSON(&b, n, r)
	return b.Bytes(), ok
}

func writeJSON(b *bytes.Buffer, n ast.Node, r *report) bool {
	if pairs, is := pairsOf(n); is {
		return writeJSONObject(b, pairs, r)
	}
	if list, is := n.(*ast.SequenceNode); is {
		ok := true
		b.WriteByte('[')
		for i, item := range list.Values {
			if i > 0 {
				b.WriteByte(',')
			}
			ok = writeJSON(b, item, r) && ok
		}
		b.WriteByte(']')
		return ok
	}
	if text, is := scalarText(n); is {
		b.Write(jsonText(text))
		return true
	}
	if text, is := numberText(n); is {
		if !json.Valid([]byte(text)) {
			r.add(position(n), "write it in plain digits or, if it is a text, in quotes", "%s is not a plain number", quoted(text))
			return false
		}
		b.WriteString(text)
		return true
	}
	switch v := n.(type) {
	case *ast.BoolNode:
		fmt.Fprint(b, v.Value)
		return true
	case *ast.NullNode:
		if v.GetToken().Type == token.NullType {
			b.WriteString("null")
			return true
		}
	}
	r.add(position(n), "", "expected a JSON value, found %s", describe(n))
	return false
}

func writeJSONObject(b *bytes.Buffer, pairs []*ast.MappingValueNode, r *report) bool {
	ok := true
	seen := map[string]int{}
	b.WriteByte('{')
	for i, pair := range pairs {
		name := pair.Key.GetToken().Value
		if isTwice(seen, name, position(pair.Key), r) {
			ok = false
			continue
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(jsonText(name))
		b.WriteByte(':')
		ok = writeJSON(b, pair.Value, r) && ok
	}
	b.WriteByte('}')
	return ok
}

func jsonText(s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("datarepo: a text always encodes: %v", err))
	}
	return text
}
