package hub

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// How long an App's own token is good: from a minute ago, since clocks differ, for less than the ten minutes that
// GitHub allows
// (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app).
const (
	jwtBefore = time.Minute
	jwtAfter  = 9 * time.Minute
)

// ParseKey reads a GitHub App's private key: RSA in PEM, as GitHub hands it out (PKCS #1) or as PKCS #8.
func ParseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("is no key in PEM; expected the file that GitHub gave, which begins with -----BEGIN RSA PRIVATE KEY-----")
	}
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("is an RSA key that cannot be read; is it whole?")
		}
		return key, nil
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if rsaKey, ok := key.(*rsa.PrivateKey); err == nil && ok {
			return rsaKey, nil
		}
	}
	return nil, fmt.Errorf("is a %q in PEM; expected an RSA private key", block.Type)
}

// jwt signs what an App shows for itself, as a JSON Web Token (RFC 7519) by RS256 (RFC 7518, 3.3).
func jwt(appID int64, key *rsa.PrivateKey, now time.Time) (string, error) {
	claims := fmt.Sprintf(`{"iat":%d,"exp":%d,"iss":%s}`, now.Add(-jwtBefore).Unix(), now.Add(jwtAfter).Unix(),
		strconv.Quote(strconv.FormatInt(appID, 10)))
	signed := base64URL([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + base64URL([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign with the key of LIVEOPS_GITHUB_APP_KEY: %w", err)
	}
	return signed + "." + base64URL(signature), nil
}

func base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
