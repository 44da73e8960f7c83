package mysql

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"testing"
	"time"
)

const items = `CREATE TABLE items (id INT PRIMARY KEY, n INT)`

const all = `SELECT id, n FROM items ORDER BY id`

func TestTransactions(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []string // of one connection
		want  string   // what another one finds
	}{
		{"commit", []string{`START TRANSACTION`, `INSERT INTO items VALUES (1, 1)`, `COMMIT`}, "1|1"},
		{"rollback", []string{`BEGIN`, `INSERT INTO items VALUES (1, 1)`, `ROLLBACK`}, ""},
		{"still open", []string{`START TRANSACTION`, `INSERT INTO items VALUES (1, 1)`}, ""},
		{"by itself", []string{`INSERT INTO items VALUES (1, 1)`}, "1|1"},
		{"a second one commits the first", []string{`BEGIN`, `INSERT INTO items VALUES (1, 1)`, `BEGIN`, `INSERT INTO items VALUES (2, 2)`, `ROLLBACK`}, "1|1"},
		{"DDL commits", []string{`BEGIN`, `INSERT INTO items VALUES (1, 1)`, `CREATE TABLE other (id INT PRIMARY KEY)`, `ROLLBACK`}, "1|1"},
		{"without autocommit", []string{`SET autocommit = 0`, `INSERT INTO items VALUES (1, 1)`}, ""},
		{"without autocommit, committed", []string{`SET autocommit = 0`, `INSERT INTO items VALUES (1, 1)`, `COMMIT`}, "1|1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := game(t, items)
			one, other := c.conn(), c.conn()
			for _, s := range test.steps {
				one.exec(s)
			}
			want(t, "another connection", other.ask(all), test.want)
		})
	}
}

func TestAFailedStatementLeavesTheRestOfItsTransaction(t *testing.T) {
	c := game(t, items)
	one := c.conn()
	one.exec(`BEGIN`)
	one.exec(`INSERT INTO items VALUES (1, 1)`)
	if n := refused(t, one, `INSERT INTO items VALUES (2, 2), (1, 1), (3, 3)`); n != 1062 { // ER_DUP_ENTRY
		t.Errorf("error %d, want 1062", n)
	}
	one.exec(`COMMIT`)
	want(t, "committed", c.ask(all), "1|1")
}

// The bare engine takes the insert back at each of the reader's steps.
func TestAReaderTakesNothingBack(t *testing.T) {
	for _, end := range []string{`COMMIT`, `ROLLBACK`, `BEGIN`} {
		t.Run(end, func(t *testing.T) {
			c := game(t, items)
			reader := c.conn()
			reader.exec(`START TRANSACTION`)
			reader.ask(all)
			c.exec(`INSERT INTO items VALUES (1, 1)`)
			reader.exec(end)
			want(t, "after the reader", c.ask(all), "1|1")
		})
	}
	t.Run("a failed statement", func(t *testing.T) {
		c := game(t, items, `INSERT INTO items VALUES (1, 1)`)
		one := c.conn()
		refused(t, one, `INSERT INTO items VALUES (1, 1)`)
		c.exec(`INSERT INTO items VALUES (2, 2)`)
		one.exec(`INSERT INTO items VALUES (3, 3)`)
		want(t, "all of it", c.ask(all), "1|1\n2|2\n3|3")
	})
	t.Run("a prepared statement", func(t *testing.T) {
		c := game(t, items)
		one := c.conn()
		stmt, err := one.PrepareContext(t.Context(), `INSERT INTO items VALUES (?, ?)`)
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		c.exec(`INSERT INTO items VALUES (1, 1)`)
		if _, err := stmt.ExecContext(t.Context(), 2, 2); err != nil {
			t.Fatal(err)
		}
		want(t, "all of it", c.ask(all), "1|1\n2|2")
	})
}

func TestASnapshotIsOfAllTables(t *testing.T) {
	for name, steps := range map[string][]string{
		"from the first read":  {`START TRANSACTION`, `SELECT 1 FROM items`},
		"from the start":       {`START TRANSACTION WITH CONSISTENT SNAPSHOT`},
		"and read only":        {`START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY`},
		"read only, the other": {`START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT`},
	} {
		t.Run(name, func(t *testing.T) {
			c := game(t, items, `CREATE TABLE other (id INT PRIMARY KEY)`)
			reader := c.conn()
			for _, s := range steps {
				reader.ask(s)
			}
			c.exec(`INSERT INTO items VALUES (1, 1)`)
			c.exec(`INSERT INTO other VALUES (1)`)
			want(t, "one table", reader.ask(all), "")
			want(t, "another", reader.ask(`SELECT * FROM other`), "")
			reader.exec(`COMMIT`)
			want(t, "afterwards", reader.ask(all), "1|1")
		})
	}
}

