package hub

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// app is a GitHub App: an account for itself, and one for each installation, which is one for each owner of
// repositories.
type app struct {
	hub  *Hub
	self *account

	mu            sync.Mutex
	slug          string
	repositories  map[string]int64 // the installation of each repository, by owner/name in lower case
	installations map[int64]*account
}

func newApp(h *Hub) *app {
	t := &appTokens{h.options}
	return &app{hub: h, self: &account{t, h.newTransport(t, "the App")}, repositories: map[string]int64{}, installations: map[int64]*account{}}
}

// login asks once: https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
func (a *app) login(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.slug == "" {
		app, _, err := a.hub.client(a.self.transport).Apps.Get(ctx, "")
		if err != nil {
			return "", err
		}
		a.slug = app.GetSlug()
	}
	return a.slug + "[bot]", nil
}

// account finds the installation of a repository, which is asked for once
// (https://docs.github.com/en/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app).
func (a *app) account(ctx context.Context, owner, name string) (*account, error) {
	key := strings.ToLower(owner + "/" + name)
	a.mu.Lock()
	found := a.installations[a.repositories[key]]
	a.mu.Unlock()
	if found != nil {
		return found, nil
	}
	installation, response, err := a.hub.client(a.self.transport).Apps.FindRepositoryInstallation(ctx, owner, name)
	if response != nil && response.StatusCode == http.StatusNotFound {
		return nil, &NotInstalledError{owner + "/" + name}
	}
	if err != nil {
		return nil, fmt.Errorf("find the installation of the GitHub App: %w", err)
	}
	id := installation.GetID()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.repositories[key] = id
	if a.installations[id] == nil {
		t := &installationTokens{app: a, id: id, busy: make(chan struct{}, 1)}
		a.installations[id] = &account{t, a.hub.newTransport(t, fmt.Sprintf("installation %d", id))}
	}
	return a.installations[id], nil
}

// forget drops an installation that GitHub no longer knows: the App may have been installed anew, under another id.
func (a *app) forget(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.installations, id)
}

// appTokens are what the App shows for itself: signed anew for each request.
type appTokens struct{ options Options }

func (t *appTokens) current(context.Context) (string, error) {
	return jwt(t.options.AppID, t.options.AppKey, t.options.Now())
}

func (t *appTokens) renewed(context.Context, string) (string, error) { return "", t.refused() }

func (t *appTokens) refused() *RefusedError {
	return &RefusedError{"the App of LIVEOPS_GITHUB_APP_ID and LIVEOPS_GITHUB_APP_KEY", "does the key belong to the App, was it deleted, and is this machine's clock right?"}
}

// renewBefore is how long before its end an installation token is renewed. It lasts an hour
// (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app),
// and a fetch of large files may take minutes.
const renewBefore = 10 * time.Minute

// installationTokens are the tokens of one installation: one at a time, for all that it may do in all its
// repositories.
type installationTokens struct {
	app  *app
	id   int64
	busy chan struct{} // held by who reads or renews the token

	token string
	ends  time.Time
}

func (t *installationTokens) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case t.busy <- struct{}{}:
		return func() { <-t.busy }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (t *installationTokens) current(ctx context.Context) (string, error) {
	unlock, err := t.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if t.token != "" && t.app.hub.options.Now().Before(t.ends.Add(-renewBefore)) {
		return t.token, nil
	}
	made, response, err := t.app.hub.client(t.app.self.transport).Apps.CreateInstallationToken(ctx, t.id, nil)
	if err != nil {
		if response != nil && response.StatusCode == http.StatusNotFound {
			t.app.forget(t.id)
		}
		return "", fmt.Errorf("get a token of the GitHub App's installation %d: %w", t.id, err)
	}
	t.token, t.ends = made.GetToken(), made.GetExpiresAt().Time
	return t.token, nil
}

// renewed gets another token in place of one that was refused, unless that has been done meanwhile.
func (t *installationTokens) renewed(ctx context.Context, refused string) (string, error) {
	unlock, err := t.lock(ctx)
	if err != nil {
		return "", err
	}
	if t.token == refused {
		t.token = ""
	}
	unlock()
	return t.current(ctx)
}

func (t *installationTokens) refused() *RefusedError {
	return &RefusedError{fmt.Sprintf("the token of the GitHub App's installation %d", t.id), "was the App uninstalled or suspended?"}
}
