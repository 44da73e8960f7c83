package mysqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Shown is the plan that a merged pull request's release last showed while it waits for this environment: what a
// command that lets it go on is bound to. The review beside it stays what was shown before the merge.
type Shown struct {
	Repository string // owner/name
	Pull       int
	Commit     string // the merge that waits
	Digest     string
	At         time.Time // now where SaveShown is given zero
}

// SaveShown records what is shown now, in place of what was before. It is to be called once it is shown.
func (s *Store) SaveShown(ctx context.Context, w Shown) error {
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	if w.At.IsZero() {
		w.At = s.now()
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO liveops_shown (repository, pull, commit_id, digest, at)
		VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE commit_id = VALUES(commit_id), digest = VALUES(digest), at = VALUES(at)`,
		w.Repository, w.Pull, w.Commit, w.Digest, formatTime(w.At))
	if err != nil {
		return fmt.Errorf("record what was shown of %s: %w", s.environment, err)
	}
	return nil
}

// Shown reads what a pull request's release last showed; nil where it never waited.
func (s *Store) Shown(ctx context.Context, repository string, pull int) (*Shown, error) {
	w := Shown{Repository: repository, Pull: pull}
	var at string
	err := s.db.QueryRowContext(ctx, `SELECT commit_id, digest, at FROM liveops_shown WHERE repository = ? AND pull = ?`, repository, pull).
		Scan(&w.Commit, &w.Digest, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows), isNoSuchTable(err):
		return nil, nil
	case err != nil:
		return nil, s.unanswered(ctx, fmt.Errorf("read what was shown of %s: %w", s.environment, err))
	}
	w.At = parseTime(at)
	return &w, nil
}
