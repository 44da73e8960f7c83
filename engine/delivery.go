package engine

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/nats-io/nats.go"
)

// MaxBody is the largest body of a Delivery, and of a Job: what GitHub caps a webhook's payload at
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap).
const MaxBody = 25 << 20

// maxMessage is what the server must take: a body and its headers. Its file store reads nothing of 32 MiB or
// more back.
const maxMessage = MaxBody + 64<<10

// ErrTooLarge says that the body of a delivery or job is larger than MaxBody, or than an external server takes, or that a
// page is too large to be kept.
var ErrTooLarge = errors.New("it is too large")

// Delivery is one webhook delivery from GitHub.
type Delivery struct {
	ID         string    // of the X-GitHub-Delivery header
	Event      string    // of the X-GitHub-Event header
	Repository string    // owner/name, or "" where the event has none
	Received   time.Time // when it came in; kept to the nanosecond, in UTC
	Body       []byte
}

// check refuses what could not be read back as it was written.
func (d Delivery) check() error {
	if d.ID == "" {
		return errors.New("the delivery has no id")
	}
	if len(d.Body) > MaxBody {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(d.Body), MaxBody)
	}
	return checkFields("delivery", field{"id", d.ID}, field{"event", d.Event}, field{"repository", d.Repository})
}

// field is a text that becomes a header.
type field struct{ name, text string }

func checkFields(of string, fields ...field) error {
	for _, f := range fields {
		const most = 256
		if len(f.text) > most {
			return fmt.Errorf("the %s's %s has %d bytes, at most %d", of, f.name, len(f.text), most)
		}
		if strings.ContainsFunc(f.text, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) || r == ' ' }) {
			return fmt.Errorf("the %s's %s %q has more than printable ASCII", of, f.name, f.text)
		}
	}
	return nil
}

// A message's headers. The body is the message's data.
const (
	headerID         = "Liveops-Delivery"
	headerEvent      = "Liveops-Event"
	headerRepository = "Liveops-Repository"
	headerReceived   = "Liveops-Received"
)

func (d Delivery) message(subject string) *nats.Msg {
	return &nats.Msg{Subject: subject, Data: d.Body, Header: nats.Header{
		headerID:         {d.ID},
		headerEvent:      {d.Event},
		headerRepository: {d.Repository},
		headerReceived:   {d.Received.UTC().Format(time.RFC3339Nano)},
	}}
}

func deliveryOf(header nats.Header, body []byte) Delivery {
	received, _ := time.Parse(time.RFC3339Nano, header.Get(headerReceived)) // message wrote it
	return Delivery{
		ID:         header.Get(headerID),
		Event:      header.Get(headerEvent),
		Repository: header.Get(headerRepository),
		Received:   received,
		Body:       body,
	}
}
