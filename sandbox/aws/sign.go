package aws

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxSkew is how far a signature's time may be from the machine's
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html).
const maxSkew = 5 * time.Minute

const (
	algorithm = "AWS4-HMAC-SHA256"
	basicTime = "20060102T150405Z"
)

// A signature is what the Authorization header says.
type signature struct {
	key, date, region, service string
	headers                    []string
	value                      string
}

// verify says which service a request is signed for, or why it is not taken
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). EC2 calls a wrong key or
// signature AuthFailure; Auto Scaling has the codes that are common to query services.
func (s *Server) verify(r *http.Request, body []byte) (service string, err error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return ec2Service, &failure{http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	}
	g, ok := parseSignature(header)
	at, timeErr := time.Parse(basicTime, r.Header.Get("X-Amz-Date"))
	if !ok || timeErr != nil || !strings.HasPrefix(r.Header.Get("X-Amz-Date"), g.date) || !slices.Contains(g.headers, "host") || actions[g.service] == nil {
		return ec2Service, &failure{http.StatusBadRequest, "IncompleteSignature", "The request signature does not conform to AWS standards."}
	}
	if age := time.Since(at).Abs(); age > maxSkew {
		return g.service, &failure{http.StatusBadRequest, "RequestExpired", "Request has expired."}
	}
	wrong := func(code, message string) *failure {
		if g.service == ec2Service {
			return &failure{http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials"}
		}
		return &failure{http.StatusForbidden, code, message}
	}
	if g.key != s.options.AccessKey {
		return g.service, wrong("InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	if g.region != s.options.Region {
		return g.service, wrong("SignatureDoesNotMatch", "Credential should be scoped to a valid region.")
	}
	if want := g.sign(s.options.Secret, r, body); !hmac.Equal([]byte(want), []byte(g.value)) {
		return g.service, wrong("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	}
	return g.service, nil
}

// parseSignature reads `AWS4-HMAC-SHA256 Credential=K/D/R/S/aws4_request, SignedHeaders=a;b, Signature=hex`.
func parseSignature(header string) (g signature, ok bool) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return g, false
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" || parts["SignedHeaders"] == "" || len(parts["Signature"]) != 64 {
		return g, false
	}
	return signature{scope[0], scope[1], scope[2], scope[3], strings.Split(parts["SignedHeaders"], ";"), parts["Signature"]}, true
}

// sign is the signature that the request should have.
func (g signature) sign(secret string, r *http.Request, body []byte) string {
	var headers strings.Builder
	for _, name := range g.headers {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = r.Header.Get("Content-Length")
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	canonical := strings.Join([]string{r.Method, path, r.URL.Query().Encode(), headers.String(), strings.Join(g.headers, ";"), hash(body)}, "\n")
	scope := strings.Join([]string{g.date, g.region, g.service, "aws4_request"}, "/")
	text := strings.Join([]string{algorithm, r.Header.Get("X-Amz-Date"), scope, hash([]byte(canonical))}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{g.date, g.region, g.service, "aws4_request"} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
