package datarepo_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"liveops/datarepo"
)

func TestChecks(t *testing.T) {
	many := fstest.MapFS{}
	for i := range 201 {
		many[fmt.Sprintf("checks/%d.sql", i)] = &fstest.MapFile{}
	}
	for _, tt := range []struct {
		name     string
		files    fs.FS
		paths    string
		problems string // the paths of them
	}{
		{"no directory", fstest.MapFS{"liveops.yaml": {}}, "", ""},
		{"tests at any depth, other files passed over", fstest.MapFS{"checks/b.sql": {}, "checks/a.SQL": {}, "checks/shop/c.sql": {}, "checks/README.md": {}, "checks/.x.sql": {}, "checks/.git/y.sql": {}, "other/d.sql": {}},
			"checks/a.SQL checks/b.sql checks/shop/c.sql", ""},
		{"links", fstest.MapFS{"checks/a.sql": {Mode: fs.ModeSymlink}, "checks/shop": {Mode: fs.ModeSymlink}, "checks/README.md": {Mode: fs.ModeSymlink}}, "", "checks/a.sql checks/shop"},
		{"too many", many, "", "checks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			paths, problems, err := datarepo.Checks(tt.files)
			if err != nil {
				t.Fatal(err)
			}
			var at []string
			for _, p := range problems {
				at = append(at, p.At.Path)
			}
			if !slices.Equal(paths, strings.Fields(tt.paths)) || strings.Join(at, " ") != tt.problems {
				t.Errorf("paths %q, problems %v", paths, problems)
			}
		})
	}
}
