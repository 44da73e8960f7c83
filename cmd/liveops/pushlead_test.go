package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/bot"
	"liveops/datasheets"
	"liveops/pushd"
	"liveops/pushd/campaign"
	"liveops/pushd/control"
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
			_, err := o.Released(t.Context())
			if changed := (*pushd.ChangedError)(nil); !errors.Is(err, errAnotherFile) || !errors.As(err, &changed) {
				t.Errorf("another liveops.yaml: %v", err)
			}
		}
		<-term.Done()
		return nil
	}
	if err := (terms{next: next, lead: lead, wait: waitFor, log: log}).run(ctx, first); err != nil {
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
	of := terms{next: never, wait: waitFor, log: slog.New(slog.DiscardHandler)}
	of.lead = func(context.Context, pushd.Options) error { return broken }
	if err := of.run(t.Context(), led{}); !errors.Is(err, broken) {
		t.Errorf("ended with %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	of.lead = func(ctx context.Context, _ pushd.Options) error { <-ctx.Done(); return nil }
	if err := of.run(ctx, led{}); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// What this version of liveops cannot read ends what was released before it: another liveops.yaml the term, a campaign what is begun.
// A database that does not answer says nothing of what was released.
func TestWhatCannotBeReadIsNotSentAsBefore(t *testing.T) {
	for _, c := range []struct {
		name, query string
		want        error // besides that it has changed; nil for any
		ends        bool  // the term
	}{
		{"a new key of liveops.yaml", "UPDATE liveops_files SET data = CONCAT('soundtrack: loud\n', data) WHERE path = 'liveops.yaml'", errAnotherFile, true},
		{"at another commit", "UPDATE liveops_files SET commit_id = 'c2', data = IF(path = 'liveops.yaml', CONCAT('soundtrack: loud\n', data), data)", errAnotherFile, true},
		{"no files", "DELETE FROM liveops_files", errAnotherFile, true},
		{"a new key of a campaign", "UPDATE liveops_files SET data = CONCAT('soundtrack: loud\n', data) WHERE path <> 'liveops.yaml'", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReleased(t, "")
			open, documents := &stores{settings: r.app.settings}, &buckets{settings: r.app.settings}
			t.Cleanup(func() { open.Close(); documents.Close() })
			now, err := r.app.led(t.Context(), "staging", nil, open, documents, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			r.exec(c.query)
			if strings.Contains(c.query, "c2") {
				r.exec("UPDATE liveops_environment SET commit_id = 'c2'")
			}
			_, err = now.options.Released(t.Context())
			changed := (*pushd.ChangedError)(nil)
			if !errors.As(err, &changed) || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("read %v", err)
			}
			select {
			case <-now.changed:
				if !c.ends {
					t.Error("the term is ended")
				}
			default:
				if c.ends {
					t.Error("the term goes on")
				}
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := now.options.Released(ended); err == nil || errors.As(err, &changed) {
				t.Errorf("without an answer %v", err)
			}
		})
	}
}

// What cannot be reached is tried again within seconds, and what people are to mend once a minute.
func TestTheNextTermIsReadAgain(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	answers := []error{refused, refused, refused, refused, refused, refused, fmt.Errorf("staging: %w", &datasheets.Problem{Text: "unknown key"}), control.ErrNoPush,
		&bot.SettingError{Setting: "LIVEOPS_STAGING_COUCHBASE_URL", Reason: "is not set"}, refused, nil}
	ctx, stop := context.WithCancel(t.Context())
	var waited []time.Duration
	changed := make(chan struct{})
	close(changed)
	of := terms{log: slog.New(slog.DiscardHandler)}
	of.next = func(context.Context) (led, error) {
		err := answers[0]
		answers = answers[1:]
		return led{changed: make(chan struct{})}, err
	}
	of.lead = func(term context.Context, _ pushd.Options) error {
		if len(answers) == 0 {
			stop()
		}
		<-term.Done()
		return nil
	}
	of.wait = func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		return nil
	}
	if err := of.run(ctx, led{changed: changed}); err != nil {
		t.Fatal(err)
	}
	const s = time.Second
	if want := []time.Duration{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s, time.Minute, time.Minute, time.Minute, s}; !slices.Equal(waited, want) {
		t.Errorf("waited %v, want %v", waited, want)
	}
}
