package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Deliver stores a delivery for Work. It returns when the delivery is synced to disk, so that GitHub may be
// told that it is accepted. An id that was delivered in the last 72 hours is a duplicate, which is not stored
// again. A zero Received is the present. ErrTooLarge and a malformed id, event or repository are for good;
// after any other error the delivery may or may not be stored, and may be delivered again.
func (e *Engine) Deliver(ctx context.Context, d Delivery) (duplicate bool, err error) {
	end, err := e.begin()
	if err != nil {
		return false, err
	}
	defer end()
	if d.Received.IsZero() {
		d.Received = e.options.Now()
	}
	if err := d.check(); err != nil {
		return false, err
	}
	duplicate, err = e.publish(ctx, d.message(deliveriesSubject), d.ID)
	if err != nil {
		return false, fmt.Errorf("store delivery %s: %w", d.ID, err)
	}
	return duplicate, nil
}

// publish stores a message, unless one with this id was stored to the same stream before.
func (e *Engine) publish(ctx context.Context, m *nats.Msg, id string) (duplicate bool, err error) {
	ack, err := e.js.PublishMsg(ctx, m, jetstream.WithMsgID(id))
	if errors.Is(err, nats.ErrMaxPayload) {
		return false, fmt.Errorf("%w for the NATS server: %d bytes, at most %d", ErrTooLarge, len(m.Data), e.conn.MaxPayload())
	}
	if err != nil {
		return false, err
	}
	return ack.Duplicate, nil
}
