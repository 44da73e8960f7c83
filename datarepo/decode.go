package datarepo

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"liveops/datasheets"
)

// value is one value of a file that has the right shape, with where it stands. Only the field of its kind is set.
type value struct {
	at      *token.Position
	text    string
	items   []value
	fields  map[string]value
	entries []named // of a dictionary, in the file's order
	number  int
	share   float64
	flag    bool
	cell    datasheets.Cell
	json    json.RawMessage
	node    ast.Node // of a text: where exactly it stands
	spoilt  bool     // of a mapping: something in it was reported, and is left out
}

// named is a name of a dictionary with what stands behind it.
type named struct {
	name string
	at   *token.Position
	value
}

// decode reads a node by its shape and reports everything in it that does not fit. ok is false where the value
// itself cannot be used; what is wrong inside a list or mapping leaves the rest of it usable.
func decode(n ast.Node, s shape, r *report) (v value, ok bool) {
	if _, is := pairsOf(n); is && s.or != nil {
		return decode(n, *s.or, r)
	}
	v.at = position(n)
	found := describe(n)
	switch s.kind {
	case aText:
		if v.text, ok = scalarText(n); ok {
			v.node = n
			cut := s.prose && r.isCut(n)
			return v, matches(v, s, r) && !cut
		}
	case aList:
		if sequence, is := n.(*ast.SequenceNode); is {
			return decodeList(v, sequence, s, r)
		}
	case aMapping:
		if pairs, is := pairsOf(n); is {
			return decodeMapping(v, pairs, s, r), true
		}
	case aDictionary:
		if pairs, is := pairsOf(n); is {
			return decodeDictionary(v, pairs, s, r)
		}
	case aNumber:
		if text, is := numberText(n); is {
			return decodeNumber(v, text, s, r)
		}
	case aFraction:
		if text, is := numberText(n); is {
			return decodeFraction(v, text, s, r)
		}
	case aFlag:
		if b, is := n.(*ast.BoolNode); is {
			v.flag = b.Value
			return v, true
		}
	case aJSON:
		v.json, ok = jsonOf(n, r)
		return v, ok
	case aValue:
		if v.cell, ok = cellOf(n, r); ok {
			return v, true
		}
		if _, is := numberText(n); is {
			return v, false // reported
		}
	}
	mend := ""
	if s.kind == aText && (found == "a number" || found == "true or false") {
		mend = mendScalar(n.GetToken().Value, s)
	}
	if text, is := scalarText(n); is && (s.kind == aNumber || s.kind == aFraction) && isName(text, "[0-9]+([.][0-9]+)?") {
		mend = "write it without quotes: `" + text + "`"
	}
	if s.kind == aText && s.pattern == "" && mend == "" {
		mend = r.mendText(v.at)
	}
	expected := s.kind.String()
	if s.or != nil {
		expected += " or " + s.or.kind.String()
	}
	r.add(v.at, mend, "expected %s, found %s", expected, found)
	return v, false
}

// mendScalar is how a number or a flag is mended where a text is expected: in quotes if it is such a text then, else by what the text
// says in place of it. A rate lacks its time only, which is taken from the example.
func mendScalar(written string, s shape) string {
	if s.pattern == "" || isName(written, s.pattern) {
		return fmt.Sprintf("put it in quotes: %q", written)
	}
	for _, example := range s.examples {
		if _, per, is := strings.Cut(example, "/"); is && isName(written+"/"+per, s.pattern) {
			return fmt.Sprintf("write `%s/%s`: `/s` is for each second, `/m` for each minute", written, per)
		}
	}
	return "use " + s.expects
}

// matches reports a text that its pattern does not allow.
func matches(v value, s shape, r *report) bool {
	pattern := regexp.MustCompile(`\A(?:` + s.pattern + `)\z`)
	switch {
	case v.text == "":
		r.add(v.at, "", "expected %s, found an empty one", s.kind)
	case s.pattern != "" && !pattern.MatchString(v.text):
		r.add(v.at, "use "+s.expects, "%s is not allowed here", quoted(v.text))
	default:
		return true
	}
	return false
}

