package gateway

import (
	"sync"
	"sync/atomic"
	"time"
)

// The circuit breaker's settings: of the answers of a window, at least so many and such a share must be failures for it
// to open; it then stays open for a second, twice as long each time, and lets a few messages try before it closes.
const (
	breakerWindow   = 10 * time.Second
	breakerFailures = 20
	breakerShare    = 0.5
	breakerFirst    = time.Second
	breakerLongest  = 10 * time.Second
	breakerProbes   = 10
)

// A breaker keeps messages from a gateway that fails.
type breaker struct {
	open      atomic.Bool  // open, or half-open: asked before each group of messages
	successes atomic.Int64 // of the window

	mu       sync.Mutex
	began    time.Time // of the window
	failures int64
	until    time.Time // when it lets messages try
	probes   int       // how many may still try
	cooling  time.Duration
}

// succeeded notes answers of a gateway that is well.
func (b *breaker) succeeded(n int64) {
	b.successes.Add(n)
	if !b.open.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probes < breakerProbes { // one that tried
		b.open.Store(false)
		b.cooling, b.failures = 0, 0
	}
}

// failed notes trouble that is the gateway's, and says whether the breaker opened by it.
func (b *breaker) failed(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open.Load() {
		if b.probes == breakerProbes || now.Before(b.until) {
			return false // an answer to what was sent before it opened
		}
	} else {
		if now.Sub(b.began) >= breakerWindow {
			b.began, b.failures = now, 0
			b.successes.Store(0)
		}
		b.failures++
		if b.failures < breakerFailures || float64(b.failures) < breakerShare*float64(b.failures+b.successes.Load()) {
			return false
		}
	}
	b.cooling = min(max(2*b.cooling, breakerFirst), breakerLongest)
	b.until, b.probes, b.failures = now.Add(b.cooling), breakerProbes, 0
	b.successes.Store(0)
	b.open.Store(true)
	return true
}

// allow says how many of n messages may be sent now.
func (b *breaker) allow(n int, now time.Time) int {
	if !b.open.Load() {
		return n
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return 0
	}
	if b.probes == 0 && now.Sub(b.until) >= breakerWindow { // those that tried never told
		b.until, b.probes = now, breakerProbes
	}
	n = min(n, b.probes)
	b.probes -= n
	return n
}

// opens says when messages may try, the zero time for now.
func (b *breaker) opens() time.Time {
	if !b.open.Load() {
		return time.Time{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until
}
