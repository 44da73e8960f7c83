package hub

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v62/github"
)

// RegisterOptions are what a GitHub App is to be registered as.
type RegisterOptions struct {
	URL          string // of a GitHub Enterprise server; "" means github.com
	Organization string // that the App is to belong to; "" for the person who registers it
	Name         string // unique on the GitHub, at most 34 characters; the person may change it
	PublicURL    string // where GitHub is to reach the bot

	Opened func(page string) // told the address of the page that the person is to open
}

// Registered is a GitHub App that has been registered. GitHub tells its secrets this once.
type Registered struct {
	ID            int64
	Slug          string
	Owner         string // login
	Key           string // private key, in PEM
	WebhookSecret string
	Page          string // address of its page; with /installations/new, of where it is installed
}

// registrar serves the pages of one registration. See
// https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
type registrar struct {
	options RegisterOptions
	path    string // of the first page, which only who was told it can open
	form    string // GitHub's address that the manifest is posted to
	client  *github.Client

	mu    sync.Mutex
	state string // that GitHub is to hand back; "" once it has
	done  chan *Registered
}

// Register has a person register a GitHub App in a browser: it serves a page on the listener that sends them to GitHub
// with a manifest, and waits until GitHub sends them back with a code, or ctx ends. It closes the listener.
func Register(ctx context.Context, l net.Listener, o RegisterOptions) (*Registered, error) {
	api, web, err := addresses(o.URL)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	r := &registrar{options: o, path: "/setup/" + rand.Text(), state: rand.Text(), done: make(chan *Registered, 1),
		client: github.NewClient(&http.Client{Timeout: tryTimeout})}
	r.client.BaseURL = api
	r.form = web + "/settings/apps/new?state=" + r.state
	if o.Organization != "" {
		r.form = web + "/organizations/" + url.PathEscape(o.Organization) + "/settings/apps/new?state=" + r.state
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+r.path, r.start)
	mux.HandleFunc("GET /registered", r.back)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	o.Opened(r.base(l.Addr()) + r.path)

	var made *Registered
	select {
	case made = <-r.done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case err = <-ended:
		return nil, fmt.Errorf("serve the page that registers the App: %w", err)
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if server.Shutdown(stop) != nil { // lets the last page reach the browser
		server.Close()
	}
	<-ended
	return made, err
}

// base is the address that a person reaches the listener by: its own on this machine, else the public one.
func (r *registrar) base(at net.Addr) string {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return "http://" + at.String()
	}
	return strings.TrimRight(r.options.PublicURL, "/")
}

// manifest is what the App asks for: see
// https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest#github-app-manifest-parameters
func (r *registrar) manifest(back string) ([]byte, error) {
	type attributes struct {
		URL    string `json:"url"`
		Active bool   `json:"active"`
	}
	return json.Marshal(struct {
		Name        string            `json:"name"`
		URL         string            `json:"url"`
		Hook        attributes        `json:"hook_attributes"`
		Back        string            `json:"redirect_url"`
		Public      bool              `json:"public"`
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}{
		Name: r.options.Name, URL: r.options.PublicURL, Hook: attributes{WebhookURL(r.options.PublicURL), true}, Back: back,
		Permissions: map[string]string{"contents": "write", "pull_requests": "write", "checks": "write", "deployments": "write",
			"statuses": "write", "issues": "write", "metadata": "read", "members": "read"},
		Events: []string{"pull_request", "pull_request_review", "push", "issue_comment", "check_run", "check_suite"},
	})
}

// start is the page whose button posts the manifest to GitHub.
func (r *registrar) start(w http.ResponseWriter, q *http.Request) {
	manifest, err := r.manifest(r.backURL(q))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	show(w, http.StatusOK, page{Title: "Register the liveops bot on GitHub", Form: r.form, Manifest: string(manifest),
		Text: fmt.Sprintf("GitHub shows what the App %s may do and asks you to confirm. Then it sends you back here.", r.options.Name)})
}

// backURL is the address that the browser knows this server by.
func (r *registrar) backURL(q *http.Request) string {
	if public, err := url.Parse(r.options.PublicURL); err == nil && strings.EqualFold(public.Host, q.Host) {
		return strings.TrimRight(r.options.PublicURL, "/") + "/registered" // by way of a proxy with a certificate
	}
	return "http://" + q.Host + "/registered"
}

// codePattern is what a code of GitHub's looks like; it becomes part of an address.
var codePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// back is where GitHub sends the browser with the code, which is good once. Someone else's code would make the bot
// someone else's App: the state tells that this is the answer to what was asked here.
func (r *registrar) back(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state, code := q.URL.Query().Get("state"), q.URL.Query().Get("code")
	if r.state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(r.state)) != 1 || !codePattern.MatchString(code) {
		show(w, http.StatusForbidden, page{Title: "Not registered", Text: "This is not the answer to what was asked from here. Open the page that the terminal shows, and begin again."})
		return
	}
	made, _, err := r.client.Apps.CompleteAppManifest(q.Context(), code)
	if err != nil {
		show(w, http.StatusBadGateway, page{Title: "Not registered", Text: "GitHub does not take its code back (it is good once, and for an hour): " + err.Error()})
		return
	}
	r.state = ""
	app := &Registered{ID: made.GetID(), Slug: made.GetSlug(), Owner: made.GetOwner().GetLogin(), Key: made.GetPEM(), WebhookSecret: made.GetWebhookSecret(), Page: made.GetHTMLURL()}
	show(w, http.StatusOK, page{Title: "Registered", Text: "The App " + app.Slug + " is registered. Its secrets are where the terminal says.", Install: app.Page + "/installations/new"})
	r.done <- app
}
