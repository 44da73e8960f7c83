package fcm

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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

func start(t *testing.T, o Options) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 25, 19, 0, 0, 0, time.UTC)}
	o.Now = func() time.Time { return w.now }
	g, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: g.CA()}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	w.g, w.client, w.bearer = g, &http.Client{Transport: transport}, g.Token()
	return w
}

func token(n uint64) string { return string(push.FCMToken(nil, n)) }

// bodyFor is a body around a token.
func bodyFor(n uint64) string {
	return `{"message":{"token":"` + token(n) + `","notification":{"title":"Hi","body":"There"}}}`
}

type answer struct {
	status     int
	retryAfter string
	Name       string
	Error      struct {
		Status  string
		Details []struct {
			ErrorCode       string
			Violations      []struct{ Subject string }
			FieldViolations []struct{ Field string }
		}
	}
}

func (a answer) code() string {
	for _, d := range a.Error.Details {
		if d.ErrorCode != "" {
			return d.ErrorCode
		}
	}
	return a.Error.Status
}

func (w *world) send(body string, change ...func(*http.Request)) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), "POST", w.g.URL()+"/v1/projects/game/messages:send", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.bearer)
	r.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(r)
	}
	res, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, retryAfter: res.Header.Get("Retry-After")}
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		w.t.Fatalf("%s: %v", res.Status, err)
	}
	return a
}

func TestAccepted(t *testing.T) {
	w := start(t, Options{})
	for range 3 {
		if a := w.send(bodyFor(1)); a.status != 200 || !strings.HasPrefix(a.Name, "projects/game/messages/0:") {
			t.Fatalf("%+v", a)
		}
	}
	w.send(bodyFor(2))
	w.send(strings.Replace(bodyFor(2), "There", "Dort", 1))
	if n := w.g.Counts(); n.Accepted != 5 || n.Tokens != 2 || n.Repeated != 2 || n.Texts != 2 {
		t.Errorf("counts %+v", n)
	}
}

func TestMessages(t *testing.T) {
	w := start(t, Options{})
	with := func(more string) string { return `{"message":{"token":"` + token(1) + `",` + more + `}}` }
	for _, test := range []struct {
		name, body string
		status     int
	}{
		{"everything", with(`"data":{"k":"v"},"notification":{"title":"t","body":"b","image":"https://a.example/b.png"},
			"android":{"collapse_key":"c","priority":"HIGH","ttl":"3600s","notification":{"sound":"default"}},
			"apns":{"headers":{"apns-priority":"10"},"payload":{"aps":{"badge":1}}},"fcm_options":{"analytics_label":"l"}`), 200},
		{"no JSON", `{"message":`, 400},
		{"two values", bodyFor(1) + "{}", 400},
		{"no message", `{}`, 400},
		{"an unknown field", with(`"colour":"red"`), 400},
		{"no token", `{"message":{"notification":{"title":"t"}}}`, 400},
		{"a token too short", `{"message":{"token":"abc"}}`, 400},
		{"a token with blanks", `{"message":{"token":"` + strings.Repeat("a ", 80) + `"}}`, 400},
		{"a topic", `{"message":{"topic":"news"}}`, 400},
		{"data that is no text", with(`"data":{"k":1}`), 400},
		{"a reserved key", with(`"data":{"google.x":"1"}`), 400},
		{"another reserved key", with(`"android":{"data":{"from":"1"}}`), 400},
		{"a bad priority", with(`"android":{"priority":"urgent"}`), 400},
		{"a bad ttl", with(`"android":{"ttl":"1h"}`), 400},
		{"too big", with(`"data":{"k":"` + strings.Repeat("x", 4096) + `"}`), 400},
		{"just not too big", with(`"data":{"k":"` + strings.Repeat("x", 4000) + `"}`), 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := w.send(test.body)
			if a.status != test.status || test.status == 400 && a.code() != "INVALID_ARGUMENT" {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestRequests(t *testing.T) {
	w := start(t, Options{})
	for _, test := range []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"no token", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "UNAUTHENTICATED"},
		{"a foreign token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer ya29.x") }, 401, "UNAUTHENTICATED"},
		{"another project", func(r *http.Request) { r.URL.Path = "/v1/projects/other/messages:send" }, 403, "PERMISSION_DENIED"},
		{"another path", func(r *http.Request) { r.URL.Path = "/fcm/send" }, 404, "NOT_FOUND"},
		{"another method", func(r *http.Request) { r.Method = "PUT" }, 404, "NOT_FOUND"},
		{"another content", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 400, "INVALID_ARGUMENT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if a := w.send(bodyFor(1), test.change); a.status != test.status || a.code() != test.code {
				t.Errorf("%+v", a)
			}
		})
	}
	if n := w.g.Counts(); n.Accepted != 0 || n.Refused["UNAUTHENTICATED"] != 2 {
		t.Errorf("counts %+v", n)
	}
}

func TestDevices(t *testing.T) {
	w := start(t, Options{})
	w.g.Set(token(1), push.Dead, w.now)
	w.g.Set(token(2), push.Foreign, w.now)
	for n, want := range map[uint64]string{1: "404 UNREGISTERED", 2: "403 SENDER_ID_MISMATCH"} {
		if a := w.send(bodyFor(n)); fmt.Sprint(a.status, " ", a.code()) != want {
			t.Errorf("token %d: %+v, want %s", n, a, want)
		}
	}
	w.g.Set(token(1), push.Valid, w.now)
	if a := w.send(bodyFor(1)); a.status != 200 {
		t.Errorf("a token that was renewed: %+v", a)
	}
}

