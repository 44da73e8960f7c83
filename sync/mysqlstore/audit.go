package mysqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

// AuditAction is what was done to an environment.
type AuditAction string

// The actions of the audit.
const (
	AuditApply    AuditAction = "apply"    // a release was applied
	AuditPromote  AuditAction = "promote"  // rows were brought from another environment
	AuditRollback AuditAction = "rollback" // a release was undone
	AuditStop     AuditAction = "stop"     // a release was stopped; nothing was changed
	AuditHold     AuditAction = "hold"     // the environment was put on hold
	AuditLift     AuditAction = "lift"     // its hold was lifted
	AuditConfirm  AuditAction = "confirm"  // a second person agreed to a plan
	AuditOverride AuditAction = "override" // a gate was passed over
	AuditPurge    AuditAction = "purge"    // a purge was begun, ended, undone, or asked to stop
)

// AuditEntry is one thing that was done to an environment, and by whom.
type AuditEntry struct {
	ID      int64       `json:"id"` // grows with every entry
	At      time.Time   `json:"at"`
	Actor   string      `json:"actor"` // as in Hold.By
	Action  AuditAction `json:"action"`
	Pull    int         `json:"pull,omitempty"`    // the pull request; 0 where none
	Release int64       `json:"release,omitempty"` // the ledger's number; 0 where none
	Commit  string      `json:"commit,omitempty"`
	Digest  string      `json:"digest,omitempty"`
	Detail  string      `json:"detail,omitempty"` // one line of prose that may quote anyone
}

// Audit reads the newest entries, newest first. Entries are written in the transaction of what they tell, so that
// neither is ever there without the other, and no statement of liveops changes or deletes one. Servers do not keep
// others from it: a trigger that refused would itself need a privilege that many accounts lack; who needs the audit to
// withstand the account that liveops uses revokes its UPDATE and DELETE on this table.
func (s *Store) Audit(ctx context.Context, limit int) ([]AuditEntry, error) {
	var out []AuditEntry
	err := each(ctx, s.db, `SELECT id, at, actor, action, pull, release_id, commit_id, digest, detail
		FROM liveops_audit ORDER BY id DESC LIMIT ?`, func(rows *sql.Rows) error {
		var e AuditEntry
		var at string
		err := rows.Scan(&e.ID, &at, &e.Actor, &e.Action, &e.Pull, &e.Release, &e.Commit, &e.Digest, &e.Detail)
		e.At = parseTime(at)
		out = append(out, e)
		return err
	}, limit)
	if isNoSuchTable(err) {
		return nil, nil
	}
	if err != nil {
		return nil, s.unanswered(ctx, fmt.Errorf("read the audit of %s: %w", s.environment, err))
	}
	return out, nil
}

// audit writes an entry within the transaction of what it tells.
func (s *Store) audit(ctx context.Context, q querier, e AuditEntry) error {
	if e.At.IsZero() {
		e.At = s.now()
	}
	_, err := q.ExecContext(ctx, `INSERT INTO liveops_audit (at, actor, action, pull, release_id, commit_id, digest, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		formatTime(e.At), e.Actor, string(e.Action), e.Pull, e.Release, e.Commit, e.Digest, e.Detail)
	if err != nil {
		return fmt.Errorf("write the audit of %s: %w", s.environment, err)
	}
	return nil
}

// Override tells the audit that somebody passed over a gate, and why, before what follows from it. commit is that of what was released.
func (s *Store) Override(ctx context.Context, actor, commit, detail string) error {
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	if err := s.audit(ctx, s.db, AuditEntry{Actor: actor, Action: AuditOverride, Commit: commit, Detail: detail}); err != nil {
		return s.unanswered(ctx, err)
	}
	return nil
}

// auditOverride tells which gates a release passed over.
func (s *Store) auditOverride(ctx context.Context, q querier, r Request) error {
	if r.Override == "" {
		return nil
	}
	return s.audit(ctx, q, AuditEntry{Actor: r.Actor, Action: AuditOverride, Pull: r.Pull, Commit: r.Commit, Digest: r.Digest, Detail: r.Override})
}

// auditRelease tells of a release that is in the ledger.
func (s *Store) auditRelease(ctx context.Context, q querier, r *Release) error {
	e := AuditEntry{At: r.Finished, Actor: r.Actor, Action: AuditAction(r.Kind), Pull: r.Pull, Release: r.ID, Commit: r.Commit, Digest: r.Digest,
		Detail: fmt.Sprintf("%d deleted, %d inserted, %d updated", r.Deleted, r.Inserted, r.Updated)}
	switch {
	case r.State == Failed:
		e.Action, e.Detail = AuditStop, r.Error
	case r.Undoes > 0:
		e.Detail = fmt.Sprintf("release %d: %s", r.Undoes, e.Detail)
	}
	return s.audit(ctx, q, e)
}

// isNoSuchTable is a read of a ledger that was not made yet, or by an earlier version.
func isNoSuchTable(err error) bool {
	var m *mysql.MySQLError
	return errors.As(err, &m) && m.Number == noSuchTable
}
