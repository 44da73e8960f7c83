package pushd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"liveops/engine"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
)

// handle sends a batch, and tells the leader what became of it. A batch that it cannot finish goes back; one that
// another worker has taken over is left to that.
func (w *hands) handle(ctx context.Context, r *run, b *engine.Batch) {
	keeping, kept := context.WithCancel(ctx)
	defer kept()
	w.working.Go(func() { w.keep(keeping, b) })
	err := w.finish(ctx, r, b)
	told := err == nil || errors.Is(err, errHeld) || errors.Is(err, errEnded) || errors.Is(err, errLacks) || ctx.Err() != nil
	if !told {
		w.o.Log.Warn("push: worker: batch", "run", r.id, "batch", b.Seq, "err", err)
	}
	switch {
	case err == nil:
		err = b.Done()
	case errors.Is(err, errLost):
		return
	case ctx.Err() != nil:
		err = b.Back()
	default: // what one cannot do, it is not to be asked for at once again
		err = b.Later(claimAgain)
	}
	if err != nil && ctx.Err() == nil {
		w.o.Log.Warn("push: worker: batch", "run", r.id, "batch", b.Seq, "err", err)
	}
}

// keep says that a batch is in hand, until ctx ends.
func (w *hands) keep(ctx context.Context, b *engine.Batch) {
	for sleep(ctx, w.o.Clock, w.o.Batches.KeepEvery()) {
		_ = b.Keep() // where that fails, it is handed over anew, and found to be held
	}
}

var (
	errEnded = errors.New("the run has ended before the batch did")
	errHeld  = errors.New("another one has the batch in hand")
	errLost  = errors.New("another one has taken the batch over")
	errLacks = errors.New("this worker has no credentials for the gateway")
)

// finish is handle until the batch has its result.
func (w *hands) finish(ctx context.Context, r *run, b *engine.Batch) error {
	p, err := unpack(b.Data)
	if err != nil {
		return err
	}
	by := r.gateways[p.platform]
	if w.sender(r, by) == nil {
		if r.lacks(by) {
			w.o.Log.Warn("push: worker: no credentials for the gateway, others must send by it", "run", r.id, "platform", string(p.platform), "gateway", string(by))
		}
		return errLacks
	}
	var answer claimed
	if err := w.ask(ctx, question{Claim: &claim{w.o.Name, r.id, b.Seq}}, &answer); err != nil {
		return err
	}
	switch answer {
	case done:
		return nil
	case held:
		return errHeld
	}
	having, dropped, ok := r.take(ctx, b.Seq)
	if !ok {
		return errHeld
	}
	defer dropped()
	if !r.begin(having) {
		return cmp.Or(lostOf(having), errEnded)
	}
	defer r.end()
	result := runs.Result{Seq: b.Seq}
	var ended error
	for some := range slices.Chunk(p.tokens, gateway.MaxBatch) { // one, unless tokens were registered since it was read first
		err := w.send(having, r, p.platform, some, &result)
		if ended = err; errors.Is(err, errEnded) {
			break
		}
		if err != nil {
			return err
		}
	}
	// Of a run that is canceled too it is told what was sent.
	if err := w.ask(ctx, question{Settle: &settle{r.id, result}}, nil); err != nil {
		return err
	}
	return ended
}

// askTime is how long a worker waits for an answer before it asks again.
const askTime = 10 * time.Second

// ask asks the leader until it answers: there may be none for a while.
func (w *hands) ask(ctx context.Context, q question, into any) error {
	for {
		within, cancel := context.WithTimeout(ctx, askTime)
		err := ask(func(b []byte) ([]byte, error) { return w.o.Batches.Ask(within, b) }, q, into)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !sleep(ctx, w.o.Clock, contactEvery*4) {
			return ctx.Err()
		}
	}
}

// send sends messages, through pauses, until each has an end, which it adds to a result.
func (w *hands) send(ctx context.Context, r *run, platform campaign.Platform, tokens []parcelToken, into *runs.Result) error {
	by := r.gateways[platform]
	read := w.o.Clock.Now() // a token that is renewed after it is not dead
	batch := &gateway.Batch{Pacer: leave{r, by}, Messages: make([]gateway.Message, len(tokens))}
	for i, t := range tokens {
		batch.Messages[i] = gateway.Message{Token: t.token, Template: r.texts.of(t.language, platform, by)}
	}
	results := make([]gateway.Result, len(tokens))
	for left := tokens; len(left) > 0; {
		running, ok := r.beginSend(ctx, by, len(left))
		if !ok {
			return cmp.Or(lostOf(ctx), errEnded)
		}
		sends, sent := context.WithCancel(running)
		lost := context.AfterFunc(ctx, sent)
		err := w.sender(r, by).Send(sends, batch, results[:len(left)])
		lost()
		sent()
		unsent := count(into, platform, left, results[:len(left)], read)
		r.endSend(by, len(unsent))
		if r.test {
			note(into, platform, results[:len(left)])
		}
		var stopped *gateway.StopError
		switch {
		case errors.As(err, &stopped):
			if err := w.ask(ctx, question{Stop: &stop{r.id, stopped.Error()}}, nil); err != nil {
				return err
			}
			r.set(runs.Paused, nil) // until the leader says so itself
		case lostOf(ctx) != nil:
			return errLost
		case err != nil && running.Err() == nil && ctx.Err() == nil:
			return err
		}
		for k, i := range unsent {
			batch.Messages[k], left[k] = batch.Messages[i], left[i]
		}
		batch.Messages, left = batch.Messages[:len(unsent)], left[:len(unsent)]
	}
	return nil
}

// count adds what became of messages to a result, and says which were not sent.
func count(into *runs.Result, p campaign.Platform, tokens []parcelToken, results []gateway.Result, read time.Time) (unsent []int) {
	var gone []audience.Dead
	for i := range results {
		r := &results[i]
		into.Repeats += int64(r.Repeats)
		switch r.Outcome {
		case gateway.Accepted:
			into.Accepted++
		case gateway.Dead:
			into.Dead++
			since := r.Since
			if since.IsZero() {
				since = read
			}
			gone = append(gone, audience.Dead{Platform: p, Token: string(tokens[i].token), Since: since})
		case gateway.Rejected:
			into.Rejected++
		case gateway.GaveUp:
			into.GaveUp++
		case gateway.Unknown:
			into.Unknown++
		case gateway.Unsent:
			unsent = append(unsent, i)
		}
	}
	into.Gone = append(into.Gone, audience.PackDead(gone)...)
	return unsent
}
