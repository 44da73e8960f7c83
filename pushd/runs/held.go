package runs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// What people ask of a test outlives an edit of its campaign, by which that test is void and another one is begun: a new test is held back as
// the last one of its time was, and so is a run whose campaign is for no test any more.

// By begins the reason of what a person wishes: by jun.
const By = "by "

const (
	// wasPaused begins the reason of a void test that a person had paused.
	wasPaused = "it was paused "
	// changedSince ends the reason of what is held back since the test before it was.
	changedSince = "; the campaign was changed since"
	// ofVoid begins the Run.Test of void tests, in the place of the campaign's fingerprint.
	ofVoid = "superseded-"
)

// pausedBy is the person's wish by which a test is paused, or was when it became void, without what else its reason says; "" where nobody had.
func pausedBy(state State, reason string) string {
	if state != Paused {
		var was bool
		if reason, was = strings.CutPrefix(reason, wasPaused); !was {
			return ""
		}
	}
	if !strings.HasPrefix(reason, By) {
		return ""
	}
	return wisher(reason)
}

// wisher is the beginning of a reason that says who wished it.
func wisher(reason string) string {
	by, _, _ := strings.Cut(reason, "; ")
	return by
}

// void is the reason of a test that becomes void as it stands.
func (r standing) void(reason string) string {
	if by := pausedBy(r.state, r.reason); by != "" {
		return wasPaused + by + "; " + reason
	}
	return reason
}

// hold has what is about to be recorded begin as people left the last tests of its time: Paused, or Canceled. named are the times that the
// schedule names of which it is, by campaign.Named.Key; none where all have one zone.
func (r *Run) hold(ctx context.Context, tx *sql.Tx, named []string) error {
	tests, err := r.lastTests(ctx, tx, named)
	if err != nil {
		return err
	}
	for _, t := range tests {
		is, err := lock(ctx, tx, t.id) // whoever wishes more of it finds what is recorded here
		if err != nil {
			return err
		}
		canceled := !t.void && (is.state == Canceling || is.state == Canceled)
		switch by := pausedBy(is.state, is.reason); {
		case canceled:
			r.State, r.Reason = Canceled, wisher(is.reason)+changedSince
			return nil
		case by != "":
			r.State, r.Reason = Paused, by+changedSince
		}
	}
	return nil
}

// lastTest is a test that a time had last.
type lastTest struct {
	id   int64
	void bool
}

// lastTests are the last tests that a run's or a test's time had before, or each of the times that are named.
func (r *Run) lastTests(ctx context.Context, tx *sql.Tx, named []string) (all []lastTest, err error) {
	const query = "SELECT id, test LIKE '" + ofVoid + "%' FROM liveops_push_runs WHERE campaign = ? AND due BETWEEN ? AND ? AND test NOT IN ('', ?) AND test NOT LIKE '" + askedFor + "%'" +
		" AND test LIKE ? ORDER BY id DESC LIMIT 1"
	find := func(from, to time.Time, like string) error {
		var t lastTest
		switch err := tx.QueryRowContext(ctx, query, r.Campaign, text(from), text(to), r.Test, like).Scan(&t.id, &t.void); err {
		case nil:
			all = append(all, t)
		case sql.ErrNoRows:
		default:
			return fmt.Errorf("look for earlier tests of %s: %w", r.Campaign, err)
		}
		return nil
	}
	if len(named) == 0 {
		return all, find(r.Time, r.Time, "%")
	}
	for _, key := range named {
		if err := find(r.Time.Add(-betweenWaves), r.Time.Add(betweenWaves), "%"+ofNamed+key); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// BeginUntested is Begin of a run that needs no test. Where its campaign had one before it was edited, and people have paused or canceled that, the run
// is recorded as Paused or Canceled. named are the times that the schedule names of which it is a wave, by campaign.Named.Key; none where all have
// one zone.
func (s *Store) BeginUntested(ctx context.Context, own Epoch, r Run, named []string) (_ Run, begun bool, err error) {
	return s.begin(ctx, &r, func(work func(*sql.Tx) error) error {
		return s.led(ctx, own, func(tx *sql.Tx) error {
			if err := r.hold(ctx, tx, named); err != nil {
				return err
			}
			return work(tx)
		})
	})
}
