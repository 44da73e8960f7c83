package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nats-io/nats.go/jetstream"
)

// Handlers work off what comes. attempt counts from 1 how often it was handed over. nil means that it is
// done; an error that it is to be tried again after a while, or set aside where Park marks it or the attempts
// are used up. A panic counts as an error. It may come again although it was done, after a crash or a
// lost connection in between, so a handler must stand being called twice. When ctx ends a handler should return
// soon; what it had in hand is then handed over again later, unless the cause is ErrCanceled.
type Handlers struct {
	// Dispatch enqueues the jobs that a delivery leads to. It is called for one delivery after the other and
	// should take no time: it must wait for nothing but the engine.
	Dispatch func(ctx context.Context, d Delivery, attempt int) error
	// Do does a job. It is called for several jobs at once, of different keys.
	Do func(ctx context.Context, j Job, attempt int) error
}

// Work hands deliveries and jobs to the handlers: the deliveries, and the jobs of each Key in a Lane, strictly in the
// order of their arrival and one at a time, also where several processes on one external server do so: nothing
// overtakes what waits to be tried again. It returns nil when ctx has ended and ErrClosed when the engine was closed,
// in either case after all handlers have returned; another error says that the server refuses to go on.
func (e *Engine) Work(ctx context.Context, handlers Handlers) error {
	end, err := e.begin()
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.working, func() { cancel(ErrClosed) })()

	stop, err := e.answerJobs()
	if err != nil {
		return err
	}
	defer stop()
	g, working := errgroup.WithContext(ctx)
	for _, q := range e.queues {
		g.Go(func() error { return e.workQueue(working, q, handlers) })
	}
	g.Go(func() error { e.forgetNowAndThen(working); return nil })
	if err := g.Wait(); err != nil {
		return err
	}
	if errors.Is(context.Cause(ctx), ErrClosed) {
		return ErrClosed
	}
	return nil
}

// workQueue works a queue off until ctx ends.
func (e *Engine) workQueue(ctx context.Context, q *queue, handlers Handlers) error {
	// The consumer's MaxAckPending hands over one at a time, however many are asked for. Asking for one alone
	// would be fragile: nats.go may miss that it has to ask again when a message comes before the last request
	// is off its hands, and then waits half a minute.
	messages, err := q.consumer.Messages(jetstream.PullMaxMessages(100), jetstream.WithMessagesErrOnMissingHeartbeat(false))
	if err != nil {
		return fmt.Errorf("take from %s: %w", q.name, err)
	}
	var interrupted jetstream.Msg
	defer func() { giveBack(messages, interrupted) }()
	for ctx.Err() == nil {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("take from %s: %w", q.name, err)
		}
		if err == nil && !e.workOff(ctx, q, m, handlers) {
			interrupted = m
		}
	}
	return nil
}

// giveBack ends the subscription, and then returns the message that was interrupted, if any, and what arrived
// after the last one was asked for: the next worker need not wait until its time is up. Returned any earlier, it
// would come back to this very subscription.
func giveBack(messages jetstream.MessagesContext, interrupted jetstream.Msg) {
	var held []jetstream.Msg
	if interrupted != nil {
		held = append(held, interrupted)
	}
	messages.Drain()
	for {
		m, err := messages.Next()
		if err != nil {
			break
		}
		held = append(held, m)
	}
	for _, m := range held {
		_ = m.Nak()
	}
}

// forgetEvery is how often what is long done is looked for.
const forgetEvery = time.Hour

func (e *Engine) forgetNowAndThen(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if err := e.forget(ctx); err != nil && ctx.Err() == nil {
			e.options.Logger.Warn("engine: " + err.Error())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// handle calls the handler while the server is told that the message is in hand.
func (e *Engine) handle(ctx context.Context, t *task) error {
	if t.attempt > 2*e.options.Attempts {
		return Park(errCrashing)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var beating sync.WaitGroup
	beating.Go(func() { e.beat(ctx, t.message, cancel) })
	defer beating.Wait()
	defer cancel(nil) // before the wait
	deaf, err := e.listen(t, cancel)
	if err != nil {
		return err
	}
	defer deaf()
	if t.queue.lane == Plans {
		select {
		case e.planning <- struct{}{}:
			defer func() { <-e.planning }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err = e.recovered(ctx, t)
	if errors.Is(context.Cause(ctx), ErrCanceled) {
		return ErrCanceled
	}
	return err
}

// errLost is why a handler's context ends when the server may have given its message to somebody else.
var errLost = errors.New("the connection to the NATS server was lost for too long")

// beat tells the server three times in AckWait that m is in hand, until ctx ends. It ends ctx where the server
// could not be told for so long that it will hand the message over again.
func (e *Engine) beat(ctx context.Context, m jetstream.Msg, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(e.options.AckWait / 3)
	defer tick.Stop()
	silent := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		silent++
		if e.conn.IsConnected() && m.InProgress() == nil {
			silent = 0
		}
		if silent == 3 {
			cancel(errLost)
		}
	}
}

func (e *Engine) recovered(ctx context.Context, t *task) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.options.Logger.Error("engine: a handler panicked", "id", t.job.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return t.do(ctx)
}
