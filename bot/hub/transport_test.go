package hub_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/bot/hub"
)

const (
	comments  = "/repos/studio/game/issues/*/comments"
	oneOfThem = "/repos/studio/game/issues/comments/*"
	pulls     = "/repos/studio/game/pulls/*"
)

// Many write at once; no second, minute or hour has more writes than GitHub allows.
func TestWritesArePaced(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	var all sync.WaitGroup
	for i := range 620 {
		all.Go(func() {
			if err := w.comment(client, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	writes := w.wire.of("POST", "/comments")
	if len(writes) != 620 {
		t.Fatalf("%d writes", len(writes))
	}
	for i := range writes {
		for _, rule := range []struct {
			n int
			d time.Duration
		}{{1, time.Second}, {80, time.Minute}, {500, time.Hour}} {
			if i >= rule.n && writes[i].at.Sub(writes[i-rule.n].at) < rule.d {
				t.Fatalf("write %d comes %v after the one %d before it, want %v", i, writes[i].at.Sub(writes[i-rule.n].at), rule.n, rule.d)
			}
		}
	}
	if took := writes[619].at.Sub(writes[0].at); took > time.Hour+3*time.Minute {
		t.Errorf("620 writes took %v: slower than GitHub asks for", took)
	}
}

// A write waits its turn; a read does not wait with it.
func TestReadsDoNotWaitForWrites(t *testing.T) {
	w := newWorld(t)
	waiting, release := make(chan struct{}), make(chan struct{})
	h, err := hub.New(hub.Options{Token: token, URL: w.server.URL(), Now: w.clock.Now, Wait: func(ctx context.Context, d time.Duration) error {
		close(waiting)
		<-release
		return w.clock.Wait(ctx, d)
	}})
	w.must(err)
	client, _, err := h.Repository(t.Context(), "studio/game")
	w.must(err)
	w.must(w.comment(client, "one"))
	ended := make(chan error)
	go func() { ended <- w.comment(client, "two") }()
	<-waiting
	if _, _, err := client.PullRequests.Get(t.Context(), "studio", "game", w.pull); err != nil {
		t.Error(err)
	}
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Issues.DeleteComment(given, "studio", "game", 1); err == nil {
		t.Error("a write whose context has ended was sent")
	}
	close(release)
	w.must(<-ended)
}

func TestLimits(t *testing.T) {
	after := func(s string) http.Header { return http.Header{"Retry-After": {s}} }
	for _, test := range []struct {
		name   string
		fail   func(w *world)
		want   time.Duration // waited for it
		failed bool
	}{
		{"Retry-After of 403", func(w *world) { w.server.FailNext("POST", comments, 403, after("30"), 1) }, 30 * time.Second, false},
		{"Retry-After of 429, twice", func(w *world) { w.server.FailNext("POST", comments, 429, after("30"), 2) }, time.Minute, false},
		{"a date", func(w *world) {
			w.server.FailNext("POST", comments, 429, after(w.Now().Add(time.Minute).UTC().Format(http.TimeFormat)), 1)
		}, time.Minute, false},
		{"503 that asks to wait", func(w *world) { w.server.FailNext("GET", pulls, 503, after("20"), 1) }, 20 * time.Second, false},
		{"429 that says no more", func(w *world) { w.server.FailNext("POST", comments, 429, nil, 3) }, 7 * time.Minute, false},
		{"for longer than is waited", func(w *world) { w.server.FailNext("POST", comments, 429, after("600"), 9) }, 10 * time.Minute, true},
		{"a refusal that is no limit", func(w *world) { w.server.FailNext("POST", comments, 403, nil, 1) }, 0, true},
		{"the primary limit", func(w *world) { w.must(w.server.SetRemaining("liveops", 0)) }, time.Hour + time.Second, false},
		{"the last request of the hour", func(w *world) { w.must(w.server.SetRemaining("liveops", 1)) }, time.Hour + time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			test.fail(w)
			w.waited()
			client := w.client()
			err := read(w, client, 0)
			if err == nil {
				err = w.comment(client, "hello")
			}
			if (err != nil) != test.failed {
				t.Errorf("the comment: %v", err)
			}
			if got := w.waited(); got < test.want || got > test.want+3*time.Second {
				t.Errorf("waited %v, want %v", got, test.want)
			}
			if n := len(w.repo.Comments(w.pull)); n == 1 == test.failed {
				t.Errorf("%d comments", n)
			}
		})
	}
}

// Whoever used up the hour has the next one wait for the reset, rather than being refused.
func TestWaitsForTheReset(t *testing.T) {
	w := newWorld(t)
	w.must(w.server.SetRemaining("liveops", 1))
	client := w.client()
	for range 2 {
		if _, _, err := client.PullRequests.Get(t.Context(), "studio", "game", w.pull); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.wire.of("GET", "/pulls/1")); n != 2 || w.waited() != time.Hour+time.Second {
		t.Errorf("%d requests, want 2 and an hour between them", n)
	}
}

// A secondary limit, however long, is given back within its bound, as go-github tells it.
func TestSecondaryLimitIsGivenBack(t *testing.T) {
	w := newWorld(t)
	w.server.FailNext("POST", comments, 403, http.Header{"Retry-After": {"1000"}}, 1)
	var limit *gogithub.AbuseRateLimitError
	if err := w.comment(w.client(), "hello"); !errors.As(err, &limit) || limit.RetryAfter == nil || *limit.RetryAfter != 1000*time.Second {
		t.Errorf("got %v", err)
	}
	if w.waited() != 0 {
		t.Error("it waited for what it did not try again")
	}
}

func TestFailures(t *testing.T) {
	body := "edited"
	for _, test := range []struct {
		name string
		fail func(w *world)
		ask  func(w *world, c *gogithub.Client, id int64) error
		want string // part of the error; "" for none
	}{
		{"a read, 502", func(w *world) { w.server.FailNext("GET", pulls, 502, nil, 3) }, read, ""},
		{"a read, 502 for good", func(w *world) { w.server.FailNext("GET", pulls, 502, nil, 4) }, read, "502"},
		{"a read without an answer", func(w *world) { w.server.LoseNext("GET", pulls, 3) }, read, ""},
		{"a read that is not there", func(w *world) { w.server.FailNext("GET", pulls, 404, nil, 1) }, read, "404"},
		{"an edit, 503", func(w *world) { w.server.FailNext("PATCH", oneOfThem, 503, nil, 2) }, edit(body), ""},
		{"an edit without an answer", func(w *world) { w.server.LoseNext("PATCH", oneOfThem, 1) }, edit(body), ""},
		{"a new comment, 502", func(w *world) { w.server.FailNext("POST", comments, 502, nil, 1) }, create, "502"},
		{"a new comment without an answer", func(w *world) { w.server.LoseNext("POST", comments, 1) }, create, "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			id, err := w.repo.AddComment(w.pull, "liveops", "first")
			w.must(err)
			test.fail(w)
			err = test.ask(w, w.client(), id)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if n := len(w.wire.of("POST", "/comments")); n > 1 {
				t.Errorf("a new comment was sent %d times", n)
			}
		})
	}
}

func read(w *world, c *gogithub.Client, _ int64) error {
	_, _, err := c.PullRequests.Get(w.Context(), "studio", "game", w.pull)
	return err
}

func create(w *world, c *gogithub.Client, _ int64) error { return w.comment(c, "new") }

func edit(body string) func(*world, *gogithub.Client, int64) error {
	return func(w *world, c *gogithub.Client, id int64) error {
		_, _, err := c.Issues.EditComment(w.Context(), "studio", "game", id, &gogithub.IssueComment{Body: &body})
		if list := w.repo.Comments(w.pull); list[0].Body != body {
			w.Errorf("the comment says %q", list[0].Body)
		}
		return err
	}
}

// A read that was answered before is asked for by its ETag; the answer that still holds has its content and links.
func TestConditionalReads(t *testing.T) {
	version, full := "1", 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `W/"`+version+`"`)
		w.Header().Set("X-RateLimit-Remaining", "4000")
		if r.Header.Get("If-None-Match") == `W/"`+version+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		full++
		w.Header().Set("Link", `<https://x/y?page=2>; rel="next"`)
		io.WriteString(w, `[{"number":`+version+`}]`)
	}))
	t.Cleanup(server.Close)
	h, err := hub.New(hub.Options{Token: token, URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		version string
		full    int
	}{{"1", 1}, {"1", 1}, {"2", 2}, {"2", 2}} {
		version = step.version
		client, _, err := h.Repository(t.Context(), "studio/game")
		if err != nil {
			t.Fatal(err)
		}
		list, response, err := client.PullRequests.List(t.Context(), "studio", "game", nil)
		if err != nil || len(list) != 1 || fmt.Sprint(list[0].GetNumber()) != version || response.NextPage != 2 || full != step.full {
			t.Errorf("read %d: %v, %v, next page %d, %d answers in full, want %d", i, list, err, response.NextPage, full, step.full)
		}
	}
}

// A redirect to another host does not get the token.
func TestTokenStaysAtHome(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("another host got the token")
		}
		io.WriteString(w, "{}")
	}))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			t.Error("GitHub got no token")
		}
		http.Redirect(w, r, other.URL, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	h, err := hub.New(hub.Options{Token: token, URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Self(t.Context()); err != nil {
		t.Error(err)
	}
}
