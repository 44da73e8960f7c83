package mysqlstore_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liveops/sync/mysqlstore"
)

// The files of the commit that an environment is at are those of its release, also after a rollback to it.
func TestReleasedFiles(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		files := func(text string) []mysqlstore.File {
			return []mysqlstore.File{{Path: "liveops.yaml", Data: []byte("a")}, {Path: "pushes/crystals.yaml", Data: []byte(text)}}
		}
		want := func(commit string, want []mysqlstore.File) {
			t.Helper()
			at, got, err := g.store.Files(t.Context())
			if err != nil || at != commit || !cmp.Equal(got, want) {
				t.Errorf("at %q, %v: %s", at, err, cmp.Diff(want, got))
			}
		}
		release := func(commit string, price int, files []mysqlstore.File) mysqlstore.Release {
			t.Helper()
			q := g.request(commit, stuff(fmt.Sprintf("1|나무 검|%d", price), "2|鋼の剣|20", "3|ดาบ 🗡|30"))
			q.Files = files
			r, err := g.store.Apply(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if err := g.store.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		want("", nil)
		release("c1", 11, files("one"))
		want("c1", files("one"))
		r := release("c2", 12, files("two"))
		want("c2", files("two"))
		if _, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID}); err != nil {
			t.Fatal(err)
		}
		want("c1", files("one"))
	})
}
