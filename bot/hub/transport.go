package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// tryTimeout bounds one sending of a request with its answer. GitHub gives up after ten seconds
	// (https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts).
	tryTimeout = 30 * time.Second

	// mostAnswer bounds an answer in bytes: a webhook's payload may have 25 MB, which JSON in JSON does not triple.
	mostAnswer = 80 << 20

	// retries is how often a request is sent again that got a 5xx or no answer, with firstBackoff before the first
	// time, and double before each next one; a 503 may ask for up to mostBackoff.
	retries      = 3
	firstBackoff = time.Second
	mostBackoff  = time.Minute
)

// tokens are the credentials of an account.
type tokens interface {
	// current is the token as it is now, got anew where its end is near.
	current(ctx context.Context) (string, error)
	// renewed is another token in place of one that GitHub refused; an error where there is none.
	renewed(ctx context.Context, refused string) (string, error)
	// refused is what to say when GitHub refuses the renewed one, too.
	refused() *RefusedError
}

// transport sends the requests of one account to the REST API: with its token, and no faster than GitHub allows
// (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
//
//   - Writes go one at a time and by pace. Reads do not wait for them.
//   - Where GitHub says that a limit is reached, all of the account's requests wait until it is over, and are sent
//     again. A secondary limit that lasts longer than mostLimited gives GitHub's answer back.
//   - A read, and a write that can be repeated, is sent again after a 5xx or where there was no answer. A POST is
//     not: it may have taken effect, and only the caller can look. So nothing that a person sees is written twice.
//   - A read that GitHub gave before is asked for by its ETag, which costs nothing of the limit if nothing changed.
//   - A 401 has the token renewed and the request sent again once; another makes a *RefusedError.
//
// It counts for itself: several processes with one account learn of each other by GitHub's limits alone.
type transport struct {
	next   http.RoundTripper
	tokens tokens
	host   string // that gets the token
	now    func() time.Time
	wait   func(ctx context.Context, d time.Duration) error
	pace   *pace
	limit  *limit
	cache  *cache
}

func (h *Hub) newTransport(t tokens, account string) *transport {
	o := h.options
	return &transport{next: o.Transport, tokens: t, host: h.api.Host, now: o.Now, wait: o.Wait, cache: newCache(),
		pace:  &pace{turn: make(chan struct{}, 1), now: o.Now, wait: o.Wait},
		limit: &limit{now: o.Now, wait: o.Wait, log: o.Log.With("account", account)}}
}

// RoundTrip sends a request until there is an answer to give back.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != t.host { // a redirect away from the API: not with the token
		return t.next.RoundTrip(r)
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	write := isPaced(r)
	if write {
		leave, err := t.pace.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	for state := (retry{}); ; {
		if err := t.limit.await(ctx); err != nil {
			return nil, err
		}
		if write {
			if err := t.pace.slot(ctx); err != nil {
				return nil, err
			}
		}
		answer, err := t.authorized(r, body)
		t.limit.note(answer)
		pause, again := state.next(r, answer, err, t.limit)
		if !again {
			return t.finish(answer), err
		}
		if err := t.wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// finish is an answer as the caller gets it. go-github would, from a last successful answer, refuse the next request
// by itself until the reset; here that request waits instead.
func (t *transport) finish(answer *http.Response) *http.Response {
	if answer != nil && answer.StatusCode < http.StatusBadRequest {
		answer.Header.Del("X-RateLimit-Reset")
	}
	return answer
}

// retry is what became of a request so far.
type retry struct {
	failed  int // 5xx and no answers
	limited limited
}

// next decides whether to send the request again, and after which pause.
func (s *retry) next(r *http.Request, answer *http.Response, err error, l *limit) (pause time.Duration, again bool) {
	if err == nil && s.limited.again(answer, l) {
		return 0, true // the limit's own wait comes before the next try
	}
	lost := (*lostError)(nil)
	failed := errors.As(err, &lost) && r.Context().Err() == nil ||
		err == nil && answer.StatusCode >= 500 && answer.StatusCode != http.StatusNotImplemented
	if !failed || !isRepeatable(r) || s.failed == retries {
		return 0, false
	}
	s.failed++
	pause = firstBackoff << (s.failed - 1)
	if answer != nil {
		asked, _ := retryAfter(answer, l.now())
		pause = max(pause, min(asked, mostBackoff))
	}
	return pause, true
}

// authorized sends a request once, and once more with a renewed token where GitHub refuses the first.
func (t *transport) authorized(r *http.Request, body []byte) (*http.Response, error) {
	token, err := t.tokens.current(r.Context())
	if err != nil {
		return nil, err
	}
	answer, err := t.once(r, body, token)
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	if token, err = t.tokens.renewed(r.Context(), token); err != nil {
		return nil, err
	}
	if answer, err = t.once(r, body, token); err == nil && answer.StatusCode == http.StatusUnauthorized {
		return nil, t.tokens.refused()
	}
	return answer, err
}

// once sends a request and reads its whole answer.
func (t *transport) once(r *http.Request, body []byte, token string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), tryTimeout)
	defer cancel()
	sent := r.Clone(ctx)
	sent.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		sent.Body = io.NopCloser(bytes.NewReader(body))
		sent.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	known := t.cache.ask(sent)
	answer, err := t.next.RoundTrip(sent)
	if err != nil {
		return nil, &lostError{err}
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	switch {
	case err != nil:
		return nil, &lostError{err}
	case len(content) > mostAnswer:
		return nil, fmt.Errorf("GitHub's answer is longer than %d bytes", mostAnswer)
	}
	answer.Request = r
	return t.cache.answer(sent, known, answer, content), nil
}

// lostError is a request without an answer, which may have taken effect.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}

// isPaced says whether a request counts as one that writes. A new token of an installation is no content, and what
// waits for it may be a read.
func isPaced(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && !makesToken(r)
}

// isRepeatable says whether sending a request twice is as sending it once. An edit says what a comment, a check run
// or an issue is to be; of tokens the second is as good. (A DELETE whose answer was lost is a 404 the second time.)
func isRepeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return true
	case http.MethodPatch:
		return strings.Contains(r.URL.Path, "/comments/") || strings.Contains(r.URL.Path, "/check-runs/") || strings.Contains(r.URL.Path, "/issues/")
	}
	return makesToken(r)
}

func makesToken(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/access_tokens")
}
