package revert_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/revert"
)

const (
	item  = "datasheets/item.xlsx"
	skill = "datasheets/skill.xlsx"
)

// Files that nobody touched since are what they were: changed, added, deleted; workbooks, csv files and data tests.
func TestEarlierVersions(t *testing.T) {
	w := newWorld(t)
	good := book(t, items("1|Sword|100|starter", "2|Axe|50"))
	const check = "-- No free items\nSELECT id FROM item WHERE price < 1\n"
	const csv = "id,name\n1,Fire\n"
	w.commit("c1", map[string]string{item: good, "checks/free.sql": check, "datasheets/README.md": "one"})
	w.release("c1")
	w.commit("c2", map[string]string{item: book(t, items("1|Sword|0|starter")), "checks/free.sql": "", "datasheets/skill.csv": csv, "datasheets/README.md": "two", "README.md": "x"})
	r := w.of(w.rollback(w.release("c2"), false))
	want := "checks/free.sql: earlier version check\ndatasheets/item.xlsx: earlier version good\ndatasheets/skill.csv: earlier version deleted"
	if got := told(r, map[string]string{"good": good, "check": check}); got != want || !r.Agrees {
		t.Errorf("changes\n%s\nwant\n%s\nagrees %v, differs %q", got, want, r.Agrees, r.Differs)
	}
	if len(r.Writes()) != 3 || len(r.Cannots()) != 0 {
		t.Errorf("writes %d, cannot %d", len(r.Writes()), len(r.Cannots()))
	}
	// Once it is merged there is nothing left to do.
	w.commit("c3", map[string]string{item: good, "checks/free.sql": check, "datasheets/skill.csv": ""})
	back, err := w.store.RollbackBy(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if r := w.of(back); len(r.Changes) != 0 || !r.Agrees {
		t.Errorf("after the revert: %+v", r)
	}
}

// A release of two commits, and two releases that were rolled back together.
func TestSeveralCommits(t *testing.T) {
	for _, both := range []bool{false, true} {
		w := newWorld(t)
		good, known := book(t, items("1|Sword|100")), book(t, skills("1|Fire"))
		w.commit("c1", map[string]string{item: good, skill: known})
		w.release("c1")
		w.commit("c2", map[string]string{item: book(t, items("1|Sword|10"))})
		var first int64
		if both {
			first = w.release("c2")
		}
		w.commit("c3", map[string]string{item: book(t, items("1|Sword|1")), skill: book(t, skills("1|Ice"))})
		last := w.release("c3")
		if !both {
			first = last
		}
		r := w.of(w.rollback(first, both))
		if got := told(r, map[string]string{"good": good, "known": known}); got != item+": earlier version good\n"+skill+": earlier version known" || !r.Agrees {
			t.Errorf("both %v: changes\n%s\nagrees %v, differs %q", both, got, r.Agrees, r.Differs)
		}
	}
}

// Into a workbook that was touched since, the environment's rows are written: what a later release brought stays, and so
// does what people wrote beside it.
func TestTouchedSince(t *testing.T) {
	w := newWorld(t)
	w.commit("c1", map[string]string{item: book(t, items("1|Sword|100|starter", "2|Axe|50"), skills("1|Fire"))})
	w.release("c1")
	w.commit("c2", map[string]string{item: book(t, items("1|Sword|0|starter", "2|Axe|50"), skills("1|Fire"))})
	bad := w.release("c2")
	w.commit("c3", map[string]string{item: book(t, items("1|Sword|0|starter", "2|Axe|50", "3|Bow|70|new"), skills("1|Fire"))})
	w.release("c3")
	r := w.of(w.rollback(bad, false))
	want := item + ": rows exported (it was changed since the release, so that the rows of production were written into it: item: 1 rows changed, 0 added, 0 emptied)"
	if got := told(r, nil); got != want || !r.Agrees {
		t.Fatalf("changes\n%s\nwant\n%s\nagrees %v, differs %q", got, want, r.Agrees, r.Differs)
	}
	if got := cells(t, item, r.Changes[0].Content, "item"); got != "id|name|price|#memo\n1|Sword|100|starter\n2|Axe|50\n3|Bow|70|new" {
		t.Errorf("the workbook has\n%s", got)
	}
}

// What waits for a release in another sheet of such a workbook stays, and is told.
func TestWhatWaitsStays(t *testing.T) {
	w := newWorld(t)
	w.commit("c1", map[string]string{item: book(t, items("1|Sword|100"), skills("1|Fire"))})
	w.release("c1")
	w.commit("c2", map[string]string{item: book(t, items("1|Sword|0"), skills("1|Fire"))})
	bad := w.release("c2")
	w.commit("c3", map[string]string{item: book(t, items("1|Sword|0"), skills("1|Fire", "2|Ice"))}) // merged, not released
	r := w.of(w.rollback(bad, false))
	if len(r.Changes) != 1 || r.Changes[0].How != revert.Exported || r.Agrees || len(r.Differs) != 1 || r.Differs[0] != "skill: 1 rows to insert, 0 to delete, 0 to update (datasheets/item.xlsx › skill)" {
		t.Fatalf("changes %s, differs %q", told(r, nil), r.Differs)
	}
	if got := cells(t, item, r.Changes[0].Content, "skill"); got != "id|name\n1|Fire\n2|Ice" {
		t.Errorf("skill has\n%s", got)
	}
	if got := cells(t, item, r.Changes[0].Content, "item"); got != "id|name|price|#memo\n1|Sword|100" {
		t.Errorf("item has\n%s", got)
	}
}

func TestRenamedSince(t *testing.T) {
	good, bad := []string{"1|Sword|100"}, []string{"1|Sword|0"}
	const moved = "datasheets/weapons/item.xlsx"
	t.Run("as it was", func(t *testing.T) {
		w := newWorld(t)
		w.commit("c1", map[string]string{item: book(t, items(good...))})
		w.release("c1")
		w.commit("c2", map[string]string{item: book(t, items(bad...))})
		id := w.release("c2")
		w.commit("c3", map[string]string{item: "", moved: book(t, items(bad...))})
		r := w.of(w.rollback(id, false))
		if got := told(r, map[string]string{"good": book(t, items(good...))}); got != moved+": earlier version good (it was renamed since; before it was "+item+")" || !r.Agrees {
			t.Errorf("changes\n%s\ndiffers %q", got, r.Differs)
		}
	})
	t.Run("and changed", func(t *testing.T) {
		w := newWorld(t)
		w.commit("c1", map[string]string{item: book(t, items(good...))})
		w.release("c1")
		w.commit("c2", map[string]string{item: book(t, items(bad...))})
		id := w.release("c2")
		w.commit("c3", map[string]string{item: "", moved: book(t, items(bad[0]+"|looked at"))})
		r := w.of(w.rollback(id, false))
		if len(r.Changes) != 1 || r.Changes[0].Path != moved || r.Changes[0].How != revert.Exported || !r.Agrees {
			t.Fatalf("changes\n%s\ndiffers %q", told(r, nil), r.Differs)
		}
		if got := cells(t, moved, r.Changes[0].Content, "item"); got != "id|name|price|#memo\n1|Sword|100|looked at" {
			t.Errorf("item has\n%s", got)
		}
	})
	t.Run("deleted", func(t *testing.T) {
		w := newWorld(t)
		w.commit("c1", map[string]string{item: book(t, items(good...))})
		w.release("c1")
		w.commit("c2", map[string]string{item: book(t, items(bad...))})
		id := w.release("c2")
		w.commit("c3", map[string]string{item: ""})
		r := w.of(w.rollback(id, false))
		if got := told(r, nil); got != item+": cannot (it was changed or deleted since, and the sheets that the release changed are in no workbook any more)" || !r.Agrees {
			t.Errorf("changes\n%s\ndiffers %q", got, r.Differs)
		}
	})
}

// What cannot be written is named, and that the branch does not agree.
func TestCannot(t *testing.T) {
	pointer := func(size string) string {
		return "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("4d", 32) + "\nsize " + size + "\n"
	}
	tests := []struct {
		name, path          string
		before, last, since string
		why                 string
		agrees              bool
	}{
		{"csv", "datasheets/skill.csv", "id,name\n1,Fire\n", "id,name\n1,Ice\n", "id,name\n1,Ice\n\n",
			"it was changed since the release, and only workbooks (.xlsx) are written over, no .csv files", false},
		{"Git LFS", "datasheets/skill.xlsx", "", "", pointer("7"), "it was changed since the release and is kept in Git LFS: nothing is written there", false},
		{"data test", "checks/a.sql", "SELECT 1 FROM skill WHERE id < 0", "SELECT 1 FROM skill WHERE id < -1", "SELECT 1 FROM skill WHERE id < -2",
			"it was changed since the release: look at it by hand", true},
		{"liveops.yaml", "liveops.yaml", "environments: [{name: production}]\n", "environments: [{name: production}]\ntimezone: Asia/Seoul\n", "",
			"it changed with the release and is policy, which no rollback changes: look whether it is to be reverted too", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if tt.before == "" {
				tt.before, tt.last = book(t, skills("1|Fire")), book(t, skills("1|Ice"))
			}
			w.commit("c1", map[string]string{item: book(t, items("1|Sword|100")), tt.path: tt.before})
			w.release("c1")
			w.commit("c2", map[string]string{tt.path: tt.last})
			id := w.release("c2")
			if tt.since != "" {
				w.commit("c3", map[string]string{tt.path: tt.since})
			}
			r := w.of(w.rollback(id, false))
			if got := told(r, nil); got != tt.path+": cannot ("+tt.why+")" || r.Agrees != tt.agrees || len(r.Writes()) != 0 {
				t.Errorf("changes\n%s\nagrees %v, differs %q", got, r.Agrees, r.Differs)
			}
		})
	}
}

