package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// settleLimit bounds the engine's own words with the server after a handler, which a shutdown must not cut off.
const settleLimit = 10 * time.Second

// Handler works one delivery off. attempt counts from 1 how often it was handed over. nil means that it is
// done; an error that it is to be tried again after a while, or set aside where Park marks it or the attempts
// are used up. A panic counts as an error. A delivery may come again although it was done, after a crash or a
// lost connection in between, so a handler must stand being called twice. When ctx ends it should return
// soon; the delivery is then handed over again later.
type Handler func(ctx context.Context, d Delivery, attempt int) error

// Work hands deliveries to the handler, strictly in the order of their arrival and one at a time, also where
// several processes on one external server do so: nothing overtakes a delivery that waits to be tried again.
// It returns nil when ctx has ended and ErrClosed when the engine was closed, in either case after the handler
// has returned; another error says that the server refuses to go on.
func (e *Engine) Work(ctx context.Context, handle Handler) error {
	end, err := e.begin()
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.working, func() { cancel(ErrClosed) })()

	// The consumer's MaxAckPending hands over one at a time, however many are asked for. Asking for one alone
	// would be fragile: nats.go may miss that it has to ask again when a message comes before the last request
	// is off its hands, and then waits half a minute.
	messages, err := e.worker.Messages(jetstream.PullMaxMessages(100), jetstream.WithMessagesErrOnMissingHeartbeat(false))
	if err != nil {
		return fmt.Errorf("take deliveries: %w", err)
	}
	var interrupted jetstream.Msg
	defer func() { giveBack(messages, interrupted) }()
	for ctx.Err() == nil {
		if err := e.forget(ctx); err != nil && ctx.Err() == nil {
			e.options.Logger.Warn("engine: " + err.Error())
		}
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("take deliveries: %w", err)
		}
		if err == nil && !e.workOff(ctx, m, handle) {
			interrupted = m
		}
	}
	if errors.Is(context.Cause(ctx), ErrClosed) {
		return ErrClosed
	}
	return nil
}

// giveBack ends the subscription, and then returns the delivery that was interrupted, if any, and what arrived
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

// workOff handles one message and settles it: acknowledged, parked, or to come again after a while. It is not
// settled where ctx ended meanwhile: then it is to be handed over again at once.
func (e *Engine) workOff(ctx context.Context, m jetstream.Msg, handle Handler) (settled bool) {
	d := deliveryOf(m.Headers(), m.Data())
	log := e.options.Logger.With("delivery", d.ID, "event", d.Event)
	about, err := m.Metadata()
	if err != nil {
		log.Error("engine: a message without metadata", "err", err)
		return true
	}
	attempt := int(about.NumDelivered)
	log = log.With("attempt", attempt)

	err = e.handle(ctx, m, d, attempt, handle)
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	var final *parkError
	switch {
	case err == nil:
		err = m.DoubleAck(settle)
	case errors.As(err, &final), attempt >= e.options.Attempts && ctx.Err() == nil:
		log.Error("engine: delivery parked", "err", err)
		if err = e.park(settle, d, about.Sequence.Stream, attempt, err); err == nil {
			err = m.DoubleAck(settle)
		}
	case ctx.Err() != nil:
		log.Info("engine: delivery interrupted, to be handed over again", "err", err)
		return false
	default:
		wait := e.options.Backoff[min(attempt, len(e.options.Backoff))-1]
		log.Warn("engine: delivery failed, to be tried again", "err", err, "in", wait)
		err = m.NakWithDelay(wait)
	}
	if err != nil {
		log.Warn("engine: delivery not settled, to be handed over again", "err", err)
	}
	return true
}

// errCrashing parks a delivery whose handling seems to end the process every time: no failure is ever counted
// for it, and it would stand in the way of all others for good.
var errCrashing = errors.New("handed over many times without an outcome: its handling seems to end the process")

// handle calls the handler while the server is told that the message is in hand.
func (e *Engine) handle(ctx context.Context, m jetstream.Msg, d Delivery, attempt int, handle Handler) error {
	if attempt > 2*e.options.Attempts {
		return Park(errCrashing)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var beating sync.WaitGroup
	beating.Go(func() { e.beat(ctx, m, cancel) })
	defer beating.Wait()
	defer cancel(nil) // before the wait
	return e.recovered(ctx, d, attempt, handle)
}

// errLost is why a handler's context ends when the server may have given its delivery to somebody else.
var errLost = errors.New("the connection to the NATS server was lost for too long")

// beat tells the server three times in AckWait that m is in hand, until ctx ends. It ends ctx where the server
// could not be told for so long that it will hand the delivery over again.
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

func (e *Engine) recovered(ctx context.Context, d Delivery, attempt int, handle Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.options.Logger.Error("engine: a handler panicked", "delivery", d.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return handle(ctx, d, attempt)
}
