package mysqlstore_test

import (
	"strings"
	"testing"
	"time"

	"liveops/sync/mysqlstore"
)

// whole is a sheet of every column of stuff, so that its rows' images can be taken from the plan.
func whole(rows ...string) sheet { return sheet{"stuff", "id,name,price,note", rows} }

// settle waits until the server's clock has passed the second of the newest change, and returns what to give as
// Request.Read so that a change is told from those until now.
func (g *game) settle() time.Time {
	g.Helper()
	for {
		var now int64
		var settled bool
		err := g.db.QueryRow(`SELECT UNIX_TIMESTAMP(), MAX(UPDATE_TIME) < NOW() FROM information_schema.TABLES
			WHERE TABLE_SCHEMA = DATABASE()`).Scan(&now, &settled)
		if err != nil {
			g.Fatal(err)
		}
		if settled {
			return time.Unix(now, 0).UTC().Add(5 * time.Second)
		}
	}
}

// Of rows that nobody has changed since before the plan, the images are the plan's. They are as good as those that are read.
func TestBelievedImagesBringRowsBack(t *testing.T) {
	t.Parallel()
	g := newGame(t, servers[0], stuffDDL)
	before := g.rows("SELECT * FROM stuff ORDER BY id")
	q := g.request("c1", whole("1|나무 검|11|by hand", "3|ดาบ 🗡|30|", "4|새 검|40|new"))
	q.Read = g.settle()
	r, err := g.store.Apply(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"table":"stuff","before":{"id":"1","name":"나무 검","note":"by hand","price":"10"},"after":{"price":"11"}}`
	if got := g.images(r.ID); !strings.Contains(got, want) {
		t.Errorf("images %s\nwant among them %s", got, want)
	}
	if _, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID}); err != nil {
		t.Fatal(err)
	}
	if after := g.rows("SELECT * FROM stuff ORDER BY id"); after != before {
		t.Errorf("rows\n%s\nwere\n%s", after, before)
	}
}

// Whoever changes a table while a release that believes its plan is at work makes it look again, and stop.
func TestChangesBesideABelievedPlan(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, game string
		is         func(error) bool
		says       string
	}{
		{"a row that is to be updated", "UPDATE stuff SET price = 99 WHERE id = 1", isMoved, "stuff id=1"},
		{"a row that is to be inserted", "INSERT INTO stuff VALUES (4, 'game', 1, NULL)", isMoved, "stuff id=4"},
		{"a row that is to be updated is gone", "DELETE FROM stuff WHERE id = 1", isMoved, "stuff id=1"},
		{"a row that is left alone", "UPDATE stuff SET price = 31 WHERE id = 3", isRefused, "not what the sheets say"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGame(t, servers[0], stuffDDL)
			q := g.request("c1", whole("1|나무 검|11|by hand", "3|ดาบ 🗡|30|", "4|새 검|40|"))
			q.Read = g.settle()
			want := ""
			q.Progress = func(int, int) { // row 2 is deleted, and nothing else is done yet
				if want == "" {
					g.exec(tt.game)
					want = g.rows("SELECT * FROM stuff ORDER BY id")
				}
			}
			_, err := g.store.Apply(t.Context(), q)
			if !tt.is(err) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q in it", err, tt.says)
			}
			if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != want {
				t.Errorf("rows\n%s\nwant what the game left\n%s", got, want)
			}
			if n := g.rows("SELECT COUNT(*) FROM liveops_releases"); n != "0" {
				t.Errorf("%s releases in the ledger", n)
			}
		})
	}
}

// A trigger that writes another table of the plan makes what the plan knows of it worthless.
func TestTriggersBesideABelievedPlan(t *testing.T) {
	t.Parallel()
	g := newGame(t, servers[0], append(stuffDDL, "CREATE TABLE zother (id INT PRIMARY KEY, n INT)", "INSERT INTO zother VALUES (1, 1), (2, 2)",
		"CREATE TRIGGER meddle AFTER UPDATE ON stuff FOR EACH ROW UPDATE zother SET n = 5 WHERE id = 1"))
	q := g.request("c1", whole("1|나무 검|11|by hand", "2|鋼の剣|20|", "3|ดาบ 🗡|30|"), sheet{"zother", "id,n", []string{"1|5", "2|3"}})
	q.Read = g.settle()
	r, err := g.store.Apply(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.images(r.ID); !strings.Contains(got, `"before":{"id":"1","n":"1"}`) {
		t.Errorf("images %s", got)
	}
	if got := g.rows("SELECT * FROM zother"); got != "1|5\n2|3" {
		t.Errorf("rows %s", got)
	}
}
