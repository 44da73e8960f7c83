package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"liveops/datasheets/xlsx"
)

// Where no database is configured, a pull request still shows what its workbooks say.
func TestPullRequestWithoutAnyDatabase(t *testing.T) {
	t.Parallel()
	one := func(name string) []byte {
		return workbook(xlsx.Sheet{Name: name, Header: []string{"id"}, Rows: [][]any{{7}}})
	}
	w := newWorld(t, options{files: files{"datasheets/old.xlsx": one("moved"), "datasheets/gone.xlsx": one("gone")}})
	for _, e := range w.envs {
		e.unset = true
	}
	n := w.planned("winter", files{
		itemsPath:                workbook(xlsx.Sheet{Name: "items", Header: []string{"id", "name", "grade", "price"}, Rows: [][]any{{1, "Sword @octocat", "B", 120}, {2, "Bow", "A", 250}, {4, "Lance", "S", 900}}}, xlsx.Sheet{Name: "#note", Header: []string{"for people"}}),
		"datasheets/new.xlsx":    one("moved"),
		"datasheets/old.xlsx":    nil,
		"datasheets/gone.xlsx":   nil,
		"datasheets/broken.xlsx": []byte("no workbook"),
		"datasheets/bonus.csv":   []byte("id,n\n1,2\n"),
	})
	w.says(w.plan(n), "5 workbooks differ", "2 environments not planned", "**Not planned:** staging: `LIVEOPS_STAGING_MYSQL_DSN` is not set", "compared with those of `main`",
		"- `items.xlsx` › `items`: +1 −1 ~1", "name: Sword → Sword @octocat", "price: 100 → 120", "+  4  Lance", "-  3  Staff", "- `bonus.csv` (new workbook) › `bonus`: +1, new sheet",
		"- `broken.xlsx`: not compared: ", "- `gone.xlsx` (workbook removed) › `gone`: −1, sheet removed", "- `old.xlsx` → `new.xlsx`: no difference",
		"not: for people", "not: levels.xlsx", "not: tried again", "On merge: nothing is applied while there is a problem")
	w.status(w.repo.Tip("winter"), "failure", "1 problem to fix")

	same := w.planned("note", files{"README.md": []byte("ours")})
	w.says(w.plan(same), "### liveops: 2 environments not planned", "not: compared with those")

	t.Run("one environment is enough", func(t *testing.T) {
		w := newWorld(t, options{})
		w.envs["production"].unset = true
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		w.says(w.plan(n), "1 table changes, 1 environment not planned", "not: workbook differs", "not: No database was asked")
	})
	t.Run("one that may answer later is enough", func(t *testing.T) {
		w := newWorld(t, options{})
		w.envs["production"].unset = true
		w.envs["staging"].cut()
		told := ""
		w.wire.onWrite(func(r *http.Request, body string) {
			if told == "" && strings.Contains(body, "Not planned") {
				told = body
			}
			if isCheck(r) && strings.Contains(body, "not planned") {
				w.envs["staging"].mend()
			}
		})
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		w.says(told, "2 environments not planned", "not: No database was asked")
		w.says(w.plan(n), "1 table changes", "not: No database was asked")
	})
}

// More workbooks than a comment shows are counted.
func TestPullRequestOfManyWorkbooksWithoutAnyDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for _, e := range w.envs {
		e.unset = true
	}
	many := files{}
	for i := range 60 {
		many[fmt.Sprintf("datasheets/%02d.xlsx", i)] = workbook(xlsx.Sheet{Name: fmt.Sprintf("t%d", i), Header: []string{"id"}, Rows: [][]any{{i}}})
	}
	n := w.planned("many", many)
	w.says(w.plan(n), "60 workbooks differ", "`49.xlsx` (new workbook) › `t49`: +1, new sheet", "… and 10 more workbooks", "not: `50.xlsx`")
}
