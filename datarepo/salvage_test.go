package datarepo_test

import (
	"testing"
	"testing/fstest"

	"liveops/datarepo"
)

func TestSalvage(t *testing.T) {
	const environments = "environments: [{name: staging}]\n"
	const tables = "tables:\n  stuff:\n    sheets: {Items: {}}\n"
	tests := []struct {
		name, yaml string
		tables     int // that can be told; -1 where nothing can
	}{
		{"an unknown key elsewhere", environments + tables + "colour: blue\n", 1},
		{"an unknown time zone", "timezone: Asia/Soul\n" + environments + tables, 1},
		{"no tables to tell of", "colour: blue\n" + environments, 0},
		{"a problem in the tables", environments + "tables:\n  stuff:\n    sheets: {Items: {}}\n    colour: blue\n", -1},
		{"a syntax error", environments + tables + "a: [\n", -1},
		{"all in braces", "{colour: blue, environments: [{name: staging}], tables: {stuff: {sheets: {Items: {}}}}}\n", -1},
		{"no file", "", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{}
			if tt.yaml != "" {
				files["liveops.yaml"] = &fstest.MapFile{Data: []byte(tt.yaml)}
			}
			if _, problems := datarepo.LoadConfig(files); len(problems) == 0 {
				t.Fatal("the file has no problem")
			}
			got := -1
			if c := datarepo.Salvage(files); c != nil {
				got = len(c.Tables)
			}
			if got != tt.tables {
				t.Errorf("%d tables, want %d", got, tt.tables)
			}
		})
	}
}
