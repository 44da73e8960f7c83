package gateway

import (
	"context"
	"testing"
	"time"

	standfcm "liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

// A dam is a pacer that lets nothing through until it is opened, and then all.
type dam struct {
	asked  chan int // how many messages somebody asks for
	opened chan struct{}
}

func newDam() *dam { return &dam{make(chan int, 1000), make(chan struct{})} }

func (d *dam) Take(ctx context.Context, n int) error {
	select {
	case d.asked <- n:
	default:
	}
	select {
	case <-d.opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await waits for somebody who asks.
func (d *dam) await(t *testing.T) {
	t.Helper()
	select {
	case <-d.asked:
	case <-time.After(20 * time.Second):
		t.Fatal("the pacer is not asked")
	}
}

// sendPaced sends n messages in batches of a size at once, that a pacer holds back.
func (w *world) sendPaced(p Pacer, from, n, size int) (all []Result, sent <-chan error) {
	all = make([]Result, n)
	ended := make(chan error, n/size)
	for at := 0; at < n; at += size {
		b := w.batch(from+at, size)
		b.Pacer = p
		go func() { ended <- w.sender.Send(w.t.Context(), b, all[at:at+size]) }()
	}
	return all, ended
}

// waitingFor is how many jobs of a pacer wait for room.
func (q *queue) waitingFor(p Pacer) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lanes {
		if l.pacer == p {
			n += len(l.waiting)
		}
	}
	return n
}

// A run that waits for its pacer with all the batches that it has in hand, large ones or small, holds up no other.
func TestASlowRunHoldsUpNoOther(t *testing.T) {
	for _, size := range []int{10, 1000} {
		w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 2})
		w.must(100)
		slow, batches := newDam(), 64
		held, ended := w.sendPaced(slow, 1_000_000, batches*size, size)
		until(t, "its pacer has all that there may be", func() bool {
			return len(slow.asked)+w.sender.queue.waitingFor(slow) == batches && len(slow.asked) < batches
		})
		results := w.must(5000)
		if by, _ := tally(results); by[Accepted] != 5000 || w.server.Counts().Accepted != 5100 {
			t.Errorf("%v; %s", by, firstBut(results, Accepted))
		}
		close(slow.opened)
		for range batches {
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
		}
		if by, _ := tally(held); by[Accepted] != batches*size {
			t.Errorf("of the slow run %v", by)
		}
		if lanes := w.sender.queue.lanes; len(lanes) != 0 {
			t.Errorf("%d lanes are left", len(lanes))
		}
	}
}

// Where there is no room for many messages there is none for few.
func TestFewMessagesDoNotSlipAhead(t *testing.T) {
	q := &queue{}
	job := func(p Pacer) *job { return &job{lane: q.join(p), wake: make(chan struct{}, 1)} }
	large, small, other := job(stuck{}), job(stuck{}), job(unpaced{})
	if !q.reserve(large, Piece) || q.reserve(large, Piece) || q.reserve(small, 1) {
		t.Error("there is room for more than a piece, or for none")
	}
	if !q.reserve(other, Piece) {
		t.Error("what is promised to a pacer takes room from another")
	}
	q.push(span{job: large, to: Piece})
	if third := job(newDam()); q.reserve(third, 1) {
		t.Error("there is room beside a whole queue")
	}
	q.retract(large, 0)
	select {
	case <-large.wake:
	default:
		t.Error("who waits first is not woken by room")
	}
	select {
	case <-small.wake:
		t.Error("two of a lane are woken by room for one")
	default:
	}
}

// Waiting for leave is no trouble, however long it takes.
func TestNothingIsGivenUpForItsPacer(t *testing.T) {
	clock := &jumpClock{}
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 1, Clock: clock})
	w.must(100)
	slow := newDam()
	results, ended := w.sendPaced(slow, 0, 3000, 1000)
	slow.await(t)
	clock.jump(time.Hour)
	w.sender.pool.kick()
	close(slow.opened)
	for range 3 {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range results {
		if r.Outcome != Accepted || r.Attempts != 1 {
			t.Fatalf("%+v", r)
		}
	}
}

