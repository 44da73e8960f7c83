package sqlpp

import (
	"cmp"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// Compare orders two values: MISSING, NULL, false, true, numbers, strings by bytes, lists by their elements, objects by
// how many fields they have, then by name and value
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/datatypes.html#collation).
func Compare(a, b any) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case json.Number:
		return compareNumbers(a, b.(json.Number))
	case string:
		return strings.Compare(a, b.(string))
	case []any:
		return slices.CompareFunc(a, b.([]any), Compare)
	case map[string]any:
		return compareObjects(a, b.(map[string]any))
	}
	return 0
}

func rank(v any) int {
	switch v := v.(type) {
	case missing:
		return 0
	case nil:
		return 1
	case bool:
		if v {
			return 3
		}
		return 2
	case json.Number:
		return 4
	case string:
		return 5
	case []any:
		return 6
	}
	return 7
}

// compareNumbers compares whole numbers of 64 bits exactly, others as floating point.
func compareNumbers(a, b json.Number) int {
	x, errX := a.Int64()
	y, errY := b.Int64()
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	p, okP := new(big.Float).SetString(a.String())
	q, okQ := new(big.Float).SetString(b.String())
	if !okP || !okQ {
		return strings.Compare(a.String(), b.String())
	}
	return p.Cmp(q)
}

func compareObjects(a, b map[string]any) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	names := slices.Sorted(maps.Keys(a))
	if c := slices.Compare(names, slices.Sorted(maps.Keys(b))); c != 0 {
		return c
	}
	for _, n := range names {
		if c := Compare(a[n], b[n]); c != 0 {
			return c
		}
	}
	return 0
}
