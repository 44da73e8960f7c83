package bot_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var reportLink = regexp.MustCompile(`\*\*\[All 3,003 rows\]\(<https://liveops\.example(/report/[^>]+)>\)\*\*`)

// manyLevels are levels of which 3,003 rows change.
func manyLevels() []byte {
	exp := make([]int, 3003)
	for i := range exp {
		exp[i] = i
	}
	return levels(exp...)
}

// page follows the link of a comment.
func (w *world) page(comment string) string {
	w.Helper()
	link := reportLink.FindStringSubmatch(comment)
	if link == nil {
		w.Fatalf("no link in:\n%s", comment)
	}
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, strings.TrimSuffix(w.url, "/webhook")+link[1], nil)
	w.must(err)
	a, err := http.DefaultClient.Do(r)
	w.must(err)
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	w.must(err)
	if a.StatusCode != http.StatusOK {
		w.Fatalf("the page's status is %d: %s", a.StatusCode, b)
	}
	return string(b)
}

func TestRowsThatAreTooManyForAComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{plain: true})
	w.pages = true
	w.start()
	n := w.planned("levels", files{levelsPath: manyLevels()})
	plan := w.page(w.plan(n))
	w.says(plan, "<h1>1 table changes</h1>", "<td>A3004</td>")
	w.merge(n)
	w.settle()
	w.says(w.page(w.told(n)), "✓ applied", "<td>A3004</td>")
	small := w.planned("items", files{itemsPath: items("1 Sword B 120, 2 Bow A 250, 3 Staff C 90")})
	w.says(w.plan(small), "not: /report/")
}

func TestRowsThatAreTooManyWithoutPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("levels", files{levelsPath: manyLevels()})
	w.says(w.plan(n), "2,803 of 3,003 rows are not shown here.", "run `liveops plan --env staging`", "not: /report/")
}
