package couchbase

import (
	"errors"
	"net"
	"sync"
)

// A listener is one port with what serves it.
type listener struct {
	net.Listener
	port  int
	mu    sync.Mutex
	conns map[net.Conn]bool // nil once closed
}

// listenOn listens on a free port of the loopback interface.
func listenOn() (*listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, port: l.Addr().(*net.TCPAddr).Port, conns: map[net.Conn]bool{}}, nil
}

// Accept accepts a connection and remembers it until it is closed.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	tracked := &trackedConn{Conn: c, from: l}
	l.conns[tracked] = true
	return tracked, nil
}

// shut closes the listener and all its connections.
func (l *listener) shut() error {
	err := l.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	l.drop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = nil
	return err
}

// drop closes all connections.
func (l *listener) drop() {
	l.mu.Lock()
	open := make([]net.Conn, 0, len(l.conns))
	for c := range l.conns {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		_ = c.Close() // it is going away whatever happens
	}
}

// A trackedConn leaves its listener's list when it is closed.
type trackedConn struct {
	net.Conn
	from *listener
}

// Close closes the connection.
func (c *trackedConn) Close() error {
	c.from.mu.Lock()
	delete(c.from.conns, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}
