package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

// handClock is a time that moves when it is told to.
type handClock struct{ passed atomic.Int64 }

func (c *handClock) now() time.Time {
	return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(c.passed.Load()))
}

func (c *handClock) move(d time.Duration) { c.passed.Add(int64(d)) }

// comment posts one with a client of its own, since go-github remembers limits.
func (w world) comment(n int) error {
	body := "x"
	_, _, err := w.client(botToken).Issues.CreateComment(w.Context(), "acme", "data", n, &gogithub.IssueComment{Body: &body})
	return err
}

// expectThrottled wants a refusal that tells to come back after so long.
func expectThrottled(t *testing.T, what string, err error, after time.Duration) {
	t.Helper()
	var limit *gogithub.AbuseRateLimitError
	if !errors.As(err, &limit) || limit.GetRetryAfter() != after {
		t.Errorf("%s: got %v, want a secondary limit of %s", what, err, after)
	}
}

func TestContentLimits(t *testing.T) {
	clock := &handClock{}
	w := newWorld(t, github.Options{Now: clock.now, Secondary: github.DocumentedLimits()})
	n := w.pull("price", map[string]string{"a": "1"})
	burst := func(size int) {
		t.Helper()
		for i := range size {
			if err := w.comment(n); err != nil {
				t.Fatalf("comment %d: %v", i, err)
			}
		}
	}
	burst(40)
	clock.move(10 * time.Second)
	burst(40)
	expectThrottled(t, "the 81st in a minute", w.comment(n), 50*time.Second)
	if _, _, err := w.client(botToken).Repositories.Get(t.Context(), "acme", "data"); err != nil {
		t.Errorf("a read: %v", err)
	}
	clock.move(50 * time.Second)
	burst(40)
	for range 4 {
		clock.move(time.Minute)
		burst(80)
	}
	clock.move(time.Minute)
	burst(60)
	expectThrottled(t, "the 501st in an hour", w.comment(n), 54*time.Minute)
	if got := w.srv.Throttled("liveops[bot]"); got != 2 {
		t.Errorf("%d requests were refused, want 2", got)
	}
	if got := len(w.repo.Comments(n)); got != 500 {
		t.Errorf("%d comments", got)
	}
}

func TestPointsLimitAndThrottle(t *testing.T) {
	clock := &handClock{}
	w := newWorld(t, github.Options{Now: clock.now, Secondary: github.SecondaryLimits{PointsPerMinute: 7, Status: http.StatusTooManyRequests}})
	n := w.pull("price", map[string]string{"a": "1"})
	get := func() error {
		_, _, err := w.client(botToken).Repositories.Get(t.Context(), "acme", "data")
		return err
	}
	for _, err := range []error{get(), w.comment(n), get()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	err := get()
	expect(t, "over the points", refusal(err)[:7], "429 You")
	var response *gogithub.ErrorResponse
	if errors.As(err, &response) && response.Response.Header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After %s", response.Response.Header.Get("Retry-After"))
	}
	clock.move(time.Minute)
	if err := w.srv.Throttle("liveops[bot]", 90*time.Second, false); err != nil {
		t.Fatal(err)
	}
	if err := get(); err != nil {
		t.Errorf("a read while writes are throttled: %v", err)
	}
	expect(t, "throttled", refusal(w.comment(n))[:3], "429")
	clock.move(90 * time.Second)
	if err := w.comment(n); err != nil {
		t.Errorf("after it: %v", err)
	}
	if err := w.srv.Throttle("nobody", time.Second, true); err == nil {
		t.Error("throttled nobody")
	}
}

