package mysqlstore_test

import (
	"fmt"
	"strings"
	"testing"

	"liveops/sync/mysqlstore"
)

// audit is the audit, oldest first, a line for each entry.
func (g *game) audit() string {
	g.Helper()
	entries, err := g.store.Audit(g.Context(), 100)
	if err != nil {
		g.Fatal(err)
	}
	var lines []string
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.At.IsZero() || i > 0 && e.ID >= entries[i-1].ID {
			g.Errorf("out of order: %+v", entries)
		}
		lines = append(lines, fmt.Sprintf("%s %s #%d r%d %s %s: %s", e.Actor, e.Action, e.Pull, e.Release, e.Commit, e.Digest, e.Detail))
	}
	return strings.Join(lines, "\n")
}

func TestAudit(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		ctx := t.Context()
		if got := g.audit(); got != "" {
			t.Errorf("before anything was done: %s", got)
		}
		r := g.applied("c1", stuff("1|나무 검|11", "4|새 검|40"))
		check := func(_ any, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(g.store.SetHold(ctx, "winter event", "jun"))
		check(g.store.SetHold(ctx, "the first reason stays", "mina"))
		check(g.store.LiftHold(ctx, "dana"))
		check(g.store.LiftHold(ctx, "dana")) // there is none any more
		check(nil, g.store.SaveConfirmation(ctx, mysqlstore.Confirmation{Kind: mysqlstore.Limits, Repository: "studio/game", Pull: 7, Digest: "d9", Purged: 300, By: "jun"}))
		tables, st := g.plan(stuff("1|나무 검|12", "4|새 검|40"))
		check(g.store.Apply(ctx, mysqlstore.Request{Commit: "c2", Digest: "d2", Actor: "mina", Epoch: st.Epoch, Tables: tables, Override: "despite the freeze: hotfix"}))
		check(g.store.Rollback(ctx, mysqlstore.RollbackRequest{Release: r.ID + 1, Actor: "jun"}))
		_, _, err := g.store.Fail(ctx, mysqlstore.Release{Kind: mysqlstore.ApplyKind, Commit: "c3", Actor: "mina", Pull: 8, Error: "the database refuses"}, "stopped")
		check(nil, err)
		want := `mina apply #7 r1 c1 d-c1: 2 deleted, 1 inserted, 1 updated
jun hold #0 r0  : winter event
dana lift #0 r0  : the hold by jun: winter event
jun confirm #7 r0  d9: limits, 300 user documents
mina override #0 r0 c2 d2: despite the freeze: hotfix
mina apply #0 r2 c2 d2: 0 deleted, 0 inserted, 1 updated
jun rollback #0 r3 c1 d2: release 2: 0 deleted, 0 inserted, 1 updated
jun hold #0 r0  : release 2 was rolled back; the default branch still has its changes
mina stop #8 r4 c3 : the database refuses`
		if got := g.audit(); got != want {
			t.Errorf("the audit is\n%s\nwant\n%s", got, want)
		}
		newest, err := g.store.Audit(ctx, 1)
		if err != nil || len(newest) != 1 || newest[0].Action != mysqlstore.AuditStop {
			t.Errorf("the newest entry: %+v, %v", newest, err)
		}
	})
}

// What is rolled back leaves no entry: neither the rows nor what tells of them are there.
func TestAuditIsOfTheTransaction(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		tables, st := g.plan(stuff("1|나무 검|11"))
		g.exec("UPDATE stuff SET price = 99 WHERE id = 1")
		_, err := g.store.Apply(t.Context(), mysqlstore.Request{Commit: "c1", Epoch: st.Epoch, Tables: tables, Override: "despite the freeze: hotfix"})
		if !isMoved(err) {
			t.Fatalf("error %v", err)
		}
		if got := g.audit(); got != "" {
			t.Errorf("the audit tells of what did not happen: %s", got)
		}
	})
}

