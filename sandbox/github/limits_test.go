package github_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

func TestRateLimit(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var passed atomic.Int64 // hours
	now := func() time.Time { return start.Add(time.Duration(passed.Load()) * time.Hour) }
	w := newWorld(t, github.Options{Now: now, RateLimit: 10})
	if err := w.srv.SetRemaining("writer", 1); err != nil {
		t.Fatal(err)
	}
	_, response, err := w.client(writerToken).Repositories.Get(t.Context(), "acme", "data")
	if err != nil {
		t.Fatal(err)
	}
	if r := response.Rate; r.Limit != 10 || r.Remaining != 0 || !r.Reset.Equal(gogithub.Timestamp{Time: start.Add(time.Hour)}) {
		t.Errorf("rate %+v", r)
	}
	_, _, err = w.client(writerToken).Repositories.Get(t.Context(), "acme", "data")
	var limit *gogithub.RateLimitError
	if !errors.As(err, &limit) {
		t.Errorf("got %v, want a RateLimitError", err)
	}
	if _, _, err := w.client(readerToken).Repositories.Get(t.Context(), "acme", "data"); err != nil {
		t.Errorf("one user's limit is another's: %v", err)
	}
	passed.Add(1)
	if _, _, err := w.client(writerToken).Repositories.Get(t.Context(), "acme", "data"); err != nil {
		t.Errorf("after the hour: %v", err)
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	comment := func() error {
		body := "x"
		_, _, err := w.client(botToken).Issues.CreateComment(t.Context(), "acme", "data", n, &gogithub.IssueComment{Body: &body})
		return err
	}
	const pattern = "/repos/*/*/issues/*/comments"

	w.srv.FailNext(http.MethodPost, pattern, 502, nil, 2)
	for range 2 {
		expect(t, "fault", refusal(comment()), "502 Bad Gateway")
	}
	w.srv.FailNext(http.MethodPost, pattern, 403, http.Header{"Retry-After": {"7"}}, 1)
	var limit *gogithub.AbuseRateLimitError
	if err := comment(); !errors.As(err, &limit) || limit.GetRetryAfter() != 7*time.Second {
		t.Errorf("got %v, want a secondary limit of 7 s", err)
	}
	if got := len(w.repo.Comments(n)); got != 0 {
		t.Errorf("failed requests left %d comments", got)
	}
	w.srv.LoseNext(http.MethodPost, pattern, 1)
	if err := comment(); err == nil {
		t.Error("the lost answer arrived")
	}
	if got := len(w.repo.Comments(n)); got != 1 {
		t.Errorf("the request whose answer was lost left %d comments", got)
	}
	if err := comment(); err != nil {
		t.Errorf("after the faults: %v", err)
	}
	w.srv.FailNext("", "/acme/*", 503, nil, 1)
	if _, err := w.fetch("refs/heads/main:refs/heads/main", botToken, 1); err != nil {
		t.Errorf("the pattern's * went over a slash: %v", err)
	}
	w.srv.FailNext("", "/acme/data.git/info/refs", 503, nil, 1)
	if _, err := w.fetch("refs/heads/main:refs/heads/main", botToken, 1); err == nil {
		t.Error("the fetch did not fail")
	}
}

func TestBadJSON(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.pull("price", map[string]string{"a": "1"})
	for body, want := range map[string]int{`{"body": `: 400, `[]`: 400, `{"body": 1}`: 422, ``: 422, `{"body": "x"}`: 201} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.srv.URL()+"/repos/acme/data/issues/1/comments", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+botToken)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%q: %s, want %d", body, response.Status, want)
		}
	}
}
