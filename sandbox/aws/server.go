package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Options describe a stand-in. The zero value is region us-east-1, the access key "sandbox" with the secret "secret", and
// instances that are in service at once.
type Options struct {
	// Region is the only one that requests may be signed for.
	Region string
	// AccessKey and Secret are what requests must be signed with.
	AccessKey, Secret string
	// Now is the clock of instances and cooldowns. Signatures are held against the machine's clock.
	Now func() time.Time
	// LaunchDelay is how long an instance is pending, CheckDelay how long from then until its status checks pass.
	LaunchDelay, CheckDelay time.Duration
	// TerminateDelay is how long an instance is shutting down.
	TerminateDelay time.Duration
	// DescribeLag is how long EC2's descriptions know nothing of a new instance.
	DescribeLag time.Duration
}

// A Server is a running stand-in. Its methods may be called from several goroutines at once.
type Server struct {
	options Options
	http    *http.Server
	url     string
	serving sync.WaitGroup

	mu        sync.Mutex
	sequence  int // of instances, reservations and requests
	groups    map[string]*group
	templates map[string]Template
	instances []*instance // in the order of their launches
	launches  map[string]launch
	available int // how many instances can still be launched; below 0: any number
	faults    []*Fault
	calls     []Call
}

// A Call is a request that was well signed, whatever came of it.
type Call struct {
	Action string
	Params url.Values
}

// Start starts a stand-in on a free port of the loopback interface. The caller must Close it.
func Start(o Options) (*Server, error) {
	o.Region = cmp.Or(o.Region, "us-east-1")
	o.AccessKey, o.Secret = cmp.Or(o.AccessKey, "sandbox"), cmp.Or(o.Secret, "secret")
	if o.Now == nil {
		o.Now = time.Now
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the AWS stand-in: %w", err)
	}
	s := &Server{options: o, url: "http://" + l.Addr().String(), available: -1,
		groups: map[string]*group{}, templates: map[string]Template{}, launches: map[string]launch{}}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second}
	s.serving.Go(func() { _ = s.http.Serve(l) }) // ends by Close with ErrServerClosed
	return s, nil
}

// URL is where both services answer: the base endpoint for their clients.
func (s *Server) URL() string { return s.url }

// Region is the one that requests must be signed for.
func (s *Server) Region() string { return s.options.Region }

// Access is the key and the secret that requests must be signed with.
func (s *Server) Access() (key, secret string) { return s.options.AccessKey, s.options.Secret }

// Close ends every connection. It may be called twice.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	s.serving.Wait()
	return err
}

// Calls are the requests so far, in their order.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// SetAvailable says how many instances can still be launched until AWS has no more of them; below 0: any number.
// RunInstances then says InsufficientInstanceCapacity, and a group goes on trying.
func (s *Server) SetAvailable(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.available = n
	s.advance()
}

func (s *Server) next() int {
	s.sequence++
	return s.sequence
}
