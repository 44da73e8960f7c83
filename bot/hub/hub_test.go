package hub_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/bot/hub"
	"liveops/datarepo"
	"liveops/sandbox/github"
)

const token = "ghp_5ecr3t"

// clock is a time that passes only where somebody waits.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waits = append(c.waits, d)
	return ctx.Err()
}

// waited is how long was waited since it was last asked.
func (c *clock) waited() (d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waits {
		d += w
	}
	c.waits = nil
	return d
}

// recorder notes the requests that are sent, with when and by which token.
type recorder struct {
	clock *clock
	mu    sync.Mutex
	sent  []sent
}

type sent struct {
	method, path, token string
	at                  time.Time
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	_, token, _ := strings.Cut(q.Header.Get("Authorization"), " ")
	r.sent = append(r.sent, sent{q.Method, strings.TrimPrefix(q.URL.Path, "/api/v3"), token, r.clock.Now()})
	r.mu.Unlock()
	return http.DefaultTransport.RoundTrip(q)
}

// of are the requests with a method whose path ends so.
func (r *recorder) of(method, suffix string) (list []sent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sent {
		if s.method == method && strings.HasSuffix(s.path, suffix) {
			list = append(list, s)
		}
	}
	return list
}

// world is a stand-in GitHub with two owners' repositories and one pull request, under a clock of its own.
type world struct {
	*testing.T
	*clock
	wire   *recorder
	server *github.Server
	repo   *github.Repo
	pull   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	w := &world{T: t, clock: c, wire: &recorder{clock: c}}
	var err error
	w.server, err = github.New(github.Options{Now: c.Now, Users: []github.User{
		{Login: "liveops", Token: token, Permission: github.Write}, {Login: "mina", Permission: github.Write}}})
	w.must(err)
	t.Cleanup(func() { w.server.Close() })
	w.repo, err = w.server.CreateRepo("studio", "game", map[string][]byte{"liveops.yaml": []byte("environments: []")})
	w.must(err)
	_, err = w.server.CreateRepo("other", "data", map[string][]byte{"a": []byte("b")})
	w.must(err)
	_, err = w.repo.Commit("winter", "Winter", "mina", map[string][]byte{"a": []byte("1")})
	w.must(err)
	w.pull, err = w.repo.OpenPull(github.NewPull{Title: "Winter", Head: "winter", Author: "mina"})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// hub is one with these options, and the world's.
func (w *world) hub(o hub.Options) *hub.Hub {
	w.Helper()
	o.URL, o.Now, o.Wait, o.Transport = w.server.URL(), w.clock.Now, w.clock.Wait, w.wire
	h, err := hub.New(o)
	w.must(err)
	return h
}

// client is that of studio/game by the token.
func (w *world) client() *gogithub.Client {
	w.Helper()
	c, _, err := w.hub(hub.Options{Token: token}).Repository(w.Context(), "studio/game")
	w.must(err)
	return c
}

func (w *world) comment(c *gogithub.Client, body string) error {
	_, _, err := c.Issues.CreateComment(w.Context(), "studio", "game", w.pull, &gogithub.IssueComment{Body: &body})
	return err
}

// app registers a GitHub App and gives a hub that acts as it.
func (w *world) app() (*github.App, *hub.Hub) {
	w.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.must(err)
	app, err := w.server.AddApp(github.NewApp{Slug: "game-bot", Owner: "studio", Key: &key.PublicKey,
		Permissions: map[string]string{"contents": "read", "pull_requests": "write"}})
	w.must(err)
	return app, w.hub(hub.Options{AppID: app.ID(), AppKey: key})
}

func TestSelf(t *testing.T) {
	w := newWorld(t)
	_, app := w.app()
	for want, h := range map[string]*hub.Hub{"liveops": w.hub(hub.Options{Token: token}), "game-bot[bot]": app} {
		for range 2 {
			if got, err := h.Self(t.Context()); got != want || err != nil {
				t.Errorf("the bot is %q, %v, want %q", got, err, want)
			}
		}
	}
	if n := len(w.wire.of("GET", "/user")) + len(w.wire.of("GET", "/app")); n != 2 {
		t.Errorf("GitHub was asked %d times, want 2", n)
	}
}

func TestOptions(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		o    hub.Options
		want error
	}{
		{"nothing", hub.Options{}, hub.ErrIdentity},
		{"both", hub.Options{Token: token, AppID: 1, AppKey: key}, hub.ErrIdentity},
		{"an App without a key", hub.Options{AppID: 1}, hub.ErrIdentity},
		{"a key without an App", hub.Options{AppKey: key}, hub.ErrIdentity},
		{"a token", hub.Options{Token: token}, nil},
		{"an App", hub.Options{AppID: 1, AppKey: key}, nil},
		{"no address", hub.Options{Token: token, URL: "github.example.com"}, hub.ErrAddress},
		{"an address with a password", hub.Options{Token: token, URL: "https://a:b@github.example.com"}, hub.ErrAddress},
	} {
		if _, err := hub.New(test.o); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestParseKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	for _, test := range []struct{ name, text, want string }{
		{"as GitHub gives it", text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), ""},
		{"PKCS #8", text("PRIVATE KEY", pkcs8), ""},
		{"public", text("PUBLIC KEY", public), `"PUBLIC KEY"`},
		{"half of one", text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)[:100]), "is it whole"},
		{"a path", "/run/secrets/key.pem", "no key in PEM"},
	} {
		got, err := hub.ParseKey([]byte(test.text))
		if test.want == "" && (err != nil || !got.Equal(key)) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestAppOfTwoOwners(t *testing.T) {
	w := newWorld(t)
	app, h := w.app()
	app.Install("studio")
	app.Install("other", "data")
	for _, repository := range []string{"studio/game", "other/data", "studio/game"} {
		owner, name, _ := strings.Cut(repository, "/")
		client, remote, err := h.Repository(t.Context(), repository)
		w.must(err)
		if got, _, err := client.Repositories.Get(t.Context(), owner, name); got.GetFullName() != repository {
			t.Errorf("%s: %v, %v", repository, got, err)
		}
		c, err := remote.Fetch(t.Context(), "refs/heads/main")
		w.must(err)
		c.Close()
	}
	if n := len(w.wire.of("POST", "/access_tokens")); n != 2 {
		t.Errorf("%d tokens were made, want one for each installation", n)
	}
	var absent *hub.NotInstalledError
	if _, _, err := h.Repository(t.Context(), "mina/game"); !errors.As(err, &absent) || absent.Repository != "mina/game" {
		t.Errorf("where it is not installed: %v", err)
	}
	if _, _, err := h.Repository(t.Context(), "game"); err == nil {
		t.Error("a name without an owner was taken")
	}
}

func TestAppTokens(t *testing.T) {
	w := newWorld(t)
	app, h := w.app()
	id := app.Install("studio")
	client, remote, err := h.Repository(t.Context(), "studio/game")
	w.must(err)
	made := func() int { return len(w.wire.of("POST", "/access_tokens")) }
	w.must(w.comment(client, "one"))
	w.clock.Wait(t.Context(), 49*time.Minute)
	w.must(w.comment(client, "two"))
	if made() != 1 {
		t.Errorf("%d tokens after 49 minutes, want 1", made())
	}
	w.clock.Wait(t.Context(), 2*time.Minute)
	c, err := remote.Fetch(t.Context(), "refs/heads/main")
	w.must(err)
	c.Close()
	if made() != 2 {
		t.Errorf("%d tokens ten minutes before the first one's end, want 2", made())
	}
	app.RevokeTokens(id)
	w.must(w.comment(client, "three"))
	if made() != 3 {
		t.Errorf("%d tokens after GitHub refused the second, want 3", made())
	}
	w.server.FailNext("GET", "/repos/studio/game", http.StatusUnauthorized, nil, 2)
	var refused *hub.RefusedError
	if _, _, err = client.Repositories.Get(t.Context(), "studio", "game"); !errors.As(err, &refused) {
		t.Errorf("a renewed token is refused too: %v", err)
	}
	if list := w.repo.Comments(w.pull); len(list) != 3 || list[2].Author != "game-bot[bot]" {
		t.Errorf("comments: %+v", list)
	}

	// Installed anew, under another id.
	app.Uninstall(id)
	if _, _, err := client.Repositories.Get(t.Context(), "studio", "game"); err == nil {
		t.Error("an uninstalled App reads")
	}
	if _, err := remote.Fetch(t.Context(), "refs/heads/main"); err == nil {
		t.Error("an uninstalled App fetches")
	}
	app.Install("studio")
	client, _, err = h.Repository(t.Context(), "studio/game")
	w.must(err)
	w.must(w.comment(client, "four"))
}

func TestRefused(t *testing.T) {
	w := newWorld(t)
	var refused *hub.RefusedError
	h := w.hub(hub.Options{Token: "ghp_expired"})
	_, err := h.Self(t.Context())
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "GitHub refuses the token of LIVEOPS_GITHUB_TOKEN (expired or revoked?)") || strings.Contains(err.Error(), "ghp_") {
		t.Errorf("a token: %v", err)
	}
	_, remote, err := h.Repository(t.Context(), "studio/game")
	w.must(err)
	if _, err := remote.Fetch(t.Context(), "refs/heads/main"); !errors.Is(err, datarepo.ErrUnauthorized) {
		t.Errorf("git: %v", err)
	}
	app, _ := w.app()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	w.must(err)
	_, err = w.hub(hub.Options{AppID: app.ID(), AppKey: other}).Self(t.Context())
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "LIVEOPS_GITHUB_APP_KEY") {
		t.Errorf("an App with another's key: %v", err)
	}
}
