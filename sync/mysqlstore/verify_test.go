package mysqlstore_test

import (
	"strings"
	"testing"
	"time"

	"liveops/sync/mysqlstore"
)

// longAgo makes a request whose plan, so it says, was made an hour from now: whatever was committed until now
// happened long before it.
func longAgo(q mysqlstore.Request) mysqlstore.Request {
	q.Read = q.Read.Add(time.Hour)
	return q
}

func (g *game) request(commit string, sheets ...sheet) mysqlstore.Request {
	g.Helper()
	tables, st := g.plan(sheets...)
	return mysqlstore.Request{Commit: commit, Epoch: st.Epoch, Read: st.Read, Tables: tables}
}

func TestApplyReadsTablesThatSomeoneChanged(t *testing.T) {
	tests := []struct {
		name  string
		spoil string
	}{
		{"a row of a table that changes", "UPDATE stuff SET price = 31 WHERE id = 3"},
		{"a row of a table that does not", "UPDATE other SET n = 2"},
		{"a row more", "INSERT INTO other VALUES (2, 2)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, append(stuffDDL, "CREATE TABLE other (id INT PRIMARY KEY, n INT)", "INSERT INTO other VALUES (1, 1)"), func(t *testing.T, g *game) {
				q := g.request("c1", stuff("1|나무 검|11", "2|鋼の剣|20", "3|ดาบ 🗡|30"), sheet{"other", "id,n", []string{"1|1"}})
				g.exec(tt.spoil)
				_, err := g.store.Apply(t.Context(), q)
				if !isRefused(err) || !strings.Contains(err.Error(), "not what the sheets say") {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// A table that nobody has changed since long before the plan is not read again: a lock on a row that the
// release does not touch is not met.
func TestApplyBelievesTheServer(t *testing.T) {
	t.Parallel()
	g := newGame(t, servers[0], stuffDDL)
	tx, err := g.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("UPDATE stuff SET price = 31 WHERE id = 3"); err != nil {
		t.Fatal(err)
	}
	q := g.request("c1", stuff("1|나무 검|11", "3|ดาบ 🗡|30", "4|새 검|40"))
	if _, err := g.store.Apply(t.Context(), longAgo(q)); err != nil {
		t.Error(err)
	}
	if got := g.rows("SELECT id, price FROM stuff ORDER BY id"); got != "1|11\n3|30\n4|40" {
		t.Errorf("rows\n%s", got)
	}
}

// Whoever writes besides the release inside its own transaction, a trigger, is counted by the server.
func TestApplyCountsWhatTriggersWrite(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, trigger string }{
		{"an update", "UPDATE other SET n = n + 1"},
		{"an insert", "INSERT INTO other VALUES (2, 2)"},
		{"a delete", "DELETE FROM other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGame(t, servers[0], append(stuffDDL, "CREATE TABLE other (id INT PRIMARY KEY, n INT)", "INSERT INTO other VALUES (1, 1)",
				"CREATE TRIGGER meddle AFTER UPDATE ON stuff FOR EACH ROW "+tt.trigger))
			q := g.request("c1", stuff("1|나무 검|11", "2|鋼の剣|20", "3|ดาบ 🗡|30"), sheet{"other", "id,n", []string{"1|1"}})
			_, err := g.store.Apply(t.Context(), longAgo(q))
			if !isRefused(err) || !strings.Contains(err.Error(), "other: read back") {
				t.Errorf("error %v", err)
			}
		})
	}
}
