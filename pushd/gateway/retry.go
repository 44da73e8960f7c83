package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Retry says how trouble that passes is met. The zero value is completed with what stands at each field.
type Retry struct {
	// Attempts is how often a message is submitted before it is given up, 8 unless set. Submissions that the gateway
	// did not look at, or refused for the quota, do not count.
	Attempts int
	// Base and Longest bound the wait before the n-th repeat: a random time up to Base × 2^n, and at most Longest
	// ("full jitter"); 500 ms and 1 min unless set.
	Base, Longest time.Duration
	// GiveUpAfter is how long a message may meet trouble before it is given up; 15 min unless set. It begins with the first
	// submission that came to nothing; and a message that may be sent, and that no connection has taken for so long, is given up
	// as well. Time in which the gateway asked to send nothing is not counted, nor is that before a message has leave of its
	// pacer, and room: a Send may take as long as these do.
	GiveUpAfter time.Duration
	// KeepLost leaves a message whose answer never came Unknown, instead of sending it again.
	KeepLost bool
}

func (r Retry) complete() Retry {
	if r.Attempts == 0 {
		r.Attempts = 8
	}
	if r.Base == 0 {
		r.Base = 500 * time.Millisecond
	}
	if r.Longest == 0 {
		r.Longest = time.Minute
	}
	if r.GiveUpAfter == 0 {
		r.GiveUpAfter = 15 * time.Minute
	}
	return r
}

// wait is how long the n-th repeat waits, n from 1 on; random is from 0 to 1.
func (r Retry) wait(n int, random float64) time.Duration {
	most := r.Longest
	if n < 30 && r.Base<<n < most {
		most = r.Base << n
	}
	return time.Duration(random * float64(most))
}

// parseRetryAfter reads a Retry-After field: seconds, or a date (RFC 9110, section 10.2.3); 0 for none.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