// A pointer of Git LFS that nobody touched goes back to the earlier pointer, as any file does; what it stands for is
// asked of the head.
func TestEarlierPointer(t *testing.T) {
	w := newWorld(t)
	w.commit("c1", map[string]string{item: book(t, items("1|Sword|100"))})
	w.release("c1")
	w.commit("c2", map[string]string{item: book(t, items("1|Sword|0"))})
	back := w.rollback(w.release("c2"), false)
	pointers := map[string]string{}
	large := stored{}
	for _, c := range []string{"c1", "c2"} {
		content := w.trees[c][item].Data
		sum := fmt.Sprintf("%x", sha256.Sum256(content))
		pointers[c] = fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", sum, len(content))
		large[sum] = content
	}
	for c, p := range pointers {
		w.trees[c][item] = &fstest.MapFile{Data: []byte(p)}
	}
	snap, err := w.store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	files := func(id string) (fs.FS, error) { return w.trees[id], nil }
	head := struct {
		fstest.MapFS
		stored
	}{w.trees["c2"], large}
	r, err := revert.Of(t.Context(), &back, files, head, "production", snap)
	if err != nil || told(r, map[string]string{"pointer": pointers["c1"]}) != item+": earlier version pointer (it is kept in Git LFS, and this is the earlier pointer)" || !r.Agrees {
		t.Errorf("%s, %v; differs %q", told(r, nil), err, r.Differs)
	}
}

