package pushd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"liveops/engine"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
)

// handle sends a batch, and tells the leader what became of it. A batch that it cannot finish goes back.
func (w *hands) handle(ctx context.Context, r *run, b *engine.Batch) {
	keeping, kept := context.WithCancel(ctx)
	defer kept()
	w.working.Go(func() { w.keep(keeping, b) })
	err := w.finish(ctx, r, b)
	if err == nil {
		err = b.Done()
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
		if b.Keep() != nil {
			return
		}
	}
}

// errEnded says that the run has ended before the batch did.
var errEnded = errors.New("the run has ended")

// finish is handle until the batch has its result.
func (w *hands) finish(ctx context.Context, r *run, b *engine.Batch) error {
	if b.Again {
		var is bool
		if err := w.ask(ctx, question{Settled: &settled{r.id, b.Seq}}, &is); err != nil || is {
			return err
		}
	}
	p, err := unpack(b.Data)
	if err != nil {
		return err
	}
	if !r.begin(ctx) {
		return errEnded
	}
	defer r.end()
	result, err := w.send(ctx, r, p)
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
func (w *hands) send(ctx context.Context, r *run, p *parcel) (runs.Result, error) {
	var result runs.Result
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
	for left := p.tokens; len(left) > 0; {
		sends, ok := r.beginSend(ctx, by, len(left))
		if !ok {
			return result, errEnded
		}
		err := sender.Send(sends, batch, results[:len(left)])
		unsent := count(&result, p.platform, left, results[:len(left)], read)
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
		case err != nil && sends.Err() == nil:
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

// count adds what became of messages to a result, and says which were not sent.
func count(into *runs.Result, p campaign.Platform, tokens []parcelToken, results []gateway.Result, read time.Time) (unsent []int) {
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
			into.Gone = append(into.Gone, audience.Dead{Platform: p, Token: string(tokens[i].token), Since: since})
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

// texts are what the messages of a run say, by language, platform and gateway.
type texts struct {
	campaign  *campaign.Campaign
	stamp     campaign.Stamp
	languages *memo[string, string]
	templates *memo[textKey, *gateway.Template]
}

type textKey struct {
	language string
	platform campaign.Platform
	by       campaign.Gateway
}

func newTexts(c *campaign.Campaign, s campaign.Stamp) *texts {
	t := &texts{campaign: c, stamp: s}
	t.languages, t.templates = newMemo(c.Language), newMemo(t.template)
	return t
}

// of is the template for a user's language.
func (t *texts) of(language string, p campaign.Platform, by campaign.Gateway) *gateway.Template {
	return t.templates.get(textKey{t.languages.get(language), p, by})
}

func (t *texts) template(k textKey) *gateway.Template {
	if k.by == campaign.FCM {
		body := t.campaign.FCM(k.language, k.platform, t.stamp)
		return &gateway.Template{Prefix: []byte(body.Before), Suffix: []byte(body.After)}
	}
	r := t.campaign.APNs(k.language, t.stamp)
	h := gateway.Header{PushType: r.PushType, CollapseID: r.CollapseID}
	h.Priority, _ = strconv.Atoi(r.Priority)                 // which the campaign wrote
	h.Expiration, _ = strconv.ParseInt(r.Expiration, 10, 64) // likewise
	return &gateway.Template{Prefix: []byte(r.Payload), APNs: h}
}
