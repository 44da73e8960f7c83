package fcm

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The rules of https://developers.google.com/identity/protocols/oauth2/service-account#httprest.
const (
	grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	scopeFCM  = "https://www.googleapis.com/auth/firebase.messaging"
	scopeAll  = "https://www.googleapis.com/auth/cloud-platform"
	longest   = time.Hour // from an assertion's iat to its exp
	clockSkew = 5 * time.Minute
)

// oauth is the endpoint that gives a service account its tokens.
type oauth struct {
	server  *httptest.Server
	key     *rsa.PrivateKey
	email   string
	account []byte
	life    time.Duration
	now     func() time.Time
	stop    context.CancelFunc
	ended   sync.WaitGroup

	given  atomic.Int64
	epoch  atomic.Int64 // raised when tokens are revoked
	mu     sync.Mutex
	tokens map[string]time.Time // by token: when it ends
}

func startOAuth(ctx context.Context, project string, life time.Duration, now func() time.Time) (*oauth, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making the service account's key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("writing the service account's key: %w", err)
	}
	o := &oauth{key: key, email: "push@" + project + ".iam.gserviceaccount.com", life: life, now: now, tokens: map[string]time.Time{}}
	o.server = httptest.NewUnstartedServer(http.HandlerFunc(o.serve))
	o.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	o.server.StartTLS()
	o.account, err = json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": project, "private_key_id": "0123456789abcdef0123456789abcdef01234567",
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": o.email, "client_id": "100000000000000000001", "token_uri": o.server.URL + "/token",
	}, "", "  ")
	ctx, o.stop = context.WithCancel(ctx)
	o.ended.Go(func() { <-ctx.Done(); o.server.CloseClientConnections(); o.server.Close() })
	return o, err
}

func (o *oauth) close() error {
	o.stop()
	o.ended.Wait()
	return nil
}

func (o *oauth) caPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: o.server.Certificate().Raw})
}

func (o *oauth) count() int { return int(o.given.Load()) }

// give makes a token.
func (o *oauth) give() string {
	random := make([]byte, 80)
	rand.Read(random) // never fails
	token := "ya29." + hex.EncodeToString(random)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tokens[token] = o.now().Add(o.life)
	o.given.Add(1)
	return token
}

// check says when a token ends, and whether it is one.
func (o *oauth) check(token string) (time.Time, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	until, ok := o.tokens[token]
	return until, ok
}

// revoke makes the tokens that were given invalid.
func (o *oauth) revoke() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.tokens)
	o.epoch.Add(1)
}

// serve answers a request for a token.
func (o *oauth) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	refuse := func(code, description string) {
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
	}
	if r.Method != http.MethodPost || r.URL.Path != "/token" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.PostFormValue("grant_type") != grantType {
		refuse("unsupported_grant_type", "Invalid grant_type: "+r.PostFormValue("grant_type"))
		return
	}
	if code, description := o.verify(r.PostFormValue("assertion")); code != "" {
		refuse(code, description)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"access_token": o.give(), "expires_in": int(o.life.Seconds()), "token_type": "Bearer"})
}

// verify checks an assertion; code is OAuth's word for what is wrong, "" for nothing.
func (o *oauth) verify(assertion string) (code, description string) {
	parts := strings.Split(assertion, ".")
	var head struct{ Alg, Typ string }
	var claims struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	if len(parts) != 3 || decodePart(parts[0], &head) != nil || decodePart(parts[1], &claims) != nil {
		return "invalid_grant", "Bad Request"
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || head.Alg != "RS256" || rsa.VerifyPKCS1v15(&o.key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return "invalid_grant", "Invalid JWT Signature."
	}
	now := o.now()
	issued, expires := time.Unix(claims.Iat, 0), time.Unix(claims.Exp, 0)
	switch {
	case claims.Iss != o.email:
		return "invalid_grant", "Invalid grant: account not found"
	case claims.Aud != o.server.URL+"/token":
		return "invalid_grant", "Invalid JWT: Failed audience check."
	case issued.After(now.Add(clockSkew)) || !expires.After(now.Add(-clockSkew)) || expires.Sub(issued) > longest:
		return "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."
	}
	for _, scope := range strings.Fields(claims.Scope) {
		if scope == scopeFCM || scope == scopeAll {
			return "", ""
		}
	}
	return "invalid_scope", "Invalid OAuth scope or ID token audience provided."
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
