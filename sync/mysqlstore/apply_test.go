package mysqlstore_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"liveops/sync/mysqlstore"
)

var stuffDDL = []string{`CREATE TABLE stuff (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NULL, price INT UNSIGNED NOT NULL DEFAULT 5,
	note TEXT NULL) CHARACTER SET utf8mb4`,
	`INSERT INTO stuff VALUES (1, '나무 검', 10, 'by hand'), (2, '鋼の剣', 20, NULL), (3, 'ดาบ 🗡', 30, NULL)`}

func stuff(rows ...string) sheet { return sheet{"stuff", "id,name,price", rows} }

func TestApply(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		r := g.applied("c1", stuff("1|나무 검|11", "3|ดาบ 🗡|30", "4|새 검|40", "5||50"))
		if r.Deleted != 1 || r.Inserted != 2 || r.Updated != 1 || r.State != mysqlstore.Applied || r.ID == 0 {
			t.Errorf("release %+v", r)
		}
		want := "1|나무 검|11|by hand\n3|ดาบ 🗡|30|∅\n4|새 검|40|∅\n5|∅|50|∅"
		if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != want {
			t.Errorf("rows\n%s\nwant\n%s", got, want)
		}
		st, err := g.store.State(t.Context())
		if err != nil || st.Commit != "c1" || st.Release != r.ID || st.Hold != nil {
			t.Errorf("state %+v, %v", st, err)
		}
		rs, err := g.store.Releases(t.Context(), 5)
		if err != nil || len(rs) != 1 || rs[0].Actor != "mina" || rs[0].Digest != "d-c1" || rs[0].Pull != 7 || rs[0].Started.IsZero() {
			t.Errorf("ledger %+v, %v", rs, err)
		}
		images := g.images(r.ID)
		for _, image := range []string{`{"table":"stuff","before":{"id":"1","name":"나무 검","note":"by hand","price":"10"},"after":{"price":"11"}}`,
			`{"table":"stuff","before":{"id":"2","name":"鋼の剣","note":null,"price":"20"},"after":null}`,
			`{"table":"stuff","before":null,"after":{"id":"5","name":null,"note":null,"price":"50"}}`} {
			if !strings.Contains(images, image) {
				t.Errorf("no image %s in\n%s", image, images)
			}
		}
	})
}

func TestApplyTwiceIsOnce(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		tables, st := g.plan(stuff("1|a|1"))
		q := mysqlstore.Request{Commit: "c1", Epoch: st.Epoch, Tables: tables}
		first, err := g.store.Apply(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		again, err := g.store.Apply(t.Context(), q)
		if err != nil || again.ID != first.ID {
			t.Errorf("again %+v, %v; want release %d", again, err, first.ID)
		}
		if n := g.rows("SELECT COUNT(*) FROM liveops_releases"); n != "1" {
			t.Errorf("%s releases", n)
		}
	})
}

func TestApplyRefuses(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(g *game) // after the plan, before the apply
		is    func(error) bool
		says  string
	}{
		{"a row that changed since the plan", func(g *game) { g.exec("UPDATE stuff SET price = 99 WHERE id = 2") }, isMoved, "stuff id=2"},
		{"a row that is gone", func(g *game) { g.exec("DELETE FROM stuff WHERE id = 2") }, isMoved, "stuff id=2"},
		{"a row that is there already", func(g *game) { g.exec("INSERT INTO stuff (id) VALUES (9)") }, isMoved, "stuff id=9"},
		{"a row that no change touches but no sheet has", func(g *game) { g.exec("INSERT INTO stuff (id) VALUES (77)") }, isRefused, "not what the sheets say"},
		{"an environment that moved", func(g *game) {
			if _, err := g.store.SetHold(g.Context(), "x", "y"); err != nil {
				g.Fatal(err)
			}
			if _, err := g.store.LiftHold(g.Context(), "jun"); err != nil {
				g.Fatal(err)
			}
		}, isMoved, "has changed since the plan"},
		{"an environment on hold", func(g *game) {
			if _, err := g.store.SetHold(g.Context(), "winter event", "jun"); err != nil {
				g.Fatal(err)
			}
		}, isHeld, "winter event"},
		{"a value that a unique key has already", func(g *game) { g.exec("CREATE UNIQUE INDEX u ON stuff (name)") }, isRefused, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, stuffDDL, func(t *testing.T, g *game) {
				tables, st := g.plan(stuff("1|나무 검|10", "3|나무 검|31", "9|새 검|90"))
				tt.spoil(g)
				before := g.rows("SELECT * FROM stuff ORDER BY id")
				_, err := g.store.Apply(t.Context(), mysqlstore.Request{Commit: "c1", Epoch: st.Epoch, Tables: tables})
				if err == nil || !tt.is(err) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("error %v (%T), want one that says %q", err, err, tt.says)
				}
				if after := g.rows("SELECT * FROM stuff ORDER BY id"); after != before {
					t.Errorf("rows changed to\n%s", after)
				}
				if n := g.rows("SELECT COUNT(*) FROM liveops_releases"); n != "0" {
					t.Errorf("%s releases in the ledger", n)
				}
			})
		})
	}
}

