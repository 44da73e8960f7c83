package mysqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// Review is what a pull request last showed as its plan for this environment.
type Review struct {
	Repository string // owner/name
	Pull       int
	Head, Base string // the commits whose merge was planned
	Digest     string // "" where the plan had problems
	Own        string // of what is left of the plan once the base is released; "" where that is the same, or is not known
}

// SaveReview records what a pull request shows now, in place of what it showed before.
func (s *Store) SaveReview(ctx context.Context, r Review) error {
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO liveops_reviews (repository, pull, head, base, digest, at, own)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE head = VALUES(head), base = VALUES(base),
		digest = VALUES(digest), at = VALUES(at), own = VALUES(own)`,
		r.Repository, r.Pull, r.Head, r.Base, r.Digest, formatTime(s.now()), r.Own)
	if err != nil {
		return fmt.Errorf("record the review of %s: %w", s.environment, err)
	}
	return nil
}

// Review reads what a pull request last showed; nil where it showed nothing.
func (s *Store) Review(ctx context.Context, repository string, pull int) (*Review, error) {
	r := Review{Repository: repository, Pull: pull}
	err := s.db.QueryRowContext(ctx, `SELECT head, base, digest, own FROM liveops_reviews
		WHERE repository = ? AND pull = ?`, repository, pull).Scan(&r.Head, &r.Base, &r.Digest, &r.Own)
	if isServerError(err, noSuchColumn) { // of an older liveops
		err = s.db.QueryRowContext(ctx, `SELECT head, base, digest FROM liveops_reviews
			WHERE repository = ? AND pull = ?`, repository, pull).Scan(&r.Head, &r.Base, &r.Digest)
	}
	var mysqlErr *mysql.MySQLError
	switch {
	case errors.Is(err, sql.ErrNoRows), errors.As(err, &mysqlErr) && mysqlErr.Number == noSuchTable:
		return nil, nil
	case err != nil:
		return nil, s.unanswered(ctx, fmt.Errorf("read the review of %s: %w", s.environment, err))
	}
	return &r, nil
}
