// Package crashtest kills processes that apply releases. It stands apart from the store's other tests so that its
// processes, of which it starts hundreds, are small.
package crashtest

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"liveops/datasheets"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// What the process to be killed is told through its environment.
const (
	crashDSN    = "LIVEOPS_TEST_CRASH_DSN"
	crashNumber = "LIVEOPS_TEST_CRASH_NUMBER"
	crashUndo   = "LIVEOPS_TEST_CRASH_UNDO" // what to roll back, as undoing writes it
	crashFail   = "LIVEOPS_TEST_CRASH_FAIL" // the request whose release is to be written as failed
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(crashDSN); dsn != "" { // the process that the test kills
		if err := applyUntilKilled(dsn); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
	}
	mariadb.Main(m)
}

// schema is two tables of two integers each.
var schema = []string{
	`CREATE TABLE rates (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)`,
	`CREATE TABLE stuff (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)`,
}

// rows is how many rows each table has.
const rows = 120

// want is what commit number n wants of both tables, as text: some rows go, some come, and all others change.
func want(n int) string {
	var b strings.Builder
	for i := n; i < n+rows; i++ {
		fmt.Fprintf(&b, "%d|%d\n", i, n)
	}
	return b.String()
}

// apply plans and applies commit number n; ready is called between the two.
func apply(ctx context.Context, store *mysqlstore.Store, request string, n int, ready func()) error {
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	q := mysqlstore.Request{ID: request, Commit: commit(n), Epoch: snap.State.Epoch}
	for _, name := range []string{"rates", "stuff"} {
		t := snap.Tables[name]
		d := plan.NewDiffer(t, []int{0, 1}, []plan.Origin{{}})
		if err := snap.Rows(ctx, t, []int{0, 1}, d.Have); err != nil {
			return err
		}
		for i := n; i < n+rows; i++ {
			row := datasheets.AppendText(datasheets.AppendText(nil, []byte(strconv.Itoa(i))), []byte(strconv.Itoa(n)))
			if _, err := d.Want(row, 0, i); err != nil {
				return err
			}
		}
		table, _, err := d.Table(ctx, snap)
		if err != nil {
			return err
		}
		q.Tables = append(q.Tables, table)
	}
	ready()
	_, err = store.Apply(ctx, q)
	return err
}

func commit(n int) string { return fmt.Sprintf("commit-%04d", n) }

// applyUntilKilled applies one commit, or rolls back, and then waits for the kill that comes at any instant.
func applyUntilKilled(dsn string) error {
	store, err := mysqlstore.Open(context.Background(), "staging", dsn, mysqlstore.Options{})
	if err != nil {
		return err
	}
	if undo := os.Getenv(crashUndo); undo != "" {
		q, err := parseUndoing(undo)
		if err != nil {
			return err
		}
		fmt.Println("ready")
		if _, err := store.Rollback(context.Background(), q); err != nil {
			return err
		}
		select {}
	}
	if request := os.Getenv(crashFail); request != "" {
		fmt.Println("ready")
		if _, _, err := store.Fail(context.Background(), failing(request), "stopped"); err != nil {
			return err
		}
		select {}
	}
	n, err := strconv.Atoi(os.Getenv(crashNumber))
	if err != nil {
		return err
	}
	if err := apply(context.Background(), store, commit(n), n, func() { fmt.Println("ready") }); err != nil {
		return err
	}
	select {}
}

// game is the database under test.
type game struct {
	*testing.T
	dsn string
	db  *sql.DB
}

func newGame(t *testing.T) (*game, *mysqlstore.Store) {
	g := &game{T: t, dsn: mariadb.NewDatabase(t)}
	var err error
	if g.db, err = sql.Open("mysql", g.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.db.Close() })
	for _, q := range schema {
		if _, err := g.db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	store, err := mysqlstore.Open(t.Context(), "staging", g.dsn, mysqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return g, store
}

// The applying process is killed at random instants. Whatever the instant, the database is as it was before the
// release or as it is after it, with the ledger to match, and the next release goes on from there.
func TestKilledAtAnyInstant(t *testing.T) {
	if testing.Short() {
		t.Skip("kills 200 processes")
	}
	const kills, each, most = 200, 20, 1000
	g, store := newGame(t)
	n := 1
	if err := apply(t.Context(), store, commit(n), n, func() {}); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	window := 40 * time.Millisecond // moves to where about half of the kills come too late
	before, after := 0, 0
	for i := 0; i < most && (i < kills || before < each || after < each); i++ {
		g.kill(time.Duration(r.Int64N(int64(window))), crashNumber+"="+strconv.Itoa(n+1))
		switch at := g.settled(); at {
		case commit(n):
			before++
			window += window / 20
		case commit(n + 1):
			after++
			n++
			window -= window / 20
		default:
			t.Fatalf("kill %d: the environment is at %q; it was to be at %s or the next", i, at, commit(n))
		}
		g.whole(n)
	}
	t.Logf("%d kills: %d before, %d after, none between", before+after, before, after)
	if before+after < kills || before < each || after < each {
		t.Errorf("%d before and %d after; want %d kills with %d of each", before, after, kills, each)
	}
}

// kill starts a process that does what the setting says and kills it some time after it has begun.
func (g *game) kill(delay time.Duration, setting string) {
	g.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), crashDSN+"="+g.dsn, setting)
	out, err := c.StdoutPipe()
	if err != nil {
		g.Fatal(err)
	}
	if err := c.Start(); err != nil {
		g.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		g.Fatalf("the process said %q, %v", line, err)
	}
	for begun := time.Now(); time.Since(begun) < delay; { // busy: a timer is too coarse for an instant
	}
	if err := c.Process.Kill(); err != nil {
		g.Fatal(err)
	}
	c.Wait() // it was killed: that is its error
}

// settled is the commit that the environment is at, once the server has ended what the killed process left open.
func (g *game) settled() string {
	g.Helper()
	tx, err := g.db.Begin()
	if err != nil {
		g.Fatal(err)
	}
	defer tx.Rollback()
	var at string
	if err := tx.QueryRow("SELECT commit_id FROM liveops_environment FOR UPDATE").Scan(&at); err != nil {
		g.Fatal(err)
	}
	return at
}

// whole checks that the tables hold exactly what commit n wants, and the ledger every release up to it.
func (g *game) whole(n int) {
	g.Helper()
	g.holds(n)
	if got := g.text("SELECT CONCAT(COUNT(*), '|', MAX(commit_id)) FROM liveops_releases"); got != fmt.Sprintf("%d|%s", n, commit(n)) {
		g.Fatalf("the ledger has %s, want %d releases", got, n)
	}
	if got := g.text("SELECT COUNT(DISTINCT release_id) FROM liveops_images"); got != strconv.Itoa(n) {
		g.Fatalf("there are images of %s releases, want %d", got, n)
	}
}

// holds checks that the tables hold exactly what commit n wants.
func (g *game) holds(n int) {
	g.Helper()
	for _, table := range []string{"rates", "stuff"} {
		if got := g.text("SELECT CONCAT(id, '|', n, '\n') FROM " + table + " ORDER BY id"); got != want(n) {
			g.Fatalf("%s is not what commit %d wants:\n%s", table, n, got)
		}
	}
}

// text is the rows of a query for one text column, one after another.
func (g *game) text(query string) string {
	g.Helper()
	rows, err := g.db.Query(query)
	if err != nil {
		g.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			g.Fatal(err)
		}
		b.WriteString(s)
	}
	if err := rows.Err(); err != nil {
		g.Fatal(err)
	}
	return b.String()
}
