package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/go-sql-driver/mysql"
	"github.com/sirupsen/logrus"
)

// Server is one running server with its databases.
type Server struct {
	address  string
	engine   *sqle.Engine
	server   *server.Server
	accepted *connections
	ended    chan struct{}
	close    sync.Once
}

// Start starts a server with the databases named, all of them empty.
func Start(ctx context.Context, databases ...string) (*Server, error) {
	logrus.SetOutput(io.Discard)
	dbs := make([]sql.Database, len(databases))
	for i, name := range databases {
		db := memory.NewDatabase(name)
		db.EnablePrimaryKeyIndexes()
		dbs[i] = db
	}
	provider := memory.NewDBProvider(dbs...)
	provider.WithOption(memory.NativeIndexProvider(true))
	engine := sqle.NewDefault(provider)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the embedded MySQL server: %w", err)
	}
	accepted := &connections{Listener: l, open: map[net.Conn]struct{}{}}
	srv, err := server.NewServer(server.Config{Listener: accepted, Version: "8.0.33"}, engine, sql.NewContext, memory.NewSessionBuilder(provider), accepted)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the embedded MySQL server: %w", err), l.Close())
	}
	s := &Server{address: l.Addr().String(), engine: engine, server: srv, accepted: accepted, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		_ = srv.Start()
	}()
	return s, nil
}

// DSN is the data source name of a database for go-sql-driver/mysql.
func (s *Server) DSN(database string) string {
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName = "root", "tcp", s.address, database
	return c.FormatDSN()
}

// Close ends every connection and waits until the server has let go of them.
func (s *Server) Close() {
	s.close.Do(func() {
		_ = s.server.Close()
		<-s.ended
		s.accepted.closeAll()
		_ = s.engine.Close()
	})
}

type connections struct {
	net.Listener
	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
	served sync.WaitGroup
}

func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &tracked{Conn: conn, of: c}
	c.open[t] = struct{}{}
	c.served.Add(1)
	return t, nil
}

func (c *connections) closeAll() {
	c.mu.Lock()
	for conn := range c.open {
		go conn.Close()
	}
	c.mu.Unlock()
	c.served.Wait()
}
func (c *connections) ClientConnected()    {}
func (c *connections) ClientDisconnected() {}
func (c *connections) QueryStarted()       {}
func (c *connections) QueryCompleted(bool, time.Duration) {}

type tracked struct {
	net.Conn
	of   *connections
	once sync.Once
}

func (t *tracked) Close() error {
	err := t.Conn.Close()
	t.once.Do(func() {
		t.of.mu.Lock()
		delete(t.of.open, t)
		t.of.mu.Unlock()
		t.of.served.Done()
	})
	return err
}