func TestQuotaOfAMinute(t *testing.T) {
	w := start(t, Options{Quota: 2})
	w.send(bodyFor(1))
	w.send(`{"message":{}}`) // "client errors are counted"
	w.now = w.now.Add(20 * time.Second)
	if a := w.send(bodyFor(2)); a.status != 429 || a.code() != "QUOTA_EXCEEDED" || a.retryAfter != "40" {
		t.Errorf("%+v", a)
	}
	w.now = w.now.Add(40 * time.Second)
	if a := w.send(bodyFor(2)); a.status != 200 {
		t.Errorf("in the next minute: %+v", a)
	}
}

func TestTokensEnd(t *testing.T) {
	w := start(t, Options{TokenLife: time.Minute})
	if a := w.send(bodyFor(1)); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	w.now = w.now.Add(time.Minute)
	if a := w.send(bodyFor(2)); a.status != 401 {
		t.Errorf("after its end: %+v", a)
	}
	w.bearer = w.g.Token()
	if a := w.send(bodyFor(2)); a.status != 200 {
		t.Errorf("with a new one: %+v", a)
	}
	w.g.RevokeTokens()
	if a := w.send(bodyFor(3)); a.status != 401 {
		t.Errorf("revoked: %+v", a)
	}
}

func TestOAuth(t *testing.T) {
	w := start(t, Options{})
	var account struct {
		ClientEmail string `json:"client_email"`
		TokenURI    string `json:"token_uri"`
	}
	if err := json.Unmarshal(w.g.ServiceAccount(), &account); err != nil {
		t.Fatal(err)
	}
	good := map[string]any{"iss": account.ClientEmail, "scope": scopeFCM, "aud": account.TokenURI, "iat": w.now.Unix(), "exp": w.now.Add(time.Hour).Unix()}
	for _, test := range []struct {
		name, claim string
		value       any
		status      int
		code        string
	}{
		{"good", "iss", account.ClientEmail, 200, ""},
		{"another account", "iss", "someone@else.example", 400, "invalid_grant"},
		{"another audience", "aud", "https://elsewhere.example", 400, "invalid_grant"},
		{"another scope", "scope", "https://www.googleapis.com/auth/drive", 400, "invalid_scope"},
		{"expired", "exp", w.now.Add(-time.Hour).Unix(), 400, "invalid_grant"},
		{"too long", "exp", w.now.Add(2 * time.Hour).Unix(), 400, "invalid_grant"},
		{"from the future", "iat", w.now.Add(10 * time.Minute).Unix(), 400, "invalid_grant"},
	} {
		t.Run(test.name, func(t *testing.T) {
			claims := map[string]any{}
			for k, v := range good {
				claims[k] = v
			}
			claims[test.claim] = test.value
			status, got := w.grant(account.TokenURI, grantType, w.assertion(claims, w.g.oauth.key))
			if status != test.status || got["error"] != test.code && test.code != "" {
				t.Errorf("%d %v", status, got)
			}
			if test.status == 200 {
				if w.bearer = got["access_token"].(string); w.send(bodyFor(1)).status != 200 {
					t.Error("the token is not taken")
				}
			}
		})
	}
	other, _ := rsa.GenerateKey(rand.Reader, 2048)
	if status, _ := w.grant(account.TokenURI, grantType, w.assertion(good, other)); status != 400 {
		t.Errorf("signed by another key: %d", status)
	}
	if status, got := w.grant(account.TokenURI, "password", ""); status != 400 || got["error"] != "unsupported_grant_type" {
		t.Errorf("another grant: %d %v", status, got)
	}
}

func (w *world) assertion(claims map[string]any, key *rsa.PrivateKey) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "RS256", "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		w.t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (w *world) grant(uri, kind, assertion string) (int, map[string]any) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.g.CA()}}}
	defer client.CloseIdleConnections()
	res, err := client.PostForm(uri, url.Values{"grant_type": {kind}, "assertion": {assertion}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	var got map[string]any
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&got); err != nil {
		w.t.Fatalf("%s: %v", body, err)
	}
	return res.StatusCode, got
}

func TestAnswersOnDemand(t *testing.T) {
	w := start(t, Options{})
	for _, test := range []struct {
		answer push.Answer
		want   string
	}{
		{QuotaExceeded(7 * time.Second), "429 QUOTA_EXCEEDED 7"},
		{DeviceQuotaExceeded(), "429 QUOTA_EXCEEDED "},
		{Unavailable(time.Second), "503 UNAVAILABLE 1"},
		{Internal(), "500 INTERNAL "},
		{ThirdPartyAuth(), "401 THIRD_PARTY_AUTH_ERROR "},
	} {
		w.g.Inject(push.Fault{Kind: push.Reply, Answer: test.answer, Times: 1})
		if a := w.send(bodyFor(1)); fmt.Sprint(a.status, " ", a.code(), " ", a.retryAfter) != test.want {
			t.Errorf("%+v, want %s", a, test.want)
		}
		if a := w.send(bodyFor(1)); a.status != 200 {
			t.Errorf("after it: %+v", a)
		}
	}
}
