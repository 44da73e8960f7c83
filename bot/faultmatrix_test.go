package bot_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Every write of a plan, of a plan made anew and of a release goes wrong once, in every way that GitHub has: in the end
// there is one comment each with its right text, the statuses say so, and the release was applied once.
func TestEachWriteFailsOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		fail func(w *world, method, path string)
	}{
		{"a 502", func(w *world, method, path string) { w.github.FailNext(method, path, http.StatusBadGateway, nil, 1) }},
		{"a 502 with a page", func(w *world, method, path string) {
			w.github.AnswerNext(method, path, http.StatusBadGateway, nil, "<h1>Whoa there!</h1>", 1)
		}},
		{"a 503 that asks to wait", func(w *world, method, path string) {
			w.github.FailNext(method, path, http.StatusServiceUnavailable, http.Header{"Retry-After": {"30"}}, 1)
		}},
		{"the secondary limit", func(w *world, _, _ string) { w.must(w.github.Throttle(w.self, secondaryPause, true)) }},
		{"the secondary limit without a time", func(w *world, method, path string) {
			w.github.AnswerNext(method, path, http.StatusForbidden, http.Header{"Content-Type": {"application/json"}},
				`{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`, 1)
		}},
		{"the primary limit", func(w *world, _, _ string) { w.must(w.github.SetRemaining(w.self, 0)) }},
		{"the answer is lost", func(w *world, method, path string) { w.github.LoseNext(method, path, 1) }},
		{"the answer is cut", func(w *world, method, path string) { w.github.CutNext(method, path, 1) }},
		{"lost, and lost again", func(w *world, method, path string) { w.github.LoseNext(method, path, 2) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{clock: &clock{}})
			n := w.failEach(test.fail)
			t.Logf("%d writes failed", n)
			if n < 10 {
				t.Error("the test tests little")
			}
		})
	}
}

// secondaryPause is how long GitHub refuses everything.
const secondaryPause = 90 * time.Second

// failEach opens a pull request, pushes to it and merges it, while each different write fails when it is first tried. It
// returns how many failed.
func (w *world) failEach(fail func(w *world, method, path string)) int {
	w.Helper()
	var mu sync.Mutex
	failed := map[string]bool{}
	w.wire.onWrite(func(r *http.Request, body string) {
		mu.Lock()
		defer mu.Unlock()
		this := r.Method + r.URL.Path + numbers.ReplaceAllString(body, "") // but for times, and ids
		if !failed[this] {
			failed[this] = true
			fail(w, r.Method, strings.TrimPrefix(r.URL.Path, "/api/v3"))
		}
	})
	n := w.planned("winter", files{itemsPath: items("1 Sword B 110")})
	w.commit("winter", "Better", files{itemsPath: items(winterItems)})
	w.settle()
	w.says(w.plan(n), "price: 100 → 120", w.repo.Tip("winter")[:8])
	w.status(w.repo.Tip("winter"), "success")
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production", "not: Trying again")
	w.status(merged, "success", "staging applied, production applied")
	w.equal("the bot's comments", fmt.Sprint(len(w.comments(n, ""))), "2")
	w.rows(winterItems, winterItems)
	w.releases("1", "1")
	mu.Lock()
	defer mu.Unlock()
	return len(failed)
}

var numbers = regexp.MustCompile(`[0-9a-f]*[0-9][0-9a-f.]*`)
