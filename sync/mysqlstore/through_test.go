package mysqlstore_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"liveops/sync/mysqlstore"
)

// asChanged is the refusal that err is.
func (g *game) asChanged(err error) *mysqlstore.ChangedError {
	g.Helper()
	var refused *mysqlstore.ChangedError
	if !errors.As(err, &refused) {
		g.Fatalf("not refused by rows that changed: %v", err)
	}
	return refused
}

func (g *game) rollback(q mysqlstore.RollbackRequest) (mysqlstore.Rollback, error) {
	q.Actor = "jun"
	return g.store.Rollback(g.Context(), q)
}

// A row that several releases changed ends as before the oldest, and so do rows that came, went and came again.
func TestRollbackThrough(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		g.applied("c0", stuff("1|나무 검|10", "2|鋼の剣|20", "3|ดาบ 🗡|30"))
		before := g.rows("SELECT * FROM stuff ORDER BY id")
		r := g.applied("c1", stuff("1|나무 검|11", "3|ดาบ 🗡|30", "4|새 검|40"))
		g.applied("c2", stuff("1|나무 검|12", "2|again|2", "3|ดาบ 🗡|30"))
		last := g.applied("c3", stuff("1|나무 검|12", "3|ดาบ 🗡|31", "4|new|44"))
		after := g.rows("SELECT * FROM stuff ORDER BY id")

		_, err := g.rollback(mysqlstore.RollbackRequest{Release: r.ID})
		refused := g.asChanged(err)
		if refused.ByReleases != 2 || refused.ByOthers != 0 || refused.Command() != "liveops rollback --env staging 2 --through" {
			t.Errorf("refused %v, go on by %s", refused, refused.Command())
		}
		if got, want := fmt.Sprint(refused.Changed[0].Rows), "[stuff id=1 (price): changed by release 3 (pull request #7) stuff id=4 (name, price): changed by release 4 (pull request #7)]"; got != want {
			t.Errorf("rows %s\nwant %s", got, want)
		}
		q := mysqlstore.RollbackRequest{Release: r.ID, Through: true}
		p, err := g.store.PlanRollback(t.Context(), q)
		if err != nil || p.Changed != nil || p.Commit != "c0" || len(p.Undoes) != 3 || p.Undoes[0].ID != last.ID || len(p.Tables) != 1 || len(p.Tables[0].Changes) != 4 {
			t.Errorf("plan %+v, %v", p, err)
		}
		q.Digest = p.Digest
		back, err := g.rollback(q)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != before {
			t.Errorf("rows\n%s\nwant\n%s", got, before)
		}
		if !slices.Equal(back.Undone, []int64{4, 3, 2}) || back.Oldest.ID != 2 || back.Hold.Kind != mysqlstore.HeldByRollback || back.Hold.Release != back.ID {
			t.Errorf("rollback %+v", back)
		}
		st, err := g.store.State(t.Context())
		if err != nil || st.Commit != "c0" || st.Hold == nil || *st.Hold != (mysqlstore.Hold{Reason: "releases 2 to 4 were rolled back; the default branch still has their changes",
			By: "jun", Since: st.Hold.Since, Kind: mysqlstore.HeldByRollback, Release: back.ID}) {
			t.Errorf("state %+v %+v, %v", st, st.Hold, err)
		}
		if got := g.rows("SELECT id, state, undone_by FROM liveops_releases ORDER BY id"); got != "1|applied|0\n2|rolled back|5\n3|rolled back|5\n4|rolled back|5\n5|applied|0" {
			t.Errorf("ledger\n%s", got)
		}
		if _, err := g.rollback(mysqlstore.RollbackRequest{Release: back.ID}); err != nil { // and all of them come back at once
			t.Fatal(err)
		}
		if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != after {
			t.Errorf("rows\n%s\nwant\n%s", got, after)
		}
	})
}

// What is rolled back already, and its rollback, cancel out.
func TestRollbackThroughRollback(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		before := g.rows("SELECT * FROM stuff ORDER BY id")
		first := g.applied("c1", stuff("1|나무 검|11", "2|鋼の剣|20"))
		second := g.applied("c2", stuff("1|나무 검|12", "2|鋼の剣|22"))
		if _, err := g.rollback(mysqlstore.RollbackRequest{Release: second.ID}); err != nil {
			t.Fatal(err)
		}
		back, err := g.rollback(mysqlstore.RollbackRequest{Release: first.ID, Through: true})
		if err != nil || !slices.Equal(back.Undone, []int64{3, 1}) || back.Commit != "" {
			t.Errorf("rollback %+v, %v", back, err)
		}
		if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != before {
			t.Errorf("rows\n%s\nwant\n%s", got, before)
		}
	})
}

