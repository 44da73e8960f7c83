package runs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/pushd/audience"
)

// Begin records a run, in the state that it has: Running, Paused or Missed. Where the campaign was fired for that time before,
// it changes nothing; begun is then false, and the run is that one.
func (s *Store) Begin(ctx context.Context, own Epoch, r Run) (_ Run, begun bool, err error) {
	return s.begin(ctx, &r, func(work func(*sql.Tx) error) error { return s.led(ctx, own, work) })
}

// Order is Begin by anybody: whoever leads takes the run up.
func (s *Store) Order(ctx context.Context, r Run) (_ Run, begun bool, err error) {
	return s.begin(ctx, &r, func(work func(*sql.Tx) error) error { return s.transact(ctx, work) })
}

func (s *Store) begin(ctx context.Context, r *Run, within func(work func(*sql.Tx) error) error) (_ Run, begun bool, err error) {
	zones, err := json.Marshal(r.Zones)
	if err != nil {
		return Run{}, false, err
	}
	err = within(func(tx *sql.Tx) error {
		begun, err = insert(ctx, tx, *r, string(zones))
		return err
	})
	if err != nil {
		return Run{}, false, fmt.Errorf("begin the run of %s: %w", r.Campaign, err)
	}
	recorded, err := s.find(ctx, r.Campaign, r.Time, r.Test)
	return recorded, begun, err
}

// fresh are the columns of what a run has done, and freshValues what they are at its beginning.
const (
	fresh       = "cursor_platform, cursor_value, cursor_token, all_read, tokens, last_batch, accepted, dead, rejected, gave_up, unknown, repeats"
	freshValues = "'', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0"
)

// insert records a run, unless it is recorded.
func insert(ctx context.Context, tx *sql.Tx, r Run, zones string) (begun bool, err error) {
	var finished any
	if r.State.Ended() {
		finished = text(r.Started)
	}
	res, err := tx.ExecContext(ctx, `INSERT IGNORE INTO liveops_push_runs
			(campaign, due, zones, others, commit_id, file, actor, test, others_at, state, reason, started, finished, `+fresh+`)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, `+freshValues+`)`,
		r.Campaign, text(r.Time), zones, r.Others, r.Commit, r.File, r.Actor, r.Test, textOrNull(r.Follows), r.recordedState(), r.Reason, text(r.Started), finished)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// Find is the run of a campaign for a time; ErrNoRun where there is none.
func (s *Store) Find(ctx context.Context, campaign string, due time.Time) (Run, error) {
	return s.find(ctx, campaign, due, "")
}

func (s *Store) find(ctx context.Context, campaign string, due time.Time, test string) (Run, error) {
	return s.one(ctx, "WHERE campaign = ? AND due = ? AND test = ?", campaign, text(due), test)
}

// Run is the run of an id; ErrNoRun where there is none.
func (s *Store) Run(ctx context.Context, id int64) (Run, error) {
	return s.one(ctx, "WHERE id = ?", id)
}

func (s *Store) one(ctx context.Context, where string, args ...any) (Run, error) {
	all, err := s.runs(ctx, where, args...)
	if err == nil && len(all) == 0 {
		err = ErrNoRun
	}
	if err != nil {
		return Run{}, err
	}
	return all[0], nil
}

// Live lists the runs and tests that have not ended, by id.
func (s *Store) Live(ctx context.Context) ([]Run, error) {
	states, args := recorded(Running, Paused, Canceling, Waiting)
	return s.runs(ctx, "WHERE state IN ("+states+") ORDER BY id", args...)
}

// WithDead lists the runs that have ended and have dead tokens which are not taken out, by id.
func (s *Store) WithDead(ctx context.Context) ([]Run, error) {
	states, args := recorded(Done, Canceled, Failed)
	return s.runs(ctx, "WHERE state IN ("+states+") AND id IN (SELECT run_id FROM liveops_push_gone) ORDER BY id", args...)
}

// Newest lists the newest runs, of one campaign where campaign is not "". Tests are none.
func (s *Store) Newest(ctx context.Context, campaign string, limit int) ([]Run, error) {
	return s.runs(ctx, "WHERE ? IN ('', campaign) AND test = '' ORDER BY due DESC, id DESC LIMIT ?", campaign, limit)
}

// Newly is Newest with the tests: a run comes before its own.
func (s *Store) Newly(ctx context.Context, campaign string, limit int) ([]Run, error) {
	return s.runs(ctx, "WHERE ? IN ('', campaign) ORDER BY due DESC, test = '' DESC, id DESC LIMIT ?", campaign, limit)
}

// NewestTime is when the newest run of a campaign was due; zero where it never ran.
func (s *Store) NewestTime(ctx context.Context, campaign string) (time.Time, error) {
	all, err := s.Newest(ctx, campaign, 1)
	if err != nil || len(all) == 0 {
		return time.Time{}, err
	}
	return all[0].Time, nil
}

func (s *Store) runs(ctx context.Context, where string, args ...any) ([]Run, error) {
	const columns = `SELECT id, campaign, CAST(due AS CHAR), zones, others, commit_id, file, actor, test, CAST(others_at AS CHAR), outcomes,
		state, reason, CAST(started AS CHAR), CAST(finished AS CHAR), ` + fresh + ` FROM `
	rows, err := s.db.QueryContext(ctx, columns+"liveops_push_runs "+where, args...)
	if isServerError(err, noSuchColumn) { // a record of before there were tests, which nobody has prepared since
		rows, err = s.db.QueryContext(ctx, columns+"(SELECT *, '' AS test, NULL AS others_at, NULL AS outcomes FROM liveops_push_runs) AS older "+where, args...)
	}
	if isServerError(err, noSuchTable) { // nothing was ever sent here
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the push runs: %w", err)
	}
	defer rows.Close()
	var all []Run
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read the push runs: %w", err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the push runs: %w", err)
	}
	return all, nil
}