// stored is a store of Git LFS, by the contents' sums.
type stored map[string][]byte

func (s stored) Large(_ context.Context, pointers []datarepo.Pointer) ([][]byte, []error) {
	contents, wrong := make([][]byte, len(pointers)), make([]error, len(pointers))
	for i, p := range pointers {
		if contents[i] = s[p.ID]; contents[i] == nil {
			wrong[i] = &datarepo.LargeFileError{Reason: "gone"}
		}
	}
	return contents, wrong
}

// Of the first release Git has no state before it, and of a promotion none at all.
func TestNoCommit(t *testing.T) {
	w := newWorld(t)
	w.commit("c1", map[string]string{item: book(t, items("1|Sword|100"))})
	back := w.rollback(w.release("c1"), false)
	snap, err := w.store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	files := func(string) (fs.FS, error) { return nil, fs.ErrNotExist }
	if _, err := revert.Of(t.Context(), &back, files, w.trees["c1"], "production", snap); !errors.Is(err, revert.ErrFirst) {
		t.Errorf("error %v", err)
	}
	promotion := mysqlstore.Rollback{Oldest: mysqlstore.Release{Commit: "c1", PreviousCommit: "c1"}, Undone: []int64{7}}
	r, err := revert.Of(t.Context(), &promotion, files, w.trees["c1"], "production", snap)
	if err != nil || len(r.Changes) != 0 {
		t.Errorf("a promotion: %+v, %v", r, err)
	}
	lost := mysqlstore.Rollback{Oldest: mysqlstore.Release{Commit: "c3", PreviousCommit: "c2"}, Undone: []int64{7}}
	if _, err := revert.Of(t.Context(), &lost, files, w.trees["c1"], "production", snap); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a commit that is not there: %v", err)
	}
}
