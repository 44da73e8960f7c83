package bot_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"liveops/datasheets/xlsx"
)

// badFiles are a workbook of every kind of mistake, and a policy that cannot be read.
func badFiles(w *world) files {
	sheet := func(rows ...[]any) []byte {
		return workbook(xlsx.Sheet{Name: "items", Header: []string{"id", "name", "grade", "price"}, Rows: rows})
	}
	levels := workbook(
		xlsx.Sheet{Name: "levels", Header: []string{"level", "exp"}, Rows: [][]any{{1, 10}, {2, 20}, {1, 30}, {4, 40}}},
		xlsx.Sheet{Name: "leveles", Header: []string{"level"}, Rows: [][]any{{1}}})
	return files{
		itemsPath:                 sheet([]any{1, "Sword", "SS", 100}, []any{2, "Bow", "A", 250}),
		levelsPath:                brokenReference(w, levels),
		"datasheets/cut.xlsx":     items(firstItems)[:400],
		"liveops.yaml":            []byte(config + "colour: blue\n"),
		"datasheets/ignored.docx": []byte("a note"),
	}
}

// brokenReference turns the value 40 of a workbook into the error that Excel writes for a lost reference.
func brokenReference(w *world, book []byte) []byte {
	r, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	w.must(err)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range r.File {
		in, err := f.Open()
		w.must(err)
		part, err := io.ReadAll(in)
		w.must(err)
		if f.Name == "xl/worksheets/sheet1.xml" {
			changed := strings.Replace(string(part), `<c r="B5"><v>40</v>`, `<c r="B5" t="e"><v>#REF!</v>`, 1)
			if changed == string(part) {
				w.Fatalf("the cell B5 is not where it was expected:\n%s", part)
			}
			part = []byte(changed)
		}
		to, err := z.Create(f.Name)
		w.must(err)
		_, err = to.Write(part)
		w.must(err)
	}
	w.must(z.Close())
	return out.Bytes()
}

func TestProblems(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("broken", badFiles(w))
	all := []string{
		"items.xlsx › items › C2", "SS", // an enum that does not exist
		"levels.xlsx › levels › A4",       // a key that is there twice
		"levels.xlsx › leveles", "levels", // a sheet of no table, and the nearest
		"levels.xlsx › levels › B5", "#REF",
		"cut.xlsx",
		"liveops.yaml", "colour",
	}
	w.says(w.plan(n), append(all, "6 problems", "On merge: nothing is applied while there is a problem")...)
	w.status(w.repo.Tip("broken"), "failure", "6 problems to fix")

	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), append(all, "stopped at staging", "**On hold:** staging", "not reached")...)
	w.status(merged, "failure", "staging stopped")
	w.rows(firstItems, firstItems)
	w.releases("0", "0")
	if w.envs["staging"].hold(t) == "" || w.envs["production"].hold(t) != "" {
		t.Error("staging, and staging alone, should be on hold")
	}
}

// The fix of a broken merge goes through once the hold is lifted, with the policy of the branch as it was.
func TestFixOfProblems(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	broken := w.planned("broken", files{itemsPath: items("1 Sword SS 100")})
	w.merge(broken)
	w.settle()
	w.must(lift(w, "staging"))
	fix := w.planned("fix", files{itemsPath: items("1 Sword S 100")})
	w.says(w.plan(fix), "grade: B → S", "not: problem")
	w.merge(fix)
	w.settle()
	w.says(w.told(fix), "is live in staging and production", "It brings")
	w.rows("1 Sword S 100", "1 Sword S 100")
	w.releases("1", "1")
}
