package couchbase

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// A User may connect.
type User struct {
	Name, Password string
	// Buckets are those that the user may use; none means all.
	Buckets []string
	// ReadOnly refuses writes, as the role Data Reader does
	// (https://docs.couchbase.com/server/current/learn/security/roles.html).
	ReadOnly bool
}

// Options describe a server. The zero value is one bucket, "game", one user, "Administrator" with the password
// "password", the machine's clock, and no TLS.
type Options struct {
	Users   []User
	Buckets []string
	// Now is the server's clock: it decides about expiry and makes CAS values.
	Now func() time.Time
	// TLS makes URL speak of the encrypted ports only. Without it there are none.
	TLS bool
	// MapTimeout is how long a view's map function may take for one document, in real time; 0 means 10 seconds.
	MapTimeout time.Duration
	// Seed decides which operations a fault with a probability hits.
	Seed uint64
}

// A Server is one running node. Its methods may be called from several goroutines at once.
type Server struct {
	users   map[string]User
	now     func() time.Time
	buckets map[string]*Bucket
	kv, web *listener
	kvTLS   *listener // nil without TLS
	webTLS  *listener
	tls     *authority // nil without TLS
	stop    context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	faults  faults
	hooks   hooks
	counts  counts
	queries prepared
}

// Start starts a server on free ports of the loopback interface. The caller must Close it.
func Start(o Options) (*Server, error) {
	if len(o.Users) == 0 {
		o.Users = []User{{Name: "Administrator", Password: "password"}}
	}
	if len(o.Buckets) == 0 {
		o.Buckets = []string{"game"}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MapTimeout == 0 {
		o.MapTimeout = defaultMapLimit
	}
	s := &Server{users: map[string]User{}, now: o.Now, buckets: map[string]*Bucket{}}
	s.faults.random = rand.New(rand.NewPCG(o.Seed, 0x436f756368))
	s.stop, s.cancel = context.WithCancel(context.Background())
	for _, u := range o.Users {
		s.users[u.Name] = u
	}
	for _, name := range o.Buckets {
		s.buckets[name] = newBucket(name, o.Now, o.MapTimeout)
	}
	if err := s.listen(o.TLS); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the Couchbase stand-in: %w", err), s.Close())
	}
	return s, nil
}

// URL is the connection string for gocb.Connect.
func (s *Server) URL() string {
	if s.tls != nil {
		return fmt.Sprintf("couchbases://127.0.0.1:%d", s.kvTLS.port)
	}
	return fmt.Sprintf("couchbase://127.0.0.1:%d", s.kv.port)
}

// WebURL is where views, queries and administration answer over HTTP, without a slash at its end.
func (s *Server) WebURL() string {
	if s.tls != nil {
		return fmt.Sprintf("https://127.0.0.1:%d", s.webTLS.port)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", s.web.port)
}

// CA holds the authority that signed the server's certificate, for a client's settings; nil without TLS.
func (s *Server) CA() *x509.CertPool {
	if s.tls == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.tls.root)
	return pool
}

// CAPEM is the authority's certificate in PEM, as `certificates` of a client's settings or a file has it; nil without TLS.
func (s *Server) CAPEM() []byte {
	if s.tls == nil {
		return nil
	}
	return s.tls.pem
}

// Bucket is the bucket of that name, or nil.
func (s *Server) Bucket(name string) *Bucket { return s.buckets[name] }

// Close ends every connection and waits for all that serve them. It may be called twice.
func (s *Server) Close() error {
	s.cancel()
	var errs []error
	for _, l := range []*listener{s.kv, s.web, s.kvTLS, s.webTLS} {
		if l != nil {
			errs = append(errs, l.shut())
		}
	}
	s.running.Wait()
	return errors.Join(errs...)
}

// Disconnect ends every connection that stands now, as a restart of the node does; clients may come back at once.
func (s *Server) Disconnect() {
	for _, l := range []*listener{s.kv, s.web, s.kvTLS, s.webTLS} {
		if l != nil {
			l.drop()
		}
	}
}

// listen opens the ports and serves them.
func (s *Server) listen(encrypted bool) (err error) {
	if s.kv, err = listenOn(); err != nil {
		return err
	}
	if s.web, err = listenOn(); err != nil {
		return err
	}
	if encrypted {
		if s.tls, err = newAuthority(s.now()); err != nil {
			return err
		}
		if s.kvTLS, err = listenOn(); err != nil {
			return err
		}
		if s.webTLS, err = listenOn(); err != nil {
			return err
		}
	}
	s.serveData(s.kv, false)
	s.serveWeb(s.web, false)
	if encrypted {
		s.serveData(s.kvTLS, true)
		s.serveWeb(s.webTLS, true)
	}
	return nil
}

// serveData accepts key-value connections until the listener is closed.
func (s *Server) serveData(l *listener, encrypted bool) {
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.running.Go(func() {
				if encrypted {
					s.serveConn(s.tls.server(c), true)
				} else {
					s.serveConn(c, false)
				}
			})
		}
	})
}

// serveWeb serves HTTP until the listener is closed.
func (s *Server) serveWeb(l *listener, encrypted bool) {
	server := &http.Server{Handler: s.webHandler(), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	var from net.Listener = l
	if encrypted {
		from = s.tls.listener(l)
	}
	s.running.Go(func() {
		_ = server.Serve(from) // ends with the listener
		// Close ends the connections, so that this only waits for what still answers one.
		_ = server.Shutdown(context.Background())
	})
}
