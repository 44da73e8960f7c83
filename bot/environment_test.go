package bot_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
)

// environment is a database with a network that can be cut.
type environment struct {
	*network
	name  string
	dsn   string
	admin *mysql.Config // the test's own way in, never cut
	db    *sql.DB
	mu    sync.Mutex
	store *mysqlstore.Store
	unset bool // the process has no DSN for it
}

func newEnvironment(t *testing.T, name string) *environment {
	t.Helper()
	admin, err := mysql.ParseDSN(mariadb.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{name: name, network: newNetwork(t, admin.Net, admin.Addr), admin: admin}
	if e.db, err = sql.Open("mysql", admin.FormatDSN()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.db.Close() })
	user := "u" + strings.TrimPrefix(admin.DBName, "liveops_test_")
	for _, statement := range []string{
		"CREATE TABLE items (id INT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, grade ENUM('S','A','B','C') NOT NULL, price INT UNSIGNED NOT NULL)",
		"CREATE TABLE levels (level INT NOT NULL PRIMARY KEY, exp BIGINT UNSIGNED NOT NULL)",
		fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'", user, password),
		fmt.Sprintf("GRANT ALL ON `%s`.* TO '%s'@'%%'", admin.DBName, user),
	} {
		e.exec(t, statement)
	}
	t.Cleanup(func() {
		if e.store != nil {
			e.store.Close()
		}
		e.exec(t, fmt.Sprintf("DROP USER '%s'@'%%'", user))
	})
	c := admin.Clone()
	c.User, c.Passwd, c.Net, c.Addr = user, password, e.network.name, name+"."+hostDomain+":3306"
	e.dsn = c.FormatDSN()
	return e
}

// dsnOf is a data source name by which another process reaches the environment at an address, of the bot's account.
func (e *environment) dsnOf(t *testing.T, network, address string) string {
	t.Helper()
	c, err := mysql.ParseDSN(e.dsn)
	if err != nil {
		t.Fatal(err)
	}
	c.Net, c.Addr = network, address
	return c.FormatDSN()
}

func (e *environment) exec(t testing.TB, statement string) {
	t.Helper()
	if _, err := e.db.Exec(statement); err != nil {
		t.Fatalf("%s: %s: %v", e.name, statement, err)
	}
}

// text reads one value; "" for NULL.
func (e *environment) text(t testing.TB, query string) string {
	t.Helper()
	var s sql.NullString
	if err := e.db.QueryRow(query).Scan(&s); err != nil {
		t.Fatalf("%s: %s: %v", e.name, query, err)
	}
	return s.String
}

// items are the rows of the table, as the function items takes them.
func (e *environment) items(t testing.TB) string {
	t.Helper()
	return e.text(t, "SELECT GROUP_CONCAT(id, ' ', name, ' ', grade, ' ', price ORDER BY id SEPARATOR ', ') FROM items")
}

// applied counts the releases that the ledger has, the first one left out.
func (e *environment) applied(t testing.TB) string {
	t.Helper()
	return e.text(t, "SELECT COUNT(*) - 1 FROM liveops_releases WHERE state = 'applied'")
}

func (e *environment) hold(t testing.TB) string {
	t.Helper()
	return e.text(t, "SELECT hold_reason FROM liveops_environment")
}

// network is the way to a database, by a name that a DSN can use. It can be cut and mended.
type network struct {
	name string
	mu   sync.Mutex
	down bool
	open []net.Conn
}

func newNetwork(t *testing.T, to, address string) *network {
	n := &network{name: "bottest" + strings.ReplaceAll(t.TempDir(), "/", "-")}
	mysql.RegisterDialContext(n.name, func(ctx context.Context, name string) (net.Conn, error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.down {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("%s: connection refused", name)}
		}
		c, err := (&net.Dialer{}).DialContext(ctx, to, address)
		if err == nil {
			n.open = append(n.open, c)
		}
		return c, err
	})
	t.Cleanup(func() { mysql.DeregisterDialContext(n.name) })
	return n
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	for _, c := range n.open {
		c.Close()
	}
	n.open = nil
}

func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}