// What servers call a table, and a column, that is not there
// (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html).
const (
	noSuchTable  = 1146
	noSuchColumn = 1054
)

func isServerError(err error, number uint16) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && e.Number == number
}

func scan(rows *sql.Rows) (r Run, err error) {
	var due, started, zones string
	var finished, follows, outcomes sql.NullString
	err = rows.Scan(&r.ID, &r.Campaign, &due, &zones, &r.Others, &r.Commit, &r.File, &r.Actor, &r.Test, &follows, &outcomes, &r.State, &r.Reason, &started, &finished,
		&r.Cursor.Platform, &r.Cursor.Value, &r.Cursor.Token, &r.Read, &r.Tokens, &r.Last, &r.Accepted, &r.Dead, &r.Rejected, &r.GaveUp, &r.Unknown, &r.Repeats)
	if err != nil {
		return r, err
	}
	var wrong [5]error
	r.Time, wrong[0] = parse(due)
	r.Started, wrong[1] = parse(started)
	if finished.Valid {
		r.Finished, wrong[2] = parse(finished.String)
	}
	if follows.Valid {
		r.Follows, wrong[3] = parse(follows.String)
	}
	if outcomes.Valid {
		wrong[4] = json.Unmarshal([]byte(outcomes.String), &r.Outcomes)
	}
	return r, errors.Join(append(wrong[:], json.Unmarshal([]byte(zones), &r.Zones))...)
}

// text is a time as the tables have it.
func text(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999") }

// textOrNull is text, and nil for no time.
func textOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return text(t)
}

func parse(s string) (time.Time, error) {
	return time.ParseInLocation("2006-01-02 15:04:05", strings.TrimSuffix(s, ".000000"), time.UTC)
}

// Extend records batches that were read, and how far that has come: cursor is behind the last of them. last says that
// there is no more. Only then are they handed out: so the record knows each batch that may be on its way.
func (s *Store) Extend(ctx context.Context, own Epoch, run int64, batches []Batch, cursor audience.Cursor, last bool) error {
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		tokens, err := insertBatches(ctx, tx, run, batches)
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `UPDATE liveops_push_runs SET cursor_platform = ?, cursor_value = ?, cursor_token = ?, all_read = ?, tokens = tokens + ?, last_batch = last_batch + ?
			WHERE id = ? AND all_read = 0`, string(cursor.Platform), cursor.Value, cursor.Token, last, tokens, len(batches), run)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, ErrNoRun)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record what was read for run %d: %w", run, err)
	}
	return nil
}

// insertBatches records batches, and says how many tokens they have.
func insertBatches(ctx context.Context, tx *sql.Tx, run int64, batches []Batch) (tokens int, err error) {
	if len(batches) == 0 {
		return 0, nil
	}
	var rows []string
	var args []any
	for _, b := range batches {
		rows = append(rows, "(?, ?, ?, ?, ?, ?, ?, 0)")
		args = append(args, run, b.Seq, string(b.After.Platform), b.After.Value, b.After.Token, b.To, b.Tokens)
		tokens += b.Tokens
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO liveops_push_batches (run_id, seq, platform, platform_value, after_token, to_token, tokens, settled) VALUES "+strings.Join(rows, ", "), args...)
	return tokens, err
}
