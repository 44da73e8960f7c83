package gateway

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standapns "liveops/sandbox/apns"
	standfcm "liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

// A fastClock is one that runs faster than the system's, so that what takes a minute is over in a moment.
type fastClock struct {
	began time.Time
	speed float64
}

func newClock(speed float64) *fastClock { return &fastClock{time.Now(), speed} }

func (c *fastClock) Now() time.Time {
	return time.Unix(1_800_000_000, 0).Add(time.Duration(float64(time.Since(c.began)) * c.speed))
}

func (c *fastClock) After(d time.Duration) <-chan time.Time {
	return time.After(time.Duration(float64(d) / c.speed))
}

// A jumpClock is the system's, put forward by jumps.
type jumpClock struct{ ahead atomic.Int64 }

func (c *jumpClock) Now() time.Time                         { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *jumpClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
func (c *jumpClock) jump(d time.Duration)                   { c.ahead.Add(int64(d)) }

// patient makes a sender with a fast clock wait for answers as long as a test may take.
func (o Options) patient() Options {
	o.PingAfter, o.AnswerTimeout = 24*time.Hour, 24*time.Hour
	return o
}

var fcmText = &Template{Prefix: []byte(`{"message":{"token":"`), Suffix: []byte(`","notification":{"title":"Hi","body":"There"}}}`)}

var apnsText = &Template{Prefix: []byte(`{"aps":{"alert":{"title":"Hi","body":"There"}}}`), APNs: Header{Priority: 10, Expiration: 1_800_086_400, CollapseID: "run-7"}}

// A world is a stand-in with a sender.
type world struct {
	t      *testing.T
	server *push.Server
	sender *Sender
	device *push.Devices
	token  func([]byte, uint64) []byte
	text   *Template
}

func fcmWorld(t *testing.T, g standfcm.Options, o Options) (*world, *standfcm.Gateway) {
	t.Helper()
	if o.Clock != nil {
		g.Now = o.Clock.Now
	}
	server, err := standfcm.Start(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	o.URL, o.RootCAs = server.URL(), server.CA()
	sender, err := NewFCM(FCM{ServiceAccount: server.ServiceAccount()}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	return &world{t, server.Server, sender, &server.Devices, push.FCMToken, fcmText}, server
}

func apnsWorld(t *testing.T, g standapns.Options, o Options) (*world, *standapns.Gateway) {
	t.Helper()
	if o.Clock != nil {
		g.Now = o.Clock.Now
	}
	server, err := standapns.Start(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	o.URL, o.RootCAs = server.URL(), server.CA()
	key, keyID, teamID := server.Key()
	sender, err := NewAPNs(APNs{Key: key, KeyID: keyID, TeamID: teamID, Topic: server.Topic()}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	return &world{t, server.Server, sender, &server.Devices, push.APNsToken, apnsText}, server
}

// batch is messages for the tokens of numbers.
func (w *world) batch(from, n int) *Batch {
	b := &Batch{}
	for i := from; i < from+n; i++ {
		b.Messages = append(b.Messages, Message{Token: w.token(nil, uint64(i)), Template: w.text})
	}
	return b
}

// send sends n messages in batches, several at once, and gives their results.
func (w *world) send(ctx context.Context, n int) ([]Result, error) {
	results := make([]Result, n)
	var sending sync.WaitGroup
	var mu sync.Mutex
	var first error
	turn := make(chan struct{}, 8)
	for from := 0; from < n; from += MaxBatch {
		size := min(MaxBatch, n-from)
		turn <- struct{}{}
		sending.Go(func() {
			defer func() { <-turn }()
			if err := w.sender.Send(ctx, w.batch(from, size), results[from:from+size]); err != nil {
				mu.Lock()
				first = err
				mu.Unlock()
			}
		})
	}
	sending.Wait()
	return results, first
}

// must sends n messages, which must go well.
func (w *world) must(n int) []Result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	results, err := w.send(ctx, n)
	if err != nil {
		w.t.Fatal(err)
	}
	return results
}

// tally counts outcomes, and repeats.
func tally(results []Result) (by map[Outcome]int, repeats int) {
	by = map[Outcome]int{}
	for _, r := range results {
		by[r.Outcome]++
		repeats += r.Repeats
	}
	return by, repeats
}

// allAccepted checks that every message was accepted, each token got one, and no more than some got two.
func (w *world) allAccepted(results []Result, twice int64) {
	w.t.Helper()
	by, repeats := tally(results)
	if by[Accepted] != len(results) {
		w.t.Errorf("outcomes %v of %d; the first that was not accepted: %s", by, len(results), firstBut(results, Accepted))
	}
	n := w.server.Counts()
	if n.Tokens != int64(len(results)) || n.Repeated > twice || n.Repeated > int64(repeats) {
		w.t.Errorf("%d tokens of %d got it, %d twice or more (at most %d, %d repeats)", n.Tokens, len(results), n.Repeated, twice, repeats)
	}
	if n.Overlimit > 0 {
		w.t.Errorf("%d streams over the limit", n.Overlimit)
	}
}

func firstBut(results []Result, o Outcome) string {
	for i, r := range results {
		if r.Outcome != o {
			return fmt.Sprintf("%d: %+v", i, r)
		}
	}
	return "none"
}
