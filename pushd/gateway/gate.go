package gateway

import (
	"sync"
	"sync/atomic"
	"time"
)

// A gate is closed for as long as the gateway asked to send nothing. Its zero value is open.
type gate struct {
	until atomic.Int64 // it is closed before, in nanoseconds since 1970

	mu   sync.Mutex
	took int64 // how long it has been closed and will be, in nanoseconds
}

// close closes it until a time; it says whether that is longer than it was.
func (g *gate) close(now, until time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	old, at := g.until.Load(), until.UnixNano()
	if old >= at || now.UnixNano() >= at {
		return false
	}
	g.took += at - max(old, now.UnixNano())
	g.until.Store(at)
	return true
}

// opens is when it opens, or has.
func (g *gate) opens() time.Time { return time.Unix(0, g.until.Load()) }

// closed says whether it is.
func (g *gate) closed(now time.Time) bool { return now.UnixNano() < g.until.Load() }

// clock is a time by a clock that stands still while the gate is closed, in nanoseconds. By it messages are given up: a wait that the
// gateway asked for is no trouble.
func (g *gate) clock(t time.Time) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return t.UnixNano() - g.took + max(0, g.until.Load()-t.UnixNano())
}

// when is the time at which that clock will show something, if the gate is not closed again before.
func (g *gate) when(shown int64) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Unix(0, shown+g.took)
}
