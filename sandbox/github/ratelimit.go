package github

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The primary limits of requests an hour: a signed-in user's and, for all
// requests without credentials together, an address's. See
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-primary-rate-limits
const (
	defaultRateLimit   = 5000
	anonymousRateLimit = 60
	rateWindow         = time.Hour
)

// rateLimitPattern is the endpoint that counts towards no limit. See
// https://docs.github.com/en/rest/rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user
const rateLimitPattern = "GET /rate_limit"

func getRateLimit(c *call) (answer, error) {
	a := c.user
	a.startWindow(c.s.now())
	a.tell(c.header)
	core := document{"limit": a.limit, "used": a.used, "remaining": a.limit - a.used, "reset": a.reset.Unix()}
	return found(document{"resources": document{"core": core}, "rate": core})
}

// SetRemaining leaves a user n requests until the hour is over. It fails if
// there is no such user.
func (s *Server) SetRemaining(login string, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.account(login)
	if err != nil {
		return fmt.Errorf("set the rate limit: %w", err)
	}
	a.startWindow(s.now())
	a.used = a.limit - n
	return nil
}

func (a *account) startWindow(now time.Time) {
	if !now.Before(a.reset) {
		a.used, a.reset = 0, now.Add(rateWindow)
	}
}

// spend counts a request and sets the X-RateLimit headers; when none is left
// the request is refused with 403. See
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
func (a *account) spend(now time.Time, header http.Header) *APIError {
	a.startWindow(now)
	exceeded := a.used >= a.limit
	if !exceeded {
		a.used++
	}
	a.tell(header)
	if exceeded {
		return &APIError{
			Status:  http.StatusForbidden,
			Message: fmt.Sprintf("API rate limit exceeded for user ID %d.", a.id),
			Docs:    "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
		}
	}
	return nil
}

// refund takes the counting of a request back.
func (a *account) refund(header http.Header) {
	a.used--
	a.tell(header)
}

// tell sets the X-RateLimit headers. See
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit
func (a *account) tell(header http.Header) {
	header.Set("X-RateLimit-Limit", strconv.Itoa(a.limit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(a.limit-a.used))
	header.Set("X-RateLimit-Used", strconv.Itoa(a.used))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(a.reset.Unix(), 10))
	header.Set("X-RateLimit-Resource", "core")
}
