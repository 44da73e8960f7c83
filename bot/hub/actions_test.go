package hub_test

import (
	"errors"
	"strings"
	"testing"

	"liveops/bot/hub"
	"liveops/sandbox/github"
)

// The token of a GitHub Actions run may not ask who it is, and its API may be elsewhere than below the web's address.
func TestActionsToken(t *testing.T) {
	s, err := github.New(github.Options{Users: []github.User{{Login: hub.ActionsLogin, Token: "ghs_run", Bot: true, Permission: github.Write}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.CreateRepo("studio", "data", map[string][]byte{"a": []byte("a")}); err != nil {
		t.Fatal(err)
	}
	open := func(o hub.Options) *hub.Hub {
		t.Helper()
		h, err := hub.New(o)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := open(hub.Options{Token: "ghs_run", Login: hub.ActionsLogin, URL: "https://github.invalid", API: s.URL() + "/api/v3"})
	if login, err := h.Self(t.Context()); err != nil || login != hub.ActionsLogin {
		t.Errorf("it is %q, %v", login, err)
	}
	client, remote, err := h.Repository(t.Context(), "studio/data")
	if err != nil || remote.URL != "https://github.invalid/studio/data.git" {
		t.Fatalf("git is at %s, %v", remote.URL, err)
	}
	if r, _, err := client.Repositories.Get(t.Context(), "studio", "data"); err != nil || r.GetFullName() != "studio/data" {
		t.Errorf("the repository: %v, %v", r, err)
	}
	if login, err := open(hub.Options{Token: "ghs_run", URL: s.URL()}).Self(t.Context()); err == nil {
		t.Errorf("GitHub told an App's token that it is %q", login)
	}
	client, _, _ = open(hub.Options{Token: "ghs_old", Login: hub.ActionsLogin, URL: s.URL()}).Repository(t.Context(), "studio/data")
	_, _, err = client.Repositories.Get(t.Context(), "studio", "data")
	var refused *hub.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Error(), "the token of GITHUB_TOKEN") {
		t.Errorf("a refused token: %v", err)
	}
	if _, err := hub.New(hub.Options{Token: "x", API: "api.example.com"}); !errors.Is(err, hub.ErrAddress) {
		t.Errorf("an API that is no address: %v", err)
	}
}
