// Package leases is the ledger of added game servers (capacity.Ledger) in an environment's MySQL: which run has how many of
// them, and who works on them now.
//
// One at a time works on an environment's servers. He holds a row that names him and says until when by the server's clock,
// and makes that later while he works. He stops before it is over, so that whoever comes next finds nobody at work, also where
// the connection between the two was cut. No transaction is open meanwhile, and what is recorded is there at once.
package leases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/pushd/capacity"
)

// Ledger is an environment's ledger. It is safe for concurrent use.
type Ledger struct {
	db *sql.DB // its sessions run in UTC, in strict mode
}

var _ capacity.Ledger = (*Ledger)(nil)

// New is the ledger in a database whose sessions run in UTC and in strict mode.
func New(db *sql.DB) *Ledger { return &Ledger{db} }

// tables are made where they are missing. Times are in UTC.
var tables = []string{
	// A column for each field of capacity.Lease.
	`CREATE TABLE IF NOT EXISTS liveops_push_leases (
		environment VARCHAR(64) NOT NULL,
		run VARCHAR(255) NOT NULL,
		base INT NOT NULL,
		need INT NOT NULL,
		state VARCHAR(16) NOT NULL,
		call_number BIGINT NOT NULL,
		call_from INT NOT NULL,
		call_to INT NOT NULL,
		own INT NOT NULL,
		way_back INT NOT NULL,
		until DATETIME(6) NOT NULL,
		changed DATETIME(6) NOT NULL,
		PRIMARY KEY (environment, run)
	) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
	// Who works on an environment's servers, and until when by the server's clock.
	`CREATE TABLE IF NOT EXISTS liveops_push_leases_turn (
		environment VARCHAR(64) NOT NULL PRIMARY KEY,
		holder VARCHAR(64) NOT NULL,
		until DATETIME(6) NOT NULL
	) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
}

// Prepare makes the tables where they are missing.
func (l *Ledger) Prepare(ctx context.Context) error {
	for _, ddl := range tables {
		if _, err := l.db.ExecContext(ctx, ddl); err != nil {
			return fmt.Errorf("make the tables of added servers: %w", err)
		}
	}
	return nil
}

// noTable is the server's number for a table that is not there
// (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html#error_er_no_such_table).
const noTable = 1146

// Leases are those of capacity.Ledger, and no others; none where nobody has prepared the tables.
func (l *Ledger) Leases(ctx context.Context, environment string) ([]capacity.Lease, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT run, base, need, state, call_number, call_from, call_to, own, way_back, CAST(until AS CHAR), CAST(changed AS CHAR)
		FROM liveops_push_leases WHERE environment = ?
		AND (state <> ? OR call_number = (SELECT MAX(call_number) FROM liveops_push_leases WHERE environment = ?)) ORDER BY call_number`,
		environment, string(capacity.Returned), environment)
	if said := (*mysql.MySQLError)(nil); errors.As(err, &said) && said.Number == noTable {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the leases of %s: %w", environment, err)
	}
	defer rows.Close()
	var all []capacity.Lease
	for rows.Next() {
		one := capacity.Lease{Environment: environment}
		var until, changed string
		err := rows.Scan(&one.Run, &one.Base, &one.Need, &one.State, &one.Call, &one.From, &one.To, &one.Own, &one.Floor, &until, &changed)
		if err == nil {
			one.Until, err = parse(until)
		}
		if err == nil {
			one.Changed, err = parse(changed)
		}
		if err != nil {
			return nil, fmt.Errorf("read the leases of %s: %w", environment, err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// Save is that of capacity.Ledger.
func (l *Ledger) Save(ctx context.Context, one capacity.Lease) error {
	_, err := l.db.ExecContext(ctx, `REPLACE INTO liveops_push_leases
		(environment, run, base, need, state, call_number, call_from, call_to, own, way_back, until, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		one.Environment, one.Run, one.Base, one.Need, string(one.State), one.Call, one.From, one.To, one.Own, one.Floor, text(one.Until), text(one.Changed))
	if err != nil {
		return fmt.Errorf("record the lease of %s: %w", one.Run, err)
	}
	return nil
}

// text is a time as the tables have it.
func text(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999") }

func parse(s string) (time.Time, error) {
	return time.ParseInLocation("2006-01-02 15:04:05", strings.TrimSuffix(s, ".000000"), time.UTC)
}
