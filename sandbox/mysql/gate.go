package mysql

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
)

// defaultLockWait is MySQL's innodb_lock_wait_timeout.
const defaultLockWait = 50 * time.Second

// The errors of the gate are MySQL's own, by number, state and text.
var (
	errLockWait = mysql.NewSQLError(mysql.ERLockWaitTimeout, mysql.SSUnknownSQLState, "Lock wait timeout exceeded; try restarting transaction")
	errDeadlock = mysql.NewSQLError(mysql.ERLockDeadlock, mysql.SSLockDeadlock, "Deadlock found when trying to get lock; try restarting transaction")
	errReadOnly = mysql.NewSQLError(1792, "25006", "Cannot execute statement in a READ ONLY transaction.") // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
	errShutdown = mysql.NewSQLError(1053, "08S01", "Server shutdown in progress")                          // ER_SERVER_SHUTDOWN
)

// gate stands before the engine and makes several connections possible. By itself the engine loses commits:
// when a transaction or a single statement ends, its session writes back every table that it has touched,
// whoever changed it meanwhile, and even where it has only read. So the gate
//
//   - lets one statement through at a time, and keeps its rows until the engine is done with it, so that a
//     client that reads slowly holds nobody up;
//   - has one lock for all writing: a transaction takes it at its first write or locking read and keeps it to
//     its end;
//   - ends a transaction that has only read with ROLLBACK, which writes nothing back;
//   - touches all tables at a transaction's first read, which makes them a snapshot;
//   - refuses a transaction its first write where others have committed since its snapshot, as a deadlock.
type gate struct {
	mysql.Handler // the engine's

	engine  sync.Mutex // held while a statement runs
	changes uint64     // how often something was committed; under engine

	writer  chan struct{} // holds one token while somebody has the lock for writing
	closing chan struct{}

	mu    sync.Mutex
	conns map[uint32]*session
}

// session is the gate's knowledge of a connection. Only the connection's own goroutine uses it.
type session struct {
	lockWait time.Duration
	writing  bool   // has the lock for writing
	readOnly bool   // its transaction is
	pinned   bool   // its transaction has a snapshot,
	asOf     uint64 // of this count of changes
}

func newGate(inner mysql.Handler) *gate {
	return &gate{Handler: inner, writer: make(chan struct{}, 1), closing: make(chan struct{}), conns: map[uint32]*session{}}
}

// close ends every wait for the lock.
func (g *gate) close() { close(g.closing) }

func (g *gate) session(c *mysql.Conn) *session {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.conns[c.ConnectionID]
	if s == nil {
		s = &session{lockWait: defaultLockWait}
		g.conns[c.ConnectionID] = s
	}
	return s
}

// forget ends what the connection has at the gate.
func (g *gate) forget(c *mysql.Conn) {
	s := g.session(c)
	g.release(s)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c.ConnectionID)
}

// release ends a session's transaction at the gate.
func (g *gate) release(s *session) {
	if s.writing {
		<-g.writer
	}
	*s = session{lockWait: s.lockWait}
}

// acquire gets the session the lock for writing, or an error of MySQL's.
func (g *gate) acquire(ctx context.Context, s *session, wait time.Duration) error {
	if s.writing {
		return nil
	}
	select { // a timer of no time might win over a free lock
	case g.writer <- struct{}{}:
		s.writing = true
		return nil
	default:
	}
	limit := time.NewTimer(wait)
	defer limit.Stop()
	select {
	case g.writer <- struct{}{}:
		s.writing = true
		return nil
	case <-limit.C:
		return errLockWait
	case <-g.closing:
		return errShutdown
	case <-ctx.Done():
		return errLockWait
	}
}

func inTransaction(c *mysql.Conn) bool { return c.StatusFlags&mysql.ServerInTransaction != 0 }

// run has a statement executed under the gate's rules. execute hands the text to the engine.
func (g *gate) run(ctx context.Context, c *mysql.Conn, st statement, execute func() error) error {
	s := g.session(c)
	if st.lockWait != nil {
		s.lockWait = *st.lockWait
	}
	if st.kind == writes || st.kind == locks {
		if err := g.admit(ctx, c, s, st); err != nil {
			return err
		}
	}
	g.engine.Lock()
	defer g.engine.Unlock()
	switch st.kind {
	case begins:
		return g.begin(ctx, c, s, st, execute)
	case commits:
		return g.commit(ctx, c, s, execute)
	case rollsBack:
		defer g.release(s)
		return execute()
	case sets:
		return nil
	default:
		return g.ordinary(ctx, c, s, execute)
	}
}

