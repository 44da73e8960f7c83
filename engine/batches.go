package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Batches are the batches of an environment's push runs on their way to workers: a work queue on disk, with a consumer for
// each run, so that a run which is paused stands in no other's way.
type Batches struct {
	e           *Engine
	environment string
	stream      jetstream.Stream
}

const (
	batchesStream  = "LIVEOPS_PUSH_" // and the environment's name
	batchesSubject = "liveops.push." // and the environment's name, and the run's id
	// mostOutstanding is how many batches of a run may be with workers at once.
	mostOutstanding = 10_000
)

// environmentName is the names of environments (docs/design.md), which stand in subjects.
var environmentName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Batches opens an environment's batches.
func (e *Engine) Batches(ctx context.Context, environment string) (*Batches, error) {
	if !environmentName.MatchString(environment) {
		return nil, fmt.Errorf("%q is no name of an environment", environment)
	}
	b := &Batches{e: e, environment: environment}
	var err error
	b.stream, err = e.makeStream(ctx, jetstream.StreamConfig{
		Name:        batchesStream + environment,
		Description: "Batches of push runs that have no result yet.",
		Subjects:    []string{batchesSubject + environment + ".*"},
		Retention:   jetstream.WorkQueuePolicy,
		Duplicates:  Remembered, // by which a batch that is published again, since nobody knows whether it was, is one
	})
	if err != nil {
		return nil, fmt.Errorf("make the stream of push batches of %s: %w", environment, err)
	}
	return b, nil
}

func (b *Batches) subject(run int64) string {
	return batchesSubject + b.environment + "." + strconv.FormatInt(run, 10)
}

const consumerPrefix = "run-"

func consumerOf(run int64) string { return consumerPrefix + strconv.FormatInt(run, 10) }

// Begin makes a run's queue, where there is none.
func (b *Batches) Begin(ctx context.Context, run int64) error {
	_, err := b.stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:       consumerOf(run),
		FilterSubject: b.subject(run),
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       b.e.options.AckWait,
		MaxAckPending: mostOutstanding,
		MaxDeliver:    -1,
	})
	if err != nil {
		return fmt.Errorf("make the queue of run %d: %w", run, err)
	}
	return nil
}

// End removes a run's queue, and what waits in it. Whoever has a batch of it in hand may finish it.
func (b *Batches) End(ctx context.Context, run int64) error {
	err := b.stream.Purge(ctx, jetstream.WithPurgeSubject(b.subject(run)))
	if gone := b.stream.DeleteConsumer(ctx, consumerOf(run)); !errors.Is(gone, jetstream.ErrConsumerNotFound) {
		err = errors.Join(err, gone)
	}
	if err != nil {
		return fmt.Errorf("remove the queue of run %d: %w", run, err)
	}
	return nil
}

