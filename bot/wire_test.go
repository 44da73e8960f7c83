package bot_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
)

// checkNothingLeaks looks for secrets in everything that the bot wrote.
func (w *world) checkNothingLeaks() {
	secrets := []string{botToken, secret, oldSecret, password}
	for _, body := range w.wire.written() {
		for _, s := range append(secrets, hostDomain, "127.0.0.1") {
			if strings.Contains(body, s) {
				w.Errorf("a comment or status has %q:\n%s", s, body)
			}
		}
	}
	for _, s := range secrets {
		if strings.Contains(w.log.all(), s) {
			w.Errorf("the log has %q:\n%s", s, w.log)
		}
	}
}

// wire is the bot's way to GitHub's API. It keeps what the bot writes, and lets a test step in.
type wire struct {
	git    *gitWire
	mu     sync.Mutex
	bodies []string
	before func(r *http.Request, body string) // called before a write is sent, for one after the other; not for reads
	calls  sync.Mutex                         // held while before runs
}

// RoundTrip sends a request. What git sends goes its own way.
func (v *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, ".git/") {
		return v.git.RoundTrip(r)
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		v.mu.Lock()
		v.bodies = append(v.bodies, string(body))
		before := v.before
		v.mu.Unlock()
		if before != nil {
			v.calls.Lock()
			before(r, string(body))
			v.calls.Unlock()
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// isCheck says whether a request writes a check run.
func isCheck(r *http.Request) bool { return strings.Contains(r.URL.Path, "/check-runs") }

// onWrite has a function called before each write, until it is given nil.
func (v *wire) onWrite(f func(r *http.Request, body string)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.before = f
}

func (v *wire) written() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.bodies)
}

// lockedBuffer is a log that a test may read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is the end of the log.
func (l *lockedBuffer) String() string {
	all := l.all()
	return all[max(0, len(all)-3000):]
}

func (l *lockedBuffer) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve serves until the test ends, at the address that it returns.
func (w *world) serve(h http.Handler) string {
	s := httptest.NewServer(h)
	w.Cleanup(s.Close)
	return s.URL
}
