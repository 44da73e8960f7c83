package github

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// SecondaryLimits are the limits that GitHub has beside the hourly one, for each
// account; 0 is no limit. See
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
type SecondaryLimits struct {
	// ContentPerMinute and ContentPerHour are how many requests may create
	// content. GitHub does not say which do: here, each POST, PUT and PATCH.
	ContentPerMinute, ContentPerHour int
	// PointsPerMinute bounds the sum of a point for each read and five for each
	// other request.
	PointsPerMinute int
	// Status answers a request over a limit: 403 (the default) or 429.
	Status int
}

// DocumentedLimits are the secondary limits that GitHub's page names.
func DocumentedLimits() SecondaryLimits {
	return SecondaryLimits{ContentPerMinute: 80, ContentPerHour: 500, PointsPerMinute: 900}
}

// spending is a request that counts towards the secondary limits.
type spending struct {
	at      time.Time
	points  int
	content bool
}

// Throttle refuses the requests of a user as over a secondary limit for a while
// from now on: all, or only those that are not reads. The answer tells in
// Retry-After when to come again. It fails if there is no such user.
func (s *Server) Throttle(login string, during time.Duration, readsToo bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.account(login)
	if err != nil {
		return fmt.Errorf("throttle: %w", err)
	}
	a.throttled, a.throttledReads = s.now().Add(during), readsToo
	return nil
}

// Throttled is how many requests of a user were refused as over a secondary
// limit; 0 if there is no such user. GitHub may ban who goes on asking.
func (s *Server) Throttled(login string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.account(login)
	if err != nil {
		return 0
	}
	return a.refused
}

// spendSecondary counts a request towards the secondary limits, or refuses it
// with the seconds to wait in Retry-After. A refused request does not count. See
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
func (s *Server) spendSecondary(a *account, method string, header http.Header) error {
	now := s.now()
	read := method == http.MethodGet || method == http.MethodHead
	one := spending{at: now, points: 5, content: !read && method != http.MethodDelete}
	if read {
		one.points = 1
	}
	a.spent = slices.DeleteFunc(a.spent, func(old spending) bool { return !old.at.Add(time.Hour).After(now) })
	wait := s.secondary.wait(a.spent, one)
	if !read || a.throttledReads {
		wait = max(wait, a.throttled.Sub(now))
	}
	if wait <= 0 {
		if s.secondary != (SecondaryLimits{}) {
			a.spent = append(a.spent, one)
		}
		return nil
	}
	a.refused++
	header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	status := s.secondary.Status
	if status == 0 {
		status = http.StatusForbidden
	}
	return overSecondaryLimit(status)
}

// wait is how long a request has to wait for the limits to have room for it.
func (l SecondaryLimits) wait(spent []spending, one spending) time.Duration {
	content := func(s spending) int {
		if s.content {
			return 1
		}
		return 0
	}
	points := func(s spending) int { return s.points }
	return max(
		window(spent, one, time.Minute, l.ContentPerMinute, content),
		window(spent, one, time.Hour, l.ContentPerHour, content),
		window(spent, one, time.Minute, l.PointsPerMinute, points),
	)
}

// window is how long a request has to wait for one limit: until enough of what
// was spent is older than the window. The list is in the order of time.
func window(spent []spending, one spending, span time.Duration, limit int, cost func(spending) int) time.Duration {
	if limit == 0 || cost(one) == 0 {
		return 0
	}
	left := limit - cost(one)
	for _, s := range slices.Backward(spent) {
		end := s.at.Add(span)
		if !end.After(one.at) {
			break
		}
		if left -= cost(s); left < 0 {
			return end.Sub(one.at)
		}
	}
	return 0
}

// overSecondaryLimit is the refusal, in the words of
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
func overSecondaryLimit(status int) *APIError {
	return &APIError{
		Status:  status,
		Message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
		Docs:    "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
	}
}
