package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Options configure a Server. The zero value is a server on a free loopback
// port with no users, which only serves public repositories.
type Options struct {
	// Addr is where to listen; default "127.0.0.1:0", a free loopback port.
	Addr string
	// Users are the accounts; logins and tokens must differ.
	Users []User
	// Now tells the time of commits, comments and rate limits; default time.Now.
	Now func() time.Time
	// RateLimit is how many REST requests an account has an hour; default 5000.
	RateLimit int
	// Secondary are the limits on bursts and on creating content; by default
	// there are none. DocumentedLimits are GitHub's.
	Secondary SecondaryLimits
}

// Server is a running stand-in GitHub. Its methods may be called from several
// goroutines. Close it when done.
type Server struct {
	now       func() time.Time
	rateLimit int
	secondary SecondaryLimits
	url       string
	routes    []route
	web       *http.Server
	merges    *queue[*pull]
	outbox    *queue[*Delivery]
	stop      context.CancelFunc
	running   sync.WaitGroup

	// mu guards everything below and everything that hangs on a Repo. A request
	// holds it from its authentication to its answer, so each request is atomic.
	mu         sync.Mutex
	accounts   map[string]*account // by login in lower case
	tokens     map[string]*account
	anonymous  *account
	repos      map[string]*Repo // by owner/name in lower case
	teams      []*team
	faults     []*fault
	hook       *hook
	deliveries []*Delivery
	lastID     int64
	apps       appRegistry
	requests   int64
}

// New starts a server. It fails if it can't listen or if two users share a
// login or a token.
func New(options Options) (*Server, error) {
	s := &Server{
		now:       options.Now,
		rateLimit: options.RateLimit,
		secondary: options.Secondary,
		routes:    routes(),
		merges:    newQueue[*pull](),
		outbox:    newQueue[*Delivery](),
		accounts:  map[string]*account{},
		tokens:    map[string]*account{},
		anonymous: &account{limit: anonymousRateLimit},
		repos:     map[string]*Repo{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rateLimit == 0 {
		s.rateLimit = defaultRateLimit
	}
	for _, u := range options.Users {
		if err := s.addUser(u); err != nil {
			return nil, err
		}
	}
	return s, s.start(options.Addr)
}

// start listens and starts the three goroutines that Close waits for.
func (s *Server) start(addr string) error {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("start the stand-in GitHub: %w", err)
	}
	s.url = "http://" + listener.Addr().String()
	s.web = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that a fault cut off
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.running.Go(func() { _ = s.web.Serve(listener) })
	s.running.Go(func() { s.merges.run(ctx, s.computeMergeability) })
	s.running.Go(func() { s.outbox.run(ctx, func(d *Delivery) { s.send(ctx, d) }) })
	return nil
}

// URL is the root of the server, without a slash at its end. Git repositories
// are at URL/OWNER/REPO.git, the REST API at URL/api/v3/.
func (s *Server) URL() string { return s.url }

// Close stops the server and returns when its goroutines have ended. Requests
// in flight get a second to finish; webhooks not yet sent are dropped.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.web.Close()
	}
	s.stop()
	s.running.Wait()
	if err != nil {
		return fmt.Errorf("close the stand-in GitHub: %w", err)
	}
	return nil
}

// serve tells git's requests from REST ones by the path.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	switch s.takeFault(w, r) {
	case faultAnswered:
		return
	case faultLoseAnswer:
		w = unheard{http.Header{}}
		defer panic(http.ErrAbortHandler)
	case faultCutAnswer:
		w = halved{w}
		defer panic(http.ErrAbortHandler)
	}
	w.Header().Set("X-GitHub-Request-Id", s.requestID())
	switch base := path.Base(r.URL.Path); {
	case strings.HasSuffix(r.URL.Path, "/info/refs"), base == uploadPack, base == receivePack:
		s.serveGit(w, r)
	case isLFS(r.URL.Path):
		s.serveLFS(w, r)
	default:
		s.serveREST(w, r)
	}
}

// apiPrefix returns "/api/v3/" if the path is below it, else "".
func apiPrefix(urlPath string) string {
	if strings.HasPrefix(urlPath, "/api/v3/") {
		return "/api/v3/"
	}
	return ""
}

// requestID makes the value of X-GitHub-Request-Id.
func (s *Server) requestID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	return fmt.Sprintf("5A4D:%08X", s.requests)
}

// nextID gives every user, repository, pull request, comment, status and
// delivery its own number. The caller holds mu (New needs not).
func (s *Server) nextID() int64 {
	s.lastID++
	return s.lastID
}
