package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"liveops/pushd/gateway/h2"
	"liveops/sandbox/push"
)

var noon = time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC)

// A handClock is set by hand; nothing waits on it.
type handClock struct{ now time.Time }

func (c *handClock) Now() time.Time                       { return c.now }
func (c *handClock) After(time.Duration) <-chan time.Time { return nil }

func TestRetryWaits(t *testing.T) {
	r := Retry{}.complete()
	for _, test := range []struct {
		n      int
		random float64
		want   time.Duration
	}{
		{1, 0, 0}, {1, 1, time.Second}, {1, 0.5, 500 * time.Millisecond}, {2, 1, 2 * time.Second}, {5, 1, 16 * time.Second},
		{7, 1, time.Minute}, {100, 1, time.Minute}, {100, 0.25, 15 * time.Second},
	} {
		if got := r.wait(test.n, test.random); got != test.want {
			t.Errorf("wait %d with %v: %s, want %s", test.n, test.random, got, test.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 120 ": 2 * time.Minute, "-1": 0, "soon": 0, "99999999999999999999": 0,
		"Thu, 24 Dec 2026 12:00:30 GMT": 30 * time.Second, "Thu, 24 Dec 2026 11:00:00 GMT": 0,
	} {
		if got := parseRetryAfter(value, noon); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestBreaker(t *testing.T) {
	b, now := &breaker{}, noon
	fail := func(n int) (opened bool) {
		for range n {
			opened = b.failed(now) || opened
		}
		return opened
	}
	b.succeeded(30)
	if fail(1) || b.successes.Load() != 0 { // the first failure begins a window
		t.Fatal("opened by one failure")
	}
	b.succeeded(30)
	if fail(28) {
		t.Error("opened by less than half")
	}
	if !fail(1) || b.allow(100, now) != 0 || !b.opens().Equal(now.Add(time.Second)) {
		t.Errorf("half of 60 failed: open %v, until %s", b.open.Load(), b.opens())
	}
	if b.succeeded(5); !b.open.Load() {
		t.Error("closed by answers to what was sent before")
	}
	now = now.Add(time.Second)
	if n := b.allow(100, now) + b.allow(100, now); n != breakerProbes {
		t.Errorf("%d may try", n)
	}
	if !fail(1) || !b.opens().Equal(now.Add(2*time.Second)) || fail(5) {
		t.Errorf("after a try that failed: until %s", b.opens())
	}
	now = now.Add(2 * time.Second)
	b.allow(1, now)
	if b.succeeded(1); b.open.Load() || b.allow(100, now) != 100 || !b.opens().IsZero() {
		t.Error("a try that went well does not close it")
	}
	if fail(19) || !fail(1) {
		t.Error("the next time it does not open by the same")
	}
	now = now.Add(time.Second)
	b.allow(100, now)
	if now = now.Add(breakerWindow); b.allow(100, now) != breakerProbes {
		t.Error("those that tried never told, and nobody may try again")
	}
}

func TestCredentialsAreShared(t *testing.T) {
	clock := &handClock{noon}
	made := atomic.Int64{}
	let := make(chan error)
	c := &credentials{clock: clock, ctx: t.Context(), fresh: func() {}, mint: func(context.Context, bool) (*credential, error) {
		err := <-let
		n := made.Add(1)
		return &credential{text: fmt.Sprint("token ", n), renew: clock.now.Add(50 * time.Minute), until: clock.now.Add(time.Hour)}, err
	}}
	ended := make(chan error)
	for range 5 {
		go func() { ended <- c.ensure(t.Context()) }()
	}
	let <- nil
	for range 5 {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	first := c.usable(noon)
	if made.Load() != 1 || first == nil {
		t.Fatalf("%d were made at once", made.Load())
	}
	clock.now = noon.Add(50 * time.Minute)
	if err := c.ensure(t.Context()); err != nil || c.usable(clock.now) != first {
		t.Errorf("the old one is not used meanwhile: %v", err)
	}
	let <- errors.New("out of reach")
	c.running.Wait()
	if err := c.ensure(t.Context()); err != nil || c.usable(clock.now) != first {
		t.Errorf("a renewal that failed takes the old one away: %v", err)
	}
	let <- nil
	c.running.Wait()
	if k := c.usable(clock.now); k == first || k == nil {
		t.Error("it was not renewed")
	}
}

func TestCredentialsThatAreRefused(t *testing.T) {
	clock := &handClock{noon}
	c := &credentials{clock: clock, ctx: t.Context(), fresh: func() {}, mint: func(context.Context, bool) (*credential, error) {
		return &credential{renew: noon.Add(time.Hour), until: noon.Add(time.Hour)}, nil
	}}
	take := func(proven bool) error {
		if err := c.ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
		k := c.usable(noon)
		k.proven.Store(proven)
		err := c.refuse(k, "UNAUTHENTICATED")
		if again := c.refuse(k, "UNAUTHENTICATED"); again != nil {
			t.Errorf("the same one twice: %v", again)
		}
		return err
	}
	for i, test := range []struct{ proven, stops bool }{{true, false}, {false, false}, {true, false}, {false, false}, {false, true}} {
		if err := take(test.proven); isStop(err) != test.stops {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestMintOfProviderTokens(t *testing.T) {
	_, g := apnsWorld(t, apnsDefaults, Options{})
	p8, keyID, teamID := g.Key()
	key, err := parseKey(p8)
	if err != nil {
		t.Fatal(err)
	}
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for _, test := range []struct{ now, renew, until int }{{0, 30, 59}, {1, 30, 59}, {15, 35, 59}, {29, 49, 59}, {30, 60, 89}} {
		clock := &handClock{at(test.now)}
		m := mintProviderToken(key, APNs{KeyID: keyID, TeamID: teamID}, clock)
		k, err := m(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		if !k.renew.Equal(at(test.renew)) || !k.until.Equal(at(test.until)) {
			t.Errorf("made at %d: renewed %s, until %s", test.now, k.renew, k.until)
		}
		other, err := mintProviderToken(key, APNs{KeyID: keyID, TeamID: teamID}, clock)(t.Context(), false)
		if err != nil || other.text != k.text {
			t.Errorf("another worker has another token: %v", err)
		}
		clock.now = clock.now.Add(19 * time.Minute)
		if _, err := m(t.Context(), false); !isStop(err) || !errors.Is(err, errTooSoon) {
			t.Errorf("another after 19 minutes: %v", err)
		}
	}
}

func TestPoolFollowsTheRate(t *testing.T) {
	for _, test := range []struct {
		rate float64
		want int
	}{{0, 1}, {10, 1}, {1000, 2}, {25_000, 32}, {100_000, 125}} {
		s := &Sender{o: Options{}.complete()}
		p := &pool{s: s, rate: test.rate}
		p.growth.rate = test.rate
		if got := p.wanted(nil, noon); got != test.want { // at the guess of 100 streams and 100 ms, and a quarter more
			t.Errorf("%v/s: %d connections, want %d", test.rate, got, test.want)
		}
	}
}

func TestJudgesOfAPNs(t *testing.T) {
	a := &apns{}
	for _, test := range []struct {
		status int
		body   string
		want   kind
		reason string
	}{
		{200, "", accepted, ""},
		{410, `{"reason":"Unregistered","timestamp":1700000000123}`, dead, "Unregistered"},
		{410, `{"reason":"ExpiredToken","timestamp":1700000000123}`, dead, "ExpiredToken"},
		{410, `{"reason":"Unregistered"}`, dead, "Unregistered"},
		{400, `{"reason":"Unregistered"}`, rejected, "Unregistered"},
		{400, `{"reason":"BadDeviceToken"}`, rejected, "BadDeviceToken"},
		{413, `{"reason":"PayloadTooLarge"}`, rejected, "PayloadTooLarge"},
		{400, `nonsense`, rejected, "status 400"},
		{403, `{"reason":"ExpiredProviderToken"}`, renew, "ExpiredProviderToken"},
		{403, `{"reason":"InvalidProviderToken"}`, stopped, "InvalidProviderToken"},
		{403, `{"reason":"Something"}`, stopped, "Something"},
		{400, `{"reason":"BadTopic"}`, stopped, "BadTopic"},
		{400, `{"reason":"DeviceTokenNotForTopic"}`, stopped, "DeviceTokenNotForTopic"},
		{429, `{"reason":"TooManyRequests"}`, again, "TooManyRequests"},
		{429, `{"reason":"TooManyProviderTokenUpdates"}`, renew, "TooManyProviderTokenUpdates"},
		{500, `{"reason":"InternalServerError"}`, again, "InternalServerError"},
		{503, `{"reason":"Shutdown"}`, again, "Shutdown"},
		{502, `<html>`, again, ""},
	} {
		var r Result
		v := a.judge(&h2.Answer{Status: test.status, Body: []byte(test.body)}, &r, noon)
		if v.kind != test.want || r.Reason != test.reason || v.sick != (test.status >= 500) {
			t.Errorf("%d %s: %+v %q", test.status, test.body, v, r.Reason)
		}
		if told := strings.Contains(test.body, "timestamp"); told && r.Since.UnixMilli() != 1_700_000_000_123 || !told && !r.Since.IsZero() {
			t.Errorf("%s: since %s", test.body, r.Since)
		}
	}
}

func TestJudgesOfFCM(t *testing.T) {
	f := &fcm{project: "game"}
	detail := func(status, code string) string {
		return `{"error":{"status":"` + status + `","message":"m","details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"` + code + `"}]}}`
	}
	for _, test := range []struct {
		status           int
		body, retryAfter string
		want             kind
		wait             time.Duration
	}{
		{200, `{"name": "projects/game/messages/0:1"}`, "", accepted, 0},
		{404, detail("NOT_FOUND", "UNREGISTERED"), "", dead, 0},
		{404, `{"error":{"status":"NOT_FOUND"}}`, "", stopped, 0}, // the project, not the token
		{400, detail("INVALID_ARGUMENT", "INVALID_ARGUMENT"), "", rejected, 0},
		{403, detail("PERMISSION_DENIED", "SENDER_ID_MISMATCH"), "", stopped, 0},
		{403, `{"error":{"status":"PERMISSION_DENIED"}}`, "", stopped, 0},
		{401, `{"error":{"status":"UNAUTHENTICATED"}}`, "", renew, 0},
		{401, detail("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), "", stopped, 0},
		{429, detail("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), "7", gated, 7 * time.Second},
		{429, detail("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), "", gated, time.Minute},
		{429, `<html>`, "", gated, time.Minute},
		{503, detail("UNAVAILABLE", "UNAVAILABLE"), "3", gated, 3 * time.Second},
		{503, detail("UNAVAILABLE", "UNAVAILABLE"), "", again, 0},
		{500, detail("INTERNAL", "INTERNAL"), "", again, 0},
		{418, ``, "", rejected, 0},
	} {
		var r Result
		v := f.judge(&h2.Answer{Status: test.status, Body: []byte(test.body), RetryAfter: test.retryAfter}, &r, noon)
		if v.kind != test.want || v.wait != test.wait || v.sick != (test.status >= 500) {
			t.Errorf("%d %s: %+v", test.status, test.body, v)
		}
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	_, g := apnsWorld(t, apnsDefaults, Options{})
	key, _, _ := g.Key()
	for name, test := range map[string]func() error{
		"FCM without a file":    func() error { _, err := NewFCM(FCM{}, Options{}); return err },
		"FCM with another file": func() error { _, err := NewFCM(FCM{ServiceAccount: []byte(`{"type":"user"}`)}, Options{}); return err },
		"APNs without a key":    func() error { _, err := NewAPNs(APNs{KeyID: "A", TeamID: "B", Topic: "c"}, Options{}); return err },
		"APNs without its id":   func() error { _, err := NewAPNs(APNs{Key: key, TeamID: "B", Topic: "c"}, Options{}); return err },
		"APNs without a topic":  func() error { _, err := NewAPNs(APNs{Key: key, KeyID: "A", TeamID: "B"}, Options{}); return err },
		"an address without TLS": func() error {
			_, err := NewAPNs(APNs{key, "A", "B", "c"}, Options{URL: "http://a.example"})
			return err
		},
		"an address with a path": func() error {
			_, err := NewAPNs(APNs{key, "A", "B", "c"}, Options{URL: "https://a.example/x"})
			return err
		},
		"an address that is none": func() error { _, err := NewAPNs(APNs{key, "A", "B", "c"}, Options{URL: "://"}); return err },
	} {
		if err := test(); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"reason":"Unregistered","timestamp":1700000000123}`)
	f.Add("{\n  \"name\": \"projects/p/messages/0:1%31\"\n}")
	f.Add(`{"x":"\"name\":","name":"a\u00e9\n"}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := jsonString([]byte(text), "name")
		jsonInt([]byte(text), "timestamp")
		var flat map[string]string
		if json.Unmarshal([]byte(text), &flat) != nil || len(flat) != 1 {
			return // the first of several is not told by a map
		}
		want, ok := flat["name"]
		plain, err := json.Marshal(map[string]string{"name": want})
		if ok && err == nil && string(plain) == text && string(got) != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	})
}

func TestReadingAccessTokens(t *testing.T) {
	for status, stops := range map[int]bool{http.StatusBadRequest: true, http.StatusUnauthorized: true, http.StatusTooManyRequests: false, http.StatusBadGateway: false, http.StatusOK: false} {
		w := &http.Response{StatusCode: status, Status: http.StatusText(status), Body: http.NoBody}
		if _, err := readToken(w, noon); err == nil || isStop(err) != stops {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestRepeatThatComesMeanwhile has a repeat come before one that was seen to be due, before that is taken.
func TestRepeatThatComesMeanwhile(t *testing.T) {
	s := &Sender{o: Options{}.complete(), vendor: &fcm{}}
	s.o.Clock = &handClock{noon}
	b := (&world{token: push.FCMToken, text: fcmText}).batch(0, 3)
	j := s.newJob(b, make([]Result, 3))
	r := &j.results[0]
	all := j.take(portion{fresh: 3})
	if all.len() != 3 || j.inHand != 3 {
		t.Fatalf("%+v", all)
	}
	j.repeat(2, r, noon, 0)
	p, _, _, _ := j.due(noon)
	j.repeat(1, r, noon.Add(-time.Second), 0)
	if got := j.take(p); got.len() != 1 || got.listed[0] != 1 || len(j.again) != 1 || j.again[0].index != 2 {
		t.Errorf("taken %v, left %v", got.listed, j.again)
	}
}
