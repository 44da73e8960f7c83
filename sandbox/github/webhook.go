package github

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Limits of webhooks: how long a receiver may take, and the largest payload;
// a larger one is not sent at all. See
// https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
// and https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
const (
	webhookTimeout = 10 * time.Second
	maxPayload     = 25 << 20
)

// hook is the configured receiver.
type hook struct {
	id          int64
	url, secret string
}

// Delivery is one webhook sent, or to be sent. See
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
type Delivery struct {
	ID         int64  // differs for a redelivery
	GUID       string // X-GitHub-Delivery; a redelivery has the same
	Event      string
	Action     string // empty for push and ping
	Redelivery bool
	Header     http.Header // of the request
	Payload    []byte

	Sent         bool // false while it waits its turn
	Delivered    time.Time
	StatusCode   int // of the answer; 0 if there was none
	ResponseBody []byte
	Err          string // why there was no answer

	url string
}

// SetWebhook has the events of all repositories but forks sent to the URL from
// now on, signed with the secret, and sends a ping. Before, and after an empty
// URL, events are lost, as they are at GitHub without a webhook.
func (s *Server) SetWebhook(url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if url == "" {
		s.hook = nil
		return
	}
	s.hook = &hook{id: s.nextID(), url: url, secret: secret}
	s.fire("ping", document{
		"zen": "Design for failure.", "hook_id": s.hook.id,
		"hook": document{
			"type": "Organization", "id": s.hook.id, "name": "web", "active": true, "events": []string{"*"},
			"config": document{"content_type": "json", "insecure_ssl": "0", "url": url},
		},
	})
}

// fire queues an event for the receiver, if there is one. The caller holds mu.
func (s *Server) fire(event string, payload document) {
	if s.hook == nil {
		return
	}
	body, err := json.Marshal(payload)
	if err != nil || len(body) > maxPayload {
		return // documents always encode
	}
	action, _ := payload["action"].(string)
	d := &Delivery{ID: s.nextID(), GUID: uuid.NewString(), Event: event, Action: action, Payload: body}
	s.queueDelivery(d)
}

// Send queues an event with any payload for the receiver, signed like the rest,
// for what the server does not send by itself. It fails without a receiver.
func (s *Server) Send(event, action string, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hook == nil {
		return fmt.Errorf("send %s: there is no webhook", event)
	}
	s.queueDelivery(&Delivery{ID: s.nextID(), GUID: uuid.NewString(), Event: event, Action: action, Payload: slices.Clone(payload)})
	return nil
}

func (s *Server) queueDelivery(d *Delivery) {
	d.url = s.hook.url
	d.Header = s.hook.header(d)
	s.deliveries = append(s.deliveries, d)
	s.outbox.add(d)
}

// header is what goes with a delivery. Without a secret there is no signature. See
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
func (h *hook) header(d *Delivery) http.Header {
	header := http.Header{
		"Accept":                                 {"*/*"},
		"Content-Type":                           {"application/json"},
		"User-Agent":                             {"GitHub-Hookshot/5a4db0c"},
		"X-Github-Delivery":                      {d.GUID},
		"X-Github-Event":                         {d.Event},
		"X-Github-Hook-Id":                       {strconv.FormatInt(h.id, 10)},
		"X-Github-Hook-Installation-Target-Id":   {strconv.FormatInt(h.id, 10)},
		"X-Github-Hook-Installation-Target-Type": {"organization"},
	}
	if h.secret != "" {
		header.Set("X-Hub-Signature", "sha1="+sign(sha1.New, h.secret, d.Payload))
		header.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New, h.secret, d.Payload))
	}
	return header
}

func sign(algorithm func() hash.Hash, secret string, payload []byte) string {
	mac := hmac.New(algorithm, []byte(secret))
	mac.Write(payload)
	return hex.EncodeToString(mac.Sum(nil))
}

// send posts one delivery and notes the answer. It is not tried again. See
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
func (s *Server) send(ctx context.Context, d *Delivery) {
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	status, body, err := post(ctx, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Sent, d.StatusCode, d.ResponseBody, d.Delivered = true, status, body, s.now()
	if err != nil {
		d.Err = err.Error()
	}
}

func post(ctx context.Context, d *Delivery) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(d.Payload))
	if err != nil {
		return 0, nil, err
	}
	request.Header = d.Header.Clone()
	request.Close = true // no idle connection outlives the server
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, body, err
}

// Deliveries are all webhooks so far, in the order of their events.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Delivery
	for _, d := range s.deliveries {
		list = append(list, *d)
	}
	return list
}

// Redeliver sends a delivery again to the present receiver, with the same GUID
// and payload. It fails if there is no such delivery or no receiver. See
// https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
func (s *Server) Redeliver(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.deliveries, func(d *Delivery) bool { return d.ID == id })
	if i < 0 {
		return fmt.Errorf("redeliver %d: there is no such delivery", id)
	}
	if s.hook == nil {
		return fmt.Errorf("redeliver %d: there is no webhook", id)
	}
	first := s.deliveries[i]
	s.queueDelivery(&Delivery{
		ID: s.nextID(), GUID: first.GUID, Event: first.Event, Action: first.Action, Payload: first.Payload, Redelivery: true,
	})
	return nil
}

// HoldDeliveries keeps webhooks from being sent until release is called.
func (s *Server) HoldDeliveries() (release func()) { return s.outbox.hold() }

// WaitDelivered waits until every webhook has been sent and answered, or has failed.
func (s *Server) WaitDelivered(ctx context.Context) error {
	if err := s.outbox.idle(ctx); err != nil {
		return fmt.Errorf("wait for webhooks: %w", err)
	}
	return nil
}
