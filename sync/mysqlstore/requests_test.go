package mysqlstore_test

import (
	"errors"
	"testing"

	"liveops/sync/mysqlstore"
)

// A request that is made again, since its answer got lost, is not done again, whatever has happened since.
func TestRequestsAreDoneOnce(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		tables, st := g.plan(stuff("1|a|1"))
		q := mysqlstore.Request{ID: "merge 7", Commit: "c1", Epoch: st.Epoch, Tables: tables}
		first, err := g.store.Apply(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		undo := mysqlstore.RollbackRequest{ID: "comment 1", Release: first.ID}
		back, err := g.rollback(undo)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := g.rollback(undo); err != nil || again.ID != back.ID || again.Updated != back.Updated || again.Hold.Kind != mysqlstore.HeldByRollback {
			t.Errorf("rolled back again: %+v, %v", again, err)
		}
		if _, err := g.store.LiftHold(t.Context(), "jun"); err != nil {
			t.Fatal(err)
		}
		again, err := g.store.Apply(t.Context(), q)
		if err != nil || again.ID != first.ID || again.State != mysqlstore.RolledBack || again.UndoneBy != back.ID {
			t.Errorf("applied again: %+v, %v", again, err)
		}
		promote := mysqlstore.Request{ID: "comment 2", Epoch: 99} // of no table, and an epoch that never was
		if _, err := g.store.Promote(t.Context(), promote); !isMoved(err) {
			t.Errorf("promoted at another epoch: %v", err)
		}
		st, err = g.store.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		promote.Epoch = st.Epoch
		promoted, err := g.store.Promote(t.Context(), promote)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := g.store.Promote(t.Context(), promote); err != nil || again.ID != promoted.ID {
			t.Errorf("promoted again: %+v, %v", again, err)
		}
		var other *mysqlstore.RequestError
		if _, err := g.rollback(mysqlstore.RollbackRequest{ID: "merge 7", Release: first.ID}); !errors.As(err, &other) || other.Found.ID != first.ID {
			t.Errorf("the name of another request: %v", err)
		}
		if n := g.rows("SELECT COUNT(*) FROM liveops_releases"); n != "3" {
			t.Errorf("%s releases", n)
		}
	})
}

// A release that was stopped is written once, and its request stays stopped.
func TestFailedOnce(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		failed := mysqlstore.Release{Kind: mysqlstore.ApplyKind, Commit: "c9", Error: "why", RequestID: "merge 9"}
		first, hold, err := g.store.Fail(t.Context(), failed, "stopped")
		if err != nil || hold.Kind != mysqlstore.HeldByFailure || hold.Release != first.ID {
			t.Fatalf("failed %+v under %+v, %v", first, hold, err)
		}
		again, hold, err := g.store.Fail(t.Context(), failed, "stopped")
		if err != nil || again.ID != first.ID || hold.Release != first.ID {
			t.Errorf("failed again %+v under %+v, %v", again, hold, err)
		}
		var stopped *mysqlstore.RequestError
		if _, err := g.store.Apply(t.Context(), mysqlstore.Request{ID: "merge 9", Commit: "c9", Epoch: 1}); !errors.As(err, &stopped) || stopped.Found.Error != "why" {
			t.Errorf("applied: %v", err)
		}
		if found, err := g.store.ReleaseOf(t.Context(), "merge 9"); err != nil || found == nil || found.ID != first.ID {
			t.Errorf("found %+v, %v", found, err)
		}
		if found, err := g.store.ReleaseOf(t.Context(), "merge 10"); err != nil || found != nil {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}

func TestLiftHoldAt(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		if _, err := g.store.SetHold(t.Context(), "event", "jun"); err != nil {
			t.Fatal(err)
		}
		st, err := g.store.State(t.Context())
		if err != nil || st.Hold.Kind != mysqlstore.HeldByCommand {
			t.Fatalf("state %+v, %v", st.Hold, err)
		}
		if h, err := g.store.LiftHoldAt(t.Context(), st.Epoch-1, "jun"); !isMoved(err) || h != nil {
			t.Errorf("lifted %+v at another epoch: %v", h, err)
		}
		if h, err := g.store.LiftHoldAt(t.Context(), st.Epoch, "jun"); err != nil || h == nil || h.Reason != "event" {
			t.Errorf("lifted %+v, %v", h, err)
		}
	})
}
