package mariadb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// DSNVariable names the environment variable that lends tests a running server: its value is a data source
// name without a database, `user:password@tcp(host:port)/`, of a user who may create and drop databases.
const DSNVariable = "LIVEOPS_TEST_MYSQL_DSN"

// shared is the server that the tests of this process share when none is lent to them. A TestMain and its
// tests have no other place in common.
var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Main runs a package's tests and stops the server that they started, if any. Use it in TestMain:
//
//	func TestMain(m *testing.M) { mariadb.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		if err := shared.server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop MariaDB:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// ServerDSN is the data source name, without a database, of the server to test with: the one that DSNVariable
// lends, else one that is started when it is first asked for and that Main stops. A test on a machine without
// MariaDB fails and says how to install it; it is never skipped.
func ServerDSN(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv(DSNVariable); dsn != "" {
		return dsn
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = Start(context.Background(), "")
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server.DSN("")
}

// NewDatabase makes an empty utf8mb4 database of a name that no other test has, drops it when the test ends,
// and returns its data source name. See ServerDSN for the server.
func NewDatabase(t testing.TB) (dsn string) {
	t.Helper()
	c, err := mysql.ParseDSN(ServerDSN(t))
	if err != nil {
		t.Fatalf("%s: %v", DSNVariable, err)
	}
	db := open(t, c)
	name := "liveops_test_" + randomName()
	run(t, db, "CREATE DATABASE `"+name+"` CHARACTER SET utf8mb4")
	t.Cleanup(func() {
		run(t, db, "DROP DATABASE `"+name+"`")
		_ = db.Close()
	})
	of := c.Clone()
	of.DBName = name
	return of.FormatDSN()
}

func open(t testing.TB, c *mysql.Config) *sql.DB {
	t.Helper()
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(1)
	db.SetConnMaxIdleTime(time.Second)
	return db
}

func run(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	// A test's own context has ended by the time its cleanups run. A transaction that it left open would make
	// DROP DATABASE wait for it.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func randomName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
