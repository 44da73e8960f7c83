package apns

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2/hpack"

	"liveops/sandbox/push"
)

// The limits of https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification and of
// the header fields at https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns.
const (
	maxPayload     = 4096
	maxVoipPayload = 5120
	maxCollapseID  = 64
)

// pushTypes are the values of `apns-push-type`.
var pushTypes = []string{"alert", "background", "location", "voip", "complication", "fileprovider", "mdm", "liveactivity", "pushtotalk", "widgets", "controls"}

// A session judges the messages of one connection. A header field or a body that is the same as that of the message
// before is not checked again.
type session struct {
	g       *Gateway
	trusted bool                // a valid authentication token was sent
	token   string              // the authentication token that was valid last
	until   time.Time           // and when it ends
	checked []hpack.HeaderField // the fields that were valid last
	max     int                 // how long a payload may be with them
	body    []byte              // the body that was valid last
	texts   map[uint64]bool
	id      []byte // of the last message without one of its own
}

// Session begins a connection.
func (g *Gateway) Session() push.Session {
	return &session{g: g, texts: map[uint64]bool{}, id: []byte("00000000-0000-4000-8000-000000000000")}
}

// Streams is one before the first valid token, and then what the server's settings say.
func (s *session) Streams() uint32 {
	if s.trusted {
		return 0
	}
	return 1
}

// Accepted appends nothing: "for successful requests the body is empty".
func (s *session) Accepted(body []byte, _ int64) []byte { return body }

// Answer judges a message.
func (s *session) Answer(r *push.Request) push.Answer {
	a := s.judge(r)
	if id, n := r.Header("apns-id"); n > 0 && isUUID(id) {
		a.ID = id
	} else {
		a.ID = s.nextID()
	}
	return a
}

func (s *session) judge(r *push.Request) push.Answer {
	device, ok := strings.CutPrefix(r.Path, "/3/device/")
	switch {
	case !ok:
		return Failure("BadPath")
	case r.Method != "POST":
		return Failure("MethodNotAllowed")
	case device == "":
		return Failure("MissingDeviceToken")
	}
	if reason := s.checkFields(r); reason != "" {
		return Failure(reason)
	}
	if !isDeviceToken(device) {
		return Failure("BadDeviceToken")
	}
	text, isNew, reason := s.checkBody(r.Body)
	if reason != "" {
		return Failure(reason)
	}
	mark := push.MarkOf([]byte(device))
	switch state, since := s.g.State(mark); state {
	case push.Dead:
		return Unregistered(since)
	case push.Foreign:
		return Failure("DeviceTokenNotForTopic")
	}
	return push.Answer{Status: 200, Mark: mark, Text: text, NewText: isNew}
}

// checkFields checks the header, and says the reason for which it is refused.
func (s *session) checkFields(r *push.Request) string {
	now := s.g.options.Now()
	if slices.Equal(s.checked, r.Fields) && now.Before(s.until) {
		return ""
	}
	for i, f := range r.Fields {
		if slices.ContainsFunc(r.Fields[:i], func(o hpack.HeaderField) bool { return o.Name == f.Name }) {
			return "DuplicateHeaders"
		}
	}
	if reason := s.checkToken(r); reason != "" {
		return reason
	}
	kind, _ := r.Header("apns-push-type")
	if !slices.Contains(pushTypes, kind) {
		return "InvalidPushType"
	}
	if reason := s.checkTopic(r, kind); reason != "" {
		return reason
	}
	if id, n := r.Header("apns-id"); n > 0 && !isUUID(id) {
		return "BadMessageId"
	}
	if e, n := r.Header("apns-expiration"); n > 0 && !isNumber(e) {
		return "BadExpirationDate"
	}
	// "If you omit this header, APNs sets the notification priority to 10"; 10 may not be used for background ones.
	p, n := r.Header("apns-priority")
	if n > 0 && !slices.Contains([]string{"1", "5", "10"}, p) || kind == "background" && (n == 0 || p == "10") {
		return "BadPriority"
	}
	if id, _ := r.Header("apns-collapse-id"); len(id) > maxCollapseID {
		return "BadCollapseId"
	}
	s.max = maxPayload
	if kind == "voip" {
		s.max = maxVoipPayload
	}
	s.checked, s.body = append(s.checked[:0], r.Fields...), s.body[:0]
	return ""
}

