package github_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

// The users of the tests: each may do what its name says, in every repository.
const (
	ownerToken  = "token-owner"
	writerToken = "token-writer"
	readerToken = "token-reader"
	strangerTok = "token-stranger"
	botToken    = "token-bot"
	otherToken  = "token-other-app"
)

// clock is a time that moves by a second each time it is asked for.
func clock() func() time.Time {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

// world is a server with one repository, acme/data, and its users.
type world struct {
	*testing.T
	srv  *github.Server
	repo *github.Repo
}

func newWorld(t *testing.T, options github.Options) world {
	t.Helper()
	options.Users = []github.User{
		{Login: "acme", Token: ownerToken},
		{Login: "writer", Name: "Wri Ter", Email: "writer@acme.example", Token: writerToken, Permission: github.Write},
		{Login: "reader", Token: readerToken, Permission: github.Read},
		{Login: "stranger", Token: strangerTok},
		{Login: "liveops[bot]", Token: botToken, Bot: true, Permission: github.Write},
		{Login: "other[bot]", Token: otherToken, Bot: true, Permission: github.Write},
	}
	if options.Now == nil {
		options.Now = clock()
	}
	srv, err := github.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	repo, err := srv.CreateRepo("acme", "data", map[string][]byte{
		"liveops.yaml":           []byte("timezone: Asia/Seoul\n"),
		"datasheets/items.xlsx":  {0x50, 0x4b, 0x03, 0x04, 0x00, 0xff},
		"datasheets/levels.xlsx": {0x50, 0x4b, 0x03, 0x04, 0x00, 0xfe},
	})
	if err != nil {
		t.Fatal(err)
	}
	return world{t, srv, repo}
}

// client is go-github signed in with a token, on the Enterprise-style base URL.
func (w world) client(token string) *gogithub.Client {
	w.Helper()
	c, err := gogithub.NewClient(nil).WithAuthToken(token).WithEnterpriseURLs(w.srv.URL(), w.srv.URL())
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// commit adds a commit by writer.
func (w world) commit(branch, message string, changes map[string]string) string {
	w.Helper()
	contents := map[string][]byte{}
	for name, text := range changes {
		contents[name] = []byte(text)
	}
	sha, err := w.repo.Commit(branch, message, "writer", contents)
	if err != nil {
		w.Fatal(err)
	}
	return sha
}

// pull commits to a new branch, opens a pull request for it and waits for its merge.
func (w world) pull(branch string, changes map[string]string) int {
	w.Helper()
	w.commit(branch, "Change "+branch, changes)
	n, err := w.repo.OpenPull(github.NewPull{Title: "Pull " + branch, Head: branch, Author: "writer"})
	if err != nil {
		w.Fatal(err)
	}
	w.settle()
	return n
}

func (w world) settle() {
	w.Helper()
	if err := w.srv.Settle(w.deadline()); err != nil {
		w.Fatal(err)
	}
}

// delivered waits for the webhooks.
func (w world) delivered() {
	w.Helper()
	if err := w.srv.WaitDelivered(w.deadline()); err != nil {
		w.Fatal(err)
	}
}

// deadline is long enough for anything that is not stuck.
func (w world) deadline() context.Context {
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	w.Cleanup(cancel)
	return ctx
}

func (w world) get(token string, n int) *gogithub.PullRequest {
	w.Helper()
	p, _, err := w.client(token).PullRequests.Get(w.Context(), "acme", "data", n)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// raw sends a request and returns the status, for what go-github hides.
func (w world) raw(method, path, token string) *http.Response {
	w.Helper()
	u, err := url.JoinPath(w.srv.URL(), path)
	if err != nil {
		w.Fatal(err)
	}
	request, err := http.NewRequestWithContext(w.Context(), method, u, nil)
	if err != nil {
		w.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = response.Body.Close() })
	return response
}
