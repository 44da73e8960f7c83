package pushd

import (
	"testing"

	"liveops/pushd/runs"
)

// What a worker said before it was let send again, or a word that comes late, does not answer a cancel.
func TestWhoIsStill(t *testing.T) {
	o := Options{Clock: SystemClock{}}
	l := newLeader(o, 1)
	d := &led{Run: runs.Run{ID: 7, State: runs.Paused}, pace: &pace{}}
	l.led[7], l.ready = d, true
	say := func(n uint64, still ...int64) bool {
		_, err := l.stand(&contact{Worker: "a", N: n, Still: still})
		return err == nil
	}
	is := func(want bool) {
		t.Helper()
		if got := l.isStill(7, o.Clock.Now()); got != want {
			t.Errorf("still %v, want %v", got, want)
		}
	}
	say(1, 7)
	is(true)
	d.State = runs.Running
	say(2, 7) // it hears now that it may send
	d.State = runs.Canceling
	is(false)
	if say(1, 7) {
		t.Error("a late word was heard")
	}
	is(false)
	say(3, 7)
	is(true)
}
