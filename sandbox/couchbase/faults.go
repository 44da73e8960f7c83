package couchbase

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// An Op names a kind of operation, for counters, faults and hooks.
type Op string

// The kinds of operations. Those on one document travel by the data service, the last two over HTTP.
const (
	Get         Op = "get"
	Insert      Op = "insert"
	Upsert      Op = "upsert"
	Replace     Op = "replace"
	Remove      Op = "remove"
	Touch       Op = "touch"
	GetAndTouch Op = "getAndTouch"
	GetAndLock  Op = "getAndLock"
	Unlock      Op = "unlock"
	LookupIn    Op = "lookupIn"
	MutateIn    Op = "mutateIn"
	View        Op = "view"
	Query       Op = "query"
)

// An Operation is one that a client asks for. Key is empty for View, whose Path is design/view, and for Query, whose
// Path is the statement.
type Operation struct {
	Op                        Op
	Bucket, Scope, Collection string
	Key                       string
	CAS                       uint64 // that the client gave; 0 for none
	Path                      string
	// Consistency is how current the rows must be: of a View its `stale`, of a Query its `scan_consistency`.
	Consistency string
	ReadOnly    bool          // of a Query that may change nothing
	timeout     time.Duration // of a Query; 0 for none
}

// A Failure is what a fault does to an operation.
type Failure int

// The failures. What a client is told of the first four is documented in
// https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md, Response Status; the operation is not done.
const (
	// TemporaryFailure: "the server hit a problem that a retry might fix" (ETMPFAIL). A view or query answers 503.
	TemporaryFailure Failure = iota + 1
	// Busy: "too busy to handle your request, please back off" (EBUSY). A view or query answers 503.
	Busy
	// OutOfMemory: the node has no memory for the document (ENOMEM). A view or query answers 503.
	OutOfMemory
	// NotMyVBucket: the key's partition is said to be elsewhere; the client asks for a configuration and tries again.
	// A view or query answers 503.
	NotMyVBucket
	// DropBefore: the connection ends, and the operation is not done.
	DropBefore
	// DropAfter: the operation is done, and the connection ends before the client hears of it. The rows of a view or
	// query end in the middle.
	DropAfter
	// Slow: the operation is done and answered after the fault's Delay. It holds up what the client sent after it on
	// the same connection.
	Slow
)

// A Fault makes operations fail.
type Fault struct {
	// Ops are the kinds of operations it hits; none means all.
	Ops []Op
	// Match narrows them down further, if set.
	Match func(Operation) bool
	// Failure is what happens.
	Failure Failure
	// Times is how many operations it hits before it is spent; 0 for no end.
	Times int
	// Probability is how likely it hits an operation, above 0 up to 1; 0 means 1. Which ones follows from Options.Seed
	// and the order of operations.
	Probability float64
	// Delay is for Slow.
	Delay time.Duration
}

type faults struct {
	mu     sync.Mutex
	random *rand.Rand
	active []*Fault
}

// Inject makes operations fail from now on. Of several faults the first one injected that hits an operation counts.
func (s *Server) Inject(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = append(s.faults.active, &f)
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = nil
}

// hit is the fault that hits an operation; its Failure is 0 if there is none.
func (f *faults) hit(o Operation) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range f.active {
		if len(one.Ops) > 0 && !slices.Contains(one.Ops, o.Op) || one.Match != nil && !one.Match(o) {
			continue
		}
		if one.Probability > 0 && f.random.Float64() >= one.Probability {
			continue
		}
		if one.Times > 0 {
			if one.Times--; one.Times == 0 {
				f.active = slices.Delete(f.active, i, i+1)
			}
		}
		return *one
	}
	return Fault{}
}

// wait lets a slow fault's time pass; false if the server closed meanwhile.
func (s *Server) wait(d time.Duration) bool {
	if d <= 0 {
		return s.stop.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stop.Done():
		return false
	}
}

type hooks struct {
	mu            sync.Mutex
	before, after []func(Operation)
}

// Before has f called before each operation is looked at: by the goroutine that serves the client, without a lock, so
// that f may change documents by this package's methods, and the operation then meets what f left. f must not wait for
// an answer on the same client's connection.
func (s *Server) Before(f func(Operation)) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.before = append(s.hooks.before, f)
}

// After has f called after each operation that was let through is done and before it is answered, in the way of Before.
func (s *Server) After(f func(Operation)) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.after = append(s.hooks.after, f)
}

// ClearHooks removes what Before and After added.
func (s *Server) ClearHooks() {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.before, s.hooks.after = nil, nil
}

func (h *hooks) run(which *[]func(Operation), o Operation) {
	h.mu.Lock()
	list := slices.Clone(*which)
	h.mu.Unlock()
	for _, f := range list {
		f(o)
	}
}

type counts struct {
	mu sync.Mutex
	n  map[Op]int
}

func (c *counts) add(op Op) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[Op]int{}
	}
	c.n[op]++
}

// Count is how many operations of a kind clients have asked for, those that failed included.
func (s *Server) Count(op Op) int {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	return s.counts.n[op]
}
