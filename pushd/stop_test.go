package pushd_test

import (
	"context"
	"sync"
	"testing"

	"liveops/pushd"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
)

// stopping is a gateway that says, once it may answer, that nothing must be sent any more.
type stopping struct {
	once   sync.Once
	asked  chan struct{} // closed when it is sent to
	answer chan struct{}
}

func (s *stopping) Send(_ context.Context, b *gateway.Batch, results []gateway.Result) error {
	s.once.Do(func() { close(s.asked) })
	<-s.answer
	results[0] = gateway.Result{Outcome: gateway.Rejected, Reason: "SENDER_ID_MISMATCH"}
	for i := range results[1:] {
		results[i+1] = gateway.Result{Outcome: gateway.Unsent}
	}
	return &gateway.StopError{Reason: "SENDER_ID_MISMATCH"}
}

// A gateway's word that a run must not go on, which comes behind a cancel, is in no way of that.
func TestAStopBehindACancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 0)
	w.release(soon("crystals"))
	w.leading(w.options("one"))
	s := &stopping{asked: make(chan struct{}), answer: make(chan struct{})}
	w.running("worker", func(ctx context.Context) error {
		return pushd.Work(ctx, pushd.WorkOptions{Environment: "staging", Name: "a", Batches: w.batches, Decode: w.decode, Senders: map[campaign.Gateway]pushd.Sender{campaign.FCM: s}, Log: w.log})
	})
	<-s.asked
	w.wish(w.of("crystals"), runs.Canceling, "by jun")
	close(s.answer)
	if r := w.ended(1)[0]; r.State != runs.Canceled || r.Reason != "by jun" || r.Rejected != 1 {
		t.Errorf("run %+v", r)
	}
}
