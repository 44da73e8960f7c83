package runs

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
)

// Tester is a phone that gets a test.
type Tester struct {
	Platform campaign.Platform
	Token    string
	Language string // "" where none is known
}

// Outcome is what became of so many messages of a test to a platform.
type Outcome struct {
	Platform campaign.Platform
	Became   string // Accepted, or a word such as `rejected`
	Reason   string // the gateway's word, or ours; "" of accepted ones
	N        int
}

// Accepted is the Outcome.Became of messages that are the gateway's now.
const Accepted = "accepted"

// BeginTest records a test of a run, which must not have ended: begun is false where it has, or where the test is recorded, that of a named time
// before any of its waves. It begins as it says, unless people have paused or canceled the time's last test, of the campaign before it was edited: then
// it is recorded as Paused, or as Canceled.
func (s *Store) BeginTest(ctx context.Context, own Epoch, r Run) (begun bool, err error) {
	zones, err := json.Marshal(r.Zones)
	if err != nil {
		return false, err
	}
	err = s.led(ctx, own, func(tx *sql.Tx) error {
		var state State
		err := tx.QueryRowContext(ctx, "SELECT state FROM liveops_push_runs WHERE campaign = ? AND due = ? AND test = ''", r.Campaign, text(r.Time)).Scan(&state)
		if err != nil && !errors.Is(err, sql.ErrNoRows) || state.Ended() {
			return err
		}
		var named []string
		if _, key, is := strings.Cut(r.Test, ofNamed); is && isNamed(r.Test) {
			named = append(named, key)
			var known int
			where, args := ofOneName(r.Campaign, r.Time, r.Test)
			if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM liveops_push_runs "+where, args...).Scan(&known); err != nil || known > 0 {
				return err
			}
		}
		if err := r.hold(ctx, tx, named); err != nil {
			return err
		}
		begun, err = insert(ctx, tx, r, string(zones))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("begin a test of %s: %w", r.Campaign, err)
	}
	return begun, nil
}

// Test is the test of a campaign for a time, by Run.Test, that of a named time for each of its waves; ErrNoRun where there is none.
func (s *Store) Test(ctx context.Context, campaign string, due time.Time, test string) (Run, error) {
	if isNamed(test) {
		where, args := ofOneName(campaign, due, test)
		return s.one(ctx, where+" ORDER BY id LIMIT 1", args...)
	}
	return s.find(ctx, campaign, due, test)
}

// isNamed says whether a Run.Test is of a named time.
func isNamed(test string) bool {
	_, asked := AskedFor(test)
	return !asked && strings.Contains(test, ofNamed)
}

// betweenWaves is more than there can be between two waves of one named time: zones are 26 hours apart, and clocks may jump over a day.
const betweenWaves = 3 * 24 * time.Hour

// ofOneName finds a test of a named time by any of its waves.
func ofOneName(campaign string, due time.Time, test string) (where string, args []any) {
	return "WHERE campaign = ? AND due BETWEEN ? AND ? AND test = ?", []any{campaign, text(due.Add(-betweenWaves)), text(due.Add(betweenWaves)), test}
}

// Hand records who gets a test, and all of its batches: only then are they handed out. There is no more to read.
func (s *Store) Hand(ctx context.Context, own Epoch, run int64, testers []Tester, batches []Batch) error {
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE liveops_push_runs SET all_read = 1, tokens = ?, last_batch = ? WHERE id = ? AND all_read = 0", len(testers), len(batches), run)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, ErrNoRun)
		}
		for some := range slices.Chunk(testers, 1000) {
			var args []any
			for _, t := range some {
				args = append(args, run, string(t.Platform), t.Token, t.Language)
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO liveops_push_testers (run_id, platform, token, language) VALUES "+
				strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?), ", len(some)), ", "), args...)
			if err != nil {
				return err
			}
		}
		_, err = insertBatches(ctx, tx, run, batches)
		return err
	})
	if err != nil {
		return fmt.Errorf("record who gets test %d: %w", run, err)
	}
	return nil
}

