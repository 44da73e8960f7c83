package mysqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ledgerTables are the tables in which an environment keeps the truth about itself. They are made by Prepare,
// before and never inside an apply, since MySQL commits at every CREATE TABLE. A ledger that an earlier version made
// gets those that it lacks; the definition of one that was ever released is never changed here, since it would not
// reach the tables that are there.
var ledgerTables = []string{
	// One row. name says which environment this database is, so that a wrong DSN is noticed.
	`CREATE TABLE IF NOT EXISTS liveops_environment (
		id TINYINT NOT NULL PRIMARY KEY,
		name VARCHAR(64) NOT NULL,
		epoch BIGINT UNSIGNED NOT NULL DEFAULT 0,
		commit_id VARCHAR(64) NOT NULL DEFAULT '',
		release_id BIGINT NOT NULL DEFAULT 0,
		hold_reason TEXT NULL,
		hold_by VARCHAR(255) NULL,
		hold_since DATETIME(6) NULL,
		hold_kind VARCHAR(16) NOT NULL DEFAULT '',
		hold_release BIGINT NOT NULL DEFAULT 0
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	`CREATE TABLE IF NOT EXISTS liveops_releases (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		kind VARCHAR(16) NOT NULL,
		commit_id VARCHAR(64) NOT NULL,
		previous_commit VARCHAR(64) NOT NULL,
		previous_release BIGINT NOT NULL,
		digest VARCHAR(64) NOT NULL,
		actor VARCHAR(255) NOT NULL,
		pull INT NOT NULL,
		state VARCHAR(16) NOT NULL,
		undoes BIGINT NOT NULL,
		deleted INT NOT NULL,
		inserted INT NOT NULL,
		updated INT NOT NULL,
		error TEXT NOT NULL,
		started DATETIME(6) NOT NULL,
		finished DATETIME(6) NOT NULL,
		request VARCHAR(191) COLLATE utf8mb4_bin NULL,
		undone_by BIGINT NOT NULL DEFAULT 0,
		kept MEDIUMTEXT NULL,
		UNIQUE KEY request (request)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	// The rows that a release changed, before and after: see images.go.
	`CREATE TABLE IF NOT EXISTS liveops_images (
		release_id BIGINT NOT NULL,
		seq INT NOT NULL,
		piece LONGBLOB NOT NULL,
		PRIMARY KEY (release_id, seq)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	// The digest that a pull request showed for this environment, by the head that it was shown for.
	`CREATE TABLE IF NOT EXISTS liveops_reviews (
		repository VARCHAR(191) NOT NULL,
		pull INT NOT NULL,
		head VARCHAR(64) NOT NULL,
		base VARCHAR(64) NOT NULL,
		digest VARCHAR(64) NOT NULL,
		at DATETIME(6) NOT NULL,
		own VARCHAR(64) NOT NULL DEFAULT '',
		PRIMARY KEY (repository, pull)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	// The digest that a merged pull request showed while it waits for this environment.
	`CREATE TABLE IF NOT EXISTS liveops_shown (
		repository VARCHAR(191) NOT NULL,
		pull INT NOT NULL,
		commit_id VARCHAR(64) NOT NULL,
		digest VARCHAR(64) NOT NULL,
		at DATETIME(6) NOT NULL,
		PRIMARY KEY (repository, pull)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	// Who agreed to which plan.
	`CREATE TABLE IF NOT EXISTS liveops_confirmations (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		kind VARCHAR(16) NOT NULL,
		repository VARCHAR(191) NOT NULL,
		pull INT NOT NULL,
		digest VARCHAR(64) NOT NULL,
		actor VARCHAR(255) NOT NULL,
		at DATETIME(6) NOT NULL,
		purged INT NOT NULL DEFAULT 0,
		KEY of_pull (repository, pull)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	// Who did what, written with what it tells and never changed: see audit.go.
	`CREATE TABLE IF NOT EXISTS liveops_audit (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		at DATETIME(6) NOT NULL,
		actor VARCHAR(255) NOT NULL,
		action VARCHAR(16) NOT NULL,
		pull INT NOT NULL,
		release_id BIGINT NOT NULL,
		commit_id VARCHAR(64) NOT NULL,
		digest VARCHAR(64) NOT NULL,
		detail TEXT NOT NULL
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	// How far each purge is here, and what it found before it changed a document: see purges.go and purgeimages.go.
	`CREATE TABLE IF NOT EXISTS liveops_purges (
		name VARCHAR(191) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
		fingerprint VARCHAR(64) NOT NULL,
		scope VARCHAR(251) NOT NULL,
		collection VARCHAR(251) NOT NULL,
		run_id VARCHAR(64) NOT NULL,
		state VARCHAR(16) NOT NULL,
		wish VARCHAR(16) NOT NULL,
		epoch BIGINT NOT NULL,
		done INT NOT NULL,
		skipped INT NOT NULL,
		counts TEXT NOT NULL,
		actor VARCHAR(255) NOT NULL,
		commit_id VARCHAR(64) NOT NULL,
		error TEXT NOT NULL,
		started DATETIME(6) NOT NULL,
		updated DATETIME(6) NOT NULL,
		finished DATETIME(6) NULL
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	`CREATE TABLE IF NOT EXISTS liveops_purge_images (
		run_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
		document_id VARBINARY(250) NOT NULL,
		state VARCHAR(16) NOT NULL,
		unsure TINYINT NOT NULL,
		body LONGBLOB NOT NULL,
		cas BIGINT UNSIGNED NOT NULL,
		flags INT UNSIGNED NOT NULL,
		expiry BIGINT NOT NULL,
		after_hash VARCHAR(64) NOT NULL,
		PRIMARY KEY (run_id, document_id)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	// Files of the newest releases' commits, for who follows the environment without the data repo: see released.go.
	`CREATE TABLE IF NOT EXISTS liveops_files (
		commit_id VARCHAR(64) NOT NULL,
		path VARCHAR(500) COLLATE utf8mb4_bin NOT NULL,
		data LONGBLOB NOT NULL,
		PRIMARY KEY (commit_id, path)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
}

// noSuchTable is MySQL's ER_NO_SUCH_TABLE.
const noSuchTable = 1146

// WrongEnvironmentError is a database that belongs to another environment than the configuration says.
type WrongEnvironmentError struct{ Want, Got string }

// Error names both environments.
func (e *WrongEnvironmentError) Error() string {
	return fmt.Sprintf("the database configured for %s says that it is %s; check the DSN", e.Want, e.Got)
}

// Prepare makes the ledger's tables where they are missing, adds the columns that an older one lacks (migrate.go), and
// writes the environment's name into a new one.
func (s *Store) Prepare(ctx context.Context) error {
	_, err := s.readState(ctx, s.db, "")
	if wrong := (*WrongEnvironmentError)(nil); errors.As(err, &wrong) {
		return err
	}
	if err == nil && s.hasLedger(ctx) && s.upToDate(ctx) {
		return nil
	}
	for _, ddl := range ledgerTables {
		if _, err := s.db.ExecContext(ctx, ddl); err != nil {
			return fmt.Errorf("make the ledger of %s: %w", s.environment, err)
		}
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT IGNORE INTO liveops_environment (id, name) VALUES (1, ?)`, s.environment)
	if err != nil {
		return fmt.Errorf("name the ledger of %s: %w", s.environment, err)
	}
	_, err = s.readState(ctx, s.db, "")
	return err
}

// hasLedger says whether all tables of this version's ledger are there, and the environment's row.
func (s *Store) hasLedger(ctx context.Context) bool {
	var tables, rows int
	err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN
		('liveops_environment', 'liveops_releases', 'liveops_images', 'liveops_reviews', 'liveops_shown', 'liveops_confirmations', 'liveops_audit',
		'liveops_purges', 'liveops_purge_images', 'liveops_files')`).Scan(&tables)
	if err != nil || tables < len(ledgerTables) {
		return false
	}
	err = s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM liveops_environment").Scan(&rows)
	return err == nil && rows == 1
}

// State reads where the environment stands; zero where nothing was ever applied.
func (s *Store) State(ctx context.Context) (State, error) { return s.readState(ctx, s.db, "") }

// readState reads the state, with a lock such as " FOR UPDATE" where one is asked.
func (s *Store) readState(ctx context.Context, q querier, lock string) (State, error) {
	var (
		st                State
		name              string
		reason, by, since sql.NullString
		kind              string
		release           int64
	)
	read := func(columns string, into ...any) error {
		return q.QueryRowContext(ctx, `SELECT name, epoch, commit_id, release_id, hold_reason, hold_by, hold_since`+columns+`
			FROM liveops_environment WHERE id = 1`+lock).
			Scan(append([]any{&name, &st.Epoch, &st.Commit, &st.Release, &reason, &by, &since}, into...)...)
	}
	err := read(", hold_kind, hold_release", &kind, &release)
	if isServerError(err, noSuchColumn) { // who only looks makes no column, so older ledgers are read too
		err = read("")
	}
	switch {
	case errors.Is(err, sql.ErrNoRows), isServerError(err, noSuchTable) && lock == "":
		return State{}, nil
	case err != nil:
		return State{}, s.unanswered(ctx, fmt.Errorf("read the state of %s: %w", s.environment, err))
	case name != s.environment:
		return State{}, &WrongEnvironmentError{s.environment, name}
	}
	if reason.Valid {
		st.Hold = &Hold{Reason: reason.String, By: by.String, Since: parseTime(since.String), Kind: HoldKind(kind), Release: release}
	}
	return st, nil
}

// timeFormat is how the ledger keeps times, in UTC.
const timeFormat = "2006-01-02 15:04:05.000000"

func formatTime(t time.Time) string { return t.UTC().Format(timeFormat) }

// parseTime reads a time of the ledger; zero for what is none.
func parseTime(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.999999", s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Releases lists the newest releases of the ledger, newest first.
func (s *Store) Releases(ctx context.Context, limit int) ([]Release, error) {
	return s.readReleases(ctx, s.db, "ORDER BY id DESC LIMIT ?", limit)
}

// Release reads one release of the ledger; ErrNoRelease where there is none.
func (s *Store) Release(ctx context.Context, id int64) (Release, error) {
	return s.readRelease(ctx, s.db, id)
}

// ErrNoRelease is a release that the ledger does not have.
var ErrNoRelease = errors.New("no such release")

func (s *Store) readRelease(ctx context.Context, q querier, id int64) (Release, error) {
	rs, err := s.readReleases(ctx, q, "WHERE id = ?", id)
	if err != nil {
		return Release{}, err
	}
	if len(rs) == 0 {
		return Release{}, fmt.Errorf("release %d of %s: %w", id, s.environment, ErrNoRelease)
	}
	return rs[0], nil
}

func (s *Store) readReleases(ctx context.Context, q querier, where string, args ...any) ([]Release, error) {
	var out []Release
	read := func(newer string) error {
		return each(ctx, q, `SELECT id, kind, commit_id, previous_commit, previous_release, digest, actor, pull, state, undoes, deleted, inserted,
			updated, error, started, finished, `+newer+` FROM liveops_releases `+where, func(rows *sql.Rows) error {
			var r Release
			var started, finished string
			err := rows.Scan(&r.ID, &r.Kind, &r.Commit, &r.PreviousCommit, &r.PreviousRelease, &r.Digest, &r.Actor, &r.Pull, &r.State, &r.Undoes,
				&r.Deleted, &r.Inserted, &r.Updated, &r.Error, &started, &finished, &r.RequestID, &r.UndoneBy)
			r.Started, r.Finished = parseTime(started), parseTime(finished)
			out = append(out, r)
			return err
		}, args...)
	}
	err := read("COALESCE(request, ''), undone_by")
	if isServerError(err, noSuchColumn) { // an older ledger, which was only looked at since
		err = read("'', 0")
	}
	if isServerError(err, noSuchTable) {
		return nil, nil
	}
	if err != nil {
		return nil, s.unanswered(ctx, fmt.Errorf("read the releases of %s: %w", s.environment, err))
	}
	return out, nil
}

// insertRelease writes a release into the ledger and gives it its number.
func (s *Store) insertRelease(ctx context.Context, q querier, r *Release) error {
	request := sql.NullString{String: r.RequestID, Valid: r.RequestID != ""}
	res, err := q.ExecContext(ctx, `INSERT INTO liveops_releases (kind, commit_id, previous_commit, previous_release,
		digest, actor, pull, state, undoes, deleted, inserted, updated, error, started, finished, request)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(r.Kind), r.Commit, r.PreviousCommit, r.PreviousRelease, r.Digest, r.Actor, r.Pull, string(r.State), r.Undoes,
		r.Deleted, r.Inserted, r.Updated, r.Error, formatTime(r.Started), formatTime(r.Finished), request)
	if err == nil {
		r.ID, err = res.LastInsertId()
	}
	if err != nil {
		return fmt.Errorf("write the ledger of %s: %w", s.environment, err)
	}
	return nil
}
