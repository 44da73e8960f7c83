package mysqlstore_test

import (
	"sync"
	"testing"

	"liveops/sync/mysqlstore"
)

// firstLedger is the ledger as the first liveops made it.
var firstLedger = []string{
	`CREATE TABLE liveops_environment (
		id TINYINT NOT NULL PRIMARY KEY,
		name VARCHAR(64) NOT NULL,
		epoch BIGINT UNSIGNED NOT NULL DEFAULT 0,
		commit_id VARCHAR(64) NOT NULL DEFAULT '',
		release_id BIGINT NOT NULL DEFAULT 0,
		hold_reason TEXT NULL,
		hold_by VARCHAR(255) NULL,
		hold_since DATETIME(6) NULL
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	`CREATE TABLE liveops_releases (
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
		finished DATETIME(6) NOT NULL
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	`INSERT INTO liveops_environment VALUES (1, 'staging', 4, 'c1', 2, 'an event', 'mina', '2026-11-01 12:00:00')`,
	`INSERT INTO liveops_releases VALUES (2, 'apply', 'c1', 'c0', 1, 'd', 'mina', 7, 'applied', 0, 1, 2, 3, '', '2026-11-01 12:00:00', '2026-11-01 12:00:01')`,
}

const ledgerColumns = `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLLATION_NAME, COLUMN_KEY
	FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION`

// An older ledger is read as it is, and brought up to date before the first write, by several at once: it is then
// as a new one.
func TestOlderLedger(t *testing.T) {
	t.Parallel()
	g, fresh := newGame(t, servers[0], firstLedger), newGame(t, servers[0], nil)
	older := g.rows(ledgerColumns)
	st, err := g.store.State(t.Context())
	if err != nil || st.Commit != "c1" || st.Hold == nil || st.Hold.Kind != "" || st.Hold.Reason != "an event" {
		t.Errorf("state %+v %+v, %v", st, st.Hold, err)
	}
	if r, err := g.store.Release(t.Context(), 2); err != nil || r.Pull != 7 || r.RequestID != "" {
		t.Errorf("release %+v, %v", r, err)
	}
	if r, err := g.store.ReleaseOf(t.Context(), "merge 7"); err != nil || r != nil {
		t.Errorf("release %+v, %v", r, err)
	}
	if got := g.rows(ledgerColumns); got != older {
		t.Errorf("reading changed the ledger:\n%s", got)
	}
	var w sync.WaitGroup
	for range 4 {
		store := g.open("staging")
		w.Go(func() {
			if err := store.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	w.Wait()
	if err := fresh.store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := g.rows(ledgerColumns), fresh.rows(ledgerColumns); got != want {
		t.Errorf("the ledger is now\n%s\na new one is\n%s", got, want)
	}
	failed, _, err := g.store.Fail(t.Context(), mysqlstore.Release{Kind: mysqlstore.ApplyKind, Error: "why", RequestID: "r"}, "stopped")
	if err != nil || failed.ID != 3 {
		t.Errorf("failed %+v, %v", failed, err)
	}
}
