package purge

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// A document that an update changes keeps the bytes of everything in it that stays the same: jq would sort the keys of
// every object, write texts with other escapes and lose which elements were which, and a game may depend on any of
// these. So what jq gives is compared with the document, value by value, and only what differs is written anew, without
// blanks. New keys of an object come last, sorted.

// patch appends value as the change of the node that stood there; nil for none.
func patch(to []byte, n *node, value any) ([]byte, error) {
	if n != nil && same(n, value) {
		return append(to, n.raw...), nil
	}
	switch v := value.(type) {
	case map[string]any:
		return patchObject(to, n, v)
	case []any:
		return patchArray(to, n, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errors.New("gives a number that JSON cannot hold")
		}
	}
	text, err := gojq.Marshal(value)
	return append(to, text...), err
}

func patchObject(to []byte, n *node, value map[string]any) ([]byte, error) {
	to = append(to, '{')
	first := true
	member := func(raw string, was *node, v any) (err error) {
		if !first {
			to = append(to, ',')
		}
		first = false
		to = append(append(to, raw...), ':')
		to, err = patch(to, was, v)
		return err
	}
	stayed := 0
	if n != nil && n.kind == '{' {
		for i, key := range n.keys {
			if v, stays := value[key.text]; stays {
				stayed++
				if err := member(key.raw, &n.items[i], v); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, key := range addedKeys(n, value, len(value)-stayed) {
		raw, err := gojq.Marshal(key)
		if err == nil {
			err = member(string(raw), nil, value[key])
		}
		if err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

// addedKeys are the keys of an object that a node lacks, of which there are so many, sorted.
func addedKeys(n *node, value map[string]any, many int) (added []string) {
	if many == 0 {
		return nil
	}
	had := map[string]bool{}
	if n != nil && n.kind == '{' {
		for _, key := range n.keys {
			had[key.text] = true
		}
	}
	for key := range value {
		if !had[key] {
			added = append(added, key)
		}
	}
	slices.Sort(added)
	return added
}

func patchArray(to []byte, n *node, value []any) ([]byte, error) {
	to = append(to, '[')
	was := alignArray(n, value)
	for i, v := range value {
		if i > 0 {
			to = append(to, ',')
		}
		var err error
		if to, err = patch(to, was[i], v); err != nil {
			return nil, err
		}
	}
	return append(to, ']'), nil
}

// alignArray says which element of an array each element of its successor was; nil for none. Elements that stayed the
// same are found in their order; one that changed is taken for the one between its neighbours that it has most in
// common with.
func alignArray(n *node, value []any) []*node {
	was := make([]*node, len(value))
	if n == nil || n.kind != '[' {
		return was
	}
	next, begun := 0, 0 // of the elements that were, and of those that are
	far := &places{n: n}
	for i, v := range value {
		at, found := far.from(next, v)
		if !found {
			continue
		}
		alignChanged(n.items[next:at], value[begun:i], was[begun:i])
		was[i], next, begun = &n.items[at], at+1, i+1
	}
	alignChanged(n.items[next:], value[begun:], was[begun:])
	return was
}

// places finds the elements of an array by what they are: near ones by looking at each, others by their text.
type places struct {
	n      *node
	byText map[string][]int // sorted places
}

// from is the first place, not before another, of an element that is the same as a value.
func (p *places) from(next int, value any) (at int, found bool) {
	near := min(next+alignReach, len(p.n.items))
	for i := next; i < near; i++ {
		if same(&p.n.items[i], value) {
			return i, true
		}
	}
	if near == len(p.n.items) {
		return 0, false
	}
	if p.byText == nil {
		p.byText = map[string][]int{}
		for i := range p.n.items {
			text := sortedText(p.n.items[i].value())
			p.byText[text] = append(p.byText[text], i)
		}
	}
	all := p.byText[sortedText(value)]
	i, _ := slices.BinarySearch(all, near)
	if i == len(all) {
		return 0, false
	}
	return all[i], true
}

// sortedText is a value as jq writes it, with sorted keys.
func sortedText(value any) string {
	text, err := gojq.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}

// alignReach is how many elements are looked at for one.
const alignReach = 64

// alignChanged finds, for elements that changed, which they were.
func alignChanged(were []node, are []any, was []*node) {
	for i, v := range are {
		if was[i] != nil || len(were) == 0 {
			continue
		}
		best, most := 0, -1
		for k := range min(len(were), alignReach) {
			if c := inCommon(&were[k], v); c > most {
				best, most = k, c
			}
		}
		was[i], were = &were[best], were[best+1:]
	}
}

// inCommon counts the keys that two objects share, those with the same value twice.
func inCommon(n *node, value any) int {
	object, is := value.(map[string]any)
	if !is || n.kind != '{' {
		return 0
	}
	common := 0
	for i, key := range n.keys {
		if v, there := object[key.text]; there {
			if common++; same(&n.items[i], v) {
				common++
			}
		}
	}
	return common
}

// same says whether a node means a value: numbers by their exact value, objects in any order.
func same(n *node, value any) bool {
	switch v := value.(type) {
	case map[string]any:
		if n.kind != '{' || len(v) != len(n.keys) {
			return false
		}
		for i, key := range n.keys {
			other, there := v[key.text]
			if !there || !same(&n.items[i], other) {
				return false
			}
		}
		return true
	case []any:
		if n.kind != '[' || len(v) != len(n.items) {
			return false
		}
		for i := range v {
			if !same(&n.items[i], v[i]) {
				return false
			}
		}
		return true
	case string:
		return n.kind == '"' && n.text == v
	case bool:
		return n.kind == 't' && v || n.kind == 'f' && !v
	case nil:
		return n.kind == 'n'
	}
	if n.kind != '0' {
		return false
	}
	text, ok := numberText(value)
	switch {
	case !ok:
		return false
	case text == n.raw:
		return true
	case isWhole(text) && isWhole(n.raw): // as most are, and then each has one form
		return false
	}
	return exact(text) == exact(n.raw)
}

// isWhole says whether a JSON number is written without fraction and exponent, and is no negative zero.
func isWhole(text string) bool { return text != "-0" && !strings.ContainsAny(text, ".eE") }

// numberText is a number of jq as JSON writes it.
func numberText(value any) (string, bool) {
	switch v := value.(type) {
	case json.Number:
		return v.String(), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", false
		}
	}
	text, err := gojq.Marshal(value)
	return string(text), err == nil
}

// exact writes a JSON number so that equal numbers have the same text: its digits without zeros on either side, and
// the power of ten that they are multiplied by.
func exact(text string) string {
	text, negative := strings.CutPrefix(text, "-")
	mantissa, exponent := text, new(big.Int)
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		exponent.SetString(strings.TrimPrefix(text[i+1:], "+"), 10)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	short := strings.TrimRight(digits, "0")
	if short == "" {
		return "0"
	}
	exponent.Add(exponent, big.NewInt(int64(len(digits)-len(short)-len(fraction))))
	sign := ""
	if negative {
		sign = "-"
	}
	return sign + short + "e" + exponent.String()
}
