package gateway

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	standapns "liveops/sandbox/apns"
	standfcm "liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

func TestFCMAccepts(t *testing.T) {
	w, g := fcmWorld(t, standfcm.Options{}, Options{})
	results := w.must(10_000)
	w.allAccepted(results, 0)
	for _, r := range results {
		if !strings.HasPrefix(string(r.ID), "projects/game/messages/0:") || r.Attempts != 1 || r.Reason != "" {
			t.Fatalf("%+v", r)
		}
	}
	if n := g.TokensGiven(); n != 1 {
		t.Errorf("%d access tokens for one run", n)
	}
}

func TestAPNsAccepts(t *testing.T) {
	w, g := apnsWorld(t, standapns.Options{}, Options{})
	results := w.must(10_000)
	w.allAccepted(results, 0)
	for _, r := range results {
		if len(r.ID) != 36 || r.Attempts != 1 {
			t.Fatalf("%+v", r)
		}
	}
	if n := g.TokensSeen(); n != 1 {
		t.Errorf("%d authentication tokens for one run", n)
	}
}

func TestDeadTokens(t *testing.T) {
	since := time.UnixMilli(1_700_000_000_123).UTC()
	for _, test := range []struct {
		name   string
		world  *world
		reason string
		since  time.Time
	}{
		{"FCM", first(fcmWorld(t, standfcm.Options{}, Options{})), "UNREGISTERED", time.Time{}},
		{"APNs", first(apnsWorld(t, standapns.Options{}, Options{})), "Unregistered", since},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.world.device.SetDeadShare(0.1, since)
			results := test.world.must(1000)
			by, _ := tally(results)
			if by[Dead] < 70 || by[Dead] > 130 || by[Dead]+by[Accepted] != 1000 {
				t.Errorf("%v", by)
			}
			for _, r := range results {
				if r.Outcome == Dead && (r.Reason != test.reason || !r.Since.Equal(test.since)) {
					t.Fatalf("%+v", r)
				}
			}
		})
	}
}

func first[A, B any](a A, _ B) A { return a }

func TestRejectedIsNeverDead(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{}, Options{})
	a, _ := apnsWorld(t, standapns.Options{}, Options{})
	long := strings.Repeat("a", 120)
	for _, test := range []struct {
		name    string
		world   *world
		message Message
		reason  string
		sent    bool
	}{
		{"FCM, too short", w, Message{Token: []byte("abc"), Template: fcmText}, "INVALID_ARGUMENT: The registration token is not a valid FCM registration token", true},
		{"FCM, another text", w, Message{Token: []byte(long), Template: &Template{Prefix: []byte(`{"message":{"color":1,"token":"`), Suffix: []byte(`"}}`)}}, "INVALID_ARGUMENT: Invalid JSON payload received. unknown field \"color\"", true},
		{"FCM, an escape", w, Message{Token: []byte(long + `","x":"`), Template: fcmText}, `a token with the character '"'`, false},
		{"FCM, nothing", w, Message{Template: fcmText}, "a token of 0 bytes", false},
		{"APNs, too short", a, Message{Token: []byte("abc"), Template: apnsText}, "BadDeviceToken", true},
		{"APNs, another path", a, Message{Token: []byte("../x"), Template: apnsText}, "a token with the character '.', which is no hexadecimal digit", false},
		{"APNs, no payload", a, Message{Token: push.APNsToken(nil, 1), Template: &Template{APNs: apnsText.APNs}}, "PayloadEmpty", true},
		{"APNs, too large", a, Message{Token: push.APNsToken(nil, 1), Template: &Template{Prefix: []byte(`{"aps":{},"x":"` + strings.Repeat("x", 5000) + `"}`)}}, "PayloadTooLarge", true},
		{"APNs, a long collapse id", a, Message{Token: push.APNsToken(nil, 1), Template: apnsText, CollapseID: strings.Repeat("c", 65)}, "a collapse id of 65 bytes: APNs takes 64", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			results := make([]Result, 2)
			good := Message{Token: test.world.token(nil, 7), Template: test.world.text}
			if err := test.world.sender.Send(t.Context(), &Batch{Messages: []Message{test.message, good}}, results); err != nil {
				t.Fatal(err)
			}
			if r := results[0]; r.Outcome != Rejected || r.Reason != test.reason || (r.Attempts > 0) != test.sent {
				t.Errorf("%+v", r)
			}
			if results[1].Outcome != Accepted {
				t.Errorf("the message beside it: %+v", results[1])
			}
		})
	}
}

func TestStops(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer push.Answer
		apns   bool
		reason string
	}{
		{"FCM, another project's tokens", standfcm.SenderIDMismatch(), false, "SENDER_ID_MISMATCH"},
		{"FCM, its key for APNs", standfcm.ThirdPartyAuth(), false, "THIRD_PARTY_AUTH_ERROR"},
		{"APNs, another key", standapns.Failure("InvalidProviderToken"), true, "InvalidProviderToken"},
		{"APNs, another topic", standapns.Failure("TopicDisallowed"), true, "TopicDisallowed"},
		{"APNs, another app's tokens", standapns.Failure("DeviceTokenNotForTopic"), true, "DeviceTokenNotForTopic"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := first(fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 1}))
			if test.apns {
				w = first(apnsWorld(t, standapns.Options{Settings: push.Settings{MaxStreams: 100}}, Options{MaxConnections: 1}))
			}
			w.server.Inject(push.Fault{Kind: push.Reply, Answer: test.answer, After: 50})
			results := make([]Result, 1000)
			err := w.sender.Send(t.Context(), w.batch(0, 1000), results)
			stop := (*StopError)(nil)
			if !errors.As(err, &stop) || stop.Reason != test.reason || stop.Advice == "" {
				t.Fatalf("%v", err)
			}
			by, _ := tally(results)
			if by[Accepted] != 50 || by[Unsent] != 950 {
				t.Errorf("%v", by)
			}
			if n := w.server.Counts(); n.Refused[test.reason] > 400 {
				t.Errorf("%d more were sent after it", n.Refused[test.reason])
			}
		})
	}
}

