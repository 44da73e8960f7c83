package push

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A Vendor judges the messages of its gateway.
type Vendor interface {
	// Session begins a connection.
	Session() Session
}

// A Session judges the messages of one connection, one after the other. Its methods are not called at once.
type Session interface {
	// Answer judges a message.
	Answer(*Request) Answer
	// Accepted appends the body of the answer to an accepted message, the serial-th of the server.
	Accepted(body []byte, serial int64) []byte
	// Streams is how many streams the connection may have open by what the session has seen; 0 for as many as the
	// server's settings say.
	Streams() uint32
}

// An Answer is what a gateway says to a message.
type Answer struct {
	Status int
	// Reason is the vendor's word for it, under which it is counted if the message was not accepted.
	Reason string
	// Fields are header fields besides the status. They are not changed afterwards.
	Fields []hpack.HeaderField
	// ID is the value of `apns-id`, "" for none.
	ID string
	// Body is not changed afterwards; nil with status 200 for what Session.Accepted appends.
	Body []byte
	// Mark is the token of the message, counted when an answer with status 200 leaves.
	Mark Mark
	// Text is the hash of the body without the token, if NewText says that this session has not given it yet.
	Text    uint64
	NewText bool
}

// Settings are those that a server announces (RFC 9113, section 6.5.2). A zero is left at the protocol's default.
type Settings struct {
	MaxStreams  uint32 // how many streams a connection may have open
	Window      uint32 // how many bytes of a body may be sent before the server reads them
	HeaderTable uint32 // bytes of the client's table for header compression; 1 means 0
}

// Options describe a server.
type Options struct {
	Vendor   Vendor
	Settings Settings
	// Address is where to listen; by default a free port of the loopback interface.
	Address string
	// ConnectionWindow is how many bytes of all bodies may be sent before the server reads them, at least 65,535.
	ConnectionWindow int
	// Now is the clock that the certificate is dated by.
	Now func() time.Time
}

// A Server is one gateway that runs. Its methods may be called from several goroutines at once.
type Server struct {
	vendor   Vendor
	window   int
	pem      []byte
	listener net.Listener
	tls      *tls.Config
	stop     context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
	latency  atomic.Int64
	serial   atomic.Int64
	opened   atomic.Int64
	over     atomic.Int64
	faults   faults
	counter  *counter

	mu       sync.Mutex
	settings Settings
	conns    map[*conn]bool
}

// Start starts a server, which ends with the context or by Close.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	cert, pem, err := certificate(o.Now())
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("starting a push gateway: %w", err)
	}
	s := &Server{vendor: o.Vendor, window: max(o.ConnectionWindow, defaultWindow), pem: pem, listener: l, settings: o.Settings,
		tls:   &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true},
		conns: map[*conn]bool{}, counter: newCounter()}
	s.stop, s.cancel = context.WithCancel(ctx)
	s.running.Go(s.accept)
	s.running.Go(func() { <-s.stop.Done(); s.shut() })
	return s, nil
}

// Close ends every connection and waits for all that serve them. It may be called twice.
func (s *Server) Close() error {
	s.cancel()
	s.running.Wait()
	return nil
}

// URL is where the gateway answers, without a slash at its end.
func (s *Server) URL() string { return "https://" + s.listener.Addr().String() }

// CAPEM is the certificate that clients must trust, in PEM.
func (s *Server) CAPEM() []byte { return s.pem }

// CA is the certificate that clients must trust.
func (s *Server) CA() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.pem)
	return pool
}

// SetLatency has messages answered that much later.
func (s *Server) SetLatency(d time.Duration) { s.latency.Store(int64(d)) }

// Configure announces other settings on all connections, those that stand included.
func (s *Server) Configure(to Settings) {
	s.mu.Lock()
	s.settings = to
	conns := s.standing()
	s.mu.Unlock()
	for _, c := range conns {
		c.configure(to)
	}
}

// Disconnect ends every connection that stands now; clients may come back at once.
func (s *Server) Disconnect() {
	s.mu.Lock()
	conns := s.standing()
	s.mu.Unlock()
	for _, c := range conns {
		_ = c.net.Close() // it is going away whatever happens
	}
}

// Drain sends GOAWAY on every connection that stands now, as a gateway does before maintenance: the messages that
// arrived are answered.
func (s *Server) Drain() {
	s.mu.Lock()
	conns := s.standing()
	s.mu.Unlock()
	for _, c := range conns {
		c.drain()
	}
}

// Counts are what the gateway took so far.
func (s *Server) Counts() Counts {
	var c Counts
	s.counter.fill(&c)
	c.Connections, c.Overlimit = s.opened.Load(), s.over.Load()
	s.mu.Lock()
	c.Open = int64(len(s.conns))
	s.mu.Unlock()
	return c
}

// Times is how many messages for a token were accepted.
func (s *Server) Times(token []byte) int64 { return s.counter.times(MarkOf(token)) }

// standing are the connections; s.mu must be held.
func (s *Server) standing() []*conn {
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

func (s *Server) shut() {
	_ = s.listener.Close() // nothing is lost with it
	s.Disconnect()
}

// accept serves connections until the listener is closed.
func (s *Server) accept() {
	for {
		n, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // one connection failed before it began
		}
		s.running.Go(func() { s.serve(n) })
	}
}

// serve serves one connection to its end.
func (s *Server) serve(n net.Conn) {
	raw := newAheadConn(n)
	t := tls.Server(raw, s.tls)
	defer t.Close()
	if err := t.HandshakeContext(s.stop); err != nil || t.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
		return
	}
	c := newConn(s, t, raw)
	s.mu.Lock()
	c.settings = s.settings
	s.conns[c] = true
	s.mu.Unlock()
	s.opened.Add(1)
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	if s.stop.Err() == nil {
		c.run()
	}
}