// admit gets a statement that writes or locks the lock that it needs.
func (g *gate) admit(ctx context.Context, c *mysql.Conn, s *session, st statement) error {
	if s.readOnly && st.kind == writes {
		return errReadOnly
	}
	wait := s.lockWait
	if st.wait != nil {
		wait = *st.wait
	}
	if err := g.acquire(ctx, s, wait); err != nil {
		return err
	}
	g.engine.Lock()
	defer g.engine.Unlock()
	if s.pinned && s.asOf != g.changes {
		defer g.release(s)
		return orElse(g.ask(ctx, c, "ROLLBACK", nil), errDeadlock)
	}
	return nil
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// begin starts a transaction, ending one that is open as MySQL does.
func (g *gate) begin(ctx context.Context, c *mysql.Conn, s *session, st statement, execute func() error) error {
	if inTransaction(c) {
		if err := g.commit(ctx, c, s, func() error { return g.ask(ctx, c, "COMMIT", nil) }); err != nil {
			return err
		}
	}
	if err := execute(); err != nil {
		return err
	}
	s.readOnly = st.readOnly
	if st.snapshot {
		return g.pin(ctx, c, s)
	}
	return nil
}

// commit ends a transaction: one that has not written must not write back what it has read.
func (g *gate) commit(ctx context.Context, c *mysql.Conn, s *session, execute func() error) error {
	if !s.writing {
		defer g.release(s)
		return g.ask(ctx, c, "ROLLBACK", nil)
	}
	if err := execute(); err != nil {
		return err
	}
	g.changes++
	g.release(s)
	return nil
}

// ordinary executes any other statement.
func (g *gate) ordinary(ctx context.Context, c *mysql.Conn, s *session, execute func() error) error {
	open := inTransaction(c)
	if open && !s.writing && !s.pinned {
		if err := g.pin(ctx, c, s); err != nil {
			return err
		}
	}
	err := execute()
	if err != nil && !open {
		// The engine leaves the failed statement's transaction open and would go on in it with the next one.
		defer g.release(s)
		return orElse(g.ask(ctx, c, "ROLLBACK", nil), err)
	}
	switch {
	case err != nil:
	case !inTransaction(c): // a statement by itself, or an implicit commit
		if s.writing {
			g.changes++
		}
		g.release(s)
	case !s.writing && !s.pinned: // one that began a transaction by itself, without autocommit
		s.pinned, s.asOf = true, g.changes
	}
	return err
}

// pin makes a snapshot of all tables, in that the engine keeps for a transaction each table that it has touched.
func (g *gate) pin(ctx context.Context, c *mysql.Conn, s *session) error {
	var tables []string
	err := g.ask(ctx, c, `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'`,
		func(row []sqltypes.Value) {
			tables = append(tables, quoted(row[0].ToString())+"."+quoted(row[1].ToString()))
		})
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := g.ask(ctx, c, "SELECT * FROM "+t+" LIMIT 0", nil); err != nil {
			return err
		}
	}
	s.pinned, s.asOf = true, g.changes
	return nil
}

func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// ask has the engine execute a statement of the gate's own on a client's connection.
func (g *gate) ask(ctx context.Context, c *mysql.Conn, query string, each func(row []sqltypes.Value)) error {
	err := g.Handler.ComQuery(ctx, c, query, func(r *sqltypes.Result, _ bool) error {
		if each != nil {
			for _, row := range r.Rows {
				each(row)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return nil
}

// kept is a copy of a result that stays when the engine uses its buffers again.
func kept(r *sqltypes.Result) *sqltypes.Result {
	k := *r
	k.Rows = make([][]sqltypes.Value, len(r.Rows))
	for i, row := range r.Rows {
		k.Rows[i] = make([]sqltypes.Value, len(row))
		for j, v := range row {
			k.Rows[i][j] = sqltypes.MakeTrusted(v.Type(), bytes.Clone(v.Raw()))
		}
	}
	return &k
}
