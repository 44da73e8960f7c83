package github

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/object"
)

// Permission is what a user may do in a repository. Each one includes those
// before it. See
// https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization
type Permission int

// The permissions.
const (
	None Permission = iota
	Read
	Triage
	Write
	Maintain
	Admin
)

// String is the role's name as GitHub writes it.
func (p Permission) String() string {
	return [...]string{"none", "read", "triage", "write", "maintain", "admin"}[p]
}

// User is an account of the server.
type User struct {
	// Login is the unique name, compared without regard to case.
	Login string
	// Name and Email stand in commits; default the login and its noreply address.
	Name, Email string
	// Token is the secret that signs requests in as this user; empty for a user
	// who only acts through the Go methods.
	Token string
	// Bot marks the account of a GitHub App, whose login ends in [bot] at GitHub.
	// Only such an account may write check runs; its Token stands for an
	// installation's token. A person's account with a token is not one.
	Bot bool
	// Permission holds in every repository unless Repo.SetPermission says
	// otherwise. The owner of a repository is always Admin.
	Permission Permission
}

// account is a user as the server keeps it; an empty Login means anonymous.
type account struct {
	User
	id    int64
	limit int // requests an hour
	used  int
	reset time.Time // when used starts again at 0

	app          *App          // that signed in by itself
	installation *installation // that signed in, of an App

	spent          []spending // of the last hour, towards the secondary limits
	refused        int        // requests over them
	throttled      time.Time  // until when Throttle refuses
	throttledReads bool
}

func (s *Server) addUser(u User) error {
	key := strings.ToLower(u.Login)
	switch {
	case key == "":
		return fmt.Errorf("add a user: it has no login")
	case s.accounts[key] != nil:
		return fmt.Errorf("add user %s: two users have this login", u.Login)
	case u.Token != "" && s.tokens[u.Token] != nil:
		return fmt.Errorf("add user %s: %s has the same token", u.Login, s.tokens[u.Token].Login)
	}
	if u.Name == "" {
		u.Name = u.Login
	}
	a := &account{User: u, id: s.nextID(), limit: s.rateLimit}
	if a.Email == "" {
		a.Email = fmt.Sprintf("%d+%s@users.noreply.github.com", a.id, u.Login)
	}
	s.accounts[key] = a
	if u.Token != "" {
		s.tokens[u.Token] = a
	}
	return nil
}

// account finds a user for the Go methods.
func (s *Server) account(login string) (*account, error) {
	a := s.accounts[strings.ToLower(login)]
	if a == nil {
		return nil, fmt.Errorf("there is no user %q", login)
	}
	return a, nil
}

// authenticate tells who sent a request: by a bearer token, by "token T", or by
// basic authentication with the token as the password (git over HTTP; the user
// name is not looked at). A request without credentials is anonymous; ok is
// false for credentials that no user has. See
// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
func (s *Server) authenticate(r *http.Request) (who *account, ok bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return s.anonymous, true
	}
	token := ""
	if name, password, basic := r.BasicAuth(); basic {
		token = password
		if password == "" || password == "x-oauth-basic" {
			token = name
		}
	} else if scheme, value, found := strings.Cut(header, " "); found &&
		(strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "token")) {
		token = strings.TrimSpace(value)
	}
	if who = s.tokens[token]; who == nil {
		who = s.appAccount(token)
	}
	return who, who != nil
}

// signature is the user as the author of a commit made now.
func (a *account) signature(now time.Time) object.Signature {
	return object.Signature{Name: a.Name, Email: a.Email, When: now}
}

// byEmail finds the user whom a commit's author is shown as, the first one made
// if several share the address; nil if there is none.
func (s *Server) byEmail(email string) (found *account) {
	for _, a := range s.accounts {
		if strings.EqualFold(a.Email, email) && (found == nil || a.id < found.id) {
			found = a
		}
	}
	return found
}

// userDocument is the "simple user" of GitHub's documents; null for nobody.
func (s *Server) userDocument(a *account) any {
	if a == nil {
		return nil
	}
	kind := "User"
	if a.Bot {
		kind = "Bot"
	}
	return s.loginDocument(a.Login, a.id, kind)
}

// loginDocument is a "simple user" for a login that may be an organization.
func (s *Server) loginDocument(login string, id int64, kind string) document {
	return document{
		"login": login, "id": id, "node_id": nodeID(kind, id), "type": kind, "site_admin": false,
		"avatar_url": s.url + "/avatars/" + login, "html_url": s.url + "/" + login,
		"url": s.api("/users/%s", login),
	}
}

// nodeID is the GraphQL id of a thing.
func nodeID(kind string, id int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", kind, id))
}
