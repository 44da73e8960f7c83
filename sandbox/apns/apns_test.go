package apns

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"liveops/sandbox/push"
)

// A world is a gateway, the client of another library, and a clock.
type world struct {
	t      *testing.T
	g      *Gateway
	client *http.Client
	now    time.Time
	bearer string
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 25, 19, 0, 0, 0, time.UTC)}
	g, err := Start(t.Context(), Options{Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: g.CA()}, ForceAttemptHTTP2: true, HTTP2: &http.HTTP2Config{StrictMaxConcurrentRequests: true}}
	t.Cleanup(transport.CloseIdleConnections)
	w.g, w.client = g, &http.Client{Transport: transport}
	w.bearer = w.jwt(w.now, standInKey, standInTeam)
	return w
}

func (w *world) jwt(issued time.Time, key, team string) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "ES256", "kid": key}) + "." + part(map[string]any{"iss": team, "iat": issued.Unix()})
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, w.g.keys.key, sum[:])
	if err != nil {
		w.t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func token(n uint64) string { return string(push.APNsToken(nil, n)) }

const payload = `{"aps":{"alert":{"title":"Hi","body":"There"}}}`

type answer struct {
	status    int
	id        string
	Reason    string
	Timestamp int64
}

func (w *world) send(device, body string, change ...func(*http.Request)) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), "POST", w.g.URL()+"/3/device/"+device, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range map[string]string{"authorization": "bearer " + w.bearer, "apns-topic": "com.example.game", "apns-push-type": "alert"} {
		r.Header.Set(name, value)
	}
	for _, c := range change {
		c(r)
	}
	res, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, id: res.Header.Get("apns-id")}
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil && err != io.EOF {
		w.t.Fatal(err)
	}
	return a
}

