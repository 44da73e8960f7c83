package gateway

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"strconv"
	"time"

	"liveops/pushd/gateway/h2"
)

// The addresses of APNs (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).
const (
	APNsURL            = "https://api.push.apple.com"
	APNsDevelopmentURL = "https://api.sandbox.push.apple.com"
)

// APNs is the key that sends by the Apple Push Notification service.
type APNs struct {
	// Key is the .p8 file, KeyID its id, and TeamID the team's; ten characters each.
	Key           []byte
	KeyID, TeamID string
	// Topic is the app's bundle id, for messages that name none.
	Topic string
}

// NewAPNs makes a sender for APNs, which sends to APNsURL unless the options say otherwise. The caller must Close it.
func NewAPNs(a APNs, o Options) (*Sender, error) {
	key, err := parseKey(a.Key)
	if err != nil {
		return nil, fmt.Errorf("the APNs key: %w", err)
	}
	if _, ok := key.(*ecdsa.PrivateKey); !ok {
		return nil, fmt.Errorf("the APNs key is of type %T, not ECDSA", key)
	}
	if a.KeyID == "" || a.TeamID == "" {
		return nil, errors.New("the APNs key needs its key id and the team's id")
	}
	if a.Topic == "" {
		return nil, errors.New("no topic: APNs wants the app's bundle id")
	}
	if o.URL == "" {
		o.URL = APNsURL
	}
	o = o.complete()
	return newSender(&apns{topic: a.Topic}, mintProviderToken(key, a, o.Clock), o)
}

// The rules of https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns:
// a token lives for an hour, and no more than one is taken in 20 minutes.
const (
	providerPeriod = 30 * time.Minute
	providerPause  = 20 * time.Minute
	providerLife   = time.Hour - time.Minute
)

// mintProviderToken makes authentication tokens. They are issued at the full and at the half hour, and the signature
// follows from the key: so all workers of a cluster have the same one, and APNs sees one in half an hour. A worker that begins
// right after another one did with the one before is refused (TooManyProviderTokenUpdates), and takes that one, too.
func mintProviderToken(key crypto.PrivateKey, a APNs, clock Clock) mint {
	var last time.Time // when one was made; credentials makes one at a time
	return func(_ context.Context, earlier bool) (*credential, error) {
		now := clock.Now()
		if !last.IsZero() && now.Sub(last) < providerPause && !earlier {
			return nil, &StopError{Reason: "ExpiredProviderToken", Err: errTooSoon, Advice: "APNs refuses a token that is not old: check this machine's clock"}
		}
		issued := now.Truncate(providerPeriod)
		if earlier {
			issued = issued.Add(-providerPeriod)
		}
		text, err := signJWT(key, a.KeyID, map[string]any{"iss": a.TeamID, "iat": issued.Unix()})
		if err != nil {
			return nil, &StopError{Reason: "no authentication token", Err: err, Advice: "check the APNs key"}
		}
		last = now
		renew := issued.Add(providerPeriod)
		if earliest := now.Add(providerPause); renew.Before(earliest) {
			renew = earliest
		}
		return &credential{text: text, renew: renew, until: issued.Add(providerLife), earlier: earlier}, nil
	}
}

// apns speaks APNs's provider API:
// https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns.
type apns struct{ topic string }

// The limits of that page; of a device token's length it says that it varies.
const (
	maxCollapseID  = 64
	maxDeviceToken = 200
)

// check refuses tokens that would not be what they are within a path, and what APNs would refuse for sure.
func (a *apns) check(m *Message) error {
	if len(m.Token) == 0 || len(m.Token) > maxDeviceToken {
		return fmt.Errorf("a token of %d bytes", len(m.Token))
	}
	for _, c := range m.Token {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return fmt.Errorf("a token with the character %q, which is no hexadecimal digit", c)
		}
	}
	if id := max(len(m.CollapseID), len(m.Template.APNs.CollapseID)); id > maxCollapseID {
		return fmt.Errorf("a collapse id of %d bytes: APNs takes %d", id, maxCollapseID)
	}
	return nil
}

func (a *apns) key(m *Message) headKey {
	k := headKey{apns: m.Template.APNs}
	if m.CollapseID != "" {
		k.apns.CollapseID = ""
	}
	return k
}

// head is the header of messages, compressed as Apple asks: "the :path and authorization values as literal header
// fields without indexing", apns-expiration and apns-collapse-id "with incremental indexing" the first time and without
// later, the others with.
func (a *apns) head(authority string, key headKey, k *credential) *h2.Head {
	h := key.apns
	if h.Topic == "" {
		h.Topic = a.topic
	}
	if h.PushType == "" {
		h.PushType = "alert"
	}
	fields := []h2.Field{
		{Name: "authorization", Value: "bearer " + k.text, Mode: h2.Literal},
		{Name: "apns-topic", Value: h.Topic},
		{Name: "apns-push-type", Value: h.PushType},
	}
	if h.Priority != 0 {
		fields = append(fields, h2.Field{Name: "apns-priority", Value: strconv.Itoa(h.Priority)})
	}
	if h.Expiration >= 0 {
		fields = append(fields, h2.Field{Name: "apns-expiration", Value: strconv.FormatInt(h.Expiration, 10), Mode: h2.NameIndexed})
	}
	if h.CollapseID != "" {
		fields = append(fields, h2.Field{Name: "apns-collapse-id", Value: h.CollapseID, Mode: h2.NameIndexed})
	}
	return &h2.Head{Authority: authority, Path: "/3/device/", PathOpen: true, Tag: k, Fields: fields}
}

func (a *apns) fill(m *Message, p *h2.Post) {
	p.Path = m.Token
	if m.CollapseID != "" {
		p.Extra = h2.Field{Name: "apns-collapse-id", Value: m.CollapseID, Mode: h2.NameIndexed}
	}
	p.Body = [3][]byte{m.Template.Prefix, m.Template.Suffix, nil}
}
