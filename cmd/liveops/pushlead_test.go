package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"liveops/pushd"
	"liveops/pushd/campaign"
)

// Another liveops.yaml that is released ends the term in good order, and the next one goes by it.
func TestLeadsByTheReleasedFile(t *testing.T) {
	r := newReleased(t, "")
	open, documents := &stores{settings: r.app.settings}, &buckets{settings: r.app.settings}
	t.Cleanup(func() { open.Close(); documents.Close() })
	log := slog.New(slog.DiscardHandler)
	next := func(ctx context.Context) (led, error) { return r.app.led(ctx, "staging", nil, open, documents, log) }
	first, err := next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var quotas []campaign.Rate
	lead := func(term context.Context, o pushd.Options) error {
		quotas = append(quotas, o.Quotas[campaign.FCM])
		if got, err := o.Released(term); err != nil || len(got.Campaigns) != 1 {
			t.Errorf("what was released: %+v, %v", got, err)
		}
		r.exec("UPDATE liveops_files SET data = REPLACE(data, '01-01', '01-02') WHERE path = 'pushes/crystals.yaml'")
		if _, err := o.Released(term); err != nil {
			t.Errorf("another campaign: %v", err)
		}
		if len(quotas) == 2 {
			stop()
			return nil
		}
		r.exec("UPDATE liveops_files SET data = REPLACE(data, 'platform: platform}', 'platform: platform}, fcm: {quota: 5/s}') WHERE path = 'liveops.yaml'")
		for range 2 { // nothing is begun by the old one, however often it is asked
			if _, err := o.Released(t.Context()); !errors.Is(err, errAnotherFile) {
				t.Errorf("another liveops.yaml: %v", err)
			}
		}
		<-term.Done()
		return nil
	}
	if err := leadReleased(ctx, first, next, lead, log); err != nil {
		t.Fatal(err)
	}
	if len(quotas) != 2 || quotas[0].Count != 600_000 || quotas[1].Count != 5 {
		t.Errorf("led with the quotas %v", quotas)
	}
}

// What fails for good ends it, and so does a context.
func TestLeadingEnds(t *testing.T) {
	broken := errors.New("broken")
	never := func(context.Context) (led, error) { t.Error("read anew"); return led{}, nil }
	log := slog.New(slog.DiscardHandler)
	if err := leadReleased(t.Context(), led{}, never, func(context.Context, pushd.Options) error { return broken }, log); !errors.Is(err, broken) {
		t.Errorf("ended with %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := leadReleased(ctx, led{}, never, func(ctx context.Context, _ pushd.Options) error { <-ctx.Done(); return nil }, log); err != nil {
		t.Errorf("ended with %v", err)
	}
}
