package gateway

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	standapns "liveops/sandbox/apns"
	standfcm "liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

// faultStreams is how many streams the gateways of the fault matrix allow: the most that one lost connection doubles.
const faultStreams = 100

// TestFaultMatrix sends 10,000 messages to a gateway with trouble in the middle: every token must get its message, and
// at most the stated number two. What GOAWAY and REFUSED_STREAM leave out is known not to be processed: none is doubled.
func TestFaultMatrix(t *testing.T) {
	const n = 10_000
	for _, fault := range []struct {
		name  string
		do    func(*world)
		twice int64
		hits  int64 // how many messages the fault must have hit
		slow  bool  // messages must be given up for want of an answer
	}{
		{"none", func(w *world) {}, 0, 0, false},
		{"GOAWAY", inject(push.Fault{Kind: push.GoAway, After: 2000, Every: 900, Times: 6}), 0, 6, false},
		{"GOAWAY that drops what waits", inject(push.Fault{Kind: push.GoAwayNow, After: 2000, Every: 900, Times: 6}), 0, 6, false},
		{"GOAWAY for an error", inject(push.Fault{Kind: push.GoAwayNow, Code: http2.ErrCodeEnhanceYourCalm, After: 2000, Every: 900, Times: 3}), 0, 3, false},
		{"streams refused", inject(push.Fault{Kind: push.Reset, Code: http2.ErrCodeRefusedStream, After: 1000, Every: 7, Times: 500}), 0, 500, false},
		{"streams reset before the work", inject(push.Fault{Kind: push.Reset, Code: http2.ErrCodeInternal, After: 1000, Every: 100, Times: 20}), 0, 20, false},
		{"streams reset after the work", inject(push.Fault{Kind: push.Reset, Code: http2.ErrCodeInternal, Taken: true, After: 1000, Every: 100, Times: 20}), 20, 20, false},
		{"connections closed before the work", inject(push.Fault{Kind: push.Close, After: 1000, Every: 1500, Times: 4}), 4 * faultStreams, 4, false},
		{"connections closed after the work", inject(push.Fault{Kind: push.Close, Taken: true, After: 1000, Every: 1500, Times: 4}), 4 * faultStreams, 4, false},
		{"answers that never come", inject(push.Fault{Kind: push.Mute, Taken: true, After: 1000, Every: 500, Times: 5}), 5, 5, true},
		{"503", inject(push.Fault{Kind: push.Reply, Answer: standfcm.Unavailable(0), After: 1000, Every: 10, Times: 200}), 0, 200, false},
		{"nothing but 503 for a while", inject(push.Fault{Kind: push.Reply, Answer: standfcm.Unavailable(0), After: 1000, Times: 100}), 0, 100, false},
		{"429 with Retry-After", inject(push.Fault{Kind: push.Reply, Answer: standfcm.QuotaExceeded(5 * time.Second), After: 3000, Times: 50}), 0, 50, false},
		{"the stream limit shrinks", func(w *world) {
			steps := []uint32{3, 1, 40}
			var seen atomic.Int64
			w.server.Inject(push.Fault{Kind: push.Mute, Match: func(*push.Request) bool {
				if k := seen.Add(1); k%2500 == 0 && int(k/2500) <= len(steps) {
					go w.server.Configure(push.Settings{MaxStreams: steps[k/2500-1]})
				}
				return false
			}})
		}, 0, 0, false},
		{"small windows and no header table", func(w *world) {
			w.server.Configure(push.Settings{MaxStreams: faultStreams, Window: 64, HeaderTable: 1})
		}, 0, 0, false},
		{"maintenance", every(1500, (*push.Server).Drain), 0, 0, false},
		{"all connections gone at once", every(4000, (*push.Server).Disconnect), 2 * 3 * faultStreams, 0, false},
	} {
		for _, vendor := range []string{"FCM", "APNs"} {
			t.Run(vendor+"/"+fault.name, func(t *testing.T) {
				t.Parallel()
				o := Options{MaxConnections: 3, Clock: newClock(50)}.patient()
				if fault.slow {
					o.AnswerTimeout = 200 * time.Second
				}
				settings := push.Settings{MaxStreams: faultStreams}
				w := first(fcmWorld(t, standfcm.Options{Settings: settings}, o))
				if vendor == "APNs" {
					w = first(apnsWorld(t, standapns.Options{Settings: settings}, o))
				}
				w.server.SetLatency(time.Millisecond)
				fault.do(w)
				w.allAccepted(w.must(n), fault.twice)
				if w.server.Hits() < fault.hits {
					t.Errorf("%d messages were hit, want %d", w.server.Hits(), fault.hits)
				}
			})
		}
	}
}

