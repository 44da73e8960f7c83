package pushd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	switch {
	case err == nil:
		err = b.Done()
	case errors.Is(err, errHeld):
		err = b.Later(claimAgain)
	case errors.Is(err, errLost):
		w.o.Log.Warn("push: worker: another one has taken over a batch", "run", r.id, "batch", b.Seq)
		return
	}
	if err == nil {
		return
	}
	if ctx.Err() == nil && !errors.Is(err, errEnded) {
		w.o.Log.Warn("push: worker: batch", "run", r.id, "batch", b.Seq, "err", err)
	}
	if err := b.Back(); err != nil && ctx.Err() == nil {
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
)

// finish is handle until the batch has its result.
func (w *hands) finish(ctx context.Context, r *run, b *engine.Batch) error {
	var answer claimed
	if err := w.ask(ctx, question{Claim: &claim{w.o.Name, r.id, b.Seq}}, &answer); err != nil {
		return err
	}
	switch answer {
	case settled:
		return nil
	case held:
		return errHeld
	}
	having, dropped, ok := r.take(ctx, b.Seq)
	if !ok {
		return errHeld
	}
	defer dropped()
	p, err := unpack(b.Data)
	if err != nil {
		return err
	}
	if !r.begin(having) {
		return cmp.Or(lostOf(having), errEnded)
	}
	defer r.end()
	result, err := w.send(having, r, p)
	if err != nil && !errors.Is(err, errEnded) {
		return err
	}
	result.Seq = b.Seq
	ended := err
	// Of a run that is canceled too it is told what was sent.
	if err := w.ask(ctx, question{Settle: &settle{r.id, result}}, nil); err != nil {
		return err
	}
	return ended
}

// begin counts a batch in once its run is running; false where the run has ended.
func (r *run) begin(ctx context.Context) bool {
	if !r.await(ctx, runs.Running) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy++
	return true
}

// end counts it out.
func (r *run) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
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

// send sends a parcel's messages, through pauses, until each has an end.
func (w *hands) send(ctx context.Context, r *run, p *parcel) (result runs.Result, err error) {
	by := r.gateways[p.platform]
	sender := w.sender(r, by)
	if sender == nil {
		return result, fmt.Errorf("this worker has no credentials for %s, which pushes to %s go by", by, p.platform)
	}
	read := w.o.Clock.Now() // a token that is renewed after it is not dead
	batch := &gateway.Batch{Pacer: leave{r, by}, Messages: make([]gateway.Message, len(p.tokens))}
	for i, t := range p.tokens {
		batch.Messages[i] = gateway.Message{Token: t.token, Template: r.texts.of(t.language, p.platform, by)}
	}
	results := make([]gateway.Result, len(p.tokens))
	var gone []audience.Dead
	defer func() { result.Gone = audience.PackDead(gone) }()
	for left := p.tokens; len(left) > 0; {
		running, ok := r.beginSend(ctx, by, len(left))
		if !ok {
			return result, cmp.Or(lostOf(ctx), errEnded)
		}
		sends, sent := context.WithCancel(running)
		lost := context.AfterFunc(ctx, sent)
		err := sender.Send(sends, batch, results[:len(left)])
		lost()
		sent()
		unsent := count(&result, &gone, p.platform, left, results[:len(left)], read)
		r.endSend(by, len(unsent))
		if r.test {
			note(&result, p.platform, results[:len(left)])
		}
		var stopped *gateway.StopError
		switch {
		case errors.As(err, &stopped):
			if err := w.ask(ctx, question{Stop: &stop{r.id, stopped.Error()}}, nil); err != nil {
				return result, err
			}
			r.set(runs.Paused, nil) // until the leader says so itself
		case lostOf(ctx) != nil:
			return result, errLost
		case err != nil && running.Err() == nil && ctx.Err() == nil:
			return result, err
		}
		for k, i := range unsent {
			batch.Messages[k], left[k] = batch.Messages[i], left[i]
		}
		batch.Messages, left = batch.Messages[:len(unsent)], left[:len(unsent)]
	}
	return result, nil
}

// beginSend waits until the run is running, and tells in which context to send so many messages. ok is false where the run
// has ended.
func (r *run) beginSend(ctx context.Context, g campaign.Gateway, n int) (sends context.Context, ok bool) {
	for r.await(ctx, runs.Running) {
		r.mu.Lock()
		if r.state == runs.Running {
			r.ahead[g] += n
			sends = r.sends
			r.mu.Unlock()
			return sends, true
		}
		r.mu.Unlock()
	}
	return nil, false
}

// endSend takes back what was not sent.
func (r *run) endSend(g campaign.Gateway, unsent int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead[g] = max(0, r.ahead[g]-unsent)
}

// count adds what became of messages to a result, the dead tokens to those that are gone, and says which were not sent.
func count(into *runs.Result, gone *[]audience.Dead, p campaign.Platform, tokens []parcelToken, results []gateway.Result, read time.Time) (unsent []int) {
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
			*gone = append(*gone, audience.Dead{Platform: p, Token: string(tokens[i].token), Since: since})
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
	return unsent
}
