package github

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits of an App's credentials. See
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app#about-json-web-tokens-jwts
// and
// https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
const (
	longestJWT       = 10 * time.Minute
	installationHour = time.Hour
)

// issued is a token of an installation.
type issued struct {
	user *account
	ends time.Time
}

// appAccount finds who signed in as an App, by a JSON web token, or as one of its installations; nil for nobody.
func (s *Server) appAccount(token string) *account {
	if t := s.apps.tokens[token]; t != nil {
		if s.now().Before(t.ends) {
			return t.user
		}
		return nil
	}
	if a, refusal := s.verifyJWT(token); refusal == nil {
		return a.own
	}
	return nil
}

// badCredentials is the 401 for credentials that nobody has, in words of its own for a JSON web token.
func (s *Server) badCredentials(r *http.Request) *APIError {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.Count(token, ".") == 2 {
		if _, refusal := s.verifyJWT(strings.TrimSpace(token)); refusal != nil {
			return refusal
		}
	}
	return &APIError{Status: http.StatusUnauthorized, Message: "Bad credentials", Docs: restDocs}
}

// jwtClaims are what an App's token says; the issuer is the App's id, as a number or a text, or its client id.
type jwtClaims struct {
	Issued  json.Number `json:"iat"`
	Expires json.Number `json:"exp"`
	Issuer  any         `json:"iss"`
}

// verifyJWT tells which App signed a token: RS256, issued in the past, for ten minutes from now at most. The
// messages are those that GitHub answers with.
func (s *Server) verifyJWT(token string) (*App, *APIError) {
	undecodable := &APIError{Status: http.StatusUnauthorized, Message: "A JSON web token could not be decoded", Docs: restDocs}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, undecodable
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	var claims jwtClaims
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !decodePart(parts[0], &header) || header.Algorithm != "RS256" || !decodePart(parts[1], &claims) {
		return nil, undecodable
	}
	app := s.issuer(claims.Issuer)
	if app == nil {
		return nil, &APIError{Status: http.StatusUnauthorized, Message: "Integration not found", Docs: restDocs}
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(app.Key, crypto.SHA256, sum[:], signature) != nil {
		return nil, undecodable
	}
	if wrong := claims.check(s.now()); wrong != "" {
		return nil, &APIError{Status: http.StatusUnauthorized, Message: wrong, Docs: restDocs}
	}
	return app, nil
}

// check says what is wrong with the times of a token; "" for nothing.
func (c *jwtClaims) check(now time.Time) string {
	issuedAt, err := c.Issued.Int64()
	if err != nil || issuedAt > now.Unix() {
		return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	}
	expires, err := c.Expires.Int64()
	switch {
	case err != nil, expires <= now.Unix():
		return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case expires > now.Add(longestJWT).Unix():
		return "'Expiration time' claim ('exp') is too far in the future"
	}
	return ""
}

func decodePart(part string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(b, into) == nil
}

func (s *Server) issuer(iss any) *App {
	name, _ := iss.(string)
	if number, ok := iss.(float64); ok {
		name = strconv.FormatFloat(number, 'f', -1, 64)
	}
	for _, a := range s.apps.all {
		if name == strconv.FormatInt(a.id, 10) || name == a.clientID() {
			return a
		}
	}
	return nil
}