// TestEverythingAtOnce has all kinds of trouble in one run, with dead tokens among the others.
func TestEverythingAtOnce(t *testing.T) {
	const n = 30_000
	w, g := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 5, Clock: newClock(50), Retry: Retry{Attempts: 50, GiveUpAfter: 10 * time.Hour}}.patient())
	w.server.SetLatency(time.Millisecond)
	w.device.SetDeadShare(0.03, time.Time{})
	for _, f := range []push.Fault{
		{Kind: push.GoAway, Every: 1777, Times: 12},
		{Kind: push.GoAwayNow, Every: 2111, Times: 12},
		{Kind: push.Close, Taken: true, Every: 4001, Times: 5},
		{Kind: push.Close, Every: 5003, Times: 5},
		{Kind: push.Reset, Code: http2.ErrCodeRefusedStream, Every: 97, Times: 200},
		{Kind: push.Reset, Code: http2.ErrCodeInternal, Taken: true, Every: 701, Times: 30},
		{Kind: push.Reply, Answer: standfcm.Unavailable(0), Every: 53, Times: 400},
		{Kind: push.Reply, Answer: standfcm.Unavailable(2 * time.Second), Every: 9001, Times: 2},
		{Kind: push.Reply, Answer: standfcm.QuotaExceeded(3 * time.Second), Every: 7001, Times: 3},
	} {
		w.server.Inject(f)
	}
	every(8000, func(*push.Server) { g.RevokeTokens() })(w)
	results := w.must(n)
	by, repeats := tally(results)
	counts := w.server.Counts()
	if by[Accepted]+by[Dead] != n || by[Dead] < n/50 || int64(by[Accepted]) != counts.Tokens {
		t.Errorf("outcomes %v, counts %+v", by, counts)
	}
	if counts.Repeated > int64(min(repeats, 5*faultStreams+30)) {
		t.Errorf("%d tokens got it twice or more, %d repeats", counts.Repeated, repeats)
	}
}

func inject(f push.Fault) func(*world) {
	return func(w *world) { w.server.Inject(f) }
}

// every does something to the server after each so many messages.
func every(n int64, do func(*push.Server)) func(*world) {
	return func(w *world) {
		var seen atomic.Int64
		w.server.Inject(push.Fault{Kind: push.Mute, Match: func(*push.Request) bool {
			if seen.Add(1)%n == 0 {
				go do(w.server)
			}
			return false
		}})
	}
}

func TestRetryAfterGatesTheProject(t *testing.T) {
	clock := newClock(50)
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 2, Clock: clock}.patient())
	w.server.SetLatency(time.Millisecond)
	var closed atomic.Int64 // when the gateway said so
	var within atomic.Int64 // messages after it had been heard, and before the time had passed
	w.server.Inject(push.Fault{Kind: push.Reply, Answer: standfcm.QuotaExceeded(30 * time.Second), After: 2000, Times: 1, Match: func(*push.Request) bool {
		at, now := closed.Load(), clock.Now().UnixNano()
		if at != 0 && now > at+int64(10*time.Second) && now < at+int64(30*time.Second) {
			within.Add(1)
		}
		return true
	}})
	go func() {
		until(t, "the gate is closed", func() bool { return !w.sender.Stats().Gate.IsZero() })
		closed.Store(w.sender.Stats().Gate.Add(-30 * time.Second).UnixNano())
	}()
	began := clock.Now()
	w.allAccepted(w.must(5000), 0)
	if took := clock.Now().Sub(began); took < 30*time.Second || within.Load() > 0 {
		t.Errorf("it took %s, and %d messages were sent while the gateway had asked to wait", took, within.Load())
	}
}

