package github

import (
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"time"
)

// NewApp is a GitHub App to be registered.
type NewApp struct {
	Slug  string // of its page; its account is SLUG[bot]
	Name  string // default the slug
	Owner string // who registers it
	Key   *rsa.PublicKey
	// Permissions are those of installations, such as {"contents": "read", "pull_requests": "write"}; metadata is
	// always read. See
	// https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
	Permissions map[string]string
	Events      []string
}

// App is a registered GitHub App.
type App struct {
	s *Server
	NewApp
	id            int64
	created       time.Time
	own           *account // who signs in with a JSON web token
	bot           *account // SLUG[bot]
	installations []*installation
}

// installation is an App on the account of one owner. See
// https://docs.github.com/en/apps/using-github-apps/installing-your-own-github-app
type installation struct {
	id           int64
	app          *App
	owner        string
	repositories []string // owner/name in lower case; nil for all of the owner's
	permissions  map[string]string
	created      time.Time
	user         *account // who signs in with its tokens
}

// appRegistry are the Apps of a server.
type appRegistry struct {
	all       []*App
	tokens    map[string]*issued // of installations
	manifests map[string]*manifest
}

// AddApp registers a GitHub App. It fails if its slug, or its account, is taken.
func (s *Server) AddApp(n NewApp) (*App, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addApp(n)
}

func (s *Server) addApp(n NewApp) (*App, error) {
	if n.Slug == "" || n.Key == nil {
		return nil, fmt.Errorf("add App %q: it needs a slug and a key", n.Slug)
	}
	if n.Name == "" {
		n.Name = n.Slug
	}
	login := n.Slug + "[bot]"
	if err := s.addUser(User{Login: login, Bot: true}); err != nil {
		return nil, fmt.Errorf("add App %s: %w", n.Slug, err)
	}
	a := &App{s: s, NewApp: n, id: s.nextID(), created: s.now(), bot: s.accounts[strings.ToLower(login)]}
	a.own = &account{User: User{Login: login, Bot: true}, id: a.bot.id, limit: s.rateLimit, app: a}
	s.apps.all = append(s.apps.all, a)
	return a, nil
}

// ID is the App's number, which its tokens name as their issuer.
func (a *App) ID() int64 { return a.id }

// Install installs the App for an owner, on some of its repositories, or with none named on all, now and later. It
// returns the installation's number.
func (a *App) Install(owner string, repositories ...string) int64 {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	i := &installation{id: a.s.nextID(), app: a, owner: owner, permissions: a.Permissions, created: a.s.now()}
	for _, name := range repositories {
		i.repositories = append(i.repositories, strings.ToLower(owner+"/"+name))
	}
	i.user = &account{User: a.bot.User, id: a.bot.id, limit: a.s.rateLimit, installation: i}
	a.installations = append(a.installations, i)
	return i.id
}

// Uninstall takes an installation away, and its tokens with it.
func (a *App) Uninstall(id int64) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.installations = slices.DeleteFunc(a.installations, func(i *installation) bool { return i.id == id })
	a.s.revoke(id)
}

// RevokeTokens ends all tokens of an installation before their time.
func (a *App) RevokeTokens(id int64) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.revoke(id)
}

func (s *Server) revoke(id int64) {
	for token, t := range s.apps.tokens {
		if t.user.installation.id == id {
			delete(s.apps.tokens, token)
		}
	}
}

// SetInstallationRemaining leaves an installation n requests until the hour is over, as SetRemaining does a user.
func (a *App) SetInstallationRemaining(id int64, n int) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if i := a.installation(id); i != nil {
		i.user.startWindow(a.s.now())
		i.user.used = i.user.limit - n
	}
}

func (a *App) installation(id int64) *installation {
	for _, i := range a.installations {
		if i.id == id {
			return i
		}
	}
	return nil
}

// has says whether the App is installed on a repository.
func (i *installation) has(r *Repo) bool {
	return strings.EqualFold(i.owner, r.owner) && (i.repositories == nil || slices.Contains(i.repositories, strings.ToLower(r.FullName())))
}

// permission is what git, and who asks for the role, may know of the installation: REST looks at each permission.
func (i *installation) permission(r *Repo) Permission {
	switch {
	case !i.has(r):
		return None
	case i.permissions["contents"] == "write":
		return Write
	}
	return Read
}

// document describes the App. See https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
func (a *App) document() document {
	return document{
		"id": a.id, "slug": a.Slug, "node_id": nodeID("Integration", a.id), "name": a.Name, "client_id": a.clientID(),
		"owner": a.s.ownerOf(a.Owner), "description": "", "external_url": a.s.url, "html_url": a.s.url + "/apps/" + a.Slug,
		"created_at": stamp(a.created), "updated_at": stamp(a.created),
		"permissions": withMetadata(a.Permissions), "events": append([]string{}, a.Events...), "installations_count": len(a.installations),
	}
}

func (a *App) clientID() string { return fmt.Sprintf("Iv1.%016x", a.id) }

// ownerOf is the "simple user" of a login that needs not be an account here.
func (s *Server) ownerOf(login string) document {
	if a := s.accounts[strings.ToLower(login)]; a != nil {
		return s.loginDocument(a.Login, a.id, "User")
	}
	return s.loginDocument(login, 0, "Organization")
}

// document describes the installation. See
// https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app
func (i *installation) document() document {
	s, owner := i.app.s, i.app.s.ownerOf(i.owner)
	return document{
		"id": i.id, "account": owner, "app_id": i.app.id, "app_slug": i.app.Slug, "target_type": owner["type"], "target_id": owner["id"],
		"repository_selection": i.selection(), "permissions": withMetadata(i.permissions), "events": append([]string{}, i.app.Events...),
		"access_tokens_url": s.api("/app/installations/%d/access_tokens", i.id), "repositories_url": s.api("/installation/repositories"),
		"html_url":   fmt.Sprintf("%s/settings/installations/%d", s.url, i.id),
		"created_at": stamp(i.created), "updated_at": stamp(i.created), "suspended_at": nil, "suspended_by": nil, "single_file_name": nil,
	}
}

func (i *installation) selection() string {
	if i.repositories == nil {
		return "all"
	}
	return "selected"
}

func withMetadata(permissions map[string]string) map[string]string {
	all := map[string]string{"metadata": "read"}
	for name, level := range permissions {
		all[name] = level
	}
	return all
}