// A gateway that asks to wait for longer than messages may meet trouble is waited for, with those that it has refused and with the others.
func TestNothingIsGivenUpForTheGatesSake(t *testing.T) {
	clock := newClock(2000)
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 1, Clock: clock, Retry: Retry{GiveUpAfter: 15 * time.Minute}}.patient())
	w.server.Inject(push.Fault{Kind: push.Reply, Answer: standfcm.QuotaExceeded(40 * time.Minute), After: 300, Times: 2})
	began := clock.Now()
	results := w.must(5000)
	w.allAccepted(results, 0)
	if took := clock.Now().Sub(began); took < 40*time.Minute {
		t.Errorf("it took %s", took)
	}
}

// What was queued when no connection came is given up after that time; what was not is not.
func TestWhatIsQueuedIsGivenUp(t *testing.T) {
	clock := &handClock{noon}
	s := &Sender{o: Options{}.complete(), vendor: &fcm{}}
	s.o.Clock = clock
	s.pool.s = s
	j := s.newJob((&world{token: push.FCMToken, text: fcmText}).batch(0, 600), make([]Result, 600))
	j.lane = s.queue.join(j.pacer())
	queue := func(n int) {
		j.mu.Lock()
		taken := j.take(portion{fresh: n})
		j.mu.Unlock()
		taken.since = s.queue.gate.clock(clock.now)
		if j.queued == 0 {
			j.queued = taken.since
		}
		j.lane.promised += n
		s.queue.push(taken)
	}
	queue(200)
	clock.now = noon.Add(5 * time.Minute)
	queue(300)
	s.queue.gate.close(clock.now, clock.now.Add(time.Hour))
	for _, test := range []struct {
		at, next time.Duration // after noon; 0 for never
		gaveUp   int
	}{
		{5 * time.Minute, 75 * time.Minute, 0},
		{74 * time.Minute, 75 * time.Minute, 0},
		{75 * time.Minute, 80 * time.Minute, 200},
		{80 * time.Minute, 0, 500},
		{90 * time.Minute, 0, 500},
	} {
		clock.now = noon.Add(test.at)
		next := j.giveUpQueued(clock.now)
		if by, _ := tally(j.results); by[GaveUp] != test.gaveUp || by[Unsent] != 600-test.gaveUp || j.done != test.gaveUp {
			t.Errorf("after %s: %v", test.at, by)
		}
		if want := noon.Add(test.next); test.next == 0 && !next.IsZero() || test.next != 0 && !next.Equal(want) {
			t.Errorf("after %s: the next at %s, want %s", test.at, next, want)
		}
	}
	if s.queue.backlog != 0 || j.inHand != 0 {
		t.Errorf("%d are queued, %d in hand", s.queue.backlog, j.inHand)
	}
}

func TestGate(t *testing.T) {
	g := &gate{}
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	clock := func(seconds int) int { return int(time.Duration(g.clock(at(seconds)) - noon.UnixNano()).Seconds()) }
	if !g.close(at(10), at(20)) || g.close(at(12), at(19)) || !g.close(at(15), at(30)) || g.close(at(40), at(35)) {
		t.Error("a wait is not that which is longest")
	}
	if g.closed(at(30)) || !g.closed(at(29)) || !g.opens().Equal(at(30)) {
		t.Errorf("it opens at %s", g.opens())
	}
	for seconds, want := range map[int]int{10: 10, 15: 10, 30: 10, 31: 11, 50: 30} {
		if got := clock(seconds); got != want {
			t.Errorf("after %d s its clock shows %d, want %d", seconds, got, want)
		}
	}
	if got := g.when(at(25).UnixNano()); !got.Equal(at(45)) {
		t.Errorf("it will show 25 at %s", got)
	}
}
