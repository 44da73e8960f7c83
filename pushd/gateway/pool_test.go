package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	standfcm "liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

// until waits until something is so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for tick := time.NewTicker(time.Millisecond); !so(); {
		select {
		case <-tick.C:
		case <-late:
			t.Errorf("it does not come that %s", what)
			return
		}
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	clock := &jumpClock{}
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 2, Clock: clock, IdleAfter: 5 * time.Minute})
	w.must(1000)
	clock.jump(4 * time.Minute)
	w.sender.pool.kick()
	w.must(1000)
	if n := w.server.Counts().Connections; n > 2 {
		t.Errorf("%d connections were opened", n)
	}
	clock.jump(5 * time.Minute)
	w.sender.pool.kick()
	until(t, "all are closed", func() bool { return w.server.Counts().Open == 0 && w.sender.Stats().Connections == 0 })
	w.must(1000)
}

func TestConnectionsFollowTheRate(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{Settings: push.Settings{MaxStreams: 10}}, Options{Rate: 500})
	w.server.SetLatency(100 * time.Millisecond)
	w.must(200)
	// 500/s × 100 ms ÷ 10 streams are 5, and a quarter more are 7; before the streams were known, 1. While the first 200 waited all
	// at once there may have become half again as many, and again.
	until(t, "there are 7 connections", func() bool {
		w.must(20)
		n := w.sender.Stats().Connections
		return n >= 6 && n <= 15
	})
	if st := w.sender.Stats(); st.Latency < 50*time.Millisecond || st.Streams != 10*st.Connections {
		t.Errorf("%+v", st)
	}
}

func TestConnectionsThatComeToNothing(t *testing.T) {
	clock := newClock(50)
	o := Options{MaxConnections: 1, Clock: clock, Random: func() float64 { return 1 }, Retry: Retry{GiveUpAfter: 30 * time.Second}}
	w, _ := fcmWorld(t, standfcm.Options{}, o.patient())
	var dials atomic.Int64
	w.sender.pool.dial = func(context.Context) (net.Conn, func() error, error) {
		dials.Add(1)
		return nil, nil, errors.New("no route to host")
	}
	for _, r := range w.must(10) {
		if r.Outcome != GaveUp || r.Reason != "not sent in time: no route to host" || r.Attempts != 0 {
			t.Errorf("%+v", r)
		}
	}
	// At 0, 1, 3, 7 and 15 s; the next would be at 31 s.
	if n := dials.Load(); n < 3 || n > 5 {
		t.Errorf("%d connections were tried in 30 s", n)
	}
}

// A gateway that turns each connection away as soon as it is open, in order, is not asked as fast as that goes.
func TestConnectionsThatAreTurnedAway(t *testing.T) {
	clock := newClock(20)
	o := Options{MaxConnections: 1, Clock: clock, Random: func() float64 { return 1 }, Retry: Retry{GiveUpAfter: 30 * time.Second}}
	w, _ := fcmWorld(t, standfcm.Options{}, o.patient())
	var dials atomic.Int64
	var serving sync.WaitGroup
	defer serving.Wait()
	w.sender.pool.dial = func(context.Context) (net.Conn, func() error, error) {
		dials.Add(1)
		client, server := net.Pipe()
		serving.Go(func() {
			defer server.Close()
			framer := http2.NewFramer(server, server)
			if _, err := io.ReadFull(server, make([]byte, len(http2.ClientPreface))); err != nil {
				return
			}
			reading := make(chan struct{})
			go func() { defer close(reading); _, _ = io.Copy(io.Discard, server) }()
			_ = framer.WriteSettings()
			_ = framer.WriteGoAway(0, http2.ErrCodeNo, nil)
			<-reading
		})
		return client, func() error { return nil }, nil
	}
	for _, r := range w.must(10) {
		if r.Outcome != GaveUp || !strings.Contains(r.Reason, "the gateway ended the connection") {
			t.Errorf("%+v", r)
		}
	}
	// At 0, 1, 3, 7 and 15 s, if the machine is fast enough that none lives for a second.
	if n := dials.Load(); n < 3 || n > 20 {
		t.Errorf("%d connections were tried in 30 s", n)
	}
}

// What is queued is sent though its credential has ended meanwhile, and nobody has more to send.
func TestACredentialThatEndsBehindAGate(t *testing.T) {
	clock := &jumpClock{}
	w, g := fcmWorld(t, standfcm.Options{Settings: push.Settings{MaxStreams: 10}}, Options{MaxConnections: 1, Clock: clock})
	w.must(1)
	w.server.SetLatency(20 * time.Millisecond)
	results, ended := make([]Result, Piece), make(chan error, 1)
	go func() { ended <- w.sender.Send(t.Context(), w.batch(0, Piece), results) }()
	until(t, "some are sent", func() bool { return w.server.Counts().Accepted > 1 })
	w.sender.Hold(2 * time.Hour)
	until(t, "the others are held", func() bool { return w.sender.Stats().InFlight == 0 })
	if w.sender.queue.queued() == 0 {
		t.Fatal("all were sent")
	}
	clock.jump(2*time.Hour + time.Second)
	w.sender.pool.kick()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if by, _ := tally(results); by[Accepted] != Piece || g.TokensGiven() != 2 {
		t.Errorf("%v with %d tokens; %s", by, g.TokensGiven(), firstBut(results, Accepted))
	}
}
