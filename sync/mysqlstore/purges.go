package mysqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"liveops/sync/purge"
)

// Purges is the record of an environment's purges. A run has one row, whose epoch grows each time somebody takes it
// up: who writes with an older one has lost it, and writes nothing. So there is no lock to be left behind.
type Purges struct{ store *Store }

// Purges is the record of the environment's purges.
func (s *Store) Purges() *Purges { return &Purges{s} }

// ErrNoPurge is a purge that the environment has no record of.
var ErrNoPurge = errors.New("this purge was never run here")

const purgeColumns = `name, fingerprint, scope, collection, run_id, state, wish, epoch, done, skipped, counts, actor, commit_id, error, started, updated, COALESCE(finished, '')`

// Purge reads the record of one; it fails with ErrNoPurge.
func (p *Purges) Purge(ctx context.Context, name string) (purge.Run, error) {
	runs, err := p.read(ctx, p.store.db, "WHERE name = ?", name)
	if err == nil && len(runs) == 0 {
		err = fmt.Errorf("purge %s in %s: %w", name, p.store.environment, ErrNoPurge)
	}
	if err != nil {
		return purge.Run{}, err
	}
	return runs[0], nil
}

// List reads all records, by name.
func (p *Purges) List(ctx context.Context) ([]purge.Run, error) {
	return p.read(ctx, p.store.db, "ORDER BY name")
}

// Purges reads the records of all purges that the environment had, by name.
func (s *Snapshot) Purges(ctx context.Context) ([]purge.Run, error) {
	return s.store.Purges().read(ctx, s.tx, "ORDER BY name")
}

func (p *Purges) read(ctx context.Context, q querier, where string, args ...any) ([]purge.Run, error) {
	var out []purge.Run
	err := each(ctx, q, "SELECT "+purgeColumns+" FROM liveops_purges "+where, func(rows *sql.Rows) error {
		var r purge.Run
		var done, skipped int
		var counts, started, updated, finished string
		err := rows.Scan(&r.Name, &r.Fingerprint, &r.Scope, &r.Collection, &r.ID, &r.State, &r.Wish, &r.Epoch, &done, &skipped, &counts, &r.Actor, &r.Commit, &r.Error, &started, &updated, &finished)
		if err == nil {
			err = json.Unmarshal([]byte(counts), &r.Counts)
		}
		r.Counts.Done, r.Counts.Skipped = done, skipped
		r.Started, r.Updated, r.Finished = parseTime(started), parseTime(updated), parseTime(finished)
		out = append(out, r)
		return err
	}, args...)
	if isServerError(err, noSuchTable) {
		return nil, nil
	}
	if err != nil {
		return nil, p.store.unanswered(ctx, fmt.Errorf("read the purges of %s: %w", p.store.environment, err))
	}
	return out, nil
}

// in does something in a transaction.
func (p *Purges) in(ctx context.Context, what string, do func(*sql.Tx) error) error {
	tx, err := p.store.db.BeginTx(ctx, nil)
	if err != nil {
		return p.store.unanswered(ctx, fmt.Errorf("%s in %s: %w", what, p.store.environment, err))
	}
	defer tx.Rollback() // nothing after a commit
	if err = do(tx); err == nil {
		err = tx.Commit()
	}
	if isPurgeAnswer(err) {
		return err
	}
	if err != nil {
		return p.store.unanswered(ctx, fmt.Errorf("%s in %s: %w", what, p.store.environment, refused(err)))
	}
	return nil
}

// isPurgeAnswer says whether an error is what the record says, and nothing that went wrong.
func isPurgeAnswer(err error) bool {
	return errors.Is(err, purge.ErrLost) || errors.Is(err, ErrNoPurge) || errors.As(err, new(*purge.OverError)) || errors.As(err, new(*purge.RunningError)) || errors.As(err, new(*purge.ChangedError))
}

// held reads a run under a lock. It fails with purge.ErrLost where its epoch is another by now.
func (p *Purges) held(ctx context.Context, q querier, r purge.Run, lock string) (purge.Run, error) {
	runs, err := p.read(ctx, q, "WHERE name = ?"+lock, r.Name)
	switch {
	case err != nil:
		return purge.Run{}, err
	case len(runs) == 0 || runs[0].Epoch != r.Epoch || runs[0].ID != r.ID:
		return purge.Run{}, purge.ErrLost
	}
	return runs[0], nil
}

