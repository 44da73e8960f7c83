package plan

import (
	"cmp"
	"slices"
	"strings"

	"liveops/datasheets"
)

// SortChanges orders a table's changes by key as a person reads them, numbers by value, and then by operation.
func SortChanges(t *Table) {
	n := t.KeyLen()
	slices.SortStableFunc(t.Changes, func(a, b Change) int {
		ra, rb := a.Row(), b.Row()
		for i := range n {
			if c := compareValues(t.Column(i).Type, ra[i].Text(), rb[i].Text()); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.Op, b.Op)
	})
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
