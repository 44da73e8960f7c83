package mysqlstore_test

import (
	"errors"
	"testing"

	"liveops/sync/mysqlstore"
)

// A worker that stalls after it has planned, and comes back when another one has released, changes nothing: the
// environment's epoch is no longer that of its plan, even where its rows still look as they did.
func TestStalledWorkerComesBackLate(t *testing.T) {
	t.Parallel()
	g := newGame(t, servers[0], stuffDDL)
	stalled, st := g.plan(stuff("1|나무 검|11", "2|鋼の剣|20", "3|ดาบ 🗡|30"))
	other := g.open("staging")
	tables, now, err := planSheets(t.Context(), other, []sheet{stuff("1|나무 검|10", "2|鋼の剣|20", "3|ดาบ 🗡|30", "4|새 검|40")})
	if err != nil {
		t.Fatal(err)
	}
	done, err := other.Apply(t.Context(), mysqlstore.Request{Commit: "cB", Epoch: now.Epoch, Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	before := g.rows("SELECT * FROM stuff ORDER BY id")
	_, err = g.store.Apply(t.Context(), mysqlstore.Request{Commit: "cA", Epoch: st.Epoch, Tables: stalled})
	var moved *mysqlstore.MovedError
	if !errors.As(err, &moved) || moved.Count != 0 {
		t.Errorf("the late write: %v", err)
	}
	g.unchangedSince(before, done)
}

// A worker whose connection is lost in the middle of its transaction, while it stalls, holds nobody up, and nothing
// of its work is left when another one has released: its next statement fails, and so does its next try.
func TestStalledWorkerLosesItsConnection(t *testing.T) {
	t.Parallel()
	g := newGame(t, servers[0], stuffDDL)
	stalled, st := g.plan(stuff("1|나무 검|11", "2|鋼の剣|21", "3|ดาบ 🗡|31"))
	other := g.open("staging")
	var before string
	var done mysqlstore.Release
	stalls := 0
	q := mysqlstore.Request{Commit: "cA", Epoch: st.Epoch, Tables: stalled, Progress: func(int, int) {
		if stalls++; stalls > 1 {
			return
		}
		// It has written rows, and holds the environment's lock.
		if _, err := other.Apply(t.Context(), mysqlstore.Request{Commit: "cB", Epoch: st.Epoch}); !errors.Is(err, mysqlstore.ErrBusy) {
			t.Errorf("while it is alive: %v", err)
		}
		g.exec("KILL " + g.rows(`SELECT p.id FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
			WHERE p.db = DATABASE() AND t.trx_rows_modified > 0`))
		g.waitForNoTransaction()
		tables, now, err := planSheets(t.Context(), other, []sheet{stuff("1|나무 검|10", "2|鋼の剣|20", "3|ดาบ 🗡|30", "4|새 검|40")})
		if err != nil {
			t.Fatal(err)
		}
		if done, err = other.Apply(t.Context(), mysqlstore.Request{Commit: "cB", Epoch: now.Epoch, Tables: tables}); err != nil {
			t.Fatal(err)
		}
		before = g.rows("SELECT * FROM stuff ORDER BY id")
	}}
	if _, err := g.store.Apply(t.Context(), q); err == nil {
		t.Error("it went on without its connection")
	}
	if stalls == 0 {
		t.Fatal("it never wrote a row")
	}
	g.unchangedSince(before, done)
	if _, err := g.store.Apply(t.Context(), q); !isMoved(err) {
		t.Errorf("its next try: %v", err)
	}
	g.unchangedSince(before, done)
}

// waitForNoTransaction returns when the server has rolled the killed one back: until then its lock on the
// environment is waited for, as long as the server lets anyone wait.
func (g *game) waitForNoTransaction() {
	g.Helper()
	tx, err := g.db.Begin()
	if err != nil {
		g.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("SELECT epoch FROM liveops_environment FOR UPDATE"); err != nil {
		g.Fatal(err)
	}
}

// unchangedSince fails where the rows or the ledger are not as the release left them.
func (g *game) unchangedSince(before string, r mysqlstore.Release) {
	g.Helper()
	if after := g.rows("SELECT * FROM stuff ORDER BY id"); after != before {
		g.Errorf("the rows are\n%s\nand were\n%s", after, before)
	}
	st, err := g.store.State(g.Context())
	if err != nil || st.Commit != r.Commit || st.Release != r.ID {
		g.Errorf("the environment is at %+v, %v; want release %d", st, err, r.ID)
	}
	if got := g.rows("SELECT GROUP_CONCAT(commit_id) FROM liveops_releases"); got != r.Commit {
		g.Errorf("the ledger has %s", got)
	}
	if got := g.rows("SELECT GROUP_CONCAT(commit_id) FROM liveops_audit"); got != r.Commit {
		g.Errorf("the audit has %s", got)
	}
}
