package pushd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
)

// mostTesters is how many phones a test may have: far over what lists of a thousand users have.
const mostTesters = 10_000

// NoTestersError is why a test can be for nobody: such as that its list is not there.
type NoTestersError struct{ Reason string }

// Error is the reason.
func (e *NoTestersError) Error() string { return e.Reason }

// produceTest records who gets a test, and hands its batches out; those of a test that another leader began, again.
func (l *leader) produceTest(ctx context.Context, d *led) error {
	if err := l.awaitRoom(ctx, d); err != nil {
		return err
	}
	if !d.Read {
		if handed, err := l.handTest(ctx, d); err != nil || !handed {
			return err
		}
	}
	testers, err := l.o.Runs.Testers(ctx, d.ID)
	if err != nil {
		return err
	}
	open, err := l.o.Runs.Unsettled(ctx, d.ID, 0, mostTesters)
	if err != nil {
		return err
	}
	l.opened(d, open)
	for _, b := range open {
		var tokens []audience.Token
		for _, t := range testers {
			if t.Platform == b.After.Platform && t.Token > b.After.Token && t.Token <= b.To {
				tokens = append(tokens, audience.Token{Token: t.Token, Language: t.Language})
			}
		}
		if err := l.o.Batches.Publish(ctx, d.ID, b.Seq, pack(b.After.Platform, tokens)); err != nil {
			return err
		}
	}
	l.mu.Lock()
	d.produced, d.known, d.done = true, true, map[int]bool{}
	l.mu.Unlock()
	return nil
}

// handTest records who gets a test. Where nobody can, the test fails.
func (l *leader) handTest(ctx context.Context, d *led) (handed bool, err error) {
	testers, err := l.testers(ctx, d)
	if none := (*NoTestersError)(nil); errors.As(err, &none) {
		if err := l.o.Runs.End(ctx, l.epoch, d.ID, runs.Failed, none.Reason, l.o.Clock.Now()); err != nil {
			return false, err
		}
		return false, l.o.Batches.End(ctx, d.ID)
	}
	if err != nil {
		return false, err
	}
	batches := runs.TestBatches(testers, d.batchTokens())
	if err := l.o.Runs.Hand(ctx, l.epoch, d.ID, testers, batches); err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d.Read, d.Tokens, d.Last = true, int64(len(testers)), len(batches)
	return true, nil
}

// testers are who gets a test, sorted, each once.
func (l *leader) testers(ctx context.Context, d *led) ([]runs.Tester, error) {
	if l.o.Testers == nil {
		return nil, &NoTestersError{"nothing says who is on test lists"}
	}
	all, err := l.o.Testers(ctx, d.campaign, l.seen(d))
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b runs.Tester) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Token, b.Token))
	})
	all = slices.CompactFunc(all, func(a, b runs.Tester) bool { return a.Platform == b.Platform && a.Token == b.Token })
	if len(all) > mostTesters {
		return nil, &NoTestersError{fmt.Sprintf("%d phones are on its list, and a test is for %d at most", len(all), mostTesters)}
	}
	return all, nil
}

// testedPhone is a phone that has had a run's test.
type testedPhone struct {
	platform campaign.Platform
	token    string
}

// leaveOut has a run leave out who has had its test, once it is running.
func (l *leader) leaveOut(ctx context.Context, d *led) error {
	if d.campaign.Test == nil {
		return nil
	}
	if err := l.awaitRoom(ctx, d); err != nil {
		return err
	}
	tests, _, err := l.testsOf(ctx, d)
	if err != nil {
		return err
	}
	tested := map[testedPhone]bool{}
	for _, test := range tests {
		testers, err := l.o.Runs.Testers(ctx, test.ID)
		if err != nil {
			return err
		}
		for _, t := range testers {
			tested[testedPhone{t.Platform, t.Token}] = true
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d.tested = tested
	return nil
}

// untested are the tokens of a platform that have not had the run's test.
func (d *led) untested(p campaign.Platform, tokens []audience.Token) []audience.Token {
	if len(d.tested) == 0 {
		return tokens
	}
	return slices.DeleteFunc(tokens, func(t audience.Token) bool { return d.tested[testedPhone{p, t.Token}] })
}

// sender sends what goes by a gateway; nil where the worker has no credentials for it.
func (w *hands) sender(r *run, by campaign.Gateway) Sender {
	if r.sandbox && by == campaign.APNs && w.o.Sandbox != nil {
		return w.o.Sandbox
	}
	return w.o.Senders[by]
}

// note adds what became of a test's messages to a result.
func note(into *runs.Result, p campaign.Platform, results []gateway.Result) {
	for i := range results {
		r := &results[i]
		word := r.Outcome.String()
		switch r.Outcome {
		case gateway.Unsent:
			continue
		case gateway.Accepted:
			into.Outcomes = append(into.Outcomes, runs.Outcome{Platform: p, Became: runs.Accepted, N: 1})
			continue
		case gateway.Unknown:
			word = "without an answer"
		}
		into.Outcomes = append(into.Outcomes, runs.Outcome{Platform: p, Became: word, Reason: r.Reason, N: 1})
	}
	into.Outcomes = runs.Sum(into.Outcomes)
}
