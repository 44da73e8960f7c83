// Package hub is how the bot talks to GitHub: as which account, with which token, and how fast. It is given a
// personal token or a GitHub App, and gives for each repository a client of the REST API and a remote of git whose
// tokens are always current and whose requests keep to GitHub's limits.
package hub

import (
	"context"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"liveops/datarepo"
)

// Options of a Hub: a Token, or an AppID with its AppKey.
type Options struct {
	Token  string          // a personal access token, or one of an App
	Login  string          // whose Token it is, where GitHub does not tell: of the token of a GitHub Actions run, ActionsLogin
	AppID  int64           // of a GitHub App
	AppKey *rsa.PrivateKey // the App's private key; see ParseKey

	URL       string // of a GitHub Enterprise server, such as https://github.example.com; "" means github.com
	API       string // of its REST API, where that is not api/v3 below URL, such as https://api.studio.ghe.com; "" for there
	PublicURL string // where the bot is reached from outside, which a repository's webhook is known by; "" for unknown
	LargeDir  string // where files of Git LFS are kept; see datarepo.Remote

	Log       *slog.Logger                                     // default discards
	Now       func() time.Time                                 // default time.Now
	Wait      func(ctx context.Context, d time.Duration) error // default a real timer
	Transport http.RoundTripper                                // what sends requests; default net/http's
}

// ActionsLogin is the account of a GitHub Actions run's own token (GITHUB_TOKEN), which may not ask who it is
// (https://docs.github.com/en/actions/security-for-github-actions/security-guides/automatic-token-authentication).
const ActionsLogin = "github-actions[bot]"

// Hub is the bot's way to one GitHub. It is safe for concurrent use.
type Hub struct {
	options Options
	api     *url.URL // of the REST API, with a slash at its end
	web     string   // of the web pages and of git, without one
	who     identity
}

// identity is the account that the bot acts as.
type identity interface {
	// login is the account's own login.
	login(ctx context.Context) (string, error)
	// account is whose token and limits count in a repository.
	account(ctx context.Context, owner, name string) (*account, error)
	// missed lists the deliveries of a repository's events; see Hub.MissedDeliveries.
	missed(ctx context.Context, owner, name string, since time.Time) ([]MissedDelivery, error)
}

// account is a token, and whoever spends GitHub's limits with it.
type account struct {
	tokens    tokens
	transport *transport
}

// New checks the options and asks GitHub nothing yet.
func New(o Options) (*Hub, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	h := &Hub{options: o}
	var err error
	if h.api, h.web, err = addresses(o.URL); err != nil {
		return nil, err
	}
	if o.API != "" {
		_, root, err := addresses(o.API)
		if err == nil {
			h.api, err = url.Parse(root + "/")
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case o.Token != "" && (o.AppID != 0 || o.AppKey != nil):
		return nil, fmt.Errorf("%w: a token and a GitHub App are given; keep one", ErrIdentity)
	case o.Token != "":
		h.who = newPerson(h)
	case o.AppID > 0 && o.AppKey != nil:
		h.who = newApp(h)
	default:
		return nil, fmt.Errorf("%w: neither a token nor a GitHub App with its key is given", ErrIdentity)
	}
	return h, nil
}

// addresses are those of the REST API and of the web of a GitHub
// (https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api/getting-started-with-the-rest-api).
func addresses(base string) (api *url.URL, web string, err error) {
	if base == "" {
		api, err = url.Parse("https://api.github.com/")
		return api, "https://github.com", err
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" {
		return nil, "", fmt.Errorf("%w: it is %q; expected one such as https://github.example.com", ErrAddress, base)
	}
	web = strings.TrimSuffix(base, "/")
	return u.JoinPath("api/v3/"), web, nil
}

// Self is the bot's own login, which its comments are known by: that of the token's account, or SLUG[bot] of the
// App.
func (h *Hub) Self(ctx context.Context) (string, error) {
	login, err := h.who.login(ctx)
	if err != nil {
		return "", fmt.Errorf("ask GitHub who the bot is: %w", err)
	}
	return login, nil
}

// Repository gives the REST API and the git of a repository, owner/name. Credentials that GitHub refuses make a
// *RefusedError, here and from each use; an App that is not installed on the repository a *NotInstalledError.
//
// The client needs no time-out of its own and must be given none: a request may wait its turn (see transport).
// Clients are cheap; one for each piece of work is right, since a client remembers what limits it saw.
func (h *Hub) Repository(ctx context.Context, repository string) (*github.Client, *datarepo.Remote, error) {
	owner, name, err := split(repository)
	if err != nil {
		return nil, nil, err
	}
	a, err := h.who.account(ctx, owner, name)
	if err != nil {
		return nil, nil, fmt.Errorf("get access to %s: %w", repository, err)
	}
	return h.client(a.transport), &datarepo.Remote{URL: h.web + "/" + path.Join(owner, name) + ".git", Username: "x-access-token",
		CurrentPassword: a.tokens.current, Client: &http.Client{Transport: h.options.Transport}, LargeDir: h.options.LargeDir}, nil
}

// client is a client of the REST API that sends by t.
func (h *Hub) client(t http.RoundTripper) *github.Client {
	c := github.NewClient(&http.Client{Transport: t})
	c.BaseURL, c.UploadURL = h.api, h.api
	return c
}

func split(repository string) (owner, name string, err error) {
	owner, name, _ = strings.Cut(repository, "/")
	if owner == "" || name == "" || strings.Contains(name, "/") {
		return "", "", fmt.Errorf("%q is no repository; expected owner/name", repository)
	}
	return owner, name, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
