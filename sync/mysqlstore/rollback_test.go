package mysqlstore_test

import (
	"errors"
	"strings"
	"testing"

	"liveops/sync/mysqlstore"
)

func TestRollback(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		g.applied("c0", stuff("1|나무 검|10", "2|鋼の剣|20", "3|ดาบ 🗡|30"))
		before := g.rows("SELECT * FROM stuff ORDER BY id")
		r := g.applied("c1", stuff("1|나무 검|11", "4|새 검|40"))
		back, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID, Actor: "jun"})
		if err != nil {
			t.Fatal(err)
		}
		if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != before {
			t.Errorf("rows\n%s\nwant\n%s", got, before)
		}
		if len(back.Kept) != 0 || back.Undoes != r.ID || back.Deleted != 1 || back.Inserted != 2 || back.Updated != 1 {
			t.Errorf("rollback %+v", back)
		}
		st, err := g.store.State(t.Context())
		if err != nil || st.Commit != "c0" || st.Hold == nil || st.Hold.By != "jun" {
			t.Errorf("state %+v, %v", st, err)
		}
		if _, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID, Actor: "jun"}); !errors.Is(err, mysqlstore.ErrNotUndoable) {
			t.Errorf("rolled back twice: %v", err)
		}
		if _, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: 999, Actor: "jun"}); !errors.Is(err, mysqlstore.ErrNoRelease) {
			t.Errorf("rolled back nothing: %v", err)
		}
		if _, err := g.apply("c1", stuff("1|나무 검|11", "4|새 검|40")); !isHeld(err) {
			t.Errorf("applied while on hold: %v", err)
		}
		if _, err := g.store.LiftHold(t.Context(), "jun"); err != nil {
			t.Fatal(err)
		}
		g.applied("c1", stuff("1|나무 검|11", "4|새 검|40"))
	})
}

// Where rows are no longer as the release left them it is refused, and each row is named with who changed it; told so, it
// leaves them alone.
func TestRollbackOfChangedRows(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		r := g.applied("c1", stuff("1|나무 검|11", "3|x|33", "4|새 검|40", "5|y|50"))
		g.exec("UPDATE stuff SET note = 'looked at' WHERE id = 1") // updated by the release
		g.exec("INSERT INTO stuff (id, price) VALUES (2, 7)")      // deleted by it
		g.exec("UPDATE stuff SET price = 41 WHERE id = 4")         // inserted by it
		g.exec("DELETE FROM stuff WHERE id = 5")                   // inserted by it, and gone
		changed := g.rows("SELECT * FROM stuff ORDER BY id")
		_, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID, Actor: "jun"})
		var refused *mysqlstore.ChangedError
		if !errors.As(err, &refused) {
			t.Fatalf("error %v", err)
		}
		var lines []string
		for _, row := range refused.Changed[0].Rows {
			lines = append(lines, row.String())
		}
		const others = ": changed by no release: by the game, or by hand"
		if got, want := strings.Join(lines, "\n"), "stuff id=1 (note)"+others+"\nstuff id=2 (is there again)"+others+
			"\nstuff id=4 (price)"+others+"\nstuff id=5 (is gone)"+others; got != want {
			t.Errorf("rows\n%s\nwant\n%s", got, want)
		}
		if refused.Changed.Count() != 4 || refused.ByReleases != 0 || refused.Command() != "liveops rollback --env staging 1 --keep-changed" {
			t.Errorf("refused %+v, %s", refused, refused.Command())
		}
		if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != changed {
			t.Errorf("a refused rollback left\n%s", got)
		}
		back, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID, Actor: "jun", KeepChanged: true})
		if err != nil {
			t.Fatal(err)
		}
		want := "1|나무 검|11|looked at\n2|∅|7|∅\n3|ดาบ 🗡|30|∅\n4|새 검|41|∅"
		if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != want {
			t.Errorf("rows\n%s\nwant\n%s", got, want)
		}
		if back.Kept.Count() != 4 || back.Updated != 1 {
			t.Errorf("kept %+v of %+v", back.Kept, back.Release)
		}
	})
}

func TestRollbackRefusesOrphans(t *testing.T) {
	onEach(t, family, func(t *testing.T, g *game) {
		r := g.applied("c1", parents("1|one", "2|two", "3|three", "4|four"))
		g.exec("INSERT INTO player VALUES (502, 'four')")
		if _, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID, Actor: "jun"}); !isRefused(err) {
			t.Errorf("error %v", err)
		}
		if got := g.rows("SELECT COUNT(*) FROM parent"); got != "4" {
			t.Errorf("%s parents", got)
		}
	})
}

// A rollback is a release: it can be undone itself, which brings the release back.
func TestRollbackOfRollback(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		r := g.applied("c1", stuff("1|나무 검|11"))
		after := g.rows("SELECT * FROM stuff ORDER BY id")
		back, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID, Actor: "jun"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: back.ID, Actor: "jun"}); err != nil {
			t.Fatal(err)
		}
		if got := g.rows("SELECT * FROM stuff ORDER BY id"); got != after {
			t.Errorf("rows\n%s\nwant\n%s", got, after)
		}
	})
}

func TestHold(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		first, err := g.store.SetHold(t.Context(), "event", "jun")
		if err != nil {
			t.Fatal(err)
		}
		second, err := g.store.SetHold(t.Context(), "other", "mina")
		if err != nil || second.Reason != "event" || !second.Since.Equal(first.Since.Truncate(1000)) {
			t.Errorf("the second hold is %+v, %v; the first %+v", second, err, first)
		}
		failed, hold, err := g.store.Fail(t.Context(), mysqlstore.Release{Kind: mysqlstore.ApplyKind, Commit: "c9", Error: "why"}, "stopped")
		if err != nil || hold.Reason != "event" || failed.State != mysqlstore.Failed {
			t.Errorf("failed %+v under %+v, %v", failed, hold, err)
		}
		lifted, err := g.store.LiftHold(t.Context(), "jun")
		if err != nil || lifted == nil || lifted.By != "jun" {
			t.Errorf("lifted %+v, %v", lifted, err)
		}
		if again, err := g.store.LiftHold(t.Context(), "jun"); err != nil || again != nil {
			t.Errorf("lifted again %+v, %v", again, err)
		}
	})
}

func TestReview(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		if r, err := g.store.Review(t.Context(), "studio/game", 7); r != nil || err != nil {
			t.Errorf("before any: %v, %v", r, err)
		}
		for _, digest := range []string{"d1", "d2"} {
			if err := g.store.SaveReview(t.Context(), mysqlstore.Review{Repository: "studio/game", Pull: 7, Head: "h", Base: "b", Digest: digest}); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := g.store.Review(t.Context(), "studio/game", 7); err != nil || r == nil || r.Digest != "d2" || r.Head != "h" {
			t.Errorf("review %+v, %v", r, err)
		}
	})
}