// Runs are the runs that have a queue, or batches waiting, sorted.
func (b *Batches) Runs(ctx context.Context) ([]int64, error) {
	all := map[int64]bool{}
	names := b.stream.ConsumerNames(ctx)
	for name := range names.Name() {
		if run, err := strconv.ParseInt(strings.TrimPrefix(name, consumerPrefix), 10, 64); err == nil && consumerOf(run) == name {
			all[run] = true
		}
	}
	if err := names.Err(); err != nil {
		return nil, fmt.Errorf("list the queues of push runs of %s: %w", b.environment, err)
	}
	info, err := b.stream.Info(ctx, jetstream.WithSubjectFilter(batchesSubject+b.environment+".*"))
	if err != nil {
		return nil, fmt.Errorf("list the batches of push runs of %s: %w", b.environment, err)
	}
	for subject := range info.State.Subjects {
		if run, err := strconv.ParseInt(subject[strings.LastIndexByte(subject, '.')+1:], 10, 64); err == nil {
			all[run] = true
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// Publish hands a batch out, and returns when it is on disk. A number of a run that was published before is the same
// batch and is not handed out again, as far as the server remembers: of what is done and gone it knows nothing after a
// restart.
func (b *Batches) Publish(ctx context.Context, run int64, seq int, data []byte) error {
	m := nats.NewMsg(b.subject(run))
	m.Data = data
	m.Header.Set(headerSeq, strconv.Itoa(seq))
	if _, err := b.e.publish(ctx, m, consumerOf(run)+"."+strconv.Itoa(seq)); err != nil {
		return fmt.Errorf("hand out batch %d of run %d: %w", seq, run, err)
	}
	return nil
}

const headerSeq = "Liveops-Seq"

// Batch is a batch in hand. Others may have had it before, may have it still, and may have sent of it: a server that was killed has
// forgotten which batches it had handed over (it syncs messages, not deliveries), and one that cannot be reached hands
// them over again. Exactly one of Done, Back and Later ends that, or AckWait does, after which it is handed over again.
type Batch struct {
	Seq  int
	Data []byte

	message jetstream.Msg
}

// Taking takes batches of a run in hand, one after the other.
type Taking struct{ messages jetstream.MessagesContext }

// Take begins to take batches of a run in hand: ahead of them are fetched before they are asked for. ErrNoRun says that the run has
// no queue. The caller must call Stop.
func (b *Batches) Take(ctx context.Context, run int64, ahead int) (*Taking, error) {
	consumer, err := b.stream.Consumer(ctx, consumerOf(run))
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, ErrNoRun
	}
	if err != nil {
		return nil, fmt.Errorf("find the queue of run %d: %w", run, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(max(ahead, 1)))
	if err != nil {
		return nil, fmt.Errorf("take batches of run %d: %w", run, err)
	}
	return &Taking{messages}, nil
}

// Next waits for the next batch, or for the end of ctx. ErrNoRun says that the run's queue was removed.
func (t *Taking) Next(ctx context.Context) (*Batch, error) {
	m, err := t.messages.Next(jetstream.NextContext(ctx))
	switch {
	case errors.Is(err, jetstream.ErrConsumerDeleted), errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, nats.ErrNoResponders):
		return nil, ErrNoRun
	case err != nil:
		return nil, err
	}
	seq, err := strconv.Atoi(m.Headers().Get(headerSeq))
	if err != nil {
		return nil, fmt.Errorf("read a batch: its number: %w", err)
	}
	return &Batch{Seq: seq, Data: m.Data(), message: m}, nil
}

// Stop takes no more, and gives back what was fetched ahead.
func (t *Taking) Stop() {
	t.messages.Drain()
	for {
		m, err := t.messages.Next()
		if err != nil {
			return
		}
		_ = m.Nak() // or the server hands it over again when AckWait is over
	}
}

// ErrNoRun says that a run has no queue: it has ended, or is not begun.
var ErrNoRun = errors.New("the run has no queue")

// KeepEvery is how often Keep must be said of a batch in hand: a third of Options.AckWait.
func (b *Batches) KeepEvery() time.Duration { return b.e.options.AckWait / 3 }

// Keep says that the batch is still in hand.
func (b *Batch) Keep() error { return b.message.InProgress() }

// Done says that the batch has its result. Where that word is lost, the batch is handed over again.
func (b *Batch) Done() error { return b.message.Ack() }

// Back gives the batch back, for anybody to take in hand.
func (b *Batch) Back() error { return b.message.Nak() }

// Later gives the batch back, for anybody to take in hand after a while.
func (b *Batch) Later(after time.Duration) error { return b.message.NakWithDelay(after) }

// ErrNobody says that nobody answers to a question now.
var ErrNobody = errors.New("nobody answers")

// Ask asks whoever answers (Answer) for an environment's pushes, and returns the answer.
func (b *Batches) Ask(ctx context.Context, question []byte) ([]byte, error) {
	m, err := b.e.conn.RequestWithContext(ctx, askSubject+b.environment, question)
	if errors.Is(err, nats.ErrNoResponders) {
		return nil, ErrNobody
	}
	if err != nil {
		return nil, fmt.Errorf("ask about the pushes of %s: %w", b.environment, err)
	}
	if text := m.Header.Get(headerError); text != "" {
		return nil, fmt.Errorf("ask about the pushes of %s: %s", b.environment, text)
	}
	return m.Data, nil
}

const (
	askSubject  = "liveops.control.push." // and the environment's name
	headerError = "Liveops-Error"
)

// Answer answers what is asked about an environment's pushes, several questions at once, until stop is called, which waits
// for those in hand. There should be one who answers.
func (b *Batches) Answer(answer func(ctx context.Context, question []byte) ([]byte, error)) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	free := make(chan struct{}, answerers)
	var answering sync.WaitGroup
	s, err := b.e.conn.Subscribe(askSubject+b.environment, func(m *nats.Msg) {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		answering.Go(func() {
			defer func() { <-free }()
			b.respond(ctx, m, answer)
		})
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("listen for questions about the pushes of %s: %w", b.environment, err)
	}
	deaf := make(chan struct{})
	s.SetClosedHandler(func(string) { close(deaf) })
	return func() {
		cancel()
		if s.Unsubscribe() == nil { // it fails where the connection has ended, and the subscription with it
			<-deaf
		}
		answering.Wait()
	}, nil
}

// answerers is how many questions are answered at once: as many results as thirty workers can be waiting to have recorded while
// a database is slow, and what they say all the time besides, which must not wait behind those.
const answerers = 1024

// respond answers one question.
func (b *Batches) respond(ctx context.Context, m *nats.Msg, answer func(ctx context.Context, question []byte) ([]byte, error)) {
	data, err := answer(ctx, m.Data)
	reply := nats.NewMsg(m.Reply)
	reply.Data = data
	if err != nil {
		reply.Header.Set(headerError, strings.Join(strings.Fields(err.Error()), " "))
	}
	if err := m.RespondMsg(reply); err != nil && ctx.Err() == nil {
		b.e.options.Logger.Warn("engine: an answer about pushes did not go out", "err", err)
	}
}
