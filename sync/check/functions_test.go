package check

import (
	"slices"
	"testing"
)

// The lists are searched by halves.
func TestListsAreSorted(t *testing.T) {
	if !slices.IsSorted(functions) || !slices.IsSorted(keywords) {
		f, k := slices.Clone(functions), slices.Clone(keywords)
		slices.Sort(f)
		slices.Sort(k)
		t.Errorf("sorted they are\n%v\n%v", f, k)
	}
}