// checkToken checks the authentication token.
func (s *session) checkToken(r *push.Request) string {
	authorization, n := r.Header("authorization")
	scheme, token, _ := strings.Cut(authorization, " ")
	if n == 0 || !strings.EqualFold(scheme, "bearer") {
		return "MissingProviderToken"
	}
	if token == s.token && s.g.options.Now().Before(s.until) {
		return ""
	}
	until, reason := s.g.keys.check(token)
	if reason == "" {
		s.trusted, s.token, s.until = true, strings.Clone(token), until
	}
	return reason
}

// checkTopic checks the topic: the app's, with the suffix that the push type asks for.
func (s *session) checkTopic(r *push.Request, kind string) string {
	topic, _ := r.Header("apns-topic")
	want := s.g.options.Topic
	switch kind {
	case "voip", "complication", "location":
		want += "." + map[string]string{"voip": "voip", "complication": "complication", "location": "location-query"}[kind]
	case "liveactivity":
		want += ".push-type.liveactivity"
	case "fileprovider":
		want += ".pushkit.fileprovider"
	case "pushtotalk":
		want += ".voip-ptt"
	}
	switch {
	case topic == "":
		return "MissingTopic"
	case topic != want && strings.HasPrefix(topic, s.g.options.Topic):
		return "BadTopic"
	case topic != want:
		return "TopicDisallowed"
	}
	return ""
}

// checkBody checks the payload, and says whether its text is new to the session.
func (s *session) checkBody(body []byte) (text uint64, isNew bool, reason string) {
	if len(s.body) > 0 && bytes.Equal(s.body, body) {
		return 0, false, ""
	}
	if len(body) == 0 {
		return 0, false, "PayloadEmpty"
	}
	if len(body) > s.max {
		return 0, false, "PayloadTooLarge"
	}
	var payload struct {
		APS map[string]any `json:"aps"`
	}
	if err := json.Unmarshal(body, &payload); err != nil || payload.APS == nil {
		return 0, false, "PayloadEmpty"
	}
	s.body = append(s.body[:0], body...)
	h := fnv.New64a()
	h.Write(body)
	text = h.Sum64()
	isNew = !s.texts[text]
	if len(s.texts) < 10_000 {
		s.texts[text] = true
	}
	return text, isNew, ""
}

// nextID makes the id of a message that came without: "APNs creates a new UUID".
func (s *session) nextID() string {
	if s.id[0] == '0' {
		var b [4]byte
		rand.Read(b[:]) // never fails
		copy(s.id, fmt.Sprintf("%08x", b))
		s.id[0] = 'e'
	}
	for i := len(s.id) - 1; i > 23; i-- {
		if s.id[i]++; s.id[i] <= '9' {
			break
		}
		s.id[i] = '0'
	}
	return string(s.id)
}

func isNumber(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// isUUID says whether s is "a canonical UUID that has 32 lowercase hexadecimal digits" (upper case is taken too).
func isUUID(s string) bool {
	for i := range len(s) {
		if hyphen := i == 8 || i == 13 || i == 18 || i == 23; hyphen != (s[i] == '-') || !hyphen && !isHex(s[i]) {
			return false
		}
	}
	return len(s) == 36
}

func isDeviceToken(s string) bool {
	for i := range len(s) {
		if !hexDigit[s[i]] {
			return false
		}
	}
	return len(s) >= 64 && len(s) <= 200
}

func isHex(c byte) bool { return hexDigit[c] }

// hexDigit are the hexadecimal digits.
var hexDigit = func() (is [256]bool) {
	for _, c := range []byte("0123456789abcdefABCDEF") {
		is[c] = true
	}
	return is
}()
