package pushd_test

import (
	"context"
	"errors"
	"testing"

	"liveops/pushd/runs"
)

// While a guard does not answer nothing of its run is sent, and nobody else waits for it: other runs are sent, and its own can be canceled. What it
// says after that changes nothing.
func TestAGuardThatDoesNotAnswerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, 0)
	s := soon("crystals")
	s.Guard = "game-health"
	w.release(s)
	o := w.options("one")
	asked, answer, over := make(chan struct{}, 100), make(chan struct{}), make(chan struct{}, 100)
	o.Healthy = func(ctx context.Context, _ string) error {
		asked <- struct{}{}
		defer func() { over <- struct{}{} }()
		select {
		case <-answer:
		case <-ctx.Done():
		}
		return errors.New("no answer in 30s")
	}
	w.leading(o)
	w.worker("a")
	<-asked
	w.another(soon("second"))
	if r := w.of("crystals"); r.State != runs.Running || r.Tokens != 0 || w.accepted() != 1000 {
		t.Errorf("run %+v, %d messages", r, w.accepted())
	}
	w.wish(w.of("crystals"), runs.Canceling, "by jun")
	w.ended(2)
	close(answer)
	<-over
	w.another(soon("third"))
	if r := w.of("crystals"); r.State != runs.Canceled || r.Reason != "by jun" || w.accepted() != 2000 {
		t.Errorf("run %+v, %d messages", r, w.accepted())
	}
}