// What another sender of the project was asked is held to as well, and what is shorter is no end of it.
func TestHold(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{}, Options{})
	w.sender.Hold(time.Hour)
	w.sender.Hold(time.Minute)
	if got := w.sender.Gate(); got < 59*time.Minute {
		t.Errorf("it waits %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b, results := w.batch(0, 10), make([]Result, 10)
	sent := make(chan error, 1)
	go func() { sent <- w.sender.Send(ctx, b, results) }()
	until(t, "it is asked to send", func() bool { return w.sender.Stats().Connections > 0 })
	cancel()
	if err := <-sent; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n := w.server.Counts(); n.Accepted != 0 || results[0].Outcome != Unsent {
		t.Errorf("%d were sent: %+v", n.Accepted, results[0])
	}
}

func TestQuotaOfTheGateway(t *testing.T) {
	clock := newClock(200)
	w, _ := fcmWorld(t, standfcm.Options{Quota: 2000}, Options{MaxConnections: 2, Clock: clock}.patient())
	began := clock.Now()
	w.allAccepted(w.must(5000), 0)
	if took := clock.Now().Sub(began); took < 2*time.Minute {
		t.Errorf("5,000 messages at 2,000 a minute took %s", took)
	}
	if n := w.server.Counts().Refused["QUOTA_EXCEEDED"]; n > 1000 {
		t.Errorf("%d messages were refused for the quota", n)
	}
}

func TestOneDeviceTooMany(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 1, Clock: newClock(500)}.patient())
	w.server.Inject(push.Fault{Kind: push.Reply, Answer: standfcm.DeviceQuotaExceeded(), Times: 1})
	results := w.must(1000)
	w.allAccepted(results, 0)
	attempts := 0
	for _, r := range results {
		attempts += r.Attempts
	}
	if n := w.server.Counts(); attempts != 1001 || n.Refused["QUOTA_EXCEEDED"] != 1 || !w.sender.Stats().Gate.IsZero() {
		t.Errorf("%d attempts, counts %+v", attempts, n)
	}
}

func TestAccessTokenIsRenewedAheadOfItsEnd(t *testing.T) {
	clock := &jumpClock{}
	w, g := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 1, Clock: clock})
	for i, given := range []int{1, 1, 2, 2, 3} { // after 0, 27, 54, 81 and 108 minutes
		w.must(1000)
		w.sender.credentials.running.Wait()
		if n := g.TokensGiven(); n != given {
			t.Errorf("%d tokens after %d minutes, want %d", n, 27*i, given)
		}
		clock.jump(27 * time.Minute)
	}
	clock.jump(3 * time.Hour) // nobody sent for so long that the token has ended
	w.must(1000)
	if n := w.server.Counts(); n.Refused["UNAUTHENTICATED"] != 0 {
		t.Errorf("counts %+v", n)
	}
}

func TestAccessTokenRevokedInTheMiddle(t *testing.T) {
	w, g := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 2})
	w.server.SetLatency(time.Millisecond)
	every(3000, func(*push.Server) { g.RevokeTokens() })(w)
	w.allAccepted(w.must(10_000), 0)
	if n := w.server.Counts(); n.Refused["UNAUTHENTICATED"] == 0 {
		t.Errorf("counts %+v", n)
	}
}

func TestProviderTokenIsRenewed(t *testing.T) {
	clock := &jumpClock{}
	clock.jump(time.Until(time.Now().Truncate(time.Hour).Add(29 * time.Minute))) // a minute to the next half hour
	w, g := apnsWorld(t, standapns.Options{}, Options{MaxConnections: 1, Clock: clock})
	for i, seen := range []int{1, 1, 2, 2, 3, 3, 4} { // after 0, 14, 28, 42, 56, 70 and 84 minutes
		w.must(100)
		w.sender.credentials.running.Wait()
		w.must(100)
		if n := g.TokensSeen(); n != seen {
			t.Errorf("%d tokens after %d minutes, want %d", n, 14*i, seen)
		}
		clock.jump(14 * time.Minute)
	}
	clock.jump(5 * time.Hour)
	w.must(100)
	if n := w.server.Counts(); n.Refused["TooManyProviderTokenUpdates"] > 0 || n.Refused["ExpiredProviderToken"] > 0 {
		t.Errorf("counts %+v", n)
	}
}

