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
	protocol "github.com/dolthub/vitess/go/mysql"
	"github.com/go-sql-driver/mysql"
	"github.com/sirupsen/logrus"
)

// version is what the server tells its clients to be: the MySQL that the engine imitates.
const version = "8.0.31"

// Server is a running server with its databases. Its methods may be called from several goroutines.
type Server struct {
	engine *sqle.Engine
	server *server.Server
	gate   *gate
	conns  *connections
	ended  chan struct{} // closed when no connection is accepted any more
	close  sync.Once

	databases map[string]*memory.Database
}

// Start starts a server on a free port of the loopback interface, with the databases named, all empty. The
// user is root without a password. ctx bounds the start only. The engine logs through logrus's standard logger,
// which Start silences for the whole process.
func Start(ctx context.Context, databases ...string) (*Server, error) {
	logrus.SetOutput(io.Discard)
	all, byName := make([]sql.Database, len(databases)), map[string]*memory.Database{}
	for i, name := range databases {
		db := memory.NewDatabase(name)
		db.EnablePrimaryKeyIndexes()
		all[i], byName[name] = db, db
	}
	provider := memory.NewDBProvider(all...)
	provider.WithOption(memory.NativeIndexProvider(true))
	s := &Server{engine: sqle.NewDefault(provider), ended: make(chan struct{}), databases: byName}
	addWeightString(s.engine)

	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the embedded MySQL server: %w", err)
	}
	s.conns = &connections{Listener: l, open: map[net.Conn]struct{}{}}
	config := server.Config{Listener: s.conns, Version: version, DisableClientMultiStatements: true}
	s.server, err = server.NewServerWithHandler(config, s.engine, sql.NewContext, memory.NewSessionBuilder(provider), nil,
		func(h protocol.Handler) (protocol.Handler, error) {
			s.gate = newGate(h)
			return s.gate, nil
		})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the embedded MySQL server: %w", err), l.Close())
	}
	go func() {
		defer close(s.ended)
		s.server.Listener.Accept()
	}()
	return s, nil
}

// DSN is the data source name of a database on the server, for go-sql-driver/mysql; "" names none.
func (s *Server) DSN(database string) string {
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName = "root", "tcp", s.conns.Addr().String(), database
	return c.FormatDSN()
}

// closeLimit bounds the wait for connections whose statements do not end.
const closeLimit = 10 * time.Second

// Close ends every connection, rolls back what they had open, and waits until the server has let go of them.
// The databases are gone then. A second call does nothing.
func (s *Server) Close() {
	s.close.Do(func() {
		s.server.Listener.Close()
		<-s.ended
		s.gate.close()
		s.conns.closeAll(closeLimit)
		_ = s.engine.Close()
	})
}
