package crashtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"liveops/sync/mysqlstore"
)

func failing(request string) mysqlstore.Release {
	return mysqlstore.Release{Kind: mysqlstore.ApplyKind, Commit: "bad", Error: "why", RequestID: request}
}

// A process that writes a stopped release is killed at random instants. Whatever the instant, both its entry and its hold
// are there, or neither; and asked again there is one of each.
func TestFailKilledAtAnyInstant(t *testing.T) {
	if testing.Short() {
		t.Skip("kills 60 processes")
	}
	const kills, each, most = 60, 10, 600
	g, store := newGame(t)
	if err := apply(t.Context(), store, "", 1, func() {}); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 3))
	window := 10 * time.Millisecond // moves to where about half of the kills come too late
	before, after := 0, 0
	for i := 0; i < most && (i < kills || before < each || after < each); i++ {
		request := fmt.Sprintf("merge-%d", i)
		g.kill(time.Duration(r.Int64N(int64(window))), crashFail+"="+request)
		g.settled()
		found, err := store.ReleaseOf(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		st, err := store.State(t.Context())
		if err != nil || (found == nil) != (st.Hold == nil) {
			t.Fatalf("kill %d: the entry is %+v, the hold %+v, %v", i, found, st.Hold, err)
		}
		if found == nil {
			before++
			window += window / 20
		} else {
			after++
			window -= window / 20
		}
		failed, hold, err := store.Fail(t.Context(), failing(request), "stopped")
		if err != nil || hold.Release != failed.ID || found != nil && found.ID != failed.ID {
			t.Fatalf("asked again: %+v under %+v, %v", failed, hold, err)
		}
		if n := g.text("SELECT COUNT(*) FROM liveops_releases WHERE request = '" + request + "'"); n != "1" {
			t.Fatalf("%s stands in the ledger %s times", request, n)
		}
		if _, err := store.LiftHold(t.Context(), "jun"); err != nil {
			t.Fatal(err)
		}
	}
	if before+after < kills || before < each || after < each {
		t.Errorf("%d before and %d after; want %d kills with %d of each", before, after, kills, each)
	}
}
