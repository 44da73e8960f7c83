package mysql

import (
	"net"
	"sync"
	"time"
)

// connections is a listener that knows which of its connections the server still serves: the server itself
// closes its listener only.
type connections struct {
	net.Listener

	mu   sync.Mutex
	open map[net.Conn]struct{}
	wait sync.WaitGroup
}

// Accept waits for a connection. Nobody accepts while closeAll runs.
func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	served := &servedConn{Conn: conn, of: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[served] = struct{}{}
	c.wait.Add(1)
	return served, nil
}

// closeAll cuts every connection off and waits until the server has closed its end of each.
func (c *connections) closeAll(limit time.Duration) {
	c.mu.Lock()
	for conn := range c.open {
		_ = conn.(*servedConn).Conn.Close() // the server sees an error at its next read, and closes its end
	}
	c.mu.Unlock()
	done := make(chan struct{})
	go func() { c.wait.Wait(); close(done) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// servedConn is a connection that the server closes when it is done with it.
type servedConn struct {
	net.Conn
	of   *connections
	once sync.Once
}

// Close closes the connection and counts it out.
func (s *servedConn) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() {
		s.of.mu.Lock()
		delete(s.of.open, s)
		s.of.mu.Unlock()
		s.of.wait.Done()
	})
	return err
}
