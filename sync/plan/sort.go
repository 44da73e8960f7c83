package plan

import (
	"cmp"
	"slices"
	"strings"

	"liveops/datasheets"
)

// SortChanges orders a table's changes by key as a person reads them, numbers by value, and then by operation.
func SortChanges(t *Table) {
	slices.SortStableFunc(t.Changes, func(a, b Change) int {
		return cmp.Or(CompareKeys(t.Schema, a.Row(), b.Row()), cmp.Compare(a.Op, b.Op))
	})
}

// CompareKeys orders two rows of a table, which begin with the values of its key, by key as a person reads them.
func CompareKeys(t *datasheets.Table, a, b []datasheets.Value) int {
	for i, k := range t.Key {
		if c := compareValues(t.Columns[k].Type, a[i].Text(), b[i].Text()); c != 0 {
			return c
		}
	}
	return 0
}

func compareValues(t datasheets.Type, a, b string) int {
	switch t {
	case datasheets.Integer, datasheets.Decimal, datasheets.Bit, datasheets.Year:
		return compareNumbers(a, b)
	default:
		return strings.Compare(a, b)
	}
}

// compareNumbers compares canonical numbers of one column, whose scale is the same, without converting them.
func compareNumbers(a, b string) int {
	na, nb := strings.HasPrefix(a, "-"), strings.HasPrefix(b, "-")
	switch {
	case na && nb:
		return compareNumbers(b[1:], a[1:])
	case na:
		return -1
	case nb:
		return 1
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
