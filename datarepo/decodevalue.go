package datarepo

import (
	"encoding/json"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"liveops/datasheets"
)

// pairsOf are the pairs of a mapping. A lone pair in a flow list, [name: staging], is one.
func pairsOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	return nil, false
}

func decodeDictionary(v value, pairs []*ast.MappingValueNode, s shape, r *report) (value, bool) {
	switch {
	case len(pairs) == 0 && !s.mayBeEmpty:
		r.add(v.at, "", "the mapping is empty; it needs at least one entry")
		return v, false
	case len(pairs) > s.most:
		r.add(position(pairs[s.most]), "", "the mapping has %d entries; at most %d are allowed", len(pairs), s.most)
		return v, false
	}
	seen := make(map[string]int)
	for _, pair := range pairs {
		e := named{name: pair.Key.GetToken().Value, at: position(pair.Key)}
		switch {
		case isTwice(seen, e.name, e.at, r):
		case e.name == "":
			r.add(e.at, "", "expected a name, found an empty one")
		case isBlank(pair.Value, *s.item):
			r.add(e.at, "", "%s has no value; expected %s", quoted(e.name), s.item.kind)
		default:
			var ok bool
			if e.value, ok = decode(pair.Value, *s.item, r); ok {
				v.entries = append(v.entries, e)
			}
		}
	}
	return v, true
}

// numberText is how a number is written.
func numberText(n ast.Node) (string, bool) {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func decodeNumber(v value, text string, s shape, r *report) (value, bool) {
	n, err := strconv.Atoi(text)
	if err != nil || n < s.least || n > s.greatest {
		r.add(v.at, "", "expected a whole number from %d to %d, found %s", s.least, s.greatest, quoted(text))
		return v, false
	}
	v.number = n
	return v, true
}

func decodeFraction(v value, text string, s shape, r *report) (value, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= float64(s.least) && f <= float64(s.greatest)) {
		r.add(v.at, "", "expected a number from %d to %d, found %s", s.least, s.greatest, quoted(text))
		return v, false
	}
	v.share = f
	return v, true
}

// cellOf is a plain value as the cell that would say the same; Empty is null. ok is false where it is none, which
// is reported of numbers only.
func cellOf(n ast.Node, r *report) (cell datasheets.Cell, ok bool) {
	if text, is := scalarText(n); is {
		return datasheets.Cell{Kind: datasheets.Text, Text: []byte(text)}, true
	}
	if text, is := numberText(n); is {
		if !json.Valid([]byte(text)) { // YAML takes 010 for eight and 1_0 for ten; JSON's numbers mean the same to everyone
			r.add(position(n), "write it in plain digits or, if it is a text, in quotes", "%s is not a plain number", quoted(text))
			return cell, false
		}
		return datasheets.Cell{Kind: datasheets.Number, Text: []byte(text)}, true
	}
	switch b := n.(type) {
	case *ast.BoolNode:
		text := "0"
		if b.Value {
			text = "1"
		}
		return datasheets.Cell{Kind: datasheets.Bool, Text: []byte(text)}, true
	case *ast.NullNode:
		return datasheets.Cell{}, n.GetToken().Type == token.NullType
	}
	return cell, false
}