func TestConditionalRequests(t *testing.T) {
	w := newWorld(t, github.Options{RateLimit: 100})
	get := func(token, tag string) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.srv.URL()+"/repos/acme/data/git/ref/heads/main", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("If-None-Match", tag)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response
	}
	first := get(botToken, "")
	tag := first.Header.Get("ETag")
	if first.StatusCode != 200 || !strings.HasPrefix(tag, `W/"`) || first.Header.Get("X-RateLimit-Remaining") != "99" {
		t.Fatalf("first: %s, ETag %s, remaining %s", first.Status, tag, first.Header.Get("X-RateLimit-Remaining"))
	}
	for _, known := range []string{tag, `"other", ` + strings.TrimPrefix(tag, "W/")} {
		if again := get(botToken, known); again.StatusCode != 304 || again.Header.Get("X-RateLimit-Remaining") != "99" || again.ContentLength > 0 {
			t.Errorf("again: %s, remaining %s", again.Status, again.Header.Get("X-RateLimit-Remaining"))
		}
	}
	w.commit("main", "a", map[string]string{"a": "1"})
	if changed := get(botToken, tag); changed.StatusCode != 200 || changed.Header.Get("ETag") == tag || changed.Header.Get("X-RateLimit-Remaining") != "98" {
		t.Errorf("changed: %s, remaining %s", changed.Status, changed.Header.Get("X-RateLimit-Remaining"))
	}
	limits, response, err := w.client(botToken).RateLimit.Get(t.Context())
	if err != nil || limits.GetCore().Remaining != 98 || response.Rate.Remaining != 98 {
		t.Errorf("rate limit %v, %v", limits, err)
	}
}

func TestFaultsOfTheAnswer(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	const pattern = "/repos/*/*/issues/*/comments"
	w.srv.AnswerNext(http.MethodPost, pattern, 502, nil, "<html>Unicorn!</html>", 1)
	expect(t, "a web page", refusal(w.comment(n)), "502 ")
	w.srv.AnswerNext(http.MethodPost, pattern, 200, nil, "<html>Sign in</html>", 1)
	if err := w.comment(n); err == nil {
		t.Error("a page of a proxy passed for an answer")
	}
	w.srv.CutNext(http.MethodPost, pattern, 1)
	if err := w.comment(n); err == nil {
		t.Error("half an answer passed for one")
	}
	expect(t, "comments", fmt.Sprint(len(w.repo.Comments(n))), "1")

	w.srv.HoldNext(http.MethodPost, pattern, 1) // never released
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := w.client(botToken).Issues.CreateComment(soon, "acme", "data", n, &gogithub.IssueComment{Body: p("late")})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the held request: %v, want that its client gave up", err)
	}
	expect(t, "comments after a client gave up", fmt.Sprint(len(w.repo.Comments(n))), "1")
	w.srv.HoldNext(http.MethodPost, pattern, 1)()
	if err := w.comment(n); err != nil {
		t.Errorf("the released request: %v", err)
	}
	expect(t, "comments after the release", fmt.Sprint(len(w.repo.Comments(n))), "2")
}

func TestCommentsOfPeople(t *testing.T) {
	w := newWorld(t, github.Options{})
	n, err := w.repo.OpenIssue(github.NewIssue{Title: "t", Author: "reader"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.repo.AddComment(n, "reader", "/liveops plan")
	if err != nil {
		t.Fatal(err)
	}
	r := w.hooked()
	if err := w.repo.EditComment(id, "stranger", "x"); err == nil {
		t.Error("a stranger edited it")
	}
	if err := w.repo.EditComment(id, "reader", "/liveops apply production"); err != nil {
		t.Fatal(err)
	}
	if err := w.repo.DeleteComment(id, "writer"); err != nil {
		t.Fatal(err)
	}
	if err := w.repo.DeleteComment(id, "writer"); err == nil {
		t.Error("deleted twice")
	}
	if err := w.srv.Send("star", "created", []byte(`{"action":"created"}`)); err != nil {
		t.Fatal(err)
	}
	w.delivered()
	expect(t, "events", strings.Join(names(r.take()), ", "), "issue_comment edited, issue_comment deleted, unexpected")
}
