package gateway

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"liveops/pushd/gateway/h2"
)

// FCMURL is where Google takes messages (https://firebase.google.com/docs/reference/fcm/rest).
const FCMURL = "https://fcm.googleapis.com"

// FCM is the account that sends by Firebase Cloud Messaging.
type FCM struct {
	// ServiceAccount is the JSON file that Google gives a service account; its project is that of the messages.
	ServiceAccount []byte
	// HTTP asks for access tokens; a client with Options.RootCAs unless set.
	HTTP *http.Client
}

// NewFCM makes a sender for FCM, which sends to FCMURL unless the options say otherwise. The caller must Close it.
func NewFCM(f FCM, o Options) (*Sender, error) {
	account, err := parseServiceAccount(f.ServiceAccount)
	if err != nil {
		return nil, err
	}
	if o.URL == "" {
		o.URL = FCMURL
	}
	o = o.complete()
	if f.HTTP == nil {
		// A token is asked for once an hour: no connection is kept for it.
		f.HTTP = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: o.tls(""), DisableKeepAlives: true}, Timeout: oauthTimeout}
	}
	return newSender(&fcm{project: account.ProjectID}, mintOAuth(account, f.HTTP, o.Clock), o)
}

// fcm speaks FCM's HTTP v1 API: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send.
type fcm struct{ project string }

// maxFCMToken is how long a token may be; Google states no length, and gives about 160 characters.
const maxFCMToken = 4096

// check refuses tokens that would change what a message says, within the quotes of its JSON. What else is no token, FCM
// itself refuses.
func (f *fcm) check(m *Message) error {
	if len(m.Token) == 0 || len(m.Token) > maxFCMToken {
		return fmt.Errorf("a token of %d bytes", len(m.Token))
	}
	for _, c := range []byte{'"', '\\'} {
		if bytes.IndexByte(m.Token, c) >= 0 {
			return fmt.Errorf("a token with the character %q", c)
		}
	}
	return nil
}

func (f *fcm) key(*Message) headKey { return headKey{} }

func (f *fcm) head(authority string, _ headKey, k *credential) *h2.Head {
	return &h2.Head{Authority: authority, Path: "/v1/projects/" + f.project + "/messages:send", Tag: k, Fields: []h2.Field{
		{Name: "authorization", Value: "Bearer " + k.text},
		{Name: "content-type", Value: "application/json"},
	}}
}

func (f *fcm) fill(m *Message, p *h2.Post) {
	p.Body[0], p.Body[1], p.Body[2] = m.Template.Prefix, m.Token, m.Template.Suffix
}

// FCM's waits: "use exponential backoff with a minimum initial delay of 1 minute", and "if the retry-after header is
// not set, default to 60 seconds" (https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode,
// https://firebase.google.com/docs/cloud-messaging/scale-fcm#errors).
const fcmQuotaWait = time.Minute

// judge reads an answer; the codes are those of https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode.
func (f *fcm) judge(a *h2.Answer, r *Result, now time.Time) verdict {
	if a.Status == http.StatusOK {
		r.ID = append(r.ID[:0], jsonString(a.Body, "name")...)
		return verdict{kind: accepted}
	}
	code := string(jsonString(a.Body, "errorCode"))
	if code == "" {
		code = string(jsonString(a.Body, "status"))
	}
	retryAfter := parseRetryAfter(a.RetryAfter, now)
	r.Reason = printable([]byte(code))
	switch {
	case code == "UNREGISTERED":
		return verdict{kind: dead}
	case code == "INVALID_ARGUMENT":
		r.Reason += ": " + printable(jsonString(a.Body, "message"))
		return verdict{kind: rejected}
	case code == "SENDER_ID_MISMATCH":
		return stop(code, "the tokens belong to another project: check which service account this environment has")
	case code == "THIRD_PARTY_AUTH_ERROR":
		return stop(code, "the project's key for APNs or web push is not accepted: check it in the Firebase console")
	case a.Status == http.StatusUnauthorized:
		return verdict{kind: renew}
	case a.Status == http.StatusForbidden, a.Status == http.StatusNotFound:
		return stop(code, "the service account may not send for project "+f.project+": "+printable(jsonString(a.Body, "message")))
	case a.Status == http.StatusTooManyRequests && aboutDevice(a.Body):
		return verdict{kind: again, wait: max(retryAfter, fcmQuotaWait)}
	case a.Status == http.StatusTooManyRequests:
		if retryAfter == 0 {
			retryAfter = fcmQuotaWait
		}
		return verdict{kind: gated, wait: retryAfter}
	case a.Status >= 500 && retryAfter > 0:
		return verdict{kind: gated, wait: retryAfter, sick: true}
	case a.Status >= 500, a.Status == http.StatusRequestTimeout:
		return verdict{kind: again, sick: true}
	}
	if r.Reason == "" {
		r.Reason = fmt.Sprint("status ", a.Status)
	}
	return verdict{kind: rejected}
}

// aboutDevice says whether a quota failure is that of one device: its google.rpc.QuotaFailure says so.
func aboutDevice(body []byte) bool {
	_, failure, found := bytes.Cut(body, []byte("google.rpc.QuotaFailure"))
	return found && bytes.Contains(bytes.ToLower(failure), []byte("device"))
}

// printable is a text of a gateway as it may stand in ours: short, and without control characters.
func printable(text []byte) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(text[:min(len(text), 200)]), ""))
	return strings.TrimSpace(s)
}