// Begin takes up the run of a purge, or begins it. It makes the ledger's tables where they are missing.
func (p *Purges) Begin(ctx context.Context, r purge.Run) (purge.Run, error) {
	if err := p.store.Prepare(ctx); err != nil {
		return purge.Run{}, err
	}
	err := p.in(ctx, "begin purge "+r.Name, func(tx *sql.Tx) error {
		r.State, r.Epoch, r.Counts, r.Updated = purge.Running, 1, purge.Counts{}, p.store.now()
		if _, err := p.insert(ctx, tx, "", r); err != nil && !isServerError(err, sameValue) {
			return err
		} else if err == nil {
			return p.audit(ctx, tx, r, "begun")
		}
		runs, err := p.read(ctx, tx, "WHERE name = ? FOR UPDATE", r.Name)
		if err != nil || len(runs) == 0 {
			return errors.Join(err, ErrBusy)
		}
		there := runs[0]
		switch {
		case there.Fingerprint != r.Fingerprint:
			return &purge.ChangedError{Name: r.Name, Released: there.Fingerprint}
		case there.State.Over():
			return &purge.OverError{Run: there}
		}
		there.State, there.Wish, there.Error, there.Updated = purge.Running, purge.WishNone, "", r.Updated
		there.Epoch++
		if r.Actor != "" {
			there.Actor = r.Actor
		}
		r = there
		if err := p.write(ctx, tx, r); err != nil {
			return err
		}
		return p.audit(ctx, tx, r, "taken up again")
	})
	return r, err
}

// sameValue is MySQL's ER_DUP_ENTRY.
const sameValue = 1062

func (p *Purges) insert(ctx context.Context, q querier, ignore string, r purge.Run) (inserted bool, err error) {
	counts, err := json.Marshal(r.Counts)
	if err != nil {
		return false, err
	}
	res, err := q.ExecContext(ctx, "INSERT "+ignore+` INTO liveops_purges (name, fingerprint, scope, collection, run_id, state, wish, epoch, done, skipped, counts, actor, commit_id, error,
		started, updated, finished) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Name, r.Fingerprint, r.Scope, r.Collection, r.ID, string(r.State), string(r.Wish), r.Epoch, r.Counts.Done, r.Counts.Skipped, counts, r.Actor, r.Commit, r.Error,
		formatTime(r.Started), formatTime(r.Updated), nullTime(r.Finished))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func (p *Purges) write(ctx context.Context, q querier, r purge.Run) error {
	counts, err := json.Marshal(r.Counts)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `UPDATE liveops_purges SET state = ?, wish = ?, epoch = ?, done = ?, skipped = ?, counts = ?, actor = ?, error = ?, updated = ?, finished = ?
		WHERE name = ?`, string(r.State), string(r.Wish), r.Epoch, r.Counts.Done, r.Counts.Skipped, counts, r.Actor, r.Error, formatTime(r.Updated), nullTime(r.Finished), r.Name)
	return err
}

func nullTime(t time.Time) sql.NullString {
	return sql.NullString{String: formatTime(t), Valid: !t.IsZero()}
}

func (p *Purges) audit(ctx context.Context, q querier, r purge.Run, what string) error {
	return p.store.audit(ctx, q, AuditEntry{At: p.store.now(), Actor: r.Actor, Action: AuditPurge, Commit: r.Commit, Detail: "purge " + r.Name + ": " + what})
}

// End writes the state in which a run is left.
func (p *Purges) End(ctx context.Context, r purge.Run) error {
	return p.in(ctx, "end purge "+r.Name, func(tx *sql.Tx) error {
		there, err := p.held(ctx, tx, r, " FOR UPDATE")
		if err != nil {
			return err
		}
		r.Counts.Done, r.Counts.Skipped = there.Counts.Done, there.Counts.Skipped
		if r.Wish = there.Wish; r.State != purge.Running {
			r.Wish = purge.WishNone
		}
		if err := p.write(ctx, tx, r); err != nil {
			return err
		}
		what := fmt.Sprintf("%s, %d documents changed", r.State, r.Counts.Done)
		if r.Counts.Undone > 0 {
			what += fmt.Sprintf(", %d brought back", r.Counts.Undone)
		}
		return p.audit(ctx, tx, r, what)
	})
}
