package fcm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxMessage is how many bytes a message may have
// (https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type).
const maxMessage = 4096

// A request is what is posted to messages:send
// (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send).
type request struct {
	ValidateOnly bool     `json:"validate_only"`
	Message      *message `json:"message"`
}

// A message is what https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages describes.
type message struct {
	Name         string            `json:"name"`
	Data         map[string]string `json:"data"`
	Notification *notification     `json:"notification"`
	Android      *android          `json:"android"`
	Webpush      json.RawMessage   `json:"webpush"`
	APNs         *apns             `json:"apns"`
	FCMOptions   *options          `json:"fcm_options"`
	Token        string            `json:"token"`
	Topic        string            `json:"topic"`
	Condition    string            `json:"condition"`
}

type notification struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	Image string `json:"image"`
}

type options struct {
	AnalyticsLabel string `json:"analytics_label"`
	Image          string `json:"image"`
}

type android struct {
	CollapseKey           string            `json:"collapse_key"`
	Priority              string            `json:"priority"`
	TTL                   string            `json:"ttl"`
	RestrictedPackageName string            `json:"restricted_package_name"`
	Data                  map[string]string `json:"data"`
	Notification          json.RawMessage   `json:"notification"`
	FCMOptions            *options          `json:"fcm_options"`
	DirectBootOK          bool              `json:"direct_boot_ok"`
}

type apns struct {
	Headers    map[string]string `json:"headers"`
	Payload    map[string]any    `json:"payload"`
	FCMOptions *options          `json:"fcm_options"`
}

// A violation is a field of a message that Google would refuse.
type violation struct{ field, text string }

func (v *violation) Error() string { return v.field + ": " + v.text }

// duration is the form of a ttl: "3.5s".
var duration = regexp.MustCompile(`^\d+(\.\d{1,9})?s$`)

// parse reads and checks a request; the error is a *violation.
func parse(body []byte) (*message, error) {
	var r request
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return nil, &violation{"message", "Invalid JSON payload received. " + strings.TrimPrefix(err.Error(), "json: ")}
	}
	if d.More() {
		return nil, &violation{"message", "Invalid JSON payload received. Parsing terminated before end of input."}
	}
	m := r.Message
	if m == nil {
		return nil, &violation{"message", "Request contains an invalid argument: message is missing."}
	}
	if m.Topic != "" || m.Condition != "" || m.Token == "" {
		return nil, &violation{"message", "Exactly one of token, topic or condition is required, and the stand-in takes tokens only."}
	}
	if !isToken([]byte(m.Token)) {
		return nil, &violation{"message.token", "The registration token is not a valid FCM registration token"}
	}
	if len(body)-len(m.Token) > maxMessage {
		return nil, &violation{"message", "Message is too big."}
	}
	return m, m.check()
}

// check checks what the types do not.
func (m *message) check() error {
	if err := checkData("message.data", m.Data); err != nil {
		return err
	}
	if a := m.Android; a != nil {
		if !slices.Contains([]string{"", "NORMAL", "HIGH", "normal", "high"}, a.Priority) {
			return &violation{"message.android.priority", fmt.Sprintf("Invalid value at 'message.android.priority' (type.googleapis.com/google.firebase.fcm.v1.AndroidMessagePriority), %q", a.Priority)}
		}
		if a.TTL != "" && !duration.MatchString(a.TTL) {
			return &violation{"message.android.ttl", fmt.Sprintf("Invalid value at 'message.android.ttl' (type.googleapis.com/google.protobuf.Duration), Illegal duration format; duration must end with 's': %q", a.TTL)}
		}
		return checkData("message.android.data", a.Data)
	}
	return nil
}

// checkData refuses reserved keys: https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type.
func checkData(field string, data map[string]string) error {
	for key := range data {
		if key == "from" || key == "message_type" || strings.HasPrefix(key, "google.") || strings.HasPrefix(key, "gcm.") {
			return &violation{field, "Invalid data payload key: " + key}
		}
	}
	return nil
}

// isToken says whether a token is as long as one and of its characters.
func isToken(t []byte) bool {
	if len(t) < 100 || len(t) > 4096 {
		return false
	}
	for _, c := range t {
		if !tokenCharacter[c] {
			return false
		}
	}
	return true
}

// tokenCharacter are the characters of tokens, none of which JSON writes in another way.
var tokenCharacter = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:") {
		is[c] = true
	}
	return is
}()
