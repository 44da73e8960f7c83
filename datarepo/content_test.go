package datarepo

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-git/go-git/v5/plumbing"
)

// What differs between two commits is told by ids: opening a file is not needed, and its time and place do not count.
func TestDifferingWorkbooks(t *testing.T) {
	c := newClone(t)
	for name, content := range map[string]string{"liveops.yaml": "a", "datasheets/same.xlsx": "same", "datasheets/changed.xlsx": "1", "datasheets/gone.csv": "g",
		"datasheets/moved.xlsx": "m", "datasheets/note.txt": "1"} {
		c.write(name, content)
	}
	first := c.commit("first")
	c.git("rm", "--quiet", "datasheets/gone.csv")
	c.git("mv", "datasheets/moved.xlsx", "datasheets/elsewhere.xlsx")
	c.write("datasheets/changed.xlsx", "2")
	c.write("datasheets/new.xlsm", "n")
	c.write("datasheets/note.txt", "2")
	second := c.commit("second")
	checkout := c.open()
	trees := map[string]fs.FS{}
	for _, id := range []string{first, second} {
		commit, err := checkout.Commit(id)
		if err != nil {
			t.Fatal(err)
		}
		trees[id] = commit.Files
	}
	was, is, ok, err := DifferingWorkbooks(trees[first], trees[second])
	if err != nil || !ok || !slices.Equal(was, []string{"datasheets/changed.xlsx", "datasheets/gone.csv", "datasheets/moved.xlsx"}) ||
		!slices.Equal(is, []string{"datasheets/changed.xlsx", "datasheets/elsewhere.xlsx", "datasheets/new.xlsm"}) {
		t.Errorf("%v, %v, %t, %v", was, is, ok, err)
	}
	if was, is, ok, err := DifferingWorkbooks(trees[second], trees[second]); err != nil || !ok || was != nil || is != nil {
		t.Errorf("a commit and itself: %v, %v, %t, %v", was, is, ok, err)
	}
	for _, other := range []fs.FS{checkout.WorkTree(), fstest.MapFS{}} {
		if _, _, ok, err := DifferingWorkbooks(trees[first], other); ok || err != nil {
			t.Errorf("files that have no ids: %t, %v", ok, err)
		}
	}
	id, err := trees[second].(Identified).ContentID("datasheets/new.xlsm")
	if want := plumbing.ComputeHash(plumbing.BlobObject, []byte("n")).String(); err != nil || id != want {
		t.Errorf("got %s, %v; want %s", id, err, want)
	}
	for _, name := range []string{"datasheets", "datasheets/no.xlsx"} {
		if id, err := trees[second].(Identified).ContentID(name); err == nil {
			t.Errorf("%s has the id %s", name, id)
		}
	}
}

func TestReadingSame(t *testing.T) {
	const base = "timezone: Asia/Seoul\nenvironments: [{name: a}, {name: b, after: a}]\ntables:\n  stuff: {header: 2, sheets: {X: {kind: {in: [T]}}}, columns: {price: {min: 1, aliases: {x: 4}, references: shop.id}}}\n"
	read := func(yaml string) Reading {
		r, ok := LoadReading(configFS(yaml))
		if !ok {
			t.Fatalf("not read: %s", yaml)
		}
		return r
	}
	for _, c := range []struct {
		name, yaml string
		want       bool
	}{
		{"itself", base, true},
		{"further down", "# a comment\n\n" + base, true},
		{"another order of environments", "environments: [{name: a}, {name: b}]\n" + base[len("timezone: Asia/Seoul\nenvironments: [{name: a}, {name: b, after: a}]\n"):], false},
	} {
		if got := read(base).Same(read(c.yaml)); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	for _, change := range [][2]string{{"Asia/Seoul", "Asia/Tokyo"}, {"name: b", "name: c"}, {"header: 2", "header: 3"}, {"X:", "Y:"}, {"in: [T]", "notIn: [T]"},
		{"in: [T]", "in: [M]"}, {"in: [T]", "in: [T, M]"}, {"min: 1", "min: 2"}, {"min: 1", "max: 1"}, {"x: 4", "x: 5"}, {"shop.id", "shop"}, {"stuff:", "thing:"},
		{"header: 2", "header: 2, workbooks: [datasheets/a*.xlsx]"}, {"{min: 1, ", "{"}} {
		other := replaceOnce(t, base, change[0], change[1])
		if read(base).Same(read(other)) || read(other).Same(read(base)) {
			t.Errorf("%s → %s: the same", change[0], change[1])
		}
	}
}

func replaceOnce(t *testing.T, s, old, fresh string) string {
	t.Helper()
	if strings.Count(s, old) != 1 {
		t.Fatalf("%q stands %d times", old, strings.Count(s, old))
	}
	return strings.Replace(s, old, fresh, 1)
}
