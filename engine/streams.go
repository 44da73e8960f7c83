package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nats-io/nats.go/jetstream"
)

// Remembered is how long the engine knows a delivery's id again, and a job's: GitHub lets a delivery be redelivered for three days
// (https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks).
const Remembered = 72 * time.Hour

// The streams, their subjects and the deliveries' consumer, as an external server shows them. A queue of jobs has a
// consumer of its name, such as plan-3.
const (
	deliveriesStream  = "LIVEOPS_DELIVERIES"
	deliveriesSubject = "liveops.deliveries"
	workerConsumer    = "worker"
	jobsStream        = "LIVEOPS_JOBS"
	jobsSubject       = "liveops.jobs." // and the queue's name, and what supersedes the job
	parkedStream      = "LIVEOPS_PARKED"
	parkedSubject     = "liveops.parked." // and the id in base64
)

// queue is messages of a stream that are worked off in order, one at a time over all processes.
type queue struct {
	name     string
	lane     Lane // "" of the deliveries
	stream   jetstream.Stream
	filter   string // its subjects
	consumer jetstream.Consumer
}

// makeStreams makes the streams and the consumers, or brings those of an older version up to date.
//
// What is done stays in its stream for as long as its id must be known, because the server learns the ids from the
// stream when it starts. It is Work that removes it then: a limit on the messages' age would take those that still
// wait as well, say after a long stop.
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
	e.jobs, err = e.makeStream(ctx, jetstream.StreamConfig{
		Name:        jobsStream,
		Description: "What deliveries lead to, by lane, and what was done in the last 72 hours.",
		Subjects:    []string{jobsSubject + ">"},
		Duplicates:  Remembered,
	})
	if err != nil {
		return fmt.Errorf("make the stream of jobs: %w", err)
	}
	e.parked, err = e.makeStream(ctx, jetstream.StreamConfig{
		Name:              parkedStream,
		Description:       "Deliveries and jobs that could not be worked off.",
		Subjects:          []string{parkedSubject + "*"},
		MaxMsgsPerSubject: 1,
	})
	if err != nil {
		return fmt.Errorf("make the stream of what is parked: %w", err)
	}
	e.queues = []*queue{{name: workerConsumer, stream: e.deliveries, filter: deliveriesSubject}}
	for _, l := range lanes() {
		for i := range l.width() {
			name := queueName(l, i)
			e.queues = append(e.queues, &queue{name: name, lane: l, stream: e.jobs, filter: jobsSubject + name + ".*"})
		}
	}
	g, ctx := errgroup.WithContext(ctx) // at once, since a cluster takes its time for each
	for _, q := range e.queues {
		g.Go(func() error {
			if err := e.makeConsumer(ctx, q); err != nil {
				return fmt.Errorf("make the consumer %s: %w", q.name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// makeStream makes a stream on disk, with as many replicas as were asked for, or as it has if those are more.
func (e *Engine) makeStream(ctx context.Context, config jetstream.StreamConfig) (_ jetstream.Stream, err error) {
	config.Storage = jetstream.FileStorage
	if config.Replicas, err = e.replicas(ctx, config.Name); err != nil {
		return nil, err
	}
	return e.js.CreateOrUpdateStream(ctx, config)
}

func (e *Engine) makeConsumer(ctx context.Context, q *queue) (err error) {
	config := jetstream.ConsumerConfig{
		Durable:       q.name,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       e.options.AckWait,
		MaxAckPending: 1, // one at a time, over all processes; the next only when the first is done or parked
		MaxDeliver:    -1,
	}
	if q.lane != "" {
		config.FilterSubject = q.filter
	}
	q.consumer, err = q.stream.CreateOrUpdateConsumer(ctx, config)
	return err
}

// has says whether messages of a subject are the queue's.
func (q *queue) has(subject string) bool {
	return strings.HasPrefix(subject, strings.TrimSuffix(q.filter, "*"))
}

// settled is the sequence in the queue's stream up to which the queue has nothing to do any more.
func (q *queue) settled(ctx context.Context) (uint64, error) {
	info, err := q.consumer.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("read how far %s is: %w", q.name, err)
	}
	return info.AckFloor.Stream, nil
}

// next is the queue's first message at or after a sequence; nil where there is none.
func (q *queue) next(ctx context.Context, sequence uint64) (*jetstream.RawStreamMsg, error) {
	m, err := q.stream.GetMsg(ctx, sequence, jetstream.WithGetMsgSubject(q.filter))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what %s has: %w", q.name, err)
	}
	return m, nil
}
