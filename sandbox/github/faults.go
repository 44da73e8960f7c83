package github

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
)

// fault is one planned failure.
type fault struct {
	method, pattern string
	outcome         faultOutcome
	status          int
	header          http.Header
	body            []byte          // in place of the API's; nil for the API's
	released        <-chan struct{} // what a held request waits for
	left            int
}

// What takeFault did about a request.
type faultOutcome int

const (
	faultNone       faultOutcome = iota
	faultAnswered                // the failure has been sent
	faultLoseAnswer              // serve it, then cut the connection
	faultCutAnswer               // serve it, then cut the connection in the middle of the answer
	faultHold                    // wait, then serve it
)

// FailNext makes the next n requests that match fail with the status and the
// headers, before anything is done for them. An empty method matches any; the
// pattern is one of path.Match on the path without /api/v3, for example
// "/repos/*/*/issues/*/comments" or "/acme/data.git/git-upload-pack". A 403 or
// 429 with a Retry-After header is GitHub's secondary rate limit, and its body
// says so. It panics on a malformed pattern.
func (s *Server) FailNext(method, pattern string, status int, header http.Header, n int) {
	s.addFault(&fault{method: method, pattern: pattern, outcome: faultAnswered, status: status, header: header.Clone(), left: n})
}

// AnswerNext makes the next n requests that match get this body, whatever it
// is, before anything is done for them: the web pages that come with some of
// GitHub's 5xx, or a proxy's. The content type is the header's, else of HTML.
func (s *Server) AnswerNext(method, pattern string, status int, header http.Header, body string, n int) {
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "text/html; charset=utf-8")
	}
	s.addFault(&fault{method: method, pattern: pattern, outcome: faultAnswered, status: status, header: header, body: []byte(body), left: n})
}

// LoseNext makes the next n requests that match take effect without the client
// hearing of it: the connection is cut in place of the answer.
func (s *Server) LoseNext(method, pattern string, n int) {
	s.addFault(&fault{method: method, pattern: pattern, outcome: faultLoseAnswer, left: n})
}

// CutNext is LoseNext, but that half of the answer arrives.
func (s *Server) CutNext(method, pattern string, n int) {
	s.addFault(&fault{method: method, pattern: pattern, outcome: faultCutAnswer, left: n})
}

// HoldNext makes the next n requests that match wait, before anything is done
// for them, until release is called; a request whose client has given up by then
// has no effect.
func (s *Server) HoldNext(method, pattern string, n int) (release func()) {
	released := make(chan struct{})
	s.addFault(&fault{method: method, pattern: pattern, outcome: faultHold, released: released, left: n})
	return sync.OnceFunc(func() { close(released) })
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
	case f.outcome == faultHold:
		return f.hold(r)
	case f.outcome != faultAnswered:
		return f.outcome
	}
	for name, values := range f.header {
		w.Header()[name] = values
	}
	if f.body == nil {
		writeError(w, plannedError(f))
		return faultAnswered
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(f.body) // the client may be gone
	return faultAnswered
}

// unheard is where an answer goes that LoseNext wants lost.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header         { return u.header }
func (u unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u unheard) WriteHeader(int)             {}

// halved lets half of an answer through.
type halved struct{ http.ResponseWriter }

func (h halved) Write(p []byte) (int, error) {
	if _, err := h.ResponseWriter.Write(p[:len(p)/2]); err != nil {
		return 0, err
	}
	return len(p), http.NewResponseController(h.ResponseWriter).Flush()
}

// hold waits for the release. The body is read before, because only then does
// the HTTP server notice that a client gives up.
func (f *fault) hold(r *http.Request) faultOutcome {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPush+1))
	if err != nil {
		return faultAnswered
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	select {
	case <-f.released:
		return faultNone
	case <-r.Context().Done():
		return faultAnswered
	}
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

// plannedError is the body that goes with a planned status.
func plannedError(f *fault) *APIError {
	limited := f.status == http.StatusForbidden || f.status == http.StatusTooManyRequests
	if limited && f.header.Get("Retry-After") != "" {
		return overSecondaryLimit(f.status)
	}
	return &APIError{Status: f.status, Message: http.StatusText(f.status)}
}