func TestConfirmations(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		ctx := t.Context()
		if cs, err := g.store.Confirmations(ctx, "studio/game", 7); err != nil || cs != nil {
			t.Errorf("before the ledger was made: %v, %v", cs, err)
		}
		for _, c := range []mysqlstore.Confirmation{
			{Kind: mysqlstore.Limits, Repository: "studio/game", Pull: 7, Digest: "d1", Purged: 300, By: "jun"},
			{Kind: mysqlstore.Approval, Repository: "studio/game", Pull: 7, Digest: "d2", By: "dana"},
			{Kind: mysqlstore.Limits, Repository: "studio/game", Pull: 8, Digest: "d3", By: "jun"},
			{Kind: mysqlstore.Limits, Repository: "studio/other", Pull: 7, Digest: "d4", By: "jun"},
		} {
			if err := g.store.SaveConfirmation(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		cs, err := g.store.Confirmations(ctx, "studio/game", 7)
		if err != nil || len(cs) != 2 {
			t.Fatalf("%+v, %v", cs, err)
		}
		if c := cs[0]; c.Kind != mysqlstore.Limits || c.Digest != "d1" || c.By != "jun" || c.At.IsZero() || c.Repository != "studio/game" || c.Pull != 7 || c.Purged != 300 {
			t.Errorf("the first: %+v", c)
		}
		if c := cs[1]; c.Kind != mysqlstore.Approval || c.Digest != "d2" || c.By != "dana" || c.Purged != 0 {
			t.Errorf("the second: %+v", c)
		}
		if err := g.store.SaveConfirmation(ctx, mysqlstore.Confirmation{Kind: mysqlstore.Limits, By: "jun"}); err == nil {
			t.Error("a plan that nobody saw was confirmed")
		}
	})
}

// What was rolled back is not brought again on an old word.
func TestRollbackTakesConfirmationsBack(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		given := func() int {
			t.Helper()
			cs, err := g.store.Confirmations(t.Context(), "studio/game", 7)
			if err != nil {
				t.Fatal(err)
			}
			return len(cs)
		}
		c := mysqlstore.Confirmation{Kind: mysqlstore.Approval, Repository: "studio/game", Pull: 7, Digest: "d1", By: "jun"}
		if err := g.store.SaveConfirmation(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		r := g.applied("c1", stuff("1|나무 검|11"))
		if given() != 1 {
			t.Error("a release takes it back")
		}
		if _, err := g.store.Rollback(t.Context(), mysqlstore.RollbackRequest{Release: r.ID, Actor: "dana"}); err != nil {
			t.Fatal(err)
		}
		if given() != 0 {
			t.Error("a rollback leaves it")
		}
		if err := g.store.SaveConfirmation(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if given() != 1 {
			t.Error("it cannot be given anew")
		}
	})
}

func TestShown(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		ctx := t.Context()
		if w, err := g.store.Shown(ctx, "studio/game", 7); err != nil || w != nil {
			t.Errorf("before the ledger was made: %v, %v", w, err)
		}
		for _, digest := range []string{"d1", "d2"} {
			if err := g.store.SaveShown(ctx, mysqlstore.Shown{Repository: "studio/game", Pull: 7, Commit: "c1", Digest: digest}); err != nil {
				t.Fatal(err)
			}
		}
		w, err := g.store.Shown(ctx, "studio/game", 7)
		if err != nil || w == nil || w.Digest != "d2" || w.Commit != "c1" || w.At.IsZero() {
			t.Errorf("%+v, %v", w, err)
		}
		if w, err := g.store.Shown(ctx, "studio/game", 8); err != nil || w != nil {
			t.Errorf("another pull request: %v, %v", w, err)
		}
	})
}

// A ledger that was made before there were audit, confirmations and what was shown gets their tables, and keeps
// what it has.
func TestPrepareBringsAnOlderLedgerUp(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		ctx := t.Context()
		r := g.applied("c1", stuff("1|나무 검|11"))
		if _, err := g.store.SetHold(ctx, "winter event", "jun"); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"liveops_shown", "liveops_confirmations", "liveops_audit"} {
			g.exec("DROP TABLE " + table)
		}
		if entries, err := g.store.Audit(ctx, 5); err != nil || entries != nil {
			t.Errorf("the audit of an older ledger: %v, %v", entries, err)
		}
		if _, err := g.store.LiftHold(ctx, "dana"); err != nil {
			t.Fatal(err)
		}
		if got := g.audit(); got != "dana lift #0 r0  : the hold by jun: winter event" {
			t.Errorf("the audit: %s", got)
		}
		st, err := g.store.State(ctx)
		if err != nil || st.Commit != "c1" || st.Release != r.ID || st.Hold != nil {
			t.Errorf("the state is %+v, %v", st, err)
		}
		if n := g.rows("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'liveops%'"); n != "10" {
			t.Errorf("%s tables", n)
		}
	})
}
