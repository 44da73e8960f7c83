package mysqlstore_test

import (
	"errors"
	"strings"
	"testing"

	"liveops/sync/check"
	"liveops/sync/mysqlstore"
)

// rehearse plans sheets and rehearses them.
func (g *game) rehearse(tests []check.Test, sheets ...sheet) (mysqlstore.Rehearsal, error) {
	g.Helper()
	tables, st := g.plan(sheets...)
	return g.store.Rehearse(g.Context(), mysqlstore.Request{Epoch: st.Epoch, Tables: tables, Tests: tests})
}

// everything is all that a rehearsal must leave as it is.
func (g *game) everything() string {
	g.Helper()
	return strings.Join([]string{
		g.rows("SELECT * FROM stuff ORDER BY id"),
		g.rows("SELECT name, epoch, commit_id, release_id, hold_reason FROM liveops_environment"),
		g.rows("SELECT id, kind, commit_id, state FROM liveops_releases ORDER BY id"),
		g.rows("SELECT COUNT(*) FROM liveops_images"),
		g.rows("SELECT COUNT(*) FROM liveops_reviews"),
	}, "\n--\n")
}

func TestRehearsalLeavesNoTrace(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		first := g.applied("c1", stuff("1|나무 검|10", "2|鋼の剣|20", "3|ดาบ 🗡|30"))
		if _, err := g.store.SetHold(t.Context(), "winter event", "jun"); err != nil {
			t.Fatal(err)
		}
		before := g.everything()
		want := stuff("1|나무 검|11", "3|ดาบ 🗡|30", "4|새 검|40", "5||50")
		r, err := g.rehearse(tests(t, "SELECT id FROM stuff WHERE price > 50"), want)
		if err != nil {
			t.Fatal(err)
		}
		if r.Rows.Deleted != 1 || r.Rows.Inserted != 2 || r.Rows.Updated != 1 || r.Tests != 1 || r.Took <= 0 {
			t.Errorf("%+v", r)
		}
		if after := g.everything(); after != before {
			t.Errorf("it left\n%s\nwas\n%s", after, before)
		}
		if _, err := g.store.LiftHold(t.Context(), "jun"); err != nil {
			t.Fatal(err)
		}
		if next := g.applied("c2", want); next.ID != first.ID+1 {
			t.Errorf("the next release is %d, the one before was %d", next.ID, first.ID)
		}
	})
}

// What no rollback takes back: a counter that the rehearsal has moved on.
func TestRehearsalAndCounters(t *testing.T) {
	onEach(t, []string{`CREATE TABLE log (id INT NOT NULL PRIMARY KEY, n INT NOT NULL AUTO_INCREMENT UNIQUE)`, `INSERT INTO log (id) VALUES (1)`}, func(t *testing.T, g *game) {
		if _, err := g.rehearse(nil, sheet{"log", "id", []string{"1", "2", "3"}}); err != nil {
			t.Fatal(err)
		}
		if got := g.rows("SELECT * FROM log"); got != "1|1" {
			t.Errorf("rows\n%s", got)
		}
		g.exec("INSERT INTO log (id) VALUES (9)")
		if got := g.rows("SELECT n >= 2 FROM log WHERE id = 9"); got != "1" {
			t.Errorf("the counter went back")
		}
	})
}

