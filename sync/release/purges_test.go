package release_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"liveops/sync/release"
)

// purgeFiles is a data repo with one purge by a csv workbook.
func purgeFiles(sheet, column, csv string) fstest.MapFS {
	files := fstest.MapFS{
		"liveops.yaml":   {Data: []byte("environments: [{name: staging}]")},
		"purges/ab.yaml": {Data: []byte("description: d\nselect:\n  workbook: {path: purges/ab.csv, sheet: " + sheet + ", column: " + column + "}\ndelete: true\n")},
	}
	if csv != "" {
		files["purges/ab.csv"] = &fstest.MapFile{Data: []byte(csv)}
	}
	return files
}

func TestPurgeIDsOfAWorkbook(t *testing.T) {
	d, err := release.Read(t.Context(), "", purgeFiles("ab", "user", "name,user\nMina,user-1\nJun,\nHa,user-3\nMina,user-1\n"))
	if err != nil || len(d.Problems) > 0 || len(d.Purges) != 1 {
		t.Fatalf("%v %v", d.Problems, err)
	}
	if diff := cmp.Diff([]string{"user-1", "user-3", "user-1"}, d.Purges[0].Select.IDs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	tests := []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"no workbook", purgeFiles("ab", "user", ""), "purges/ab.yaml:3:13: there is no workbook purges/ab.csv (write its path from the data repo's root)"},
		{"no sheet", purgeFiles("x", "user", "user\na\n"), "purges/ab.yaml:3:13: purges/ab.csv has no sheet x (it has ab)"},
		{"no column", purgeFiles("ab", "id", "user\na\n"), "purges/ab.yaml:3:13: the first row of sheet ab has no column id"},
		{"no id", purgeFiles("ab", "user", "user,x\n,1\n"), "purges/ab.yaml:3:13: column user of sheet ab has no id"},
		{"a blank", purgeFiles("ab", "user", "user,x\n\" a\",1\n"), "purges/ab.csv › ab › A2: the id begins or ends with a blank (write the id as a text)"},
		{"too long", purgeFiles("ab", "user", "user,x\n"+strings.Repeat("a", 247)+",1\n"), "purges/ab.csv › ab › A2: the id is over 246 bytes (write the id as a text)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := release.Read(t.Context(), "", tt.files)
			if err != nil || len(d.Problems) != 1 || len(d.Purges) != 0 {
				t.Fatalf("%v %v", d.Problems, err)
			}
			if got := d.Problems[0].Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
