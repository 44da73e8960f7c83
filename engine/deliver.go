package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Remembered is how long the engine knows a delivery's id again: GitHub lets one be redelivered for three days
// (https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks).
const Remembered = 72 * time.Hour

// The streams, their subjects and the one consumer, as an external server shows them.
const (
	deliveriesStream  = "LIVEOPS_DELIVERIES"
	deliveriesSubject = "liveops.deliveries"
	parkedStream      = "LIVEOPS_PARKED"
	parkedSubject     = "liveops.parked." // and the delivery's id in base64
	workerConsumer    = "worker"
)

// makeStreams makes the streams and the consumer, or brings those of an older version up to date.
//
// A delivery that is done stays in its stream for as long as its id must be known, because the server learns
// the ids from the stream when it starts. It is Work that removes it then: a limit on the messages' age would
// take those that still wait as well, say after a long stop.
func (e *Engine) makeStreams(ctx context.Context) (err error) {
	e.deliveries, err = e.makeStream(ctx, jetstream.StreamConfig{
		Name:        deliveriesStream,
		Description: "Webhook deliveries, and those done in the last 72 hours.",
		Subjects:    []string{deliveriesSubject},
		Duplicates:  Remembered,
	})
	if err != nil {
		return fmt.Errorf("make the stream of deliveries: %w", err)
	}
	e.parked, err = e.makeStream(ctx, jetstream.StreamConfig{
		Name:              parkedStream,
		Description:       "Deliveries that could not be worked off.",
		Subjects:          []string{parkedSubject + "*"},
		MaxMsgsPerSubject: 1,
	})
	if err != nil {
		return fmt.Errorf("make the stream of parked deliveries: %w", err)
	}
	e.worker, err = e.deliveries.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:       workerConsumer,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       e.options.AckWait,
		MaxAckPending: 1, // one at a time, over all processes; the next only when the first is done or parked
		MaxDeliver:    -1,
	})
	if err != nil {
		return fmt.Errorf("make the consumer of deliveries: %w", err)
	}
	return nil
}

// makeStream makes a stream on disk, with as many replicas as were asked for, or as it has if those are more.
func (e *Engine) makeStream(ctx context.Context, config jetstream.StreamConfig) (_ jetstream.Stream, err error) {
	config.Storage = jetstream.FileStorage
	if config.Replicas, err = e.replicas(ctx, config.Name); err != nil {
		return nil, err
	}
	return e.js.CreateOrUpdateStream(ctx, config)
}

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

// Depth is how many deliveries wait or are in hand, and how many are parked.
func (e *Engine) Depth(ctx context.Context) (waiting, parked int, err error) {
	end, err := e.begin()
	if err != nil {
		return 0, 0, err
	}
	defer end()
	worker, err := e.worker.Info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("count the deliveries: %w", err)
	}
	stream, err := e.deliveries.Info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("count the deliveries: %w", err)
	}
	aside, err := e.parked.Info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("count the parked deliveries: %w", err)
	}
	// The consumer's own count lags behind what is stored. Deliveries are settled in order, so what lies
	// behind the last one settled waits, as long as nobody takes messages out of the middle.
	settled := max(worker.AckFloor.Stream, stream.State.FirstSeq-min(stream.State.FirstSeq, 1))
	return int(stream.State.LastSeq - min(settled, stream.State.LastSeq)), int(aside.State.Msgs), nil
}

// forget removes deliveries from the front of their stream that are done and so old that their ids need not
// be known any more.
func (e *Engine) forget(ctx context.Context) error {
	worker, err := e.worker.Info(ctx)
	if err != nil {
		return fmt.Errorf("forget old deliveries: %w", err)
	}
	for {
		stream, err := e.deliveries.Info(ctx)
		if err != nil {
			return fmt.Errorf("forget old deliveries: %w", err)
		}
		first := stream.State
		if first.Msgs == 0 || first.FirstSeq > worker.AckFloor.Stream || e.options.Now().Sub(first.FirstTime) < Remembered {
			return nil
		}
		if err := e.deliveries.DeleteMsg(ctx, first.FirstSeq); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("forget old deliveries: %w", err)
		}
	}
}
