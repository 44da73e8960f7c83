package runs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"liveops/pushd/audience"
)

// Settle records what became of batches. One that was settled before is passed over: a result that is told twice counts
// once.
func (s *Store) Settle(ctx context.Context, own Epoch, run int64, results []Result) error {
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		open, err := openOf(ctx, tx, run, results)
		if err != nil {
			return err
		}
		var sum Counts
		var dead [][]byte
		var settled []any
		var outcomes []Outcome
		for _, r := range results {
			if !open[r.Seq] {
				continue
			}
			open[r.Seq] = false // the same twice in one call
			sum, settled = sum.Add(r.Counts), append(settled, r.Seq)
			if len(r.Gone) > 0 {
				dead = append(dead, r.Gone)
			}
			outcomes = append(outcomes, r.Outcomes...)
		}
		if len(settled) == 0 {
			return nil
		}
		if _, err := tx.ExecContext(ctx, "UPDATE liveops_push_batches SET settled = 1 WHERE run_id = ? AND seq IN ("+placeholders(len(settled))+")", append([]any{run}, settled...)...); err != nil {
			return err
		}
		if err := insertDead(ctx, tx, run, dead); err != nil {
			return err
		}
		if err := addOutcomes(ctx, tx, run, outcomes); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE liveops_push_runs SET accepted = accepted + ?, dead = dead + ?, rejected = rejected + ?, gave_up = gave_up + ?,
			unknown = unknown + ?, repeats = repeats + ? WHERE id = ?`, sum.Accepted, sum.Dead, sum.Rejected, sum.GaveUp, sum.Unknown, sum.Repeats, run)
		return err
	})
	if err != nil {
		return fmt.Errorf("record the results of %d batches of run %d: %w", len(results), run, err)
	}
	return nil
}

// openOf says which of the results' batches have none yet.
func openOf(ctx context.Context, tx *sql.Tx, run int64, results []Result) (map[int]bool, error) {
	args := []any{run}
	for _, r := range results {
		args = append(args, r.Seq)
	}
	open := map[int]bool{}
	if len(results) == 0 {
		return open, nil
	}
	rows, err := tx.QueryContext(ctx, "SELECT seq FROM liveops_push_batches WHERE run_id = ? AND settled = 0 AND seq IN ("+placeholders(len(results))+") FOR UPDATE", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int
		if err := rows.Scan(&seq); err != nil {
			return nil, err
		}
		open[seq] = true
	}
	return open, rows.Err()
}

// mostTogether is how many bytes of dead tokens one statement records: far under the packet that any server takes.
const mostTogether = 1 << 20

func insertDead(ctx context.Context, tx *sql.Tx, run int64, dead [][]byte) error {
	for len(dead) > 0 {
		var args []any
		for size := 0; len(dead) > 0 && (size == 0 || size+len(dead[0]) <= mostTogether); dead = dead[1:] {
			args = append(args, run, dead[0])
			size += len(dead[0])
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO liveops_push_gone (run_id, dead) VALUES "+strings.TrimSuffix(strings.Repeat("(?, ?), ", len(args)/2), ", "), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// Unsettled lists batches without a result behind a number, by number, as many as limit at most.
func (s *Store) Unsettled(ctx context.Context, run int64, after, limit int) ([]Batch, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT seq, platform, platform_value, after_token, to_token, tokens FROM liveops_push_batches
		WHERE run_id = ? AND settled = 0 AND seq > ? ORDER BY seq LIMIT ?`, run, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the open batches of run %d: %w", run, err)
	}
	defer rows.Close()
	var all []Batch
	for rows.Next() {
		var b Batch
		if err := rows.Scan(&b.Seq, &b.After.Platform, &b.After.Value, &b.After.Token, &b.To, &b.Tokens); err != nil {
			return nil, fmt.Errorf("read the open batches of run %d: %w", run, err)
		}
		all = append(all, b)
	}
	return all, rows.Err()
}

// IsSettled says whether a batch has its result; so has one of a run whose batches are forgotten.
func (s *Store) IsSettled(ctx context.Context, run int64, seq int) (bool, error) {
	var open int
	err := s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM liveops_push_batches WHERE run_id = ? AND seq = ? AND settled = 0", run, seq).Scan(&open)
	if err != nil {
		return false, fmt.Errorf("read batch %d of run %d: %w", seq, run, err)
	}
	return open == 0, nil
}

// Dead lists dead tokens of a run that are not taken out yet, those of some batches, with what ForgetDead needs.
func (s *Store) Dead(ctx context.Context, run int64, batches int) (dead []audience.Dead, last int64, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, dead FROM liveops_push_gone WHERE run_id = ? ORDER BY id LIMIT ?", run, batches)
	if err != nil {
		return nil, 0, fmt.Errorf("read the dead tokens of run %d: %w", run, err)
	}
	defer rows.Close()
	for rows.Next() {
		var packed sql.RawBytes
		if err := rows.Scan(&last, &packed); err != nil {
			return nil, 0, fmt.Errorf("read the dead tokens of run %d: %w", run, err)
		}
		some, err := audience.UnpackDead(packed)
		if err != nil {
			return nil, 0, fmt.Errorf("read the dead tokens of run %d: %w", run, err)
		}
		dead = append(dead, some...)
	}
	return dead, last, rows.Err()
}

// ForgetDead forgets dead tokens of a run up to the last that Dead told of: they are taken out, or are to be kept.
func (s *Store) ForgetDead(ctx context.Context, own Epoch, run, last int64) error {
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM liveops_push_gone WHERE run_id = ? AND id <= ?", run, last)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget dead tokens of run %d: %w", run, err)
	}
	return nil
}

func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
