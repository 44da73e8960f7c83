package gateway

import (
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A serviceAccount is the file that Google gives for one
// (https://cloud.google.com/iam/docs/keys-create-delete#creating).
type serviceAccount struct {
	Type         string `json:"type"`
	ProjectID    string `json:"project_id"`
	PrivateKeyID string `json:"private_key_id"`
	PrivateKey   string `json:"private_key"`
	ClientEmail  string `json:"client_email"`
	TokenURI     string `json:"token_uri"`
	key          crypto.PrivateKey
}

// parseServiceAccount reads and checks the file.
func parseServiceAccount(file []byte) (*serviceAccount, error) {
	var a serviceAccount
	if err := json.Unmarshal(file, &a); err != nil {
		return nil, fmt.Errorf("the service account's JSON file: %w", err)
	}
	if a.Type != "service_account" || a.ProjectID == "" || a.ClientEmail == "" || a.TokenURI == "" {
		return nil, errors.New("the service account's JSON file lacks type, project_id, client_email or token_uri")
	}
	key, err := parseKey([]byte(a.PrivateKey))
	if err != nil {
		return nil, fmt.Errorf("the service account's private_key: %w", err)
	}
	if _, ok := key.(*rsa.PrivateKey); !ok {
		return nil, fmt.Errorf("the service account's private_key is of type %T, not RSA", key)
	}
	a.key = key
	return &a, nil
}

// The rules of https://developers.google.com/identity/protocols/oauth2/service-account#httprest: how long an assertion
// is good for, and what it asks for. A token is renewed when a sixth of its life, ten minutes of an hour, is left.
const (
	assertionLife = time.Hour
	scopeFCM      = "https://www.googleapis.com/auth/firebase.messaging"
	jwtGrant      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	renewShare    = 6
	oauthTimeout  = 20 * time.Second
	// skew is how far the clocks may differ.
	skew = 10 * time.Second
)

// mintOAuth makes access tokens of a service account.
func mintOAuth(a *serviceAccount, client *http.Client, clock Clock) mint {
	return func(ctx context.Context, _ bool) (*credential, error) {
		now := clock.Now()
		assertion, err := signJWT(a.key, a.PrivateKeyID, map[string]any{
			"iss": a.ClientEmail, "scope": scopeFCM, "aud": a.TokenURI, "iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
		})
		if err != nil {
			return nil, &StopError{Reason: "no access token", Err: err, Advice: "check the service account's key"}
		}
		ctx, cancel := context.WithTimeout(ctx, oauthTimeout)
		defer cancel()
		form := url.Values{"grant_type": {jwtGrant}, "assertion": {assertion}}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.TokenURI, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, &StopError{Reason: "no access token", Err: err, Advice: "check the service account's token_uri"}
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := client.Do(r)
		if err != nil {
			return nil, fmt.Errorf("ask for an access token: %w", err)
		}
		defer response.Body.Close()
		return readToken(response, now)
	}
}

// readToken reads the answer to an assertion.
func readToken(response *http.Response, now time.Time) (*credential, error) {
	var got struct {
		AccessToken      string `json:"access_token"`
		ExpiresIn        int64  `json:"expires_in"`
		Error            string `json:"error"`
		ErrorDescription string `json:"error_description"`
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("read an access token: %w", err)
	}
	err = json.Unmarshal(body, &got)
	if response.StatusCode == http.StatusOK && err == nil && got.AccessToken != "" && got.ExpiresIn > 0 {
		life := time.Duration(got.ExpiresIn) * time.Second
		return &credential{text: got.AccessToken, renew: now.Add(life - life/renewShare), until: now.Add(life - min(skew, life/renewShare))}, nil
	}
	if response.StatusCode >= 400 && response.StatusCode < 500 && response.StatusCode != http.StatusTooManyRequests {
		return nil, &StopError{Reason: "no access token", Err: fmt.Errorf("%s: %s: %s", response.Status, got.Error, got.ErrorDescription),
			Advice: "check the service account's file, and this machine's clock"}
	}
	return nil, fmt.Errorf("ask for an access token: the answer is %s", response.Status)
}
