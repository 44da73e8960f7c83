package release_test

import (
	"strings"
	"testing"

	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// ask is run for a named request.
func (w *world) ask(id string, d *release.Desired) *release.Progress {
	w.Helper()
	p, err := w.pipeline.Run(w.Context(), release.Request{ID: id, Desired: d, Commit: release.Commit{ID: d.Commit}, History: w, Actor: "mina"})
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *world) rollback(environment string, id int64) mysqlstore.Rollback {
	w.Helper()
	back, err := w.store(environment).Rollback(w.Context(), mysqlstore.RollbackRequest{Release: id, Actor: "jun"})
	if err != nil {
		w.Fatal(err)
	}
	return back
}

// A request that is run again does nothing again, whatever has happened since.
func TestAskedAgain(t *testing.T) {
	w := newWorld(t, itemDDL)
	w.run(w.items("c0", 10), nil)
	d := w.items("c1", 11)
	first := w.ask("merge 1", d)
	if got := states(first); got != "staging applied, production applied" {
		t.Fatal(got)
	}
	again := w.ask("merge 1", d)
	if got := states(again); got != "staging applied, production applied" || again.Steps[1].Release != first.Steps[1].Release || again.Steps[1].Count.Updated != 1 {
		t.Errorf("%s, %+v", got, again.Steps[1])
	}
	w.rollback("production", first.Steps[1].Release)
	if _, err := w.store("production").LiftHold(t.Context(), "jun"); err != nil {
		t.Fatal(err)
	}
	again = w.ask("merge 1", d)
	if got := states(again); got != "staging applied, production stopped" || !strings.Contains(again.Stopped().Reason, "rolled back since") || w.prices("production") != "10" {
		t.Errorf("%s, %+v; production has %s", got, again.Stopped(), w.prices("production"))
	}
	if got := states(w.ask("comment 2", d)); got != "staging applied, production applied" {
		t.Errorf("another request: %s", got)
	}
}

// A release that was stopped stays so for its request, and is in the ledger once.
func TestStoppedStaysStopped(t *testing.T) {
	w := newWorld(t, itemDDL)
	w.exec("staging", "ALTER TABLE item ADD CHECK (price < 100)")
	d := w.items("c1", 200)
	first := w.ask("merge 1", d).Stopped()
	w.exec("staging", "ALTER TABLE item DROP CONSTRAINT CONSTRAINT_1")
	again := w.ask("merge 1", d).Stopped()
	if again == nil || again.Reason != first.Reason || again.Release != first.Release || again.Hold == nil || again.Hold.Kind != mysqlstore.HeldByFailure {
		t.Errorf("again %+v; first %+v", again, first)
	}
	if n := w.text("staging", "SELECT COUNT(*) FROM liveops_releases"); n != "1" {
		t.Errorf("%s releases", n)
	}
}

// The hold of a rollback is lifted when the default branch wants what the environment has, and no sooner.
func TestRollbackHoldIsLiftedOnceGitAgrees(t *testing.T) {
	w := newWorld(t, itemDDL)
	first := w.items("c0", 10)
	w.run(first, nil)
	bad := w.items("c1", 11)
	p := w.run(bad, nil)
	production := w.pipeline.Targets[1]
	w.rollback("production", p.Steps[1].Release)
	if h, err := release.LiftRollbackHold(t.Context(), bad, w, production); h != nil || err != nil {
		t.Errorf("lifted %+v while the branch says otherwise: %v", h, err)
	}
	if h, err := release.LiftRollbackHold(t.Context(), first, w, production); h != nil || err != nil {
		t.Errorf("lifted %+v by the commit before what was rolled back: %v", h, err)
	}
	if agrees, err := release.Agrees(t.Context(), bad, production); agrees || err != nil {
		t.Errorf("agrees %v, %v", agrees, err)
	}
	reverted := w.items("c2", 10)
	if agrees, err := release.Agrees(t.Context(), reverted, production); !agrees || err != nil {
		t.Errorf("agrees %v, %v", agrees, err)
	}
	if h, err := release.LiftRollbackHold(t.Context(), reverted, w, production); err != nil || h == nil || h.By != "jun" {
		t.Errorf("lifted %+v, %v", h, err)
	}
	if got := states(w.run(reverted, nil)); got != "staging applied, production same" {
		t.Errorf("then %s", got)
	}
	if _, err := production.Store.SetHold(t.Context(), "event", "mina"); err != nil {
		t.Fatal(err)
	}
	if h, err := release.LiftRollbackHold(t.Context(), reverted, w, production); h != nil || err != nil {
		t.Errorf("lifted a person's hold %+v, %v", h, err)
	}
}
