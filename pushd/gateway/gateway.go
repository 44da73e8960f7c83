// Package gateway sends push messages: to FCM by its HTTP v1 API and to APNs by its provider API, over HTTP/2
// connections of its own (package h2), as many as the rate asks for.
//
// What is repeated, and what may thereby arrive twice, is stated in docs/design.md, "Delivery".
package gateway

import (
	"context"
	"fmt"
	"time"
)

// MaxBatch is how many messages a batch may have.
const MaxBatch = 1000

// Piece is how many messages of a batch are paced and queued at a time, at most.
const Piece = 250

// A Batch is messages for one gateway.
type Batch struct {
	Messages []Message
	// Pacer holds this batch back, in place of the sender's. Batches whose pacers are equal (==, which must be defined of
	// them) are one run: they wait in one line, and no other run waits for theirs.
	Pacer Pacer
}

// A Message is for one device.
type Message struct {
	// Token is the device's. One with a character that would change the message or its path is Rejected; it is never changed.
	Token []byte
	// Template is what it says. Messages share templates: one for a language, say.
	Template *Template
	// CollapseID takes the place of that of the template's header, for APNs.
	CollapseID string
}

// A Template is what messages have in common. It must not change while they are sent.
type Template struct {
	// Prefix and Suffix make a message's body: for FCM they stand before and after the token, within the quotes of
	// `"token":""`; for APNs one follows the other.
	Prefix, Suffix []byte
	// APNs are the header fields of messages to APNs.
	APNs Header
}

// A Header is the fields that APNs has outside of the payload
// (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).
type Header struct {
	// Topic is the app's bundle id; "" for that of the sender.
	Topic string
	// PushType is `alert`, `background`, or another; "" for `alert`.
	PushType string
	// Priority is 10, 5 or 1; 0 for none, which is 10.
	Priority int
	// Expiration is when APNs may stop trying, in seconds since 1970; 0 for at once, negative for none.
	Expiration int64
	// CollapseID makes a message replace another with the same on the phone; 64 bytes at most, "" for none.
	CollapseID string
}

// An Outcome is what became of a message.
type Outcome int

const (
	// Unsent messages were not taken by the gateway, and no copy of them was.
	Unsent Outcome = iota
	// Accepted messages are the gateway's now.
	Accepted
	// Dead messages are for a token that the gateway says is no longer one: FCM's UNREGISTERED, APNs's 410.
	Dead
	// Rejected messages are wrong in the gateway's eyes: that says nothing of the token.
	Rejected
	// GaveUp messages met trouble that would pass, too often or for too long.
	GaveUp
	// Unknown messages, or a copy of them, may have been taken or not: their answer never came.
	Unknown
)

func (o Outcome) String() string {
	names := []string{"unsent", "accepted", "dead", "rejected", "gave up", "unknown"}
	if o < 0 || int(o) >= len(names) {
		return fmt.Sprintf("Outcome(%d)", int(o))
	}
	return names[o]
}

// A Result is what became of a message.
type Result struct {
	Outcome Outcome
	// ID is the gateway's name for an accepted message. Its memory is used again by the next Send into the same results.
	ID []byte
	// Reason is the gateway's word for anything but acceptance, or ours.
	Reason string
	// Since is from when on a dead token was none, as far as the gateway says: APNs does, FCM does not.
	Since time.Time
	// Attempts is how often it was submitted, and Repeats how many of these followed one that may have been taken.
	Attempts, Repeats int
}

// A StopError is an answer after which no message of the run should be sent: all would meet the same, or something is
// wrong that must not be acted upon. No token is dead by it.
type StopError struct {
	// Reason is the gateway's word, such as SENDER_ID_MISMATCH or TopicDisallowed.
	Reason string
	// Advice is what to do.
	Advice string
	// Err is what happened, where it was no answer of the gateway.
	Err error
}

func (e *StopError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v: %s", e.Reason, e.Err, e.Advice)
	}
	return e.Reason + ": " + e.Advice
}

// Unwrap gives what happened.
func (e *StopError) Unwrap() error { return e.Err }

// A Pacer holds messages back to a rate, over all workers of a cluster for instance.
type Pacer interface {
	// Take waits until n messages may be sent. Repeats are taken too, since gateways count them. It returns the
	// context's error if that ends first.
	Take(ctx context.Context, n int) error
}

// A Clock tells the time, and waits.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// unpaced is the pacer that holds nothing back.
type unpaced struct{}

func (unpaced) Take(ctx context.Context, _ int) error { return ctx.Err() }
