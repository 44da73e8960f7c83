package github

import (
	"fmt"
	"net/http"
	"path"
	"strings"
)

// fault is one planned failure.
type fault struct {
	method, pattern string
	status          int // 0: do what was asked, then cut the connection
	header          http.Header
	left            int
}

// What takeFault did about a request.
type faultOutcome int

const (
	faultNone       faultOutcome = iota
	faultAnswered                // the failure has been sent
	faultLoseAnswer              // serve it, then cut the connection
)

// FailNext makes the next n requests that match fail with the status and the
// headers, before anything is done for them. An empty method matches any; the
// pattern is one of path.Match on the path without /api/v3, for example
// "/repos/*/*/issues/*/comments" or "/acme/data.git/git-upload-pack". A 403 or
// 429 with a Retry-After header is GitHub's secondary rate limit, and its body
// says so. It panics on a malformed pattern.
func (s *Server) FailNext(method, pattern string, status int, header http.Header, n int) {
	s.addFault(&fault{method: method, pattern: pattern, status: status, header: header.Clone(), left: n})
}

// LoseNext makes the next n requests that match take effect without the client
// hearing of it: the connection is cut in place of the answer.
func (s *Server) LoseNext(method, pattern string, n int) {
	s.addFault(&fault{method: method, pattern: pattern, left: n})
}

func (s *Server) addFault(f *fault) {
	if _, err := path.Match(f.pattern, ""); err != nil {
		panic(fmt.Sprintf("fault pattern %q: %v", f.pattern, err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// takeFault uses up the first planned fault that matches, if there is one.
func (s *Server) takeFault(w http.ResponseWriter, r *http.Request) faultOutcome {
	f := s.matchFault(r.Method, "/"+strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, apiPrefix(r.URL.Path)), "/"))
	switch {
	case f == nil:
		return faultNone
	case f.status == 0:
		return faultLoseAnswer
	}
	for name, values := range f.header {
		w.Header()[name] = values
	}
	writeError(w, plannedError(f))
	return faultAnswered
}

func (s *Server) matchFault(method, urlPath string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		matches, _ := path.Match(f.pattern, urlPath)
		if f.left > 0 && matches && (f.method == "" || f.method == method) {
			f.left--
			return f
		}
	}
	return nil
}

// plannedError is the body that goes with a planned status. The texts of the
// secondary limit are those of
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
func plannedError(f *fault) *APIError {
	limited := f.status == http.StatusForbidden || f.status == http.StatusTooManyRequests
	if limited && f.header.Get("Retry-After") != "" {
		return &APIError{
			Status:  f.status,
			Message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
			Docs:    "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
		}
	}
	return &APIError{Status: f.status, Message: http.StatusText(f.status)}
}
