package pushd_test

import (
	"context"
	"slices"
	"testing"

	"liveops/pushd"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// What no worker has credentials for is told, with how many batches wait for one that has, until there is one.
func TestBatchesThatNoWorkerCanSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100, 50)
	w.leading(w.options("one"))
	work := pushd.WorkOptions{Environment: "staging", Name: "a", Batches: w.batches, Decode: w.decode, Log: w.log,
		Senders: map[campaign.Gateway]pushd.Sender{campaign.FCM: w.senders()[campaign.FCM]}}
	w.running("worker", func(ctx context.Context) error { return pushd.Work(ctx, work) })
	w.release(soon("crystals"))
	stuck := func() []runs.Stuck {
		t.Helper()
		all := w.all()
		if err := w.runs.Stuck(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 {
			return nil
		}
		return all[0].Stuck
	}
	w.await("what is stuck", func() bool { return slices.Equal(stuck(), []runs.Stuck{{Gateway: campaign.APNs, Batches: 1}}) })
	w.await("what the worker can send", func() bool { return w.of("crystals").Accepted == 100 })
	if r := w.of("crystals"); r.State != runs.Running || r.Accepted != 100 {
		t.Errorf("run %+v", r)
	}
	w.worker("b")
	if r := w.ended(1)[0]; r.State != runs.Done || r.Accepted != 150 {
		t.Errorf("run %+v", r)
	}
	w.await("nothing is lacking", func() bool { return w.count("SELECT COUNT(*) FROM liveops_push_lacking") == 0 })
}
