package apns

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
)

// The rules of https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns.
const (
	standInKey  = "ABC123DEFG"
	standInTeam = "DEF123GHIJ"
	tokenLife   = time.Hour
	// A token "more than once every 20 minutes" is too many.
	tokenPause = 20 * time.Minute
)

// keys judges authentication tokens.
type keys struct {
	key *ecdsa.PrivateKey
	pem []byte
	now func() time.Time

	mu      sync.Mutex
	tokens  map[string]time.Time // valid ones by their text: when they were issued
	newest  time.Time            // when the last one that was taken was issued,
	arrived time.Time            // and when it came
}

func newKeys(now func() time.Time) (*keys, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the provider's key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("writing the provider's key: %w", err)
	}
	return &keys{key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), now: now, tokens: map[string]time.Time{}}, nil
}

func (k *keys) seen() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.tokens)
}

// check says when a token ends, or the reason for which it is refused.
func (k *keys) check(token string) (until time.Time, reason string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	issued, known := k.tokens[token]
	if !known {
		if issued, reason = k.verify(token); reason != "" {
			return time.Time{}, reason
		}
	}
	until = issued.Add(tokenLife)
	if !now.Before(until) {
		return time.Time{}, "ExpiredProviderToken"
	}
	if !known {
		if issued.After(k.newest) && now.Sub(k.arrived) < tokenPause {
			return time.Time{}, "TooManyProviderTokenUpdates"
		}
		k.tokens[token] = issued
		if issued.After(k.newest) {
			k.newest, k.arrived = issued, now
		}
	}
	return until, ""
}

// verify checks a token's form and signature.
func (k *keys) verify(token string) (issued time.Time, reason string) {
	parts := strings.Split(token, ".")
	var head struct{ Alg, Kid string }
	var claims struct {
		Iss string
		Iat int64
	}
	if len(parts) != 3 || decodePart(parts[0], &head) != nil || decodePart(parts[1], &claims) != nil {
		return issued, "InvalidProviderToken"
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 || head.Alg != "ES256" || head.Kid != standInKey || claims.Iss != standInTeam {
		return issued, "InvalidProviderToken"
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	issued = time.Unix(claims.Iat, 0)
	if !ecdsa.Verify(&k.key.PublicKey, sum[:], r, s) || issued.After(k.now().Add(time.Minute)) {
		return issued, "InvalidProviderToken"
	}
	return issued, ""
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