func TestWritersWaitForEachOther(t *testing.T) {
	for _, lock := range []string{
		`INSERT INTO items VALUES (9, 9)`, `SELECT * FROM items FOR UPDATE`, `SELECT * FROM items LOCK IN SHARE MODE`,
		`SELECT * FROM items FOR UPDATE NOWAIT`, `SELECT * FROM items FOR UPDATE WAIT 3`,
	} {
		t.Run(lock, func(t *testing.T) {
			c := game(t, items, `INSERT INTO items VALUES (1, 1)`)
			holder, other := c.conn(), c.conn()
			holder.exec(`BEGIN`)
			holder.ask(lock)
			other.exec(`SET SESSION innodb_lock_wait_timeout = 0`)
			for _, q := range []string{`UPDATE items SET n = 2`, `SELECT * FROM items FOR UPDATE`, `SELECT * FROM items WHERE id = 1 LOCK IN SHARE MODE`} {
				if n := refused(t, other, q); n != 1205 { // ER_LOCK_WAIT_TIMEOUT
					t.Errorf("%s: error %d, want 1205", q, n)
				}
			}
			want(t, "a plain read", other.ask(`SELECT n FROM items WHERE id = 1`), "1")

			other.exec(`SET SESSION innodb_lock_wait_timeout = 20`)
			for _, q := range []string{`SELECT * FROM items FOR UPDATE NOWAIT`, `SELECT * FROM items FOR UPDATE WAIT 0`} {
				if n := refused(t, other, q); n != 1205 {
					t.Errorf("%s: error %d, want 1205", q, n)
				}
			}
			waits := make(chan error, 1)
			go func() {
				_, err := other.ExecContext(t.Context(), `UPDATE items SET n = n + 1 WHERE id = 1`)
				waits <- err
			}()
			holder.exec(`UPDATE items SET n = 10 WHERE id = 1`)
			holder.exec(`COMMIT`)
			if err := <-waits; err != nil {
				t.Fatal(err)
			}
			want(t, "both changes", c.ask(`SELECT n FROM items WHERE id = 1`), "11")
		})
	}
}

func TestTheLockEndsWithItsConnection(t *testing.T) {
	c := game(t, items)
	holder := c.conn()
	holder.exec(`BEGIN`)
	holder.exec(`INSERT INTO items VALUES (1, 1)`)
	if err := holder.Raw(func(any) error { return driver.ErrBadConn }); err == nil { // closes the connection
		t.Fatal("the connection was kept")
	}
	c.exec(`INSERT INTO items VALUES (2, 2)`)
	want(t, "without what was open", c.ask(all), "2|2")
}

func TestAWriteOnAnOldSnapshotIsADeadlock(t *testing.T) {
	c := game(t, items)
	one := c.conn()
	one.exec(`BEGIN`)
	one.ask(all)
	c.exec(`INSERT INTO items VALUES (1, 1)`)
	if n := refused(t, one, `INSERT INTO items VALUES (2, 2)`); n != 1213 { // ER_LOCK_DEADLOCK
		t.Errorf("error %d, want 1213", n)
	}
	one.exec(`INSERT INTO items VALUES (3, 3)`) // the transaction was rolled back
	want(t, "all of it", c.ask(all), "1|1\n3|3")
}

func TestAReadOnlyTransactionDoesNotWrite(t *testing.T) {
	c := game(t, items)
	tx, err := c.db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if n := refused(t, tx, `INSERT INTO items VALUES (1, 1)`); n != 1792 { // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
		t.Errorf("error %d, want 1792", n)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	c.exec(`INSERT INTO items VALUES (1, 1)`)
}

func TestASlowReaderHoldsNobodyUp(t *testing.T) {
	c := game(t, `CREATE TABLE items (id INT PRIMARY KEY, n LONGTEXT)`)
	for i := range 20 {
		c.exec(`INSERT INTO items VALUES (?, REPEAT('x', 1000000))`, i)
	}
	rows, err := c.db.QueryContext(t.Context(), `SELECT * FROM items`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	rows.Next() // the rest is more than a socket holds
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.exec(`INSERT INTO items VALUES (100, '')`)
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatal("a write waits for a reader")
	}
	n := 1
	for rows.Next() {
		n++
	}
	if rows.Err() != nil || n != 20 {
		t.Errorf("%d rows, %v; want 20", n, rows.Err())
	}
}

// Many connections at once: no increment is lost, and readers never see the two tables differ.
func TestConcurrency(t *testing.T) {
	const writers, rounds = 4, 25
	c := game(t, items, `CREATE TABLE other (id INT PRIMARY KEY, n INT)`, `INSERT INTO items VALUES (1, 0)`, `INSERT INTO other VALUES (1, 0)`)
	var group sync.WaitGroup
	for range writers {
		one, reader := c.conn(), c.conn()
		group.Go(func() {
			for range rounds {
				for _, q := range []string{`START TRANSACTION`, `SELECT n FROM items WHERE id = 1 FOR UPDATE`, `UPDATE items SET n = n + 1`, `UPDATE other SET n = n + 1`, `COMMIT`} {
					if _, err := one.ExecContext(t.Context(), q); err != nil {
						t.Errorf("%s: %v", q, err)
						return
					}
				}
			}
		})
		group.Go(func() {
			for range rounds {
				for _, q := range []string{`START TRANSACTION WITH CONSISTENT SNAPSHOT`, `SELECT items.n - other.n FROM items JOIN other ON items.id = other.id`, `COMMIT`} {
					if got, err := read(t, reader, q); err != nil || got != "0" && got != "" {
						t.Errorf("%s: %q, %v", q, got, err)
						return
					}
				}
			}
		})
	}
	group.Wait()
	want(t, "the sum", c.ask(`SELECT n FROM items`), fmt.Sprint(writers*rounds))
}
