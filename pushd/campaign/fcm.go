package campaign

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// Stamp is what a push carries of its run and of the moment it is sent.
type Stamp struct {
	CollapseID string    // the run's; a collapse id in the campaign's file goes before it
	SentAt     time.Time // when the time to live begins
	Test       bool      // a test besides the campaign's times: CollapseID goes before that in the file, so that no earlier push makes way for it
}

// Body is the body of a request to FCM, whole but for the token, which stands between Before and After.
type Body struct{ Before, After string }

// Append writes the body for one token behind dst.
func (b Body) Append(dst []byte, token string) []byte {
	dst = append(dst, b.Before...)
	if isPlain(token) {
		dst = append(dst, token...)
	} else {
		escaped := jsonOf(token)
		dst = append(dst, escaped[1:len(escaped)-1]...)
	}
	return append(dst, b.After...)
}

// Len is the length of the body without the token.
func (b Body) Len() int { return len(b.Before) + len(b.After) }

// isPlain says whether a text is itself between the quotes of JSON.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// The parts of a message that campaigns use, with the names that
// https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages gives them.
type (
	fcmMessage struct {
		Notification fcmNotification   `json:"notification"`
		Data         map[string]string `json:"data,omitempty"`
		Android      *fcmAndroid       `json:"android,omitempty"`
		APNs         *fcmAPNs          `json:"apns,omitempty"`
	}
	fcmNotification struct {
		Title string `json:"title,omitempty"`
		Body  string `json:"body"`
		Image string `json:"image,omitempty"`
	}
	fcmAndroid struct {
		CollapseKey  string                 `json:"collapse_key,omitempty"`
		Priority     string                 `json:"priority"`
		TTL          string                 `json:"ttl"`
		Notification fcmAndroidNotification `json:"notification"`
	}
	fcmAndroidNotification struct {
		Tag     string `json:"tag,omitempty"`
		Sound   string `json:"sound,omitempty"`
		Channel string `json:"channel_id,omitempty"`
		Count   *int   `json:"notification_count,omitempty"`
	}
	fcmAPNs struct {
		Headers map[string]string `json:"headers"`
		Payload map[string]any    `json:"payload"`
		Options map[string]string `json:"fcm_options,omitempty"`
	}
)

// FCM is the body that FCM's messages:send takes for phones of a platform in a language that the campaign has (Language finds
// it). On Android a repeat takes its first copy's place by the notification's tag. The run's own id is not made a collapse_key,
// since FCM keeps four of those for a phone and drops what has a fifth
// (https://firebase.google.com/docs/cloud-messaging/concept-options); the file's is both.
func (c *Campaign) FCM(language string, on Platform, s Stamp) Body {
	t := c.text(language)
	m := fcmMessage{
		Notification: fcmNotification{Title: t.Title, Body: t.Body, Image: t.Image},
		Data:         c.data(t),
	}
	if on == IOS {
		h := c.apnsHeaders(s)
		m.APNs = &fcmAPNs{
			Headers: map[string]string{"apns-priority": h.Priority, "apns-expiration": h.Expiration},
			Payload: map[string]any{"aps": c.aps(Text{Image: t.Image})}, // FCM adds the alert
		}
		if h.CollapseID != "" {
			m.APNs.Headers["apns-collapse-id"] = h.CollapseID
		}
		if t.Image != "" {
			m.APNs.Options = map[string]string{"image": t.Image}
		}
	} else {
		m.Android = &fcmAndroid{
			Priority: "HIGH",
			TTL:      strconv.FormatInt(int64(c.Push.TimeToLive/time.Second), 10) + "s",
			Notification: fcmAndroidNotification{
				Tag: c.collapse(s), Sound: androidSound(c.Push.Sound), Channel: c.Push.Channel, Count: c.Push.Badge,
			},
		}
		if !s.Test {
			m.Android.CollapseKey = c.Push.Collapse
		}
		if c.Push.Normal {
			m.Android.Priority = "NORMAL"
		}
	}
	return Body{Before: `{"message":{"token":"`, After: `",` + jsonOf(m)[1:] + `}`}
}

// androidSound is the resource that a sound's file is in an Android app: named without its extension
// (https://developer.android.com/guide/topics/resources/providing-resources).
func androidSound(file string) string { return strings.TrimSuffix(file, path.Ext(file)) }

// collapse is the id by which a push takes another's place.
func (c *Campaign) collapse(s Stamp) string {
	if c.Push.Collapse != "" && !s.Test {
		return c.Push.Collapse
	}
	return s.CollapseID
}

// data is the campaign's data with the deep link, which the app opens.
func (c *Campaign) data(t Text) map[string]string {
	if t.DeepLink == "" {
		return c.Push.Data
	}
	all := map[string]string{deepLinkKey: t.DeepLink}
	for k, v := range c.Push.Data {
		all[k] = v
	}
	return all
}

// jsonOf is a value as JSON in which <, > and & stand as they are: three bytes a letter would count against the limit.
func jsonOf(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("campaign: texts and numbers always encode: %v", err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