// A worker that begins right after the half hour, and right after another one that began before it, sends with that one's token.
func TestProviderTokenOfAnotherWorker(t *testing.T) {
	clock := &jumpClock{}
	clock.jump(time.Until(time.Now().Truncate(time.Hour).Add(29*time.Minute + 50*time.Second)))
	w, g := apnsWorld(t, standapns.Options{}, Options{MaxConnections: 1, Clock: clock})
	w.must(100)
	clock.jump(20 * time.Second)
	key, keyID, teamID := g.Key()
	other, err := NewAPNs(APNs{Key: key, KeyID: keyID, TeamID: teamID, Topic: g.Topic()}, Options{URL: g.URL(), RootCAs: g.CA(), MaxConnections: 1, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	w.sender = other
	w.must(100)
	if n := w.server.Counts(); g.TokensSeen() != 1 || n.Accepted != 200 || n.Refused[tooSoon] == 0 {
		t.Errorf("%d tokens, counts %+v", g.TokensSeen(), n)
	}
	clock.jump(21 * time.Minute) // and then with the next one
	for range 2 {
		w.must(100)
		other.credentials.running.Wait()
	}
	if n := w.server.Counts(); g.TokensSeen() != 2 || n.Accepted != 400 {
		t.Errorf("%d tokens later, counts %+v", g.TokensSeen(), n)
	}
}

func TestGivesUp(t *testing.T) {
	for _, test := range []struct {
		name    string
		retry   Retry
		fault   push.Fault
		outcome Outcome
		reason  string
		sent    int
	}{
		{"after so many attempts", Retry{Attempts: 3}, push.Fault{Kind: push.Reply, Answer: standfcm.Internal(), Times: 2000}, GaveUp, "INTERNAL", 3},
		{"after so long", Retry{GiveUpAfter: 150 * time.Second, Base: time.Minute, Longest: time.Hour}, push.Fault{Kind: push.Reply, Answer: standfcm.Internal()}, GaveUp, "INTERNAL", 2}, // the third would be after 1 + 2 minutes
		{"lost, and not sent again", Retry{KeepLost: true}, push.Fault{Kind: push.Reset, Code: http2.ErrCodeInternal, Taken: true}, Unknown, "the gateway reset the stream (INTERNAL_ERROR)", 1},
		{"lost, and then failing", Retry{Attempts: 3}, push.Fault{Kind: push.Reset, Code: http2.ErrCodeCancel}, Unknown, "the gateway reset the stream (CANCEL)", 3},
		{"lost, and cut off by the time", Retry{GiveUpAfter: 20 * time.Second, Base: time.Hour, Longest: time.Hour}, push.Fault{Kind: push.Reset, Code: http2.ErrCodeCancel}, Unknown, "the gateway reset the stream (CANCEL)", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 1, Clock: newClock(200), Retry: test.retry, Random: func() float64 { return 0.5 }}.patient())
			w.server.Inject(test.fault)
			results := w.must(10)
			for _, r := range results {
				if r.Outcome != test.outcome || r.Reason != test.reason || r.Attempts != test.sent {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestGatewayOutOfReach(t *testing.T) {
	clock := newClock(100)
	_, g := fcmWorld(t, standfcm.Options{}, Options{Clock: clock})
	for name, url := range map[string]string{"nobody there": "https://127.0.0.1:1", "no HTTP/2": tokenEndpoint(t, g)} {
		t.Run(name, func(t *testing.T) {
			s, err := NewFCM(FCM{ServiceAccount: g.ServiceAccount()}, Options{URL: url, RootCAs: g.CA(), Clock: clock, Retry: Retry{GiveUpAfter: 20 * time.Second}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			results := make([]Result, 5)
			b := (&world{token: push.FCMToken, text: fcmText}).batch(0, 5)
			if err := s.Send(t.Context(), b, results); err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Outcome != GaveUp || !strings.HasPrefix(r.Reason, "not sent in time: ") {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// tokenEndpoint is the address of a server that speaks HTTP/1.1 only.
func tokenEndpoint(t *testing.T, g *standfcm.Gateway) string {
	t.Helper()
	account, err := parseServiceAccount(g.ServiceAccount())
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(account.TokenURI, "/token")
}

// A meter is a pacer that counts.
type meter struct{ taken atomic.Int64 }

func (m *meter) Take(ctx context.Context, n int) error {
	m.taken.Add(int64(n))
	return ctx.Err()
}

func TestPacerIsAskedForEverySubmission(t *testing.T) {
	m := &meter{}
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 2, Clock: newClock(50), Pacer: m}.patient())
	w.server.Inject(push.Fault{Kind: push.Reply, Answer: standfcm.Unavailable(0), Every: 10, Times: 100})
	w.server.Inject(push.Fault{Kind: push.GoAway, After: 1500, Times: 1})
	attempts := 0
	for _, r := range w.must(5000) {
		attempts += r.Attempts
	}
	if n := m.taken.Load(); n != int64(attempts) || attempts < 5100 {
		t.Errorf("%d taken, %d attempts", n, attempts)
	}
}

// stuck is a pacer that lets nothing through.
type stuck struct{}

func (stuck) Take(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }

func TestPacerThatIsCanceled(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{}, Options{Pacer: stuck{}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	results, err := w.send(ctx, 2000)
	if by, _ := tally(results); !errors.Is(err, context.DeadlineExceeded) || by[Unsent] != 2000 {
		t.Errorf("%v %v", err, by)
	}
	if n := w.server.Counts(); n.Accepted != 0 {
		t.Errorf("counts %+v", n)
	}
}
