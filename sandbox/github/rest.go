package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxBody is the longest request body that is read.
const maxBody = 10 << 20

// document is a JSON object. The API's answers are written as literals of it:
// the name in GitHub's documentation, and beside it where the value comes from.
type document = map[string]any

// call is one REST request on its way through an endpoint.
type call struct {
	s      *Server
	r      *http.Request
	path   string // as the client asked for it
	query  url.Values
	body   []byte
	header http.Header // of the answer
	user   *account
	repo   *Repo // of a path below /repos/{owner}/{repo}
}

// answer is what an endpoint returns for a request it grants.
type answer struct {
	status int
	value  any // as JSON; nil for no body
}

func found(value any) (answer, error) { return answer{http.StatusOK, value}, nil }

// serveREST reads the request, runs the endpoint under the lock, and answers
// after it, so that a slow client holds up nobody.
func (s *Server) serveREST(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, &APIError{Status: http.StatusRequestEntityTooLarge, Message: "Payload too large"})
		return
	}
	rt := findRoute(s.routes, r)
	c := &call{s: s, r: r, path: r.URL.EscapedPath(), query: r.URL.Query(), body: body, header: w.Header()}
	got, err := c.run(rt)
	if err == nil {
		writeJSON(w, got.status, got.value)
		return
	}
	var refusal *APIError
	if !errors.As(err, &refusal) {
		refusal = &APIError{Status: http.StatusInternalServerError, Message: err.Error()}
	}
	if refusal.Docs == "" {
		copied := *refusal
		copied.Docs = rt.docs
		refusal = &copied
	}
	writeError(w, refusal)
}

func (c *call) run(rt route) (answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	user, ok := c.s.authenticate(c.r)
	if !ok {
		return answer{}, c.s.badCredentials(c.r)
	}
	c.user = user
	if rt.pattern == rateLimitPattern {
		return rt.run(c)
	}
	if err := user.spend(c.s.now(), c.header); err != nil {
		return answer{}, err
	}
	if err := c.s.spendSecondary(user, c.r.Method, c.header); err != nil {
		return answer{}, err
	}
	if err := c.enter(rt.needs); err != nil {
		return answer{}, err
	}
	if err := c.asApp(rt); err != nil {
		return answer{}, err
	}
	got, err := rt.run(c)
	if err != nil {
		return answer{}, err
	}
	return c.conditional(got), nil
}

// enter finds the repository of the path and checks the permission: who can't
// even read it is told 404, so that private repositories stay unknown; who can
// read it but needs more, 403. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource
// and #resource-not-accessible there.
func (c *call) enter(needs Permission) error {
	if c.r.PathValue("repo") == "" {
		return nil
	}
	c.repo = c.s.repo(c.r.PathValue("owner"), c.r.PathValue("repo"))
	if c.repo == nil || c.repo.permission(c.user) < Read {
		return notFound()
	}
	return c.need(needs)
}

// need refuses a user with less than the permission.
func (c *call) need(permission Permission) error {
	switch {
	case c.repo.permission(c.user) >= permission, c.user.installation != nil: // see asApp
		return nil
	case c.user == c.s.anonymous:
		return &APIError{Status: http.StatusUnauthorized, Message: "Requires authentication"}
	case c.user.Bot:
		return &APIError{Status: http.StatusForbidden, Message: "Resource not accessible by integration"}
	}
	return &APIError{Status: http.StatusForbidden, Message: "Resource not accessible by personal access token"}
}

// signedIn refuses a request without credentials.
func (c *call) signedIn() error {
	if c.user == c.s.anonymous {
		return &APIError{Status: http.StatusUnauthorized, Message: "Requires authentication"}
	}
	return nil
}

// decode reads the request's JSON object. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#problems-parsing-json
func (c *call) decode(into any) error {
	if len(c.body) == 0 {
		return nil
	}
	var wrongType *json.UnmarshalTypeError
	err := json.Unmarshal(c.body, into)
	switch {
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return &APIError{Status: http.StatusBadRequest, Message: "Body should be a JSON object"}
	case errors.As(err, &wrongType):
		return &APIError{
			Status:  http.StatusUnprocessableEntity,
			Message: fmt.Sprintf("Invalid request.\n\nFor 'properties/%s', %s is not a %s.", wrongType.Field, wrongType.Value, wrongType.Type),
		}
	case err != nil:
		return &APIError{Status: http.StatusBadRequest, Message: "Problems parsing JSON"}
	}
	return nil
}

// number is a numeric part of the path; one that is no number is a 404.
func (c *call) number(name string) (int, error) {
	n, err := strconv.Atoi(c.r.PathValue(name))
	if err != nil {
		return 0, notFound()
	}
	return n, nil
}

// refuseFilters answers 501 to list parameters of GitHub's that this stand-in
// does not implement: to ignore them would be to lie.
func (c *call) refuseFilters(names ...string) error {
	for _, name := range names {
		if c.query.Has(name) {
			return &APIError{Status: http.StatusNotImplemented, Message: "The sandbox does not implement the parameter " + name}
		}
	}
	return nil
}

// api is the URL of a resource of the REST API.
func (s *Server) api(format string, args ...any) string {
	return s.url + "/api/v3" + fmt.Sprintf(format, args...)
}

// stamp writes a time as the API does; null for the zero time.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
