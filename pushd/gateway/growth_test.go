package gateway

import (
	"context"
	"testing"
	"time"

	standfcm "liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

// A fakePool is what a growth sees: connections of 100 streams to a gateway that answers as many messages a second as each stream
// allows, up to a most.
type fakePool struct {
	g     growth
	now   time.Time
	have  int
	ended int64
	most  int // messages a second that the gateway takes
}

// look passes a look's time in which so many messages a second are to be sent, and gives how many connections are wanted.
func (p *fakePool) look(rate int) int {
	const each = 1000 // a connection's messages a second: 100 streams, 100 ms
	p.now = p.now.Add(growEvery)
	sent := min(rate, p.have*each, p.most)
	p.ended += int64(float64(sent) * growEvery.Seconds())
	s := sight{have: p.have, streams: 100 * p.have, inFlight: sent / 10, ended: p.ended, most: 64}
	if sent < rate {
		s.queued, s.inFlight = 300, s.streams
	}
	p.have = p.g.wanted(s, p.now)
	return p.have
}

// run is look for a time; it gives how many connections there were at most, and at the end.
func (p *fakePool) run(rate int, d time.Duration) (most, last int) {
	for range int(d / growEvery) {
		last = p.look(rate)
		most = max(most, last)
	}
	return most, last
}

func TestConnectionsAreAddedWhileThatGains(t *testing.T) {
	p := &fakePool{now: noon, most: 1_000_000}
	if _, last := p.run(20_000, 10*time.Second); last < 20 || last > 32 {
		t.Errorf("20,000 a second have %d connections of 1,000", last)
	}
	if _, last := p.run(1_000_000, 10*time.Second); last < 63 {
		t.Errorf("there are %d of 64", last)
	}
}

func TestNoConnectionsAreAddedWhereStreamsAreFree(t *testing.T) {
	p := &fakePool{now: noon, most: 1_000_000}
	if most, _ := p.run(600, 10*time.Minute); most != 1 {
		t.Errorf("600 a second have %d connections of 1,000", most)
	}
}

// A gateway that takes no more with more connections has no more for long: a step is tried now and then, and undone.
func TestAStepWithoutGainIsUndone(t *testing.T) {
	p := &fakePool{now: noon, most: 3900}
	p.run(100_000, 10*time.Second)
	steps := 0
	for range int(time.Hour / growEvery) {
		before := p.have
		if p.look(100_000); p.have > before {
			steps++
		}
		if p.have != 4 && p.have != 6 {
			t.Fatalf("there are %d", p.have)
		}
	}
	if steps < 6 || steps > 11 { // each pause is twice as long, up to 10 minutes
		t.Errorf("%d steps were tried in an hour", steps)
	}
}

func TestConnectionsAreGivenUpThatNothingNeeds(t *testing.T) {
	p := &fakePool{now: noon, most: 1_000_000}
	if _, last := p.run(1_000_000, 10*time.Second); last < 63 {
		t.Fatalf("there are %d", last)
	}
	if _, last := p.run(3000, 2*time.Minute+time.Second); last != 4 {
		t.Errorf("3,000 a second keep %d connections of 1,000", last)
	}
	if most, _ := p.run(3000, time.Hour); most != 4 {
		t.Errorf("they become %d", most)
	}
}

// A pacer that lets through some at a time.
type stream struct {
	clock Clock
	each  time.Duration // a message takes
	turn  chan struct{}
}

func (s *stream) Take(ctx context.Context, n int) error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	select {
	case <-s.clock.After(time.Duration(n) * s.each):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// At a constant rate that one connection manages there is one, however many batches wait for their pacer.
func TestAConstantRateNeedsNoMoreConnections(t *testing.T) {
	clock := newClock(100)
	slow := &stream{clock, 20 * time.Millisecond, make(chan struct{}, 1)}
	w, _ := fcmWorld(t, standfcm.Options{Settings: push.Settings{MaxStreams: 1000}}, Options{Clock: clock, Pacer: slow}.patient())
	w.allAccepted(w.must(6000), 0)
	if n := w.server.Counts().Connections; n != 1 {
		t.Errorf("%d connections were opened in two minutes", n)
	}
}

// Connections that are not wanted any more are ended while messages are sent.
func TestConnectionsShrink(t *testing.T) {
	clock := &jumpClock{}
	w, _ := fcmWorld(t, standfcm.Options{Settings: push.Settings{MaxStreams: 10}}, Options{Rate: 500, Clock: clock})
	w.server.SetLatency(100 * time.Millisecond)
	until(t, "there are many", func() bool {
		w.must(20)
		return w.sender.Stats().Connections >= 6
	})
	w.sender.SetRate(10)
	for range 2 { // the first ends the time in which they were wanted
		clock.jump(shedEvery)
		w.sender.pool.kick()
		w.must(20)
	}
	until(t, "there are few", func() bool {
		w.must(1)
		clock.jump(time.Second)
		return w.sender.Stats().Connections <= 2 && w.server.Counts().Open <= 2
	})
}
