package bot_test

import (
	"net/http"
	"strings"
	"testing"

	"liveops/sandbox/github"
)

// GitHub fails in one way or another while a pull request is opened, pushed to and merged. In the end there is
// one comment each, and each environment was released to once.
func TestGitHubFails(t *testing.T) {
	t.Parallel()
	const (
		comments = "/repos/*/*/issues/*/comments"
		comment  = "/repos/*/*/issues/comments/*"
		statuses = "/repos/*/*/statuses/*"
		git      = "/studio/game-data.git/*"
		later    = http.StatusBadGateway
	)
	limited := http.Header{"Retry-After": {"1"}}
	for _, test := range []struct {
		name  string
		fault func(s *github.Server)
	}{
		{"502 on a new comment", func(s *github.Server) { s.FailNext("POST", comments, later, nil, 2) }},
		{"502 on an edit", func(s *github.Server) { s.FailNext("PATCH", comment, later, nil, 2) }},
		{"502 on the list of comments", func(s *github.Server) { s.FailNext("GET", comments, later, nil, 2) }},
		{"502 on a status", func(s *github.Server) { s.FailNext("POST", statuses, later, nil, 3) }},
		{"502 on everything", func(s *github.Server) { s.FailNext("", "/repos/*/*/*/*", later, nil, 5) }},
		{"503 on git", func(s *github.Server) { s.FailNext("", git, http.StatusServiceUnavailable, nil, 2) }},
		{"the secondary rate limit on comments", func(s *github.Server) { s.FailNext("POST", comments, http.StatusForbidden, limited, 1) }},
		{"too many requests on edits", func(s *github.Server) { s.FailNext("PATCH", comment, http.StatusTooManyRequests, limited, 1) }},
		{"a new comment's answer is lost", func(s *github.Server) { s.LoseNext("POST", comments, 1) }},
		{"an edit's answer is lost", func(s *github.Server) { s.LoseNext("PATCH", comment, 2) }},
		{"a status's answer is lost", func(s *github.Server) { s.LoseNext("POST", statuses, 2) }},
		{"git's answer is lost", func(s *github.Server) { s.LoseNext("", git, 2) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.patient = strings.Contains(test.name, "limit") || strings.Contains(test.name, "too many")
			test.fault(w.github)
			n := w.planned("winter", files{itemsPath: items("1 Sword B 110")})
			test.fault(w.github)
			w.commit("winter", "Better", files{itemsPath: items(winterItems)})
			w.settle()
			w.says(w.plan(n), "price: 100 → 120")
			test.fault(w.github)
			merged := w.merge(n)
			w.settle()
			w.says(w.told(n), "is live in staging and production")
			w.status(merged, "success", "staging applied, production applied")
			w.rows(winterItems, winterItems)
			w.releases("1", "1")
		})
	}
}

func TestPrimaryRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.must(w.github.SetRemaining("liveops-bot", 3))
	w.patient = true // for up to an hour, which the end of the test cuts short
	w.open("winter", files{itemsPath: items(winterItems)})
	w.must(w.github.WaitDelivered(w.deadline()))
	w.logged("rate limit", "GitHub asks to wait")
	w.end()
	if strings.Contains(w.log.all(), "attempt=2") {
		t.Errorf("it did not wait:\n%s", w.log)
	}
}

// logged waits until the log has a line.
func (w *world) logged(phrases ...string) {
	w.Helper()
	for ctx := w.deadline(); ; {
		missing := ""
		for _, p := range phrases {
			if !strings.Contains(w.log.all(), p) {
				missing = p
			}
		}
		if missing == "" {
			return
		}
		if _, _, err := w.queue.Depth(ctx); err != nil { // which takes its time, and ends with ctx
			w.Fatalf("not logged: %s\n%s", missing, w.log)
		}
	}
}

