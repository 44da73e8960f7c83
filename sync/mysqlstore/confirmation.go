package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// ConfirmationKind is what a second person agrees to.
type ConfirmationKind string

// The kinds of a confirmation.
const (
	Approval ConfirmationKind = "approval" // that the plan goes to this environment
	Limits   ConfirmationKind = "limits"   // that it deletes more than the limits allow
	Push     ConfirmationKind = "push"     // that a campaign is sent besides its times
)

// Confirmation is someone's agreement to one plan for this environment, whichever commit brings it: a plan with
// another digest has none, and a rollback takes back all that were given before it. Who may give it is for the caller
// to decide.
type Confirmation struct {
	Kind       ConfirmationKind
	Repository string // owner/name; "" from the command line
	Pull       int    // 0 from the command line
	Digest     string // of the plan that was shown
	Purged     int    // user documents that its purges matched then: the digest is of the purges, not of what they match
	By         string // as in Hold.By
	At         time.Time
}

// SaveConfirmation records a confirmation, and its entry in the audit. At is now where it is zero.
func (s *Store) SaveConfirmation(ctx context.Context, c Confirmation) error {
	if c.Digest == "" {
		return fmt.Errorf("record the %s for %s: there is no plan to confirm", c.Kind, s.environment)
	}
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	if c.At.IsZero() {
		c.At = s.now()
	}
	tx, err := s.begin(ctx, "START TRANSACTION")
	if err != nil {
		return err
	}
	defer tx.end()
	_, err = tx.ExecContext(ctx, `INSERT INTO liveops_confirmations (kind, repository, pull, digest, actor, at, purged) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		string(c.Kind), c.Repository, c.Pull, c.Digest, c.By, formatTime(c.At), c.Purged)
	if err == nil {
		detail := string(c.Kind)
		if c.Purged > 0 {
			detail += fmt.Sprintf(", %d user documents", c.Purged)
		}
		err = s.audit(ctx, tx, AuditEntry{At: c.At, Actor: c.By, Action: AuditConfirm, Pull: c.Pull, Digest: c.Digest, Detail: detail})
	}
	if err == nil {
		err = tx.commit(ctx)
	}
	if err != nil {
		return fmt.Errorf("record the %s for %s: %w", c.Kind, s.environment, err)
	}
	return nil
}

// Confirmations are those of one pull request for this environment since its last rollback, oldest first; with "" and
// 0 those from the command line.
func (s *Store) Confirmations(ctx context.Context, repository string, pull int) ([]Confirmation, error) {
	out, err := s.confirmations(ctx, "purged", repository, pull)
	if isServerError(err, noSuchColumn) { // of an older liveops
		out, err = s.confirmations(ctx, "0", repository, pull)
	}
	if isNoSuchTable(err) {
		return nil, nil
	}
	if err != nil {
		return nil, s.unanswered(ctx, fmt.Errorf("read the confirmations for %s: %w", s.environment, err))
	}
	return out, nil
}

func (s *Store) confirmations(ctx context.Context, purged, repository string, pull int) (out []Confirmation, err error) {
	err = each(ctx, s.db, `SELECT kind, digest, actor, at, `+purged+` FROM liveops_confirmations
		WHERE repository = ? AND pull = ? AND NOT EXISTS (SELECT 1 FROM liveops_releases r WHERE r.kind = 'rollback' AND r.finished >= liveops_confirmations.at)
		ORDER BY id`, func(rows *sql.Rows) error {
		c := Confirmation{Repository: repository, Pull: pull}
		var at string
		err := rows.Scan(&c.Kind, &c.Digest, &c.By, &at, &c.Purged)
		c.At = parseTime(at)
		out = append(out, c)
		return err
	}, repository, pull)
	return out, err
}
