package cbtest

import (
	"slices"
	"testing"
)

func TestChecksHaveNamesOfTheirOwn(t *testing.T) {
	names := Checks()
	if len(names) < 30 {
		t.Errorf("%d checks: some group is missing", len(names))
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(Checks()) {
		t.Error("two checks have one name")
	}
}