// Testers are who gets a test, in the order in which they were recorded.
func (s *Store) Testers(ctx context.Context, run int64) ([]Tester, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT platform, token, language FROM liveops_push_testers WHERE run_id = ? ORDER BY id", run)
	if err != nil {
		return nil, fmt.Errorf("read who gets test %d: %w", run, err)
	}
	defer rows.Close()
	var all []Tester
	for rows.Next() {
		var t Tester
		if err := rows.Scan(&t.Platform, &t.Token, &t.Language); err != nil {
			return nil, fmt.Errorf("read who gets test %d: %w", run, err)
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// ForgetTesters forgets who got the tests that were begun before a time.
func (s *Store) ForgetTesters(ctx context.Context, own Epoch, before time.Time) error {
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM liveops_push_testers WHERE run_id IN (SELECT id FROM liveops_push_runs WHERE test <> '' AND started < ? AND due < ?)", text(before), text(before))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget who got old tests: %w", err)
	}
	return nil
}

// Supersede ends a test whose run will be another one, or none: that is not canceled by it, and may have another test, which begins as paused where a
// person has paused this one. A *StateError says that the test has ended, or that somebody has canceled it, and its run with it.
func (s *Store) Supersede(ctx context.Context, own Epoch, id int64, reason string) error {
	return s.led(ctx, own, func(tx *sql.Tx) error {
		r, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.state == Canceling {
			return r.refuse(Canceling)
		}
		if err := r.move(ctx, tx, Canceling, r.void(reason), time.Time{}); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE liveops_push_runs SET others_at = NULL, test = CONCAT('"+ofVoid+"', id, IF(LOCATE('"+ofNamed+"', test) > 0, SUBSTRING(test, LOCATE('"+ofNamed+"', test)), '')) WHERE id = ?", id)
		return err
	})
}

// cancelFollowing cancels the run of a test: one that is yet to begin is recorded as canceled, by the server's clock. Of what is no test of
// a run it changes nothing.
func (r standing) cancelFollowing(ctx context.Context, tx *sql.Tx, reason string) error {
	var follows bool
	err := tx.QueryRowContext(ctx, "SELECT test <> '' AND others_at IS NOT NULL FROM liveops_push_runs WHERE id = ?", r.id).Scan(&follows)
	if isServerError(err, noSuchColumn) { // a record of before there were tests
		return nil
	}
	if err != nil || !follows {
		return err
	}
	res, err := tx.ExecContext(ctx, `INSERT IGNORE INTO liveops_push_runs (campaign, due, zones, others, commit_id, file, actor, state, reason, started, finished, `+fresh+`)
		SELECT campaign, due, zones, others, commit_id, file, actor, ?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), `+freshValues+` FROM liveops_push_runs WHERE id = ?`,
		string(Canceled), reason, r.id)
	if err != nil {
		return fmt.Errorf("cancel the run of test %d: %w", r.id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	var run int64 // it has begun
	err = tx.QueryRowContext(ctx, "SELECT id FROM liveops_push_runs WHERE campaign = ? AND due = ? AND test = '' FOR UPDATE", r.campaign, text(r.due)).Scan(&run)
	if err != nil {
		return fmt.Errorf("find the run of test %d: %w", r.id, err)
	}
	begun, err := lock(ctx, tx, run)
	if err != nil || !slices.Contains(from[Canceling], begun.state) {
		return err
	}
	return begun.set(ctx, tx, Canceling, reason, time.Time{})
}

// addOutcomes adds what became of messages to what the record has of a test, within a transaction.
func addOutcomes(ctx context.Context, tx *sql.Tx, run int64, more []Outcome) error {
	if len(more) == 0 {
		return nil
	}
	var known sql.NullString
	if err := tx.QueryRowContext(ctx, "SELECT outcomes FROM liveops_push_runs WHERE id = ? FOR UPDATE", run).Scan(&known); err != nil {
		return err
	}
	var all []Outcome
	if known.Valid {
		if err := json.Unmarshal([]byte(known.String), &all); err != nil {
			return err
		}
	}
	b, err := json.Marshal(Sum(append(all, more...)))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE liveops_push_runs SET outcomes = ? WHERE id = ?", string(b), run)
	return err
}

// Sum adds outcomes up that differ in nothing else, and sorts them.
func Sum(all []Outcome) []Outcome {
	count := map[Outcome]int{}
	for _, o := range all {
		n := o.N
		o.N = 0
		count[o] += n
	}
	var sum []Outcome
	for o, n := range count {
		o.N = n
		sum = append(sum, o)
	}
	slices.SortFunc(sum, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Became, b.Became), cmp.Compare(a.Reason, b.Reason))
	})
	return sum
}

// TestBatches are a test's testers, sorted, in batches of one platform.
func TestBatches(testers []Tester, most int) (batches []Batch) {
	for i := range testers {
		if n := len(batches); n > 0 && batches[n-1].After.Platform == testers[i].Platform && batches[n-1].Tokens < most {
			batches[n-1].To = testers[i].Token
			batches[n-1].Tokens++
			continue
		}
		after := audience.Cursor{Platform: testers[i].Platform}
		if i > 0 && testers[i-1].Platform == testers[i].Platform {
			after.Token = testers[i-1].Token
		}
		batches = append(batches, Batch{Seq: len(batches) + 1, After: after, To: testers[i].Token, Tokens: 1})
	}
	return batches
}

// Reached says whether a test has reached anybody on a platform, as far as is known.
func (r *Run) Reached(p campaign.Platform) bool {
	if len(r.Outcomes) == 0 { // told by a worker that knows of no outcomes
		return r.Accepted > 0
	}
	return slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return o.Platform == p && o.Became == Accepted })
}

// Trouble says why what a test has shown so far is not enough to send its run: nobody gets it, or not one message to a platform was
// accepted. "" says that it is.
func (r *Run) Trouble() string {
	if r.Read && r.Tokens == 0 {
		return "nobody who would get it has a phone here"
	}
	var all []string
	for _, o := range r.Outcomes {
		if !r.Reached(o.Platform) {
			all = append(all, o.String())
		}
	}
	if len(r.Outcomes) == 0 && r.Accepted == 0 && r.Settled() > 0 { // told by a worker that knows of no outcomes
		return fmt.Sprintf("none of %d messages was accepted", r.Settled())
	}
	return strings.Join(all, ", ")
}

// String is the outcome in words: 2 to ios rejected (BadDeviceToken).
func (o Outcome) String() string {
	s := fmt.Sprintf("%d to %s %s", o.N, o.Platform, o.Became)
	if o.Reason != "" {
		s += " (" + o.Reason + ")"
	}
	return s
}
