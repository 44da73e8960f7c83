package mysqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// addition is a column that a ledger made by an older liveops lacks. ddl is what comes after ALTER TABLE; the same
// column stands in ledgerTables, so that the account of a new environment needs no ALTER.
type addition struct{ table, column, ddl string }

// additions are the columns that came after the ledger's first form, oldest first. Once released, a line stays.
func additions() []addition {
	return []addition{
		{"liveops_environment", "hold_kind", "ADD COLUMN hold_kind VARCHAR(16) NOT NULL DEFAULT ''"},
		{"liveops_environment", "hold_release", "ADD COLUMN hold_release BIGINT NOT NULL DEFAULT 0"},
		{"liveops_releases", "request", "ADD COLUMN request VARCHAR(191) COLLATE utf8mb4_bin NULL, ADD UNIQUE KEY request (request)"},
		{"liveops_releases", "undone_by", "ADD COLUMN undone_by BIGINT NOT NULL DEFAULT 0"},
		{"liveops_releases", "kept", "ADD COLUMN kept MEDIUMTEXT NULL"},
		{"liveops_reviews", "own", "ADD COLUMN own VARCHAR(64) NOT NULL DEFAULT ''"},
		{"liveops_confirmations", "purged", "ADD COLUMN purged INT NOT NULL DEFAULT 0"},
	}
}

// MySQL's numbers for a column that is not there (ER_BAD_FIELD_ERROR), and for a column and a key that are there
// already (ER_DUP_FIELDNAME, ER_DUP_KEYNAME).
const (
	noSuchColumn = 1054
	sameColumn   = 1060
	sameKey      = 1061
)

// isServerError says whether an error is one that the server says, of one of some numbers.
func isServerError(err error, numbers ...uint16) bool {
	var m *mysql.MySQLError
	return errors.As(err, &m) && slices.Contains(numbers, m.Number)
}

// upToDate says whether the ledger's tables have every column of additions.
func (s *Store) upToDate(ctx context.Context) bool {
	columns := map[string][]string{}
	for _, a := range additions() {
		columns[a.table] = append(columns[a.table], a.column)
	}
	for table, names := range columns {
		rows, err := s.db.QueryContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+table+" WHERE 1 = 0")
		if err == nil {
			err = rows.Close()
		}
		if err != nil {
			return false
		}
	}
	return true
}

// migrate adds the columns that the ledger's tables lack. Two processes may do so at once: the second finds a column
// there, and is content.
func (s *Store) migrate(ctx context.Context) error {
	have := map[string]bool{}
	err := each(ctx, s.db, `SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'liveops\_%'`, func(rows *sql.Rows) error {
		var table, column string
		err := rows.Scan(&table, &column)
		have[table+"."+column] = true
		return err
	})
	if err != nil {
		return fmt.Errorf("read the columns of the ledger of %s: %w", s.environment, err)
	}
	for _, a := range additions() {
		if have[a.table+"."+a.column] {
			continue
		}
		if _, err := s.db.ExecContext(ctx, "ALTER TABLE "+a.table+" "+a.ddl); err != nil && !isServerError(err, sameColumn, sameKey) {
			return fmt.Errorf("bring the ledger of %s up to date (the account needs ALTER on %s once): %w", s.environment, a.table, err)
		}
	}
	return nil
}
