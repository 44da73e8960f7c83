package github_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

// appWorld is a world with an App, under a clock that a test moves.
type appWorld struct {
	world
	app   *github.App
	key   *rsa.PrivateKey
	clock *atomic.Int64
}

func newAppWorld(t *testing.T, permissions map[string]string) appWorld {
	t.Helper()
	a := appWorld{clock: &atomic.Int64{}}
	a.clock.Store(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Unix())
	a.world = newWorld(t, github.Options{Now: a.now})
	var err error
	if a.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	a.app, err = a.srv.AddApp(github.NewApp{Slug: "data-bot", Owner: "acme", Key: &a.key.PublicKey, Permissions: permissions, Events: []string{"push"}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a appWorld) now() time.Time { return time.Unix(a.clock.Load(), 0) }

// jwt signs a token with these claims.
func (a appWorld) jwt(header string, claims map[string]any) string {
	body, _ := json.Marshal(claims)
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, sum[:])
	if err != nil {
		a.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

const rs256 = `{"alg":"RS256","typ":"JWT"}`

// asApp is a client signed in as the App itself.
func (a appWorld) asApp() *gogithub.Client {
	return a.client(a.jwt(rs256, map[string]any{"iss": a.app.ID(), "iat": a.now().Unix() - 60, "exp": a.now().Unix() + 540}))
}

// token is one of an installation.
func (a appWorld) token(installation int64, o *gogithub.InstallationTokenOptions) string {
	a.Helper()
	t, _, err := a.asApp().Apps.CreateInstallationToken(a.Context(), installation, o)
	if err != nil {
		a.Fatal(err)
	}
	if want := a.now().Add(time.Hour); !t.GetExpiresAt().Time.Equal(want) {
		a.Errorf("the token ends at %v, want %v", t.GetExpiresAt(), want)
	}
	return t.GetToken()
}

// refusedWith is the status and message of an error; "" for none.
func refusedWith(err error) string {
	var e *gogithub.ErrorResponse
	if errors.As(err, &e) {
		return fmt.Sprintf("%d %s", e.Response.StatusCode, e.Message)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestJWT(t *testing.T) {
	a := newAppWorld(t, nil)
	now, id := a.now().Unix(), a.app.ID()
	claims := func(iss any, iat, exp int64) map[string]any {
		return map[string]any{"iss": iss, "iat": iat, "exp": exp}
	}
	const future = "401 'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	forged := a.jwt(rs256, claims(id, now, now+60))
	for _, test := range []struct{ name, token, want string }{
		{"a number as issuer", a.jwt(rs256, claims(id, now-60, now+600)), ""},
		{"a text as issuer", a.jwt(rs256, claims(fmt.Sprint(id), now, now+1)), ""},
		{"over ten minutes", a.jwt(rs256, claims(id, now, now+601)), "401 'Expiration time' claim ('exp') is too far in the future"},
		{"expired", a.jwt(rs256, claims(id, now-60, now)), future},
		{"no end", a.jwt(rs256, map[string]any{"iss": id, "iat": now}), future},
		{"from the future", a.jwt(rs256, claims(id, now+60, now+120)), "401 'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"},
		{"another App", a.jwt(rs256, claims(id+1000, now, now+60)), "401 Integration not found"},
		{"another algorithm", a.jwt(`{"alg":"none"}`, claims(id, now, now+60)), "401 A JSON web token could not be decoded"},
		{"another signature", forged[:len(forged)-8] + "AAAAAAAA", "401 A JSON web token could not be decoded"},
		{"a user's token", writerToken, "401 A JSON web token could not be decoded"},
	} {
		got, _, err := a.client(test.token).Apps.Get(t.Context(), "")
		if refusedWith(err) != test.want {
			t.Errorf("%s: %q, want %q", test.name, refusedWith(err), test.want)
		}
		if err == nil && (got.GetSlug() != "data-bot" || got.GetID() != id) {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	if _, _, err := a.asApp().Repositories.Get(t.Context(), "acme", "data"); refusedWith(err) != "404 Not Found" {
		t.Errorf("the App itself reads a private repository: %q", refusedWith(err))
	}
}

func TestInstallations(t *testing.T) {
	a := newAppWorld(t, map[string]string{"contents": "read", "issues": "write"})
	if _, err := a.srv.CreateRepo("acme", "other", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.srv.CreateRepo("studio", "game", nil); err != nil {
		t.Fatal(err)
	}
	acme, studio := a.app.Install("acme", "data"), a.app.Install("studio")
	list, response, err := a.asApp().Apps.ListInstallations(t.Context(), &gogithub.ListOptions{PerPage: 1})
	if err != nil || len(list) != 1 || list[0].GetID() != acme || response.NextPage != 2 || list[0].GetAccount().GetLogin() != "acme" {
		t.Errorf("the first page: %v, %v", list, err)
	}
	for repo, want := range map[string]int64{"acme/data": acme, "studio/game": studio, "acme/other": 0, "acme/none": 0} {
		owner, name, _ := strings.Cut(repo, "/")
		got, _, err := a.asApp().Apps.FindRepositoryInstallation(t.Context(), owner, name)
		if got.GetID() != want || want == 0 && refusedWith(err) != "404 Not Found" {
			t.Errorf("%s: installation %d, %v, want %d", repo, got.GetID(), err, want)
		}
	}
	repos, _, err := a.client(a.token(studio, nil)).Apps.ListRepos(t.Context(), nil)
	if err != nil || repos.GetTotalCount() != 1 || repos.Repositories[0].GetFullName() != "studio/game" {
		t.Errorf("repositories of studio: %v, %v", repos, err)
	}
	if _, _, err := a.client(a.token(acme, nil)).Repositories.Get(t.Context(), "studio", "game"); refusedWith(err) != "404 Not Found" {
		t.Errorf("the installation of acme reads studio's repository: %q", refusedWith(err))
	}
	a.app.Uninstall(acme)
	if _, _, err := a.asApp().Apps.CreateInstallationToken(t.Context(), acme, nil); refusedWith(err) != "404 Not Found" {
		t.Errorf("a token of what was uninstalled: %q", refusedWith(err))
	}
}

func TestInstallationTokens(t *testing.T) {
	a := newAppWorld(t, map[string]string{"contents": "read", "issues": "write", "pull_requests": "read"})
	id := a.app.Install("acme")
	n := a.pull("winter", map[string]string{"a": "1"})
	token := a.token(id, nil)
	client := a.client(token)
	body, state := "hello", "success"
	made, _, err := client.Issues.CreateComment(t.Context(), "acme", "data", n, &gogithub.IssueComment{Body: &body})
	if err != nil || made.GetUser().GetLogin() != "data-bot[bot]" || made.GetUser().GetType() != "Bot" {
		t.Fatalf("a comment: %v, %v", made, err)
	}
	if _, _, err := a.client(a.token(id, nil)).Issues.EditComment(t.Context(), "acme", "data", made.GetID(), &gogithub.IssueComment{Body: &body}); err != nil {
		t.Errorf("another token edits it: %v", err)
	}
	const refused = "403 Resource not accessible by integration"
	_, _, err = client.Repositories.CreateStatus(t.Context(), "acme", "data", a.repo.Tip("winter"), &gogithub.RepoStatus{State: &state})
	if refusedWith(err) != refused {
		t.Errorf("a status without the permission: %q", refusedWith(err))
	}
	if _, _, err := client.Users.Get(t.Context(), ""); refusedWith(err) != refused {
		t.Errorf("GET /user: %q", refusedWith(err))
	}
	if got := a.gitStatus(token); got != http.StatusOK {
		t.Errorf("git answers the token with %d", got)
	}

	less := a.client(a.token(id, &gogithub.InstallationTokenOptions{Permissions: &gogithub.InstallationPermissions{Contents: gogithub.String("read")}}))
	if _, _, err := less.Issues.CreateComment(t.Context(), "acme", "data", n, &gogithub.IssueComment{Body: &body}); refusedWith(err) != refused {
		t.Errorf("a token that was made for less: %q", refusedWith(err))
	}
	more := &gogithub.InstallationTokenOptions{Permissions: &gogithub.InstallationPermissions{Statuses: gogithub.String("write")}}
	if _, _, err := a.asApp().Apps.CreateInstallationToken(t.Context(), id, more); !strings.HasPrefix(refusedWith(err), "422 ") {
		t.Errorf("a token for more than the installation has: %q", refusedWith(err))
	}

	a.clock.Add(3600)
	if _, _, err := client.Repositories.Get(t.Context(), "acme", "data"); refusedWith(err) != "401 Bad credentials" {
		t.Errorf("after an hour: %q", refusedWith(err))
	}
	if got := a.gitStatus(token); got != http.StatusUnauthorized {
		t.Errorf("after an hour git answers %d", got)
	}
}

// gitStatus asks git for the references with a token.
func (a appWorld) gitStatus(token string) int {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), http.MethodGet, a.repo.CloneURL()+"/info/refs?service=git-upload-pack", nil)
	if err != nil {
		a.Fatal(err)
	}
	r.SetBasicAuth("x-access-token", token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestDeliveriesAPI(t *testing.T) {
	a := newAppWorld(t, map[string]string{"contents": "read"})
	status := &atomic.Int64{}
	status.Store(http.StatusServiceUnavailable)
	var guids []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guids = append(guids, r.Header.Get("X-GitHub-Delivery")) // one at a time
		w.WriteHeader(int(status.Load()))
	}))
	t.Cleanup(receiver.Close)
	a.srv.SetWebhook(receiver.URL, "s")
	for i := range 4 {
		a.commit("main", fmt.Sprint(i), map[string]string{"a": fmt.Sprint(i)})
		a.delivered()
		a.clock.Add(1)
	}
	hooks, _, err := a.client(ownerToken).Repositories.ListHooks(t.Context(), "acme", "data", nil)
	if err != nil || len(hooks) != 1 || hooks[0].GetConfig().GetURL() != receiver.URL {
		t.Fatalf("hooks: %v, %v", hooks, err)
	}
	if _, _, err := a.client(writerToken).Repositories.ListHooks(t.Context(), "acme", "data", nil); !strings.HasPrefix(refusedWith(err), "403 ") {
		t.Errorf("who does not administer the repository lists its hooks: %q", refusedWith(err))
	}
	var seen []string
	o := &gogithub.ListCursorOptions{PerPage: 3}
	for pages := 1; ; pages++ {
		list, response, err := a.client(ownerToken).Repositories.ListHookDeliveries(t.Context(), "acme", "data", hooks[0].GetID(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			seen = append([]string{d.GetGUID()}, seen...)
			if d.GetStatusCode() != 503 || d.GetStatus() != "Invalid HTTP Response: 503" || d.GetEvent() != "push" {
				t.Errorf("a delivery: %v", d)
			}
		}
		if response.Cursor == "" {
			if pages != 2 {
				t.Errorf("%d pages, want 2", pages)
			}
			break
		}
		o.Cursor = response.Cursor
	}
	if diff := cmp.Diff(guids[1:], seen); diff != "" { // the ping is of no repository
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}

	list, _, err := a.asApp().Apps.ListHookDeliveries(t.Context(), nil)
	if err != nil || len(list) != 5 {
		t.Fatalf("the App's deliveries: %v, %v", list, err)
	}
	whole, _, err := a.asApp().Apps.GetHookDelivery(t.Context(), list[0].GetID())
	if err != nil || whole.Request == nil || !strings.Contains(string(*whole.Request.RawPayload), `"ref":"refs/heads/main"`) {
		t.Errorf("one delivery: %v, %v", whole, err)
	}
	status.Store(http.StatusAccepted)
	if _, _, err := a.asApp().Apps.RedeliverHookDelivery(t.Context(), list[0].GetID()); err != nil && !errors.As(err, new(*gogithub.AcceptedError)) {
		t.Errorf("redeliver: %v", err)
	}
	a.delivered()
	again, _, err := a.asApp().Apps.ListHookDeliveries(t.Context(), nil)
	if err != nil || !again[0].GetRedelivery() || again[0].GetGUID() != list[0].GetGUID() || again[0].GetStatus() != "OK" || again[0].GetStatusCode() != 202 {
		t.Errorf("after a redelivery: %v, %v", again, err)
	}
	a.clock.Add(int64((3 * 24 * time.Hour).Seconds()))
	if list, _, err = a.asApp().Apps.ListHookDeliveries(t.Context(), nil); err != nil || len(list) != 0 {
		t.Errorf("after three days: %v, %v", list, err)
	}
}

func TestManifest(t *testing.T) {
	a := newAppWorld(t, nil)
	post := func(path, manifest string) (int, *url.URL) {
		t.Helper()
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		response, err := client.PostForm(a.srv.URL()+path, url.Values{"manifest": {manifest}})
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		io.Copy(io.Discard, response.Body)
		to, _ := response.Location()
		return response.StatusCode, to
	}
	const good = `{"name":"Game Data","url":"https://game.example","redirect_url":"http://127.0.0.1:1/back?x=1","hook_attributes":{"url":"https://game.example/webhook"},
		"default_permissions":{"contents":"write"},"default_events":["push"],"public":false}`
	for name, manifest := range map[string]string{"no JSON": "{", "no name": `{"url":"https://a","redirect_url":"http://b"}`,
		"no way back": `{"name":"A","url":"https://a"}`, "a hook without an address": strings.Replace(good, "https://game.example/webhook", "", 1)} {
		if status, _ := post("/settings/apps/new", manifest); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d, want 422", name, status)
		}
	}
	status, to := post("/organizations/studio/settings/apps/new?state=s1", good)
	if status != http.StatusFound || to.Query().Get("state") != "s1" || to.Query().Get("x") != "1" {
		t.Fatalf("the way back: %d %v", status, to)
	}
	anyone, err := gogithub.NewClient(nil).WithEnterpriseURLs(a.srv.URL(), a.srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	code := to.Query().Get("code")
	made, _, err := anyone.Apps.CompleteAppManifest(t.Context(), code)
	if err != nil || made.GetSlug() != "game-data" || made.GetOwner().GetLogin() != "studio" || !strings.HasPrefix(made.GetPEM(), "-----BEGIN RSA PRIVATE KEY-----") || made.GetWebhookSecret() == "" {
		t.Fatalf("the App: %v, %v", made, err)
	}
	if _, _, err := anyone.Apps.CompleteAppManifest(t.Context(), code); refusedWith(err) != "404 Not Found" {
		t.Errorf("a code used twice: %q", refusedWith(err))
	}
	status, to = post("/settings/apps/new", strings.Replace(good, "Game Data", "Another", 1))
	if to == nil {
		t.Fatalf("without an organisation: %d", status)
	}
	a.clock.Add(3600)
	if _, _, err := anyone.Apps.CompleteAppManifest(t.Context(), to.Query().Get("code")); refusedWith(err) != "404 Not Found" {
		t.Errorf("a code after an hour: %q", refusedWith(err))
	}
}
