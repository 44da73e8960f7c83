package crashtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"liveops/sync/mysqlstore"
)

// undoing is a rollback as it is told to the process that is killed.
func undoing(q mysqlstore.RollbackRequest) string {
	return fmt.Sprintf("%s %d %t", q.ID, q.Release, q.Through)
}

func parseUndoing(s string) (q mysqlstore.RollbackRequest, err error) {
	_, err = fmt.Sscanf(s, "%s %d %t", &q.ID, &q.Release, &q.Through)
	q.Actor = "jun"
	return q, err
}

// A process that rolls back is killed at random instants. Whatever the instant, the database is as it was before the
// rollback or as it is after it; and asked again, and once more, the same rollback ends in the right state, having
// been done once.
func TestRollbackKilledAtAnyInstant(t *testing.T) {
	if testing.Short() {
		t.Skip("kills 120 processes")
	}
	for _, through := range []bool{false, true} {
		t.Run(fmt.Sprintf("through=%t", through), func(t *testing.T) { killRollbacks(t, through) })
	}
}

func killRollbacks(t *testing.T, through bool) {
	const kills, each, most = 60, 10, 600
	g, store := newGame(t)
	for n := 1; n <= 2; n++ {
		if err := apply(t.Context(), store, "", n, func() {}); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	window := 40 * time.Millisecond // moves to where about half of the kills come too late
	before, after := 0, 0
	for i := 0; i < most && (i < kills || before < each || after < each); i++ {
		q := mysqlstore.RollbackRequest{ID: fmt.Sprintf("comment-%d", i), Release: g.applyTwice(store), Through: through, Actor: "jun"}
		target := 3
		if through {
			target = 2
		} else {
			q.Release++
		}
		g.kill(time.Duration(r.Int64N(int64(window))), crashUndo+"="+undoing(q))
		switch at := g.settled(); at {
		case commit(4):
			before++
			window += window / 20
			g.holds(4)
		case commit(target):
			after++
			window -= window / 20
			g.holds(target)
		default:
			t.Fatalf("kill %d: the environment is at %q", i, at)
		}
		g.askAgain(store, q, target)
	}
	t.Logf("%d kills: %d before, %d after, none between", before+after, before, after)
	if before+after < kills || before < each || after < each {
		t.Errorf("%d before and %d after; want %d kills with %d of each", before, after, kills, each)
	}
}

// applyTwice brings the environment to commits 3 and 4 and returns the number of the first release.
func (g *game) applyTwice(store *mysqlstore.Store) int64 {
	g.Helper()
	var first int64
	for n := 3; n <= 4; n++ {
		if err := apply(g.Context(), store, "", n, func() {}); err != nil {
			g.Fatal(err)
		}
		st, err := store.State(g.Context())
		if err != nil {
			g.Fatal(err)
		}
		if n == 3 {
			first = st.Release
		}
	}
	if first == 0 {
		g.Fatal("there is no release")
	}
	return first
}

// askAgain makes the same request twice more, and lifts the hold.
func (g *game) askAgain(store *mysqlstore.Store, q mysqlstore.RollbackRequest, target int) {
	g.Helper()
	var numbers [2]int64
	for i := range numbers {
		back, err := store.Rollback(g.Context(), q)
		if err != nil {
			g.Fatal(err)
		}
		if numbers[i] = back.ID; back.Hold.Kind != mysqlstore.HeldByRollback || back.Hold.Release != back.ID || len(back.Undone) != 4-target {
			g.Fatalf("rollback %+v", back)
		}
	}
	if n := g.text("SELECT COUNT(*) FROM liveops_releases WHERE request = '" + q.ID + "'"); n != "1" || numbers[0] != numbers[1] {
		g.Fatalf("%s rolled back %s times, as %v", q.ID, n, numbers)
	}
	if at := g.settled(); at != commit(target) {
		g.Fatalf("after the rollback the environment is at %s", at)
	}
	g.holds(target)
	if _, err := store.LiftHold(g.Context(), "jun"); err != nil {
		g.Fatal(err)
	}
}