// Whoever changed a row besides liveops, also between two of the releases, is not run over.
func TestRollbackThroughWhatOthersChanged(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		r := g.applied("c1", stuff("1|나무 검|11", "2|鋼の剣|21", "3|ดาบ 🗡|31"))
		g.exec("UPDATE stuff SET note = 'mine' WHERE id = 1") // between the two
		g.applied("c2", stuff("1|나무 검|12", "2|鋼の剣|22", "3|ดาบ 🗡|31"))
		g.exec("UPDATE stuff SET price = 99 WHERE id = 2") // after both
		_, err := g.rollback(mysqlstore.RollbackRequest{Release: r.ID})
		refused := g.asChanged(err)
		if got, want := fmt.Sprint(refused.Changed[0].Rows), "[stuff id=1 (price, note): changed by release 2 (pull request #7), and by no release besides: by the game, or by hand "+
			"stuff id=2 (price): changed by release 2 (pull request #7), and by no release besides: by the game, or by hand]"; got != want {
			t.Errorf("rows %s\nwant %s", got, want)
		}
		if got := refused.Command(); got != "liveops rollback --env staging 1 --through --keep-changed" {
			t.Errorf("go on by %s", got)
		}
		_, err = g.rollback(mysqlstore.RollbackRequest{Release: r.ID, Through: true})
		refused = g.asChanged(err)
		if got, want := fmt.Sprint(refused.Changed[0].Rows), "[stuff id=1 (was changed in between): changed by no release: by the game, or by hand "+
			"stuff id=2 (price): changed by no release: by the game, or by hand]"; got != want {
			t.Errorf("rows %s\nwant %s", got, want)
		}
		back, err := g.rollback(mysqlstore.RollbackRequest{ID: "comment 9", Release: r.ID, Through: true, KeepChanged: true})
		if err != nil || back.Kept.Count() != 2 || back.Updated != 1 {
			t.Fatalf("rollback %+v, %v", back, err)
		}
		if got := g.rows("SELECT id, price FROM stuff ORDER BY id"); got != "1|12\n2|99\n3|30" {
			t.Errorf("rows\n%s", got)
		}
		// Asked for again it is what it was, with the rows that were left alone.
		again, err := g.rollback(mysqlstore.RollbackRequest{ID: "comment 9", Release: r.ID, Through: true, KeepChanged: true})
		if err != nil || again.ID != back.ID || again.Kept.Count() != 2 || !slices.Equal(again.Undone, back.Undone) || again.Oldest.ID != r.ID || again.Hold.Release != back.ID {
			t.Errorf("again %+v, %v", again, err)
		}
	})
}

// Rows of a table whose definition has changed cannot be restored, and are named.
func TestRollbackOfAlteredTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ alter, why string }{
		"a column more": {"ALTER TABLE rates ADD COLUMN extra INT NULL", "the column extra was added after the release, so that its rows cannot be restored as they were"},
		"a column less": {"ALTER TABLE rates DROP COLUMN note", "the column note was dropped after the release, so that its rows cannot be restored as they were"},
		"gone":          {"DROP TABLE rates", "the table is gone, or has no primary key now"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGame(t, servers[0], append(slices.Clone(stuffDDL), `CREATE TABLE rates (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, note VARCHAR(9) NULL)`))
			r := g.applied("c1", stuff("1|나무 검|11", "2|鋼の剣|20", "3|ดาบ 🗡|30"), sheet{"rates", "id,n", []string{"1|1", "2|2"}})
			g.exec(c.alter)
			_, err := g.rollback(mysqlstore.RollbackRequest{Release: r.ID})
			refused := g.asChanged(err)
			if len(refused.Changed) != 1 || refused.Changed[0].Why != c.why || refused.Changed[0].Count != 2 || refused.Command() != "liveops rollback --env staging 1 --keep-changed" {
				t.Errorf("refused %+v", refused)
			}
			if _, err := g.rollback(mysqlstore.RollbackRequest{Release: r.ID, KeepChanged: true}); err != nil {
				t.Fatal(err)
			}
			if got := g.rows("SELECT price FROM stuff WHERE id = 1"); got != "10" {
				t.Errorf("price %s", got)
			}
		})
	}
}

// What was shown is what is done.
func TestRollbackOfWhatWasShown(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		r := g.applied("c1", stuff("1|나무 검|11", "2|鋼の剣|21", "3|ดาบ 🗡|30"))
		q := mysqlstore.RollbackRequest{Release: r.ID, KeepChanged: true}
		p, err := g.store.PlanRollback(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		g.exec("UPDATE stuff SET price = 5 WHERE id = 2")
		q.Digest = p.Digest
		if _, err := g.rollback(q); !isMoved(err) {
			t.Errorf("error %v", err)
		}
		if got := g.rows("SELECT price FROM stuff ORDER BY id"); got != "11\n5\n30" {
			t.Errorf("prices\n%s", got)
		}
	})
}

// A counter that a release moved on stays, and is named.
func TestRollbackNamesCounters(t *testing.T) {
	t.Parallel()
	g := newGame(t, servers[0], []string{`CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL)`})
	r := g.applied("c1", sheet{"log", "id,n", []string{"7|1"}})
	back, err := g.rollback(mysqlstore.RollbackRequest{Release: r.ID})
	if err != nil || !slices.Equal(back.Counters, []string{"log"}) {
		t.Errorf("rollback %+v, %v", back, err)
	}
}

func (g *game) undo(release int64) (mysqlstore.Rollback, error) {
	return g.rollback(mysqlstore.RollbackRequest{Release: release})
}

// A later release that was rolled back changed nothing in the end.
func TestRollbackNamesNoReleaseThatWasUndone(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		r := g.applied("c1", stuff("1|나무 검|11", "2|鋼の剣|20", "3|ดาบ 🗡|30"))
		later := g.applied("c2", stuff("1|나무 검|12", "2|鋼の剣|20", "3|ดาบ 🗡|30"))
		if _, err := g.undo(later.ID); err != nil {
			t.Fatal(err)
		}
		g.exec("UPDATE stuff SET price = 99 WHERE id = 1")
		_, err := g.undo(r.ID)
		refused := g.asChanged(err)
		if got := refused.Changed[0].Rows[0].String(); got != "stuff id=1 (price): changed by no release: by the game, or by hand" || refused.ByReleases != 0 {
			t.Errorf("row %s", got)
		}
	})
}