func TestExpiredToken(t *testing.T) {
	t.Parallel()
	t.Run("while it runs", func(t *testing.T) {
		w := newWorld(t, options{})
		w.github.FailNext("", "/repos/*/*/pulls/*", http.StatusUnauthorized, nil, 1)
		w.github.FailNext("", "/studio/game-data.git/info/refs", http.StatusUnauthorized, nil, 1)
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		w.says(w.log.all(), "GitHub refuses the token of LIVEOPS_GITHUB_TOKEN (expired or revoked?)", "check LIVEOPS_GITHUB_TOKEN, or LIVEOPS_GITHUB_APP_ID")
		w.says(w.plan(n), "price: 100 → 120")
	})
	t.Run("at the start", func(t *testing.T) {
		w := newWorld(t, options{plain: true})
		w.github.FailNext("GET", "/user", http.StatusUnauthorized, nil, 1)
		_, err := newBot(w, nil)
		if err == nil || !strings.Contains(err.Error(), "GitHub refuses the token of LIVEOPS_GITHUB_TOKEN") {
			t.Errorf("New: %v", err)
		}
	})
}

func TestDatabaseUnreachable(t *testing.T) {
	t.Parallel()
	t.Run("while a pull request is planned", func(t *testing.T) {
		w := newWorld(t, options{})
		w.envs["production"].cut()
		told := ""
		w.wire.onWrite(func(r *http.Request, body string) {
			if strings.Contains(body, "Not planned") {
				told = body
			}
			if isCheck(r) && strings.Contains(body, "not planned") {
				w.envs["production"].mend()
			}
		})
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		w.says(told, "**Not planned:** production", "the database of production cannot be reached", "tried again by itself", "price: 100 → 120")
		w.says(w.plan(n), "price: 100 → 120", "not: Not planned", "staging at once, then production")
		w.status(w.repo.Tip("winter"), "success")
	})
	for _, name := range []string{"staging", "production"} {
		t.Run("at the merge: "+name, func(t *testing.T) {
			w := newWorld(t, options{})
			n := w.planned("winter", files{itemsPath: items(winterItems)})
			w.envs[name].cut()
			told := ""
			w.wire.onWrite(func(r *http.Request, body string) {
				if strings.Contains(body, "**Trying again:**") && !isCheck(r) {
					told = body
				}
				if told != "" && isCheck(r) && strings.Contains(body, `"in_progress"`) {
					w.envs[name].mend()
				}
			})
			merged := w.merge(n)
			w.settle()
			w.says(told, "the database of "+name+" cannot be reached", "is being tried again", "not: changes no row")
			w.says(w.told(n), "is live in staging and production", "not: Trying again")
			w.status(merged, "success")
			w.rows(winterItems, winterItems)
			w.releases("1", "1")
		})
	}
	t.Run("in the middle of the release", func(t *testing.T) {
		w := newWorld(t, options{})
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		told := ""
		w.wire.onWrite(func(_ *http.Request, body string) {
			switch {
			case told == "" && strings.Contains(body, "✓ applied"):
				w.envs["production"].cut()
				told = "not yet"
			case strings.Contains(body, "**Trying again:**"):
				told = body
				w.envs["production"].mend()
			}
		})
		w.merge(n)
		w.settle()
		w.says(told, "the database of production cannot be reached", "✓ applied")
		w.says(w.told(n), "is live in staging and production")
		w.releases("1", "1")
	})
}

func TestMissingSetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.envs["production"].unset = true
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.says(w.plan(n), "**Not planned:** production: `LIVEOPS_PRODUCTION_MYSQL_DSN` is not set", "not: tried again by itself")
	w.status(w.repo.Tip("winter"), "error", "not planned: production")

	merged := w.merge(n)
	w.must(w.github.WaitDelivered(w.deadline()))
	w.idle(w.deadline(), 1)
	w.says(w.told(n), "stopped at production", "`LIVEOPS_PRODUCTION_MYSQL_DSN` is not set", "start liveops again", "not: Trying again")
	w.status(merged, "failure", "production stopped")
	w.rows(firstItems, firstItems)
	if strings.Contains(w.log.all(), "attempt=2") {
		t.Errorf("it was tried again:\n%s", w.log)
	}
}
