package campaign

import (
	"strconv"
)

// Keys of the data in which the app finds what APNs and FCM have no key for.
const (
	deepLinkKey = "deepLink"
	imageKey    = "image" // on APNs alone: its notification service extension loads it
)

// APNsRequest is a request to APNs, whole but for the token, which stands in its path (/3/device/TOKEN), and the topic and
// authorization, which are the environment's.
type APNsRequest struct {
	APNsHeaders
	Payload string // JSON
}

// APNsHeaders are the headers that a campaign decides
// (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).
type APNsHeaders struct {
	PushType   string // apns-push-type
	Priority   string // apns-priority: "10" at once, "5" when it suits the phone's battery
	Expiration string // apns-expiration: seconds since 1970, or "0" for now or never
	CollapseID string // apns-collapse-id, 64 bytes at most; "" for none
}

// APNs is what APNs is sent in a language that the campaign has (Language finds it).
func (c *Campaign) APNs(language string, s Stamp) APNsRequest {
	t := c.text(language)
	payload := map[string]any{"aps": c.aps(t)}
	for k, v := range c.data(t) {
		payload[k] = v
	}
	if t.Image != "" {
		payload[imageKey] = t.Image
	}
	return APNsRequest{c.apnsHeaders(s), jsonOf(payload)}
}

func (c *Campaign) apnsHeaders(s Stamp) APNsHeaders {
	h := APNsHeaders{PushType: "alert", Priority: "10", Expiration: "0", CollapseID: c.collapse(s)}
	if c.Push.Normal {
		h.Priority = "5"
	}
	if c.Push.TimeToLive > 0 {
		h.Expiration = strconv.FormatInt(s.SentAt.Add(c.Push.TimeToLive).Unix(), 10)
	}
	return h
}

// aps is the part of a payload that iOS reads
// (https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification).
type aps struct {
	Alert   *apsAlert `json:"alert,omitempty"`
	Badge   *int      `json:"badge,omitempty"`
	Sound   string    `json:"sound,omitempty"`
	Mutable int       `json:"mutable-content,omitempty"` // 1 wakes the extension that loads the image
}

type apsAlert struct {
	Title string `json:"title,omitempty"`
	Body  string `json:"body"`
}

func (c *Campaign) aps(t Text) aps {
	a := aps{Badge: c.Push.Badge, Sound: c.Push.Sound}
	if t.Body != "" {
		a.Alert = &apsAlert{t.Title, t.Body}
	}
	if t.Image != "" {
		a.Mutable = 1
	}
	return a
}
