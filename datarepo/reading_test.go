package datarepo

import (
	"strings"
	"testing"
	"testing/fstest"
)

// What sheets need is read beside problems elsewhere, never beside problems of its own.
func TestLoadReading(t *testing.T) {
	tables := "tables: {stuff: {header: 2}}\n"
	for _, c := range []struct {
		name, yaml   string
		zone         string
		environments string
		tables       int
		ok           bool
	}{
		{"nothing wrong", "timezone: Asia/Seoul\nenvironments: [{name: a}, {name: b, after: a}]\n" + tables, "Asia/Seoul", "a b", 1, true},
		{"problems elsewhere", "timezone: Asia/Soul\ncolour: red\nenvironments: [{name: a, after: z}, {name: B}, {nam: c}]\n" + tables, "UTC", "a", 1, true},
		{"no tables, no environments", "language: ko\n", "UTC", "", 0, true},
		{"empty", "", "UTC", "", 0, true},
		{"not even a mapping", "- a\n", "UTC", "", 0, false},
		{"an unknown option of a table", "environments: [{name: a}]\ntables: {stuff: {heade: 2}}\n", "UTC", "a", 1, false},
		{"tables without a value", "environments: [{name: a}]\ntables:\n", "UTC", "a", 0, false},
		{"a sheet twice", "environments: [{name: a}]\ntables: {a: {sheets: {x: {}}}, b: {sheets: {x: {}}}}\n", "UTC", "a", 2, false},
		{"no YAML", "tables: [\n", "UTC", "", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, ok := LoadReading(configFS(c.yaml))
			if ok != c.ok || r.Timezone.String() != c.zone || strings.Join(r.Environments, " ") != c.environments || len(r.Tables) != c.tables {
				t.Errorf("%t, %+v", ok, r)
			}
		})
	}
	if r, ok := LoadReading(fstest.MapFS{}); !ok || len(r.Tables) > 0 {
		t.Errorf("without a file: %t, %+v", ok, r)
	}
}
