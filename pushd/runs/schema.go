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
	// Since when each campaign is known as it is: what it would have been due before was nobody's to send.
	`CREATE TABLE IF NOT EXISTS liveops_push_campaigns (
		campaign VARCHAR(191) NOT NULL PRIMARY KEY,
		since DATETIME(6) NOT NULL,
		fingerprint VARCHAR(64) NOT NULL DEFAULT ''
	) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
	// Each firing of a campaign, once.
	`CREATE TABLE IF NOT EXISTS liveops_push_runs (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		campaign VARCHAR(191) NOT NULL,
		due DATETIME NOT NULL,
		zones MEDIUMTEXT NOT NULL,
		others TINYINT NOT NULL,
		commit_id VARCHAR(64) NOT NULL,
		file MEDIUMBLOB NOT NULL,
		actor VARCHAR(191) NOT NULL,
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
		UNIQUE KEY once (campaign, due)
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
	`CREATE TABLE IF NOT EXISTS liveops_push_dead (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		run_id BIGINT NOT NULL,
		dead MEDIUMBLOB NOT NULL,
		KEY of_run (run_id)
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
	return nil
}