func decodeList(v value, n *ast.SequenceNode, s shape, r *report) (value, bool) {
	switch {
	case len(n.Values) == 0 && !s.mayBeEmpty:
		r.add(v.at, "", "the list is empty; it needs at least one")
		return v, false
	case len(n.Values) > s.most:
		r.add(position(n.Values[s.most]), "", "the list has %d elements; at most %d are allowed", len(n.Values), s.most)
		return v, false
	}
	for _, each := range n.Values {
		if item, ok := decode(each, *s.item, r); ok {
			v.items = append(v.items, item)
		}
	}
	return v, true
}

func decodeMapping(v value, pairs []*ast.MappingValueNode, s shape, r *report) value {
	v.fields = make(map[string]value)
	before := len(r.problems)
	seen := make(map[string]int)
	for _, pair := range pairs {
		name, at := pair.Key.GetToken().Value, position(pair.Key)
		if isTwice(seen, name, at, r) {
			continue
		}
		k := find(s.keys, name)
		switch {
		case k == nil && len(v.fields) > 0 && isLoose(pair):
			r.add(at, "if this goes on with the text before the comma, put the whole text in quotes", "%s stands here without a key", quoted(name))
		case k == nil:
			reportUnknown(name, at, s.keys, r)
		case k.later:
			r.add(at, "remove it", "`%s` is not enforced by this version yet", name)
		case isBlank(pair.Value, k.shape): // the parser puts it behind the line's end
			r.add(at, r.mendBlank(pair.Value, k), "`%s` has no value; expected %s", name, k.shape.kind)
		default:
			if field, ok := decode(pair.Value, k.shape, r); ok {
				v.fields[name] = field
			}
		}
	}
	for _, k := range s.keys {
		if _, ok := seen[k.name]; k.required && !ok {
			r.add(v.at, "add `"+k.name+":`", "the key `%s` is missing", k.name)
		}
	}
	v.spoilt = len(r.problems) > before
	return v
}

// isTwice reports a key that stands in its mapping already.
func isTwice(seen map[string]int, name string, at *token.Position, r *report) bool {
	line, twice := seen[name]
	if twice {
		r.add(at, "keep one of the two", "the key %s stands here a second time; the first is in line %d", quoted(name), line)
		return true
	}
	seen[name] = at.Line
	return false
}

// isBlank says whether nothing stands behind a key; where a cell's value may, null is something once it is written.
func isBlank(n ast.Node, s shape) bool {
	return n.Type() == ast.NullType && (s.kind != aValue && s.kind != aJSON || n.GetToken().Type != token.NullType)
}

// isLoose says whether words stand in a mapping with nothing that makes them a key.
func isLoose(pair *ast.MappingValueNode) bool {
	next := pair.Key.GetToken().Next
	return isBlank(pair.Value, shape{}) && next != nil && next.Type != token.MappingValueType
}

func find(keys []key, name string) *key {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

func reportUnknown(name string, at *token.Position, keys []key, r *report) {
	var known, enforced []string
	for _, k := range keys {
		known = append(known, k.name)
		if !k.later {
			enforced = append(enforced, "`"+k.name+"`")
		}
	}
	mend := "the keys here are " + strings.Join(enforced, ", ")
	if near := datasheets.Nearest(name, known); near != "" {
		r.add(at, mend, "unknown key %s; nearest: `%s`", quoted(name), near)
		return
	}
	r.add(at, mend, "unknown key %s", quoted(name))
}

// scalarText is the text of a node that is text: plain, quoted or a block.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

// describe says what a node is, to someone who wrote it where something else is expected.
func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return aText.String()
	case *ast.SequenceNode:
		return aList.String()
	case *ast.MappingNode, *ast.MappingValueNode:
		return aMapping.String()
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	}
	return "nothing"
}

// position is where a node begins. The parser gives a block mapping its first colon's.
func position(n ast.Node) *token.Position {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			return position(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return position(m.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position
	}
	return &token.Position{Line: 1, Column: 1}
}

// quoted is a name out of the file between backquotes, cut short where it is long, on one line.
func quoted(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	return "`" + strings.ReplaceAll(string(runes), "\n", " ") + "`"
}