func TestServiceAccountWithAnotherKey(t *testing.T) {
	w, g := fcmWorld(t, standfcm.Options{}, Options{})
	other, err := standfcm.Start(t.Context(), standfcm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	file := swapKey(t, string(g.ServiceAccount()), string(other.ServiceAccount()))
	s, err := NewFCM(FCM{ServiceAccount: []byte(file)}, Options{URL: g.URL(), RootCAs: g.CA()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	results := make([]Result, 10)
	err = s.Send(t.Context(), w.batch(0, 10), results)
	if stop := (*StopError)(nil); !errors.As(err, &stop) || stop.Reason != "no access token" || !strings.Contains(err.Error(), "Invalid JWT Signature") {
		t.Errorf("%v", err)
	}
	if by, _ := tally(results); by[Unsent] != 10 {
		t.Errorf("%v", by)
	}
}

func TestCancel(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 2})
	w.server.SetLatency(30 * time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		until(t, "some are accepted", func() bool { return w.server.Counts().Accepted > 300 })
		cancel()
	}()
	results, err := w.send(ctx, 20_000)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	after := w.server.Counts().Accepted
	by, _ := tally(results)
	if int64(by[Accepted]) != after || by[Accepted]+by[Unsent] != 20_000 || by[Unsent] == 0 || by[Accepted] == 0 {
		t.Errorf("%v, the gateway accepted %d", by, after)
	}
	if w.must(1); w.server.Counts().Accepted != after+1 {
		t.Errorf("%d were accepted after the cancel was answered", w.server.Counts().Accepted-after-1)
	}
}

func TestCloseWhileSending(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 1})
	w.server.SetLatency(time.Hour)
	ended := make(chan error)
	results := make([]Result, 1000)
	go func() { ended <- w.sender.Send(t.Context(), w.batch(0, 1000), results) }()
	for w.sender.Stats().InFlight < 100 {
		select {
		case <-time.After(time.Millisecond):
		case err := <-ended:
			t.Fatal(err)
		}
	}
	w.sender.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if by, _ := tally(results); by[Unknown] != 100 || by[Unsent] != 900 {
		t.Errorf("%v", by)
	}
	if err := w.sender.Send(t.Context(), w.batch(0, 1), results[:1]); !errors.Is(err, ErrClosed) {
		t.Errorf("after it: %v", err)
	}
}

func TestBatchesOfTheWrongSize(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{}, Options{})
	for _, n := range [][2]int{{1001, 1001}, {10, 9}} {
		if err := w.sender.Send(t.Context(), w.batch(0, n[0]), make([]Result, n[1])); err == nil {
			t.Errorf("%v was taken", n)
		}
	}
	if err := w.sender.Send(t.Context(), &Batch{}, nil); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
}

func TestLanguagesAndCollapseIDs(t *testing.T) {
	w, _ := apnsWorld(t, standapns.Options{}, Options{})
	b := w.batch(0, 600)
	texts := []*Template{apnsText, {Prefix: []byte(`{"aps":{"alert":"안녕"}}`), APNs: apnsText.APNs}, {Prefix: []byte(`{"aps":{"alert":"やあ"}}`), APNs: Header{Priority: 5, Expiration: -1}}}
	for i := range b.Messages {
		b.Messages[i].Template = texts[i%3]
		if i%2 == 0 {
			b.Messages[i].CollapseID = "own-" + strings.Repeat("x", i%50)
		}
	}
	results := make([]Result, 600)
	if err := w.sender.Send(t.Context(), b, results); err != nil {
		t.Fatal(err)
	}
	w.allAccepted(results, 0)
	if n := w.server.Counts(); n.Texts != 3 {
		t.Errorf("counts %+v", n)
	}
}

// swapKey gives a service account the private key of another.
func swapKey(t *testing.T, file, other string) string {
	t.Helper()
	key := func(s string) string {
		for _, line := range strings.Split(s, "\n") {
			if strings.Contains(line, `"private_key":`) {
				return line
			}
		}
		t.Fatal("no private_key")
		return ""
	}
	return strings.Replace(file, key(file), key(other), 1)
}

// TestSendTakesNoMemory counts what sender and stand-in together ask of the memory for a message.
func TestSendTakesNoMemory(t *testing.T) {
	w, _ := fcmWorld(t, standfcm.Options{}, Options{MaxConnections: 1})
	b, results := w.batch(0, MaxBatch), make([]Result, MaxBatch)
	send := func() {
		if err := w.sender.Send(t.Context(), b, results); err != nil {
			t.Fatal(err)
		}
	}
	send() // so that the results have memory for their ids
	if n := testing.AllocsPerRun(20, send); n > 100 {
		t.Errorf("%v allocations for a batch of %d", n, MaxBatch)
	}
}