func isMoved(err error) bool   { var e *mysqlstore.MovedError; return errors.As(err, &e) }
func isHeld(err error) bool    { var e *mysqlstore.HeldError; return errors.As(err, &e) }
func isRefused(err error) bool { var e *mysqlstore.RefusedError; return errors.As(err, &e) }

func TestApplyNoticesTriggers(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		if !g.triggers {
			t.Skip("the embedded server's triggers do not change the row being written")
		}
		g.exec("CREATE TRIGGER discount BEFORE INSERT ON stuff FOR EACH ROW SET NEW.price = NEW.price - 1")
		_, err := g.apply("c1", stuff("1|나무 검|10", "2|鋼の剣|20", "3|ดาบ 🗡|30", "4|새 검|40"))
		if !isRefused(err) || !strings.Contains(err.Error(), `keeps "39" in price where the sheet says "40": stuff id=4`) {
			t.Errorf("error %v", err)
		}
		if n := g.rows("SELECT COUNT(*) FROM stuff"); n != "3" {
			t.Errorf("%s rows", n)
		}
	})
}

// Two appliers of two plans made of one state: one of them wins, the other changes nothing.
func TestTwoAppliers(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		for round := range 5 {
			price := 100 + 10*round
			requests := make([]mysqlstore.Request, 2)
			for i := range requests {
				tables, st := g.plan(stuff("1|a|"+string(rune('1'+i))+"0"+string(rune('0'+round)), "2|b|20", "3|c|30"))
				requests[i] = mysqlstore.Request{Commit: "c" + string(rune('a'+i)) + string(rune('0'+round)), Epoch: st.Epoch, Tables: tables}
			}
			errs := make([]error, 2)
			var start, done sync.WaitGroup
			start.Add(1)
			for i := range requests {
				done.Go(func() {
					start.Wait()
					_, errs[i] = g.store.Apply(t.Context(), requests[i])
				})
			}
			start.Done()
			done.Wait()
			winners := 0
			for i, err := range errs {
				if err == nil {
					winners++
					if st, _ := g.store.State(t.Context()); st.Commit != requests[i].Commit {
						t.Errorf("the environment is at %s, the winner was %s", st.Commit, requests[i].Commit)
					}
				} else if !isMoved(err) && !errors.Is(err, mysqlstore.ErrBusy) {
					t.Errorf("the loser got %v", err)
				}
			}
			if winners != 1 {
				t.Fatalf("round %d (%d): %d winners: %v", round, price, winners, errs)
			}
		}
	})
}

func TestWrongEnvironment(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		if err := g.store.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		production := g.open("production")
		var wrong *mysqlstore.WrongEnvironmentError
		if _, err := production.Snapshot(t.Context()); !errors.As(err, &wrong) {
			t.Errorf("a snapshot of production in the database of staging: %v", err)
		}
		if _, err := production.Apply(t.Context(), mysqlstore.Request{Commit: "c1"}); !errors.As(err, &wrong) {
			t.Errorf("an apply to production in the database of staging: %v", err)
		}
	})
}

func TestOpenFails(t *testing.T) {
	for _, tt := range []struct{ name, dsn, says string }{
		{"no DSN", "mysql://root:hunter2@host", "its MySQL DSN cannot be read"},
		{"no database", "root:hunter2@tcp(127.0.0.1:1)/", "names no database"},
		{"nobody there", "root:hunter2@tcp(127.0.0.1:1)/game", "cannot be reached"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := mysqlstore.Open(t.Context(), "staging", tt.dsn, mysqlstore.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v", err)
			}
		})
	}
}
