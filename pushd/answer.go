package pushd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// answer answers a worker.
func (l *leader) answer(ctx context.Context, b []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, fmt.Errorf("a question that is none: %w", err)
	}
	if !l.leads(l.o.Clock.Now()) {
		return nil, errors.New("the lease may be over, and another one may lead")
	}
	switch {
	case q.Contact != nil:
		all, err := l.stand(q.Contact)
		if err != nil {
			return nil, err
		}
		return json.Marshal(all)
	case q.Settle != nil:
		return l.settle(ctx, q.Settle)
	case q.Claim != nil:
		answer, err := l.claim(ctx, q.Claim)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	case q.Stop != nil:
		l.o.Log.Error("push: a run must not go on", "run", q.Stop.Run, "reason", q.Stop.Reason)
		return nil, l.pause(ctx, q.Stop.Run, q.Stop.Reason)
	case q.Run != 0:
		r, err := l.o.Runs.Run(ctx, q.Run)
		if err != nil {
			return nil, err
		}
		return json.Marshal(aboutRun{r.Campaign, r.Time, r.File, r.Started, l.o.Gateways, r.Test, l.o.Sandbox})
	}
	return nil, errors.New("a question about nothing")
}

// stand answers a worker's word: how each run stands, and how much of it the worker may send.
func (l *leader) stand(c *contact) (*outlook, error) {
	now := l.o.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ready {
		return nil, errors.New("the leader does not know yet which runs there are")
	}
	if w := l.workers[c.Worker]; w != nil && c.N <= w.n {
		return nil, errors.New("a word that comes late")
	}
	lost := l.listen(c, now)
	all := &outlook{Gates: l.gate(c.Gates, now), Rates: l.rates()}
	for id, d := range l.led {
		s := standing{Run: id, State: d.told(), Lost: lost[id]}
		for _, w := range c.Wants {
			if w.Run != id || s.State != runs.Running {
				continue
			}
			if s.May == nil {
				s.May = map[campaign.Gateway]int{}
			}
			s.May[w.Gateway] = l.leave(w, d.pace, now)
		}
		all.Runs = append(all.Runs, s)
	}
	for id, d := range l.idle {
		all.Runs = append(all.Runs, standing{Run: id, State: d.told()})
	}
	return all, nil
}

// leave is for how many more messages a worker gets leave: for none while the gateway asks to wait, since what came together
// meanwhile would be sent in a rush. l.mu must be held.
func (l *leader) leave(w want, pace *pace, now time.Time) int {
	quota := l.quotas[w.Gateway]
	if quota == nil || l.gates[w.Gateway].After(now) {
		return 0
	}
	return takeBoth(now, w.N, w.Has, pace, quota)
}

// settling is a result on its way into the record.
type settling struct {
	settle
	recorded chan error
}

// settle records a result, together with others that come at the same time.
func (l *leader) settle(ctx context.Context, s *settle) ([]byte, error) {
	recorded := make(chan error, 1)
	select {
	case l.settling <- settling{*s, recorded}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case err := <-recorded:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mostTogether is how many results are recorded in one transaction.
const mostTogether = 200

// collect records results until ctx ends, as many at a time as have come.
func (l *leader) collect(ctx context.Context) error {
	for {
		var some []settling
		select {
		case s := <-l.settling:
			some = append(some, s)
		case <-ctx.Done():
			return ctx.Err()
		}
		for more := true; more && len(some) < mostTogether; {
			select {
			case s := <-l.settling:
				some = append(some, s)
			default:
				more = false
			}
		}
		byRun := map[int64][]settling{}
		for _, s := range some {
			byRun[s.Run] = append(byRun[s.Run], s)
		}
		for run, of := range byRun {
			err := l.record(ctx, run, of)
			for _, s := range of {
				s.recorded <- err
			}
		}
	}
}

// record records results of one run, and stops it where too many of its tokens are dead.
func (l *leader) record(ctx context.Context, run int64, of []settling) error {
	var results []runs.Result
	for _, s := range of {
		results = append(results, s.Result)
	}
	if err := l.o.Runs.Settle(ctx, l.epoch, run, results); err != nil {
		return err
	}
	l.mu.Lock()
	d := l.led[run]
	l.mu.Unlock()
	if d == nil {
		return nil
	}
	counts, state := l.took(d, results)
	if reason := l.implausible(counts); reason != "" && state == runs.Running {
		return l.pause(ctx, run, reason)
	}
	return nil
}

// took takes note of results that are recorded.
func (l *leader) took(d *led, results []runs.Result) (runs.Counts, runs.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range results {
		delete(d.open, r.Seq)
		delete(d.owners, r.Seq)
		if !d.known {
			d.done[r.Seq] = true
		}
		d.Counts = d.Counts.Add(r.Counts)
	}
	d.signal()
	return d.Counts, d.State
}

// fewResults is how many results say nothing about the share of dead tokens.
const fewResults = 1000

// implausible says why so many dead tokens are taken for a mistake: ours, or the gateway's.
func (l *leader) implausible(c runs.Counts) string {
	if n := c.Settled(); n < fewResults || float64(c.Dead) <= l.o.MostDead*float64(n) {
		return ""
	}
	return fmt.Sprintf("%d of %d tokens are dead, the gateway says: that is not plausible, and none was taken out", c.Dead, c.Settled())
}