// What the server would refuse at the merge is known before it.
func TestRehearsalRefuses(t *testing.T) {
	words := []string{`CREATE TABLE word (id INT NOT NULL PRIMARY KEY, word VARCHAR(5) COLLATE utf8mb4_general_ci NOT NULL, UNIQUE KEY word (word))`,
		`INSERT INTO word VALUES (1, 'sword'), (2, 'axe')`}
	tests := []struct {
		name   string
		ddl    []string
		after  string // the plan is made, then this is done
		sheets []sheet
		needs  func(server) bool // of what a stand-in may lack; nil for nothing
		says   string
	}{
		{"a foreign key", family, "", []sheet{children("10|99", "11|1", "12|")}, nil, "rows refer to rows of parent that do not exist"},
		{"children that no sheet has", family, "", []sheet{parents("2|two", "3|three")}, nil, "child id=10, child id=11"},
		{"a unique key", words, "", []sheet{{"word", "id,word", []string{"1|sword", "2|axe", "3|axe"}}}, nil, "the database refuses: "},
		{"a unique key under its collation", words, "", []sheet{{"word", "id,word", []string{"1|sword", "2|axe", "3|SWORD"}}}, func(s server) bool { return s.collations }, "Duplicate entry 'SWORD' for key 'word'"},
		{"a primary key under its collation", []string{`CREATE TABLE word (word VARCHAR(9) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY, n INT)`}, "INSERT INTO word VALUES ('Axe', 1)",
			[]sheet{{"word", "word,n", []string{"axe|1"}}}, func(s server) bool { return s.collations }, "has, to the database, the key of one that is there"},
		{"a text that is too long now", []string{`CREATE TABLE word (id INT NOT NULL PRIMARY KEY, word VARCHAR(9) NOT NULL)`}, "ALTER TABLE word MODIFY word VARCHAR(4) NOT NULL",
			[]sheet{{"word", "id,word", []string{"3|knife"}}}, nil, "the database refuses: "},
		{"a number that is too large now", words, "ALTER TABLE word MODIFY word VARCHAR(5) COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'x', MODIFY id TINYINT NOT NULL",
			[]sheet{{"word", "id,word", []string{"1|sword", "2|axe", "300|knife"}}}, nil, "the database refuses: "},
		{"a trigger that refuses", words, "CREATE TRIGGER no_axes BEFORE DELETE ON word FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no axes are deleted'",
			[]sheet{{"word", "id,word", []string{"1|sword"}}}, func(s server) bool { return s.triggers }, "no axes are deleted"},
		{"a trigger that changes the row", words, "CREATE TRIGGER shout BEFORE INSERT ON word FOR EACH ROW SET NEW.word = CONCAT(NEW.word, '!')",
			[]sheet{{"word", "id,word", []string{"1|sword", "2|axe", "3|bow"}}}, func(s server) bool { return s.triggers }, `keeps "bow!" in word where the sheet says "bow"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, tt.ddl, func(t *testing.T, g *game) {
				if tt.needs != nil && !tt.needs(g.server) {
					t.Skip("the embedded server does not refuse it")
				}
				tables, st := g.plan(tt.sheets...)
				if tt.after != "" {
					g.exec(tt.after)
				}
				table := tt.sheets[0].table
				before := g.rows("SELECT * FROM " + table + " ORDER BY 1")
				q := mysqlstore.Request{Commit: "c1", Epoch: st.Epoch, Tables: tables}
				_, err := g.store.Rehearse(t.Context(), q)
				if !isRefused(err) || !strings.Contains(err.Error(), tt.says) {
					t.Fatalf("error %v, want one that says %q", err, tt.says)
				}
				if _, applied := g.store.Apply(t.Context(), q); applied == nil || applied.Error() != err.Error() {
					t.Errorf("the apply says %v, the rehearsal %v", applied, err)
				}
				if after := g.rows("SELECT * FROM " + table + " ORDER BY 1"); after != before {
					t.Errorf("rows changed to\n%s", after)
				}
			})
		})
	}
}

func TestRehearsalGivesWay(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		tables, st := g.plan(stuff("1|나무 검|11", "2|鋼の剣|20", "3|ดาบ 🗡|30"))
		q := mysqlstore.Request{Epoch: st.Epoch, Tables: tables}
		if err := g.store.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, lock := range []string{"SELECT * FROM stuff WHERE id = 1 FOR UPDATE", "SELECT * FROM liveops_environment FOR UPDATE"} {
			other, err := g.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.Exec(lock); err != nil {
				t.Fatal(err)
			}
			if _, err := g.store.Rehearse(t.Context(), q); !errors.Is(err, mysqlstore.ErrBusy) {
				t.Errorf("under the lock of %s: %v", lock, err)
			}
			if err := other.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
		g.exec("UPDATE stuff SET price = 12 WHERE id = 1")
		if _, err := g.store.Rehearse(t.Context(), q); !isMoved(err) {
			t.Errorf("after a row has moved: %v", err)
		}
	})
}
