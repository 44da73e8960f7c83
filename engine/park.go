package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrNotParked says that no delivery or job of that id is parked.
var ErrNotParked = errors.New("nothing of that id is parked")

// Park marks a handler's error as final: the delivery or job is set aside at once, instead of being tried again.
// Park(nil) is nil.
func Park(err error) error {
	if err == nil {
		return nil
	}
	return &parkError{err}
}

// IsFinal says whether an error is marked by Park.
func IsFinal(err error) bool {
	var final *parkError
	return errors.As(err, &final)
}

type parkError struct{ err error }

func (e *parkError) Error() string { return e.err.Error() }
func (e *parkError) Unwrap() error { return e.err }

// Parked is a job that was set aside; its Body is left out. Where Lane is empty it is a delivery that led to no job
// yet, and Kind is its event. A delivery and the jobs that have its id are one here: the last that failed.
type Parked struct {
	Job
	Reason   string // the text of the handler's last error
	Attempts int    // how often it was handed over
	At       time.Time
}

const (
	headerReason   = "Liveops-Reason" // quoted as in Go, because a header has no line ends
	headerAttempts = "Liveops-Attempts"
	headerParkedAt = "Liveops-Parked-At"
	maxReason      = 4 << 10
)

// park sets a task aside. Where it is parked already, from a crash before its message was acknowledged or
// from an earlier life of a retried one, the later parking takes the earlier's place.
func (e *Engine) park(ctx context.Context, t *task, reason error) error {
	text := reason.Error()
	if len(text) > maxReason {
		text = text[:maxReason] + "…"
	}
	m := t.job.message()
	m.Subject = subjectOfParked(t.job.ID)
	m.Header.Set(headerReason, strconv.QuoteToASCII(text))
	m.Header.Set(headerAttempts, strconv.Itoa(t.attempt))
	m.Header.Set(headerParkedAt, e.options.Now().UTC().Format(time.RFC3339Nano))
	if _, err := e.publish(ctx, m, string(t.job.Lane)+" "+t.job.ID+" "+strconv.FormatUint(t.sequence, 10)); err != nil {
		return fmt.Errorf("park %s: %w", t.job.ID, err)
	}
	return nil
}

func subjectOfParked(id string) string {
	return parkedSubject + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// Parked lists the parked deliveries and jobs in the order of their parking.
func (e *Engine) Parked(ctx context.Context) ([]Parked, error) {
	end, err := e.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	var list []Parked
	for sequence := uint64(1); ; {
		// The first at or after the sequence. With a consumer the bodies would stay where they are, but it
		// cannot tell an empty stream from a slow one.
		m, err := e.parked.GetMsg(ctx, sequence, jetstream.WithGetMsgSubject(parkedSubject+"*"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list what is parked: %w", err)
		}
		list = append(list, parkedOf(m.Header))
		sequence = m.Sequence + 1
	}
}

func parkedOf(h nats.Header) Parked {
	p := Parked{Job: jobOf(h, nil)}
	p.Reason, _ = strconv.Unquote(h.Get(headerReason)) // park wrote all three
	p.Attempts, _ = strconv.Atoi(h.Get(headerAttempts))
	p.At, _ = time.Parse(time.RFC3339Nano, h.Get(headerParkedAt))
	return p
}

// Retry puts the parked delivery or job of that id at the end of its queue again, with all its attempts before it.
// ErrNotParked says that there is none.
func (e *Engine) Retry(ctx context.Context, id string) error {
	end, err := e.begin()
	if err != nil {
		return err
	}
	defer end()
	m, err := e.parked.GetLastMsgForSubject(ctx, subjectOfParked(id))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return fmt.Errorf("retry %s: %w", id, ErrNotParked)
	}
	if err != nil {
		return fmt.Errorf("retry %s: %w", id, err)
	}
	// The message's own id is new to the stream, and yet the same if a crash has this done twice.
	if _, err := e.publish(ctx, jobOf(m.Header, m.Data).message(), "retry "+id+" "+strconv.FormatUint(m.Sequence, 10)); err != nil {
		return fmt.Errorf("retry %s: %w", id, err)
	}
	if err := e.parked.DeleteMsg(ctx, m.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return fmt.Errorf("retry %s: it is in the queue again, but also still parked: %w", id, err)
	}
	return nil
}
