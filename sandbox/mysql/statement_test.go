package mysql

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	seconds := func(n int) *time.Duration { d := time.Duration(n) * time.Second; return &d }
	for _, test := range []struct {
		query string
		want  statement
	}{
		{"SELECT 1", statement{kind: reads, text: "SELECT 1"}},
		{"(SELECT 1) UNION (SELECT 2)", statement{kind: reads, text: "(SELECT 1) UNION (SELECT 2)"}},
		{"SHOW TABLES", statement{kind: reads, text: "SHOW TABLES"}},
		{"nonsense", statement{kind: reads, text: "nonsense"}},
		{"SELECT a FROM t FOR UPDATE", statement{kind: locks, text: "SELECT a FROM t FOR UPDATE"}},
		{"SELECT a FROM t LOCK IN SHARE MODE", statement{kind: locks, text: "SELECT a FROM t LOCK IN SHARE MODE"}},
		{"SELECT (SELECT a FROM t FOR UPDATE)", statement{kind: locks, text: "SELECT (SELECT a FROM t FOR UPDATE)"}},
		{"select a from t for  update\nnowait ;", statement{kind: locks, text: "select a from t for  update", wait: seconds(0)}},
		{"SELECT a FROM t FOR UPDATE WAIT 7", statement{kind: locks, text: "SELECT a FROM t FOR UPDATE", wait: seconds(7)}},
		{"SELECT 'FOR UPDATE NOWAIT'", statement{kind: reads, text: "SELECT 'FOR UPDATE NOWAIT'"}},
		{"INSERT INTO t VALUES (1)", statement{kind: writes, text: "INSERT INTO t VALUES (1)"}},
		{"CREATE TABLE t (a INT)", statement{kind: writes, text: "CREATE TABLE t (a INT)"}},
		{"TRUNCATE TABLE t", statement{kind: writes, text: "TRUNCATE TABLE t"}},
		{"begin", statement{kind: begins, text: "begin"}},
		{"START TRANSACTION", statement{kind: begins, text: "START TRANSACTION"}},
		{"start transaction read only, with consistent snapshot", statement{kind: begins, text: "START TRANSACTION", snapshot: true, readOnly: true}},
		{"START TRANSACTION READ WRITE", statement{kind: begins, text: "START TRANSACTION"}},
		{"COMMIT", statement{kind: commits, text: "COMMIT"}},
		{"ROLLBACK", statement{kind: rollsBack, text: "ROLLBACK"}},
		{"SET autocommit = 0", statement{kind: reads, text: "SET autocommit = 0"}},
		{"SET SESSION innodb_lock_wait_timeout = 3", statement{kind: sets, text: "SET SESSION innodb_lock_wait_timeout = 3", lockWait: seconds(3)}},
		{"SET innodb_lock_wait_timeout=3, autocommit=1", statement{kind: reads, text: "set autocommit = 1", lockWait: seconds(3)}},
	} {
		got := parse(test.query)
		if got.kind != test.want.kind || got.text != test.want.text || got.snapshot != test.want.snapshot || got.readOnly != test.want.readOnly ||
			!same(got.wait, test.want.wait) || !same(got.lockWait, test.want.lockWait) {
			t.Errorf("parse(%q) = %+v, want %+v", test.query, got, test.want)
		}
	}
}

func same(a, b *time.Duration) bool {
	return a == b || a != nil && b != nil && *a == *b
}
