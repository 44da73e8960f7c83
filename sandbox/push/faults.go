package push

import (
	"sync"
	"sync/atomic"

	"golang.org/x/net/http2"
)

// A Kind is what a fault does to a message.
type Kind int

const (
	// Reply gives Fault.Answer instead of judging the message.
	Reply Kind = iota + 1
	// GoAway sends GOAWAY with this message's stream as the last (RFC 9113, section 6.8): those up to it are answered,
	// those after it are not looked at, and the connection ends when all answers are out.
	GoAway
	// GoAwayNow sends GOAWAY with the last stream that was answered, drops what waits for its answer, this message
	// included, and ends the connection.
	GoAwayNow
	// Reset answers with RST_STREAM and Fault.Code.
	Reset
	// Close ends the connection; whatever waits for its answer never gets one.
	Close
	// Mute takes the message and never answers it.
	Mute
)

// A Fault makes messages fail.
type Fault struct {
	Kind   Kind
	Answer Answer        // for Reply
	Code   http2.ErrCode // for Reset, GoAway and GoAwayNow
	// Taken counts the messages that get no answer as accepted: the gateway did its work, and the client cannot know.
	// For Reset, Close and Mute.
	Taken bool
	// After is how many messages pass before the first is hit; then every Every-th is, 0 meaning each, until Times
	// were, 0 meaning no end.
	After, Every, Times int64
	// Match narrows the messages down, if set.
	Match func(*Request) bool
}

// faults are those in force.
type faults struct {
	some atomic.Bool // whether there are any: asked for each message
	hits atomic.Int64
	mu   sync.Mutex
	list []*activeFault
}

type activeFault struct {
	Fault
	passed, hits int64
}

// Inject makes messages fail from now on. Of several faults the first one injected that hits a message counts.
func (s *Server) Inject(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, &activeFault{Fault: f})
	s.faults.some.Store(true)
}

// Hits is how many messages faults have hit.
func (s *Server) Hits() int64 { return s.faults.hits.Load() }

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
	s.faults.some.Store(false)
}

// hit is the fault that hits a message, or nil.
func (f *faults) hit(r *Request) *Fault {
	if !f.some.Load() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.list {
		if a.Match != nil && !a.Match(r) {
			continue
		}
		a.passed++
		n := a.passed - a.After
		if n <= 0 || a.Every > 1 && n%a.Every != 0 || a.Times > 0 && a.hits >= a.Times {
			continue
		}
		a.hits++
		f.hits.Add(1)
		hit := a.Fault
		return &hit
	}
	return nil
}