// set sets a header field, or removes it.
func set(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func TestAccepted(t *testing.T) {
	w := start(t)
	ids := map[string]bool{}
	for n := range uint64(3) {
		a := w.send(token(n), payload)
		if a.status != 200 || !isUUID(a.id) || ids[a.id] {
			t.Fatalf("%+v", a)
		}
		ids[a.id] = true
	}
	const mine = "123e4567-e89b-12d3-a456-42665544000a"
	if a := w.send(token(1), payload, set("apns-id", mine)); a.id != mine {
		t.Errorf("%+v", a)
	}
	if n := w.g.Counts(); n.Accepted != 4 || n.Tokens != 3 || n.Repeated != 1 || n.Texts != 1 {
		t.Errorf("counts %+v", n)
	}
}

func TestRequests(t *testing.T) {
	w := start(t)
	for _, test := range []struct {
		name, device, body string
		change             func(*http.Request)
		status             int
		reason             string
	}{
		{"everything", token(1), payload, func(r *http.Request) {
			set("apns-expiration", "1800000000")(r)
			set("apns-priority", "5")(r)
			set("apns-collapse-id", strings.Repeat("c", 64))(r)
		}, 200, ""},
		{"another path", "", payload, func(r *http.Request) { r.URL.Path = "/4/device/x" }, 404, "BadPath"},
		{"another method", token(1), payload, func(r *http.Request) { r.Method = "PUT" }, 405, "MethodNotAllowed"},
		{"no device", "", payload, set("x"), 400, "MissingDeviceToken"},
		{"a device that is none", "xyz", payload, set("x"), 400, "BadDeviceToken"},
		{"no topic", token(1), payload, set("apns-topic"), 400, "MissingTopic"},
		{"another app", token(1), payload, set("apns-topic", "com.example.other"), 400, "TopicDisallowed"},
		{"a topic of another kind", token(1), payload, set("apns-topic", "com.example.game.voip"), 400, "BadTopic"},
		{"no push type", token(1), payload, set("apns-push-type"), 400, "InvalidPushType"},
		{"another push type", token(1), payload, set("apns-push-type", "shout"), 400, "InvalidPushType"},
		{"in the background, at once", token(1), payload, set("apns-push-type", "background"), 400, "BadPriority"},
		{"another priority", token(1), payload, set("apns-priority", "7"), 400, "BadPriority"},
		{"an expiration that is none", token(1), payload, set("apns-expiration", "tomorrow"), 400, "BadExpirationDate"},
		{"a collapse id too long", token(1), payload, set("apns-collapse-id", strings.Repeat("c", 65)), 400, "BadCollapseId"},
		{"an id that is none", token(1), payload, set("apns-id", "7"), 400, "BadMessageId"},
		{"a field twice", token(1), payload, set("apns-priority", "5", "5"), 400, "DuplicateHeaders"},
		{"no payload", token(1), "", set("x"), 400, "PayloadEmpty"},
		{"a payload that is none", token(1), "{", set("x"), 400, "PayloadEmpty"},
		{"no aps", token(1), `{"a":1}`, set("x"), 400, "PayloadEmpty"},
		{"too large", token(1), `{"aps":{},"x":"` + strings.Repeat("x", 4096) + `"}`, set("x"), 413, "PayloadTooLarge"},
		{"just not too large", token(1), `{"aps":{},"x":"` + strings.Repeat("x", 4096-17) + `"}`, set("x"), 200, ""},
		{"no authentication", token(1), payload, set("authorization"), 403, "MissingProviderToken"},
		{"not a token", token(1), payload, set("authorization", "bearer x"), 403, "InvalidProviderToken"},
		{"another key", token(1), payload, set("authorization", "bearer "+w.jwt(w.now, "OTHERKEYID", standInTeam)), 403, "InvalidProviderToken"},
		{"another team", token(1), payload, set("authorization", "bearer "+w.jwt(w.now, standInKey, "OTHERTEAM1")), 403, "InvalidProviderToken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if a := w.send(test.device, test.body, test.change); a.status != test.status || a.Reason != test.reason {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestTokensLiveAnHour(t *testing.T) {
	w := start(t)
	w.send(token(1), payload)
	w.now = w.now.Add(time.Hour)
	if a := w.send(token(1), payload); a.status != 403 || a.Reason != "ExpiredProviderToken" {
		t.Errorf("%+v", a)
	}
	if w.bearer = w.jwt(w.now, standInKey, standInTeam); w.send(token(1), payload).status != 200 {
		t.Error("a new one is refused")
	}
}

func TestTokensAreNotRenewedTooOften(t *testing.T) {
	w := start(t)
	w.send(token(1), payload)
	w.now = w.now.Add(19 * time.Minute)
	old := w.bearer
	w.bearer = w.jwt(w.now, standInKey, standInTeam)
	if a := w.send(token(1), payload); a.status != 429 || a.Reason != "TooManyProviderTokenUpdates" {
		t.Errorf("after 19 minutes: %+v", a)
	}
	w.now = w.now.Add(time.Minute)
	if a := w.send(token(1), payload); a.status != 200 {
		t.Errorf("after 20 minutes: %+v", a)
	}
	if w.bearer = old; w.send(token(1), payload).status != 200 || w.g.TokensSeen() != 2 {
		t.Errorf("the old one is refused; %d seen", w.g.TokensSeen())
	}
}

func TestDevices(t *testing.T) {
	w := start(t)
	since := time.UnixMilli(1_700_000_000_123)
	w.g.Set(token(1), push.Dead, since)
	w.g.Set(token(2), push.Foreign, since)
	if a := w.send(token(1), payload); a.status != 410 || a.Reason != "Unregistered" || a.Timestamp != since.UnixMilli() || a.id == "" {
		t.Errorf("%+v", a)
	}
	if a := w.send(token(2), payload); a.status != 400 || a.Reason != "DeviceTokenNotForTopic" {
		t.Errorf("%+v", a)
	}
}

func TestOneStreamBeforeTheFirstToken(t *testing.T) {
	w := start(t)
	n, err := tls.Dial("tcp", strings.TrimPrefix(w.g.URL(), "https://"), &tls.Config{RootCAs: w.g.CA(), NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	io.WriteString(n, http2.ClientPreface)
	f := http2.NewFramer(n, n)
	f.WriteSettings()
	limit := func() uint32 {
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				t.Fatal(err)
			}
			if s, ok := frame.(*http2.SettingsFrame); ok && !s.IsAck() {
				v, _ := s.Value(http2.SettingMaxConcurrentStreams)
				f.WriteSettingsAck()
				return v
			}
		}
	}
	if v := limit(); v != 1 {
		t.Errorf("%d streams before the first token", v)
	}
	raw := []byte{0x83, 0x87, 0x01, 1, 'x'}
	literal := func(name, value string) {
		raw = append(append(append(append(raw, 0, byte(len(name))), name...), 0x7f, byte(len(value)-127)), value...)
	}
	raw = append(append(append(raw, 0x04, byte(len("/3/device/")+64)), "/3/device/"...), token(1)...)
	literal("authorization", "bearer "+w.bearer)
	raw = append(append(append(raw, 0, 10), "apns-topic\x10"...), "com.example.game"...)
	raw = append(append(append(raw, 0, 14), "apns-push-type\x05"...), "alert"...)
	f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: raw, EndHeaders: true})
	f.WriteData(1, true, []byte(payload))
	if v := limit(); v != 1000 {
		t.Errorf("%d streams after the first token", v)
	}
}

func TestAnswersOnDemand(t *testing.T) {
	w := start(t)
	for _, reason := range []string{"TooManyRequests", "InternalServerError", "ServiceUnavailable", "Shutdown"} {
		w.g.Inject(push.Fault{Kind: push.Reply, Answer: Failure(reason), Times: 1})
		if a := w.send(token(1), payload); a.Reason != reason || a.status != statuses[reason] {
			t.Errorf("%+v, want %s", a, reason)
		}
	}
}
