package bot_test

import (
	"testing"
)

// Workbooks in Git LFS are planned by the ids of their pointers: what is the same is not compared, and a workbook is
// fetched once, for the names of its sheets and for its cells.
func TestPullRequestOfLargeFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{plain: true})
	w.identity.LargeDir = t.TempDir()
	w.start()
	n := w.planned("large", files{itemsPath: w.repo.AddLarge(items(winterItems)), levelsPath: w.repo.AddLarge(levels(10, 20, 30))})
	w.says(w.plan(n), "1 table changes", "price: 100 → 120", "not: tables compared") // both files are others than the released ones
	if got := w.repo.LargeDownloads(); got != 2 {
		t.Errorf("%d downloads of two files", got)
	}
	w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production")
	w.rows(winterItems, winterItems)

	next := w.planned("next", files{itemsPath: w.repo.AddLarge(items(firstItems))})
	w.says(w.plan(next), "price: 120 → 100", "1 of 2 tables compared; the others are as staging's release 2 and production's release 2 left them.")
	if got := w.repo.LargeDownloads(); got != 3 {
		t.Errorf("%d downloads of three files", got)
	}
}
