package pushd

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/pushd/runs"
)

// Who claims a batch gets it as soon as nobody else can have it in hand.
func TestClaims(t *testing.T) {
	start := time.Date(2026, 11, 25, 19, 3, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	newTerm := func() *leader {
		l := newLeader(Options{Clock: SystemClock{}}, 1)
		l.led[7], l.ready = &led{Run: runs.Run{ID: 7, State: runs.Running}, pace: &pace{}, open: map[int]bool{1: true, 2: true}, before: 2, known: true, done: map[int]bool{}, owners: map[int]owner{}}, true
		return l
	}
	words := map[string]uint64{}
	say := func(l *leader, now time.Time, worker string, hands ...int) []int {
		words[worker]++
		return l.listen(&contact{Worker: worker, N: words[worker], Hands: map[int64][]int{7: hands}}, now)[7]
	}
	ask := func(l *leader, now time.Time, worker string, want claimed) {
		t.Helper()
		if got := l.grant(&claim{worker, 7, 1}, now); got != want {
			t.Errorf("%s at %v: %s, want %s", worker, now.Sub(start), got, want)
		}
	}
	// talk has workers speak until a time.
	talk := func(l *leader, from, to float64, speak func(now time.Time)) {
		for s := from; s < to; s += 0.05 {
			speak(at(s))
		}
	}
	t.Run("a new leader does not know yet who has it", func(t *testing.T) {
		l := newTerm()
		ask(l, at(0), "b", held)
		talk(l, 0, 6, func(now time.Time) { say(l, now, "b") })
		ask(l, at(4.9), "b", held)
		ask(l, at(6), "b", yours)
	})
	t.Run("who has it in hand keeps it", func(t *testing.T) {
		l := newTerm()
		talk(l, 0, 6, func(now time.Time) { say(l, now, "a", 1, 2); say(l, now, "b") })
		ask(l, at(6), "b", held)
		ask(l, at(6), "a", yours) // its own word, told again
		say(l, at(10), "a", 2)    // it has given it back
		say(l, at(10), "b")
		l.listening = at(0)
		ask(l, at(14), "b", yours)
	})
	t.Run("one that was cut off has lost it", func(t *testing.T) {
		l := newTerm()
		talk(l, 0, 6, func(now time.Time) { say(l, now, "a", 1, 2); say(l, now, "b") })
		talk(l, 6, 12, func(now time.Time) { say(l, now, "b") })
		ask(l, at(12), "b", yours)
		if got := say(l, at(12.01), "a", 1, 2); !cmp.Equal(got, []int{1}) { // before b has said so
			t.Errorf("a has lost %v", got)
		}
		say(l, at(12.05), "b", 1)
		if got := say(l, at(12.1), "a", 1, 2); !cmp.Equal(got, []int{1}) {
			t.Errorf("a has lost %v", got)
		}
		if got := say(l, at(12.1), "b", 1); got != nil {
			t.Errorf("b has lost %v", got)
		}
	})
	t.Run("after an outage everybody is heard first", func(t *testing.T) {
		l := newTerm()
		talk(l, 0, 6, func(now time.Time) { say(l, now, "a", 1); say(l, now, "b") })
		talk(l, 46, 48, func(now time.Time) { say(l, now, "b") })
		ask(l, at(48), "b", held)
		talk(l, 48, 52, func(now time.Time) { say(l, now, "a", 1); say(l, now, "b") })
		ask(l, at(52), "b", held) // for a has it
	})
	t.Run("what this leader handed out is nobody's before", func(t *testing.T) {
		l := newTerm()
		l.led[7].before = 0
		ask(l, at(0), "a", yours)
		ask(l, at(1), "b", held) // it is not heard yet
		say(l, at(1.5), "a", 1)
		ask(l, at(2), "b", held)
	})
	t.Run("what has its result is settled", func(t *testing.T) {
		l := newTerm()
		d := l.led[7]
		delete(d.open, 1)
		ask(l, at(0), "a", done)
		if got := say(l, at(0), "b", 1, 2); !cmp.Equal(got, []int{1}) { // that was cut off, and has it still
			t.Errorf("b has lost %v", got)
		}
		d.known = false // it is not read yet what was open in the last term
		ask(l, at(0), "a", held)
	})
	t.Run("what is claimed and not taken is free again", func(t *testing.T) {
		l := newTerm()
		talk(l, 0, 6, func(now time.Time) { say(l, now, "a"); say(l, now, "b") })
		ask(l, at(6), "a", yours)
		ask(l, at(6), "a", yours) // the answer was lost
		ask(l, at(7), "b", held)
		talk(l, 6, 11, func(now time.Time) { say(l, now, "a"); say(l, now, "b") })
		ask(l, at(11), "b", yours)
	})
}

// A batch that got its result while a new leader read which have none is not waited for.
func TestWhatIsSettledWhileItIsReadIsNotOpen(t *testing.T) {
	l := newLeader(Options{Clock: SystemClock{}}, 1)
	d := &led{Run: runs.Run{ID: 7, State: runs.Running}, open: map[int]bool{}, done: map[int]bool{}, before: 2, owners: map[int]owner{}, settled: make(chan struct{}, 1)}
	l.led[7] = d
	read := []runs.Batch{{Seq: 1}, {Seq: 2}}
	l.took(d, []runs.Result{{Seq: 1}})
	l.opened(d, read)
	if want := (map[int]bool{2: true}); !cmp.Equal(d.open, want) {
		t.Errorf("open are %v, want %v", d.open, want)
	}
}

// A leader that was stopped, and wakes when its lease may be over, answers nothing.
func TestAnswersOnlyWhileItLeads(t *testing.T) {
	o := Options{Clock: SystemClock{}, Lease: 10 * time.Second}
	l := newLeader(o, 1)
	l.ready, l.since = true, time.Now()
	ask := []byte(`{"Contact": {"Worker": "a", "N": 1}}`)
	if _, err := l.answer(t.Context(), ask); err != nil {
		t.Error(err)
	}
	l.since = time.Now().Add(-7 * time.Second)
	if answer, err := l.answer(t.Context(), ask); err == nil {
		t.Errorf("answered %s", answer)
	}
}
