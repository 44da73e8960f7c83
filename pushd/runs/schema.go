package runs

import (
	"context"
	"database/sql"
	"fmt"
)

// Store is an environment's record of push runs. It is safe for concurrent use.
type Store struct {
	db *sql.DB // its sessions run in UTC, in strict mode
}

// New is the store in a database whose sessions run in UTC and in strict mode.
func New(db *sql.DB) *Store { return &Store{db} }

// tables are made where they are missing. Times are in UTC; those that are compared are the server's.
var tables = []string{
	// Who leads the pushes, and until when.
	`CREATE TABLE IF NOT EXISTS liveops_push_leader (
		id INT NOT NULL PRIMARY KEY,
		epoch BIGINT NOT NULL,
		name VARCHAR(191) NOT NULL,
		until DATETIME(6) NOT NULL
	) CHARACTER SET utf8mb4`,
	// Since when each campaign is known as it is: what it would have been due before was nobody's to send. All that was due up to
	// looked_to is begun or recorded, as was known at looked_at.
	`CREATE TABLE IF NOT EXISTS liveops_push_campaigns (
		campaign VARCHAR(191) NOT NULL PRIMARY KEY,
		since DATETIME(6) NOT NULL,
		fingerprint VARCHAR(64) NOT NULL DEFAULT '',
		looked_to DATETIME(6) NULL,
		looked_at DATETIME(6) NULL
	) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
	// Each firing of a campaign, once; and each test of one.
	`CREATE TABLE IF NOT EXISTS liveops_push_runs (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		campaign VARCHAR(191) NOT NULL,
		due DATETIME NOT NULL,
		zones MEDIUMTEXT NOT NULL,
		others TINYINT NOT NULL,
		commit_id VARCHAR(64) NOT NULL,
		file MEDIUMBLOB NOT NULL,
		actor VARCHAR(191) NOT NULL,
		test VARCHAR(80) NOT NULL DEFAULT '',
		others_at DATETIME(6) NULL,
		outcomes MEDIUMTEXT NULL,
		state VARCHAR(16) NOT NULL,
		reason TEXT NOT NULL,
		started DATETIME(6) NOT NULL,
		finished DATETIME(6) NULL,
		cursor_platform VARCHAR(16) NOT NULL,
		cursor_value VARCHAR(191) NOT NULL,
		cursor_token VARBINARY(4096) NOT NULL,
		all_read TINYINT NOT NULL,
		tokens BIGINT NOT NULL,
		last_batch INT NOT NULL,
		accepted BIGINT NOT NULL,
		dead BIGINT NOT NULL,
		rejected BIGINT NOT NULL,
		gave_up BIGINT NOT NULL,
		unknown BIGINT NOT NULL,
		repeats BIGINT NOT NULL,
		UNIQUE KEY once_each (campaign, due, test)
	) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
	// Its batches, until it has ended.
	`CREATE TABLE IF NOT EXISTS liveops_push_batches (
		run_id BIGINT NOT NULL,
		seq INT NOT NULL,
		platform VARCHAR(16) NOT NULL,
		platform_value VARCHAR(191) NOT NULL,
		after_token VARBINARY(4096) NOT NULL,
		to_token VARBINARY(4096) NOT NULL,
		tokens INT NOT NULL,
		settled TINYINT NOT NULL,
		PRIMARY KEY (run_id, seq)
	) CHARACTER SET utf8mb4`,
	// Tokens that the gateways called dead, by batch (audience.PackDead), until they are taken out.
	`CREATE TABLE IF NOT EXISTS liveops_push_gone (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		run_id BIGINT NOT NULL,
		dead MEDIUMBLOB NOT NULL,
		KEY of_run (run_id)
	) CHARACTER SET utf8mb4`,
	// Who gets a test, until its run has ended: they are not in its run.
	`CREATE TABLE IF NOT EXISTS liveops_push_testers (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		run_id BIGINT NOT NULL,
		platform VARCHAR(16) NOT NULL,
		token VARBINARY(4096) NOT NULL,
		language VARCHAR(191) NOT NULL,
		KEY of_run (run_id)
	) CHARACTER SET utf8mb4`,
	// To which platforms no worker can send, and by which gateway that would be.
	`CREATE TABLE IF NOT EXISTS liveops_push_lacking (
		platform VARCHAR(16) NOT NULL PRIMARY KEY,
		gateway VARCHAR(16) NOT NULL
	) CHARACTER SET utf8mb4`,
	`INSERT IGNORE INTO liveops_push_leader (id, epoch, name, until) VALUES (1, 0, '', '1970-01-02')`,
}

// Prepare makes the tables where they are missing. Runs may be asked for before it: then there are none.
func (s *Store) Prepare(ctx context.Context) error {
	for _, ddl := range tables {
		if _, err := s.db.ExecContext(ctx, ddl); err != nil {
			return fmt.Errorf("make the tables of push runs: %w", err)
		}
	}
	if err := s.migrate(ctx); err != nil {
		return fmt.Errorf("bring the tables of push runs up to date: %w", err)
	}
	return nil
}

// additions are what a record of an older liveops lacks, oldest first: a table, a column of it, and what comes after ALTER TABLE where
// that is not there. Once released, a line stays.
var additions = [][3]string{
	{"liveops_push_runs", "test", "ADD COLUMN test VARCHAR(80) NOT NULL DEFAULT '', ADD COLUMN others_at DATETIME(6) NULL, " +
		"ADD COLUMN outcomes MEDIUMTEXT NULL, DROP KEY once, ADD UNIQUE KEY once_each (campaign, due, test)"},
	{"liveops_push_campaigns", "looked_at", "ADD COLUMN looked_to DATETIME(6) NULL, ADD COLUMN looked_at DATETIME(6) NULL"},
}

// migrate adds what the tables lack. Two processes may do so at once: the second is content with what it finds.
func (s *Store) migrate(ctx context.Context) error {
	for _, a := range additions {
		table, column, change := a[0], a[1], a[2]
		has := func() error {
			rows, err := s.db.QueryContext(ctx, "SELECT "+column+" FROM "+table+" WHERE 1 = 0")
			if err != nil {
				return err
			}
			return rows.Close()
		}
		err := has()
		if isServerError(err, noSuchColumn) {
			if _, err = s.db.ExecContext(ctx, "ALTER TABLE "+table+" "+change); err != nil && has() == nil {
				err = nil
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
