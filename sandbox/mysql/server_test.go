package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// limit bounds every wait of these tests.
const limit = 30 * time.Second

func started(t *testing.T, databases ...string) *Server {
	t.Helper()
	s, err := Start(t.Context(), databases...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// client is a database's user under test.
type client struct {
	*testing.T
	db *sql.DB
}

// conn is one connection of it, whose session lasts.
type conn struct {
	*testing.T
	*sql.Conn
}

func opened(t *testing.T, s *Server, database string) *client {
	t.Helper()
	db, err := sql.Open("mysql", s.DSN(database)+"?interpolateParams=true&time_zone=%27%2B00%3A00%27")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &client{t, db}
}

// game is a client of a new server with one database.
func game(t *testing.T, ddl ...string) *client {
	t.Helper()
	c := opened(t, started(t, "game"), "game")
	for _, q := range ddl {
		c.exec(q)
	}
	return c
}

func (c *client) conn() *conn {
	c.Helper()
	one, err := c.db.Conn(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = one.Close() })
	return &conn{c.T, one}
}

type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

func (c *client) exec(q string, args ...any) sql.Result {
	c.Helper()
	return exec(c.T, c.db, q, args...)
}
func (c *client) ask(q string, args ...any) string { c.Helper(); return ask(c.T, c.db, q, args...) }
func (c *conn) exec(q string, args ...any) sql.Result {
	c.Helper()
	return exec(c.T, c.Conn, q, args...)
}
func (c *conn) ask(q string, args ...any) string { c.Helper(); return ask(c.T, c.Conn, q, args...) }

func exec(t *testing.T, on execer, q string, args ...any) sql.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, err := on.ExecContext(ctx, q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return r
}

// refused is the number of the error that a statement is refused with.
func refused(t *testing.T, on querier, q string) uint16 {
	t.Helper()
	_, err := read(t, on, q)
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		t.Fatalf("%s: %v, want one of MySQL's errors", q, err)
	}
	return e.Number
}

// ask is a query's rows as text: values with "|" between, rows with line ends, NULL as ∅.
func ask(t *testing.T, on querier, q string, args ...any) string {
	t.Helper()
	text, err := read(t, on, q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return text
}

func read(t *testing.T, on querier, q string, args ...any) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	rows, err := on.QueryContext(ctx, q, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var lines []string
	for rows.Next() {
		raw, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range raw {
			into[i] = &raw[i]
		}
		if err := rows.Scan(into...); err != nil {
			return "", err
		}
		texts := make([]string, len(raw))
		for i, r := range raw {
			if texts[i] = r.String; !r.Valid {
				texts[i] = "∅"
			}
		}
		lines = append(lines, strings.Join(texts, "|"))
	}
	return strings.Join(lines, "\n"), rows.Err()
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

func TestServersAndDatabasesAreApart(t *testing.T) {
	s := started(t, "game", "other")
	one, other, elsewhere := opened(t, s, "game"), opened(t, s, "other"), opened(t, started(t, "game"), "game")
	one.exec(`CREATE TABLE items (id INT PRIMARY KEY)`)
	const tables = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()`
	want(t, "its own database", one.ask(tables), "1")
	want(t, "another database", other.ask(tables), "0")
	want(t, "another server", elsewhere.ask(tables), "0")
	want(t, "the version", one.ask(`SELECT VERSION()`), version)
}

func TestCloseEndsConnectionsAndWaits(t *testing.T) {
	s := started(t, "game")
	c := opened(t, s, "game")
	c.exec(`CREATE TABLE items (id INT PRIMARY KEY)`)
	holder, waiter := c.conn(), c.conn()
	holder.exec(`START TRANSACTION`)
	holder.exec(`INSERT INTO items VALUES (1)`)
	waits := make(chan error, 1)
	go func() {
		_, err := waiter.ExecContext(t.Context(), `INSERT INTO items VALUES (2)`)
		waits <- err
	}()
	began := time.Now()
	s.Close()
	if took := time.Since(began); took > closeLimit {
		t.Errorf("Close took %v", took)
	}
	if err := <-waits; err == nil {
		t.Error("a statement went through although the server was closed")
	}
	if _, err := holder.ExecContext(t.Context(), `COMMIT`); err == nil {
		t.Error("a transaction was committed although the server was closed")
	}
	if err := c.db.PingContext(t.Context()); err == nil {
		t.Error("the closed server answers")
	}
	s.Close() // again
}

func TestManyStatementsInOneQueryAreRefused(t *testing.T) {
	s := started(t, "game")
	db, err := sql.Open("mysql", s.DSN("game")+"?multiStatements=true")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `SELECT 1; SELECT 2`); err == nil {
		t.Error("two statements in one were taken")
	}
}

func TestAMalformedStatementIsAnError(t *testing.T) {
	c := game(t)
	one := c.conn()
	if n := refused(t, one, `SELEC 1`); n == 0 {
		t.Error("an error without a number")
	}
	want(t, "the connection afterwards", one.ask(`SELECT 1`), "1")
}

func ExampleStart() {
	s, err := Start(context.Background(), "game")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	db, err := sql.Open("mysql", s.DSN("game"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	var name string
	fmt.Println(db.QueryRow("SELECT DATABASE()").Scan(&name), name)
	// Output: <nil> game
}
