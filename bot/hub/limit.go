package hub

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// mostLimited is how long a request waits for secondary limits, all waits together, before it gets GitHub's
	// refusal as its answer: the work that it belongs to is then put off as a whole.
	mostLimited = 15 * time.Minute

	// leastLimited is the wait where GitHub says of a secondary limit not how long; double each next time
	// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit).
	leastLimited = time.Minute

	// longestReset bounds the wait for the primary limit, which is by the hour; with some difference of clocks.
	longestReset = time.Hour + time.Minute

	// resets is how often a request waits for the primary limit.
	resets = 2

	// told is the shortest wait that the log tells of.
	told = 2 * time.Second
)

// limit is what GitHub has said of an account's limits: until when it is to send nothing.
type limit struct {
	now  func() time.Time
	wait func(ctx context.Context, d time.Duration) error
	log  *slog.Logger

	mu    sync.Mutex
	until time.Time
}

// await waits until the account may send.
func (l *limit) await(ctx context.Context) error {
	l.mu.Lock()
	d := l.until.Sub(l.now())
	l.mu.Unlock()
	if d <= 0 {
		return nil
	}
	if d >= told {
		l.log.Warn("GitHub asks to wait: a rate limit is reached", "duration", d.Round(time.Second))
	}
	return l.wait(ctx, d)
}

// note reads from an answer that the primary limit is used up: the next request is to wait, not to fail.
func (l *limit) note(answer *http.Response) {
	if answer == nil || answer.Header.Get("X-RateLimit-Remaining") != "0" {
		return
	}
	if resource := answer.Header.Get("X-RateLimit-Resource"); resource != "" && resource != "core" {
		return // another one's, such as search
	}
	if d := untilReset(answer, l.now()); d > 0 {
		l.pause(d)
	}
}

// pause has the account send nothing for so long, an hour at most, unless it is to be silent for longer already.
func (l *limit) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(min(d, longestReset)); until.After(l.until) {
		l.until = until
	}
}

// untilReset is how long it is to the primary limit's reset, a moment longer since that is told in whole seconds.
func untilReset(answer *http.Response, now time.Time) time.Duration {
	seconds, err := strconv.ParseInt(answer.Header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	return max(0, min(time.Unix(seconds, 0).Sub(now)+time.Second, longestReset))
}

// limited is how often and how long a request has waited for limits.
type limited struct {
	primary, secondary int
	waited             time.Duration
}

// again says whether an answer is a limit's refusal after which to send the request again, when the limit is over.
// The order of what to look at is that of
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
func (s *limited) again(answer *http.Response, l *limit) bool {
	if answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusTooManyRequests {
		return false
	}
	d, asked := retryAfter(answer, l.now())
	switch {
	case asked:
	case answer.Header.Get("X-RateLimit-Remaining") == "0":
		s.primary++
		l.pause(untilReset(answer, l.now()))
		return s.primary <= resets
	case answer.StatusCode == http.StatusTooManyRequests, saysSecondary(answer):
		d = leastLimited << min(s.secondary, 10)
	default:
		return false
	}
	s.secondary++
	l.pause(d)
	if s.waited += d; s.waited > mostLimited {
		return false
	}
	return true
}

// retryAfter is what the header of that name asks for: seconds, or a date
// (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). It is a second at least.
func retryAfter(answer *http.Response, now time.Time) (d time.Duration, ok bool) {
	value := answer.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return max(time.Second, time.Duration(seconds)*time.Second), true
	}
	at, err := http.ParseTime(value)
	return max(time.Second, at.Sub(now)), err == nil
}

// saysSecondary says whether a 403 is a secondary limit's. GitHub tells it from other refusals in words alone.
func saysSecondary(answer *http.Response) bool {
	content, err := io.ReadAll(answer.Body) // of memory
	answer.Body = io.NopCloser(bytes.NewReader(content))
	return err == nil && strings.Contains(strings.ToLower(string(content)), "secondary rate limit")
}
