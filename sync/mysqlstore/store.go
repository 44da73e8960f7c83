// Package mysqlstore keeps an environment's tables, and the truth about the environment, in its MySQL (or
// MariaDB): it reads the schema and a consistent snapshot of the rows, applies a plan in one transaction,
// undoes a release, and keeps the ledger of all that.
package mysqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// sqlMode makes the server refuse what it would otherwise bend: truncated text, clamped numbers, an invalid
// enum. A zero in an auto-increment column stays a zero. Zero dates stay allowed, since old tables have them.
const sqlMode = "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'"

// metadataWait is how many seconds a statement waits for a table that someone alters; by default it is a day (MariaDB)
// or a year (MySQL), for which everything else would stand still.
const metadataWait = "10"

// idleConnections are kept for later: as many as a purge has batches at work, or each would connect anew.
const idleConnections = 8

// Store is one environment's MySQL. It is safe for concurrent use.
type Store struct {
	db          *sql.DB
	environment string
	now         func() time.Time
	testTime    time.Duration
	compressors sync.Pool // of *compressor
}

// Options of Open that have defaults.
type Options struct {
	Now      func() time.Time // default time.Now
	TestTime time.Duration    // how long one data test may take; default 5 s
}

// Open connects to the database of an environment by a go-sql-driver DSN, which must name a database. It asks
// the server for an answer, so that an unreachable database or a refused password fails here; the error never
// holds the password. What the session needs (UTC, strict mode, utf8mb4) it sets itself, over what the DSN says.
func Open(ctx context.Context, environment, dsn string, o Options) (*Store, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("environment %s: its MySQL DSN cannot be read; expected user:password@tcp(host:3306)/database", environment)
	}
	if cfg.DBName == "" {
		return nil, fmt.Errorf("environment %s: its MySQL DSN names no database", environment)
	}
	cfg.InterpolateParams = true // one round trip a statement; safe with utf8mb4
	cfg.ClientFoundRows = true   // an update's count is of the rows it found, changed or not
	cfg.MultiStatements, cfg.AllowAllFiles, cfg.ParseTime = false, false, false
	cfg.Loc = time.UTC
	cfg.Logger = &mysql.NopLogger{} // what it has to say comes as errors, too
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["charset"] = "utf8mb4"
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = sqlMode
	cfg.Params["lock_wait_timeout"] = metadataWait
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, fmt.Errorf("environment %s: %w", environment, err)
	}
	delete(cfg.Params, "charset")
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("environment %s: %w", environment, err)
	}
	s := &Store{db: sql.OpenDB(connector), environment: environment, now: o.Now, testTime: cmp.Or(o.TestTime, testTime)}
	if s.now == nil {
		s.now = time.Now
	}
	s.db.SetMaxIdleConns(idleConnections)
	s.db.SetConnMaxIdleTime(time.Minute)
	if err := s.db.PingContext(ctx); err != nil {
		s.db.Close()
		return nil, &UnreachableError{environment, err}
	}
	return s, nil
}

// Environment is the name of the environment whose store this is.
func (s *Store) Environment() string { return s.environment }

// Close closes the connections.
func (s *Store) Close() error { return s.db.Close() }

// UnreachableError is a database that gives no answer or refuses the credentials: it may be worth a retry.
type UnreachableError struct {
	Environment string
	Err         error
}

// Error says which environment's database gave no answer, and what came instead.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("the database of %s cannot be reached: %v", e.Environment, e.Err)
}

// Unwrap is what the driver said.
func (e *UnreachableError) Unwrap() error { return e.Err }

// querier is a connection or a transaction's connection.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// begin takes a connection of its own and starts a transaction on it. End must be called, and rolls back what
// was not committed.
func (s *Store) begin(ctx context.Context, start ...string) (*transaction, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, &UnreachableError{s.environment, err}
	}
	t := &transaction{Conn: conn}
	for _, q := range start {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			t.end()
			return nil, fmt.Errorf("begin a transaction on %s: %w", s.environment, err)
		}
	}
	return t, nil
}

// transaction is a connection with a transaction open on it. Its connection is not used again unless the
// transaction was committed: closing it makes the server roll back, whatever state the session is in.
type transaction struct {
	*sql.Conn
	committed bool
}

// errOutcomeUnknown is a commit whose answer did not arrive.
var errOutcomeUnknown = errors.New("the connection broke while committing")

func (t *transaction) commit(ctx context.Context) error {
	if _, err := t.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("%w: %w", errOutcomeUnknown, err)
	}
	t.committed = true
	return nil
}

func (t *transaction) end() {
	if !t.committed {
		// A failed ROLLBACK needs no answer: the connection is dropped right after.
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		t.ExecContext(ctx, "ROLLBACK")
		cancel()
	}
	t.Raw(func(any) error { return driver.ErrBadConn }) // drop the session with its settings
	t.Close()
}
