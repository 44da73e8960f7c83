package mysqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// Whatever was done to one of two databases: what differs between them is the same by sums as by reading both whole.
func TestDifferingIsWhatDiffers(t *testing.T) {
	t.Parallel()
	const rows = 6000
	keys := []struct{ name, columns, value string }{
		{"a whole number", "id INT NOT NULL, PRIMARY KEY (id)", "{i}"},
		{"with gaps, and below zero", "id INT NOT NULL, PRIMARY KEY (id)", "CAST({i} AS SIGNED) * 1000 - 3000000"},
		{"a large one", "id BIGINT UNSIGNED NOT NULL, PRIMARY KEY (id)", "18446744073709551615 - {i} * {i}"},
		{"two columns, of which the first has few values", "id TINYINT NOT NULL, no CHAR(8) NOT NULL, PRIMARY KEY (id, no)", "{i} % 3, HEX({i})"},
		{"text", "id VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL, PRIMARY KEY (id)", "CONCAT('검-', {i})"},
		{"text in another character set", "id CHAR(20) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL, PRIMARY KEY (id)", "CONCAT('Stück ', {i})"},
		{"a decimal", "id DECIMAL(30,10) NOT NULL, PRIMARY KEY (id)", "{i} / 7"},
		{"a time", "id DATETIME(6) NOT NULL, PRIMARY KEY (id)", "'2024-01-01' + INTERVAL {i} MICROSECOND"},
		{"bytes", "id BINARY(4) NOT NULL, PRIMARY KEY (id)", "UNHEX(LPAD(HEX({i}), 8, '0'))"},
	}
	edits := []struct{ name, query string }{ // one after the other
		{"one value", "UPDATE t SET n = n + 1 WHERE seq = 777"},
		{"two rows exchange their values", "UPDATE t a JOIN t b ON a.seq + b.seq = 9001 AND a.seq IN (4000, 5001) SET a.n = b.n, a.txt = b.txt"},
		{"NULL and the empty text", "UPDATE t SET txt = '' WHERE txt IS NULL AND seq < 100"},
		{"a letter moves to the next column", "UPDATE t SET txt = 'a', more = 'bc' WHERE seq = 6000"},
		{"two NULLs change their columns", "UPDATE t SET txt = more, more = NULL WHERE seq = 112"},
		{"the case of a letter", "UPDATE t SET txt = UPPER(txt) WHERE seq = 1"},
		{"a blank at the end", "UPDATE t SET txt = CONCAT(txt, ' ') WHERE seq = 2"},
		{"the least of a number", "UPDATE t SET f = f + 1e-9 WHERE seq = 4321"},
		{"a microsecond", "UPDATE t SET at = at + INTERVAL 1 MICROSECOND WHERE seq = 4322"},
		{"rows at both ends are gone", "DELETE FROM t WHERE seq IN (1, 2, 5999, 6000)"},
		{"here and there", "UPDATE t SET n = -n WHERE seq % 1200 = 5"},
		{"most of it", "UPDATE t SET n = n + 1 WHERE seq % 3 > 0"},
		{"all is gone", "DELETE FROM t"},
	}
	for _, key := range keys {
		t.Run(key.name, func(t *testing.T) {
			t.Parallel()
			names := key.columns[strings.LastIndex(key.columns, "(")+1 : len(key.columns)-1]
			ddl := []string{
				`CREATE TABLE t (seq INT NOT NULL, n INT NOT NULL, txt VARCHAR(40) COLLATE utf8mb4_unicode_ci NULL, more VARCHAR(40) NULL, f DOUBLE NOT NULL, at DATETIME(6) NOT NULL,
					twice INT AS (n * 2), ` + key.columns + `, UNIQUE (seq)) CHARACTER SET utf8mb4`,
				strings.ReplaceAll(`INSERT INTO t (seq, n, txt, more, f, at, `+names+`) SELECT {i}, {i} * 7 % 1000, CASE WHEN {i} % 100 = 50 THEN NULL WHEN {i} = 6000 THEN 'ab' WHEN {i} = 112 THEN NULL ELSE CONCAT('검 x', {i}) END, 'c', {i} / 3,
					'2024-02-29 12:00:00.000001', `+key.value+` FROM seq_1_to_6000`, "{i}", "seq"),
			}
			a, b := newGame(t, servers[0], ddl), newGame(t, servers[0], ddl)
			before, _ := differences(t, a, b, true)
			if len(before) > 0 {
				t.Fatalf("equal tables differ: %.300q", before)
			}
			for i, edit := range edits {
				b.exec(edit.query)
				found, read := differences(t, a, b, true)
				want, _ := differences(t, a, b, false)
				switch {
				case slices.Equal(want, before):
					t.Fatalf("%s: the edit does nothing", edit.name)
				case !slices.Equal(found, want):
					t.Errorf("%s: found %d %.300q, want %d %.300q", edit.name, len(found), found, len(want), want)
				case i < 3 && read > rows:
					t.Errorf("%s: %d rows read for %d that differ", edit.name, read, len(found))
				}
				before = want
			}
			if back, _ := differences(t, b, a, true); len(back) != rows {
				t.Errorf("from an empty table: %d changes", len(back))
			}
		})
	}
}

// Small tables, and servers that have no sums, are read whole.
func TestDifferingOfFewRows(t *testing.T) {
	ddl := []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NULL)", "INSERT INTO t VALUES (1, NULL), (2, 'b'), (3, 'c')"}
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			a, b := newGame(t, s, ddl), newGame(t, s, ddl)
			b.exec("UPDATE t SET name = '' WHERE id = 1")
			b.exec("DELETE FROM t WHERE id = 2")
			if found, _ := differences(t, a, b, true); len(found) != 2 {
				t.Errorf("found %q", found)
			}
			a.exec("DELETE FROM t")
			if found, _ := differences(t, a, b, true); len(found) != 2 {
				t.Errorf("from an empty table: %q", found)
			}
			b.exec("DELETE FROM t")
			if found, _ := differences(t, a, b, true); len(found) != 0 {
				t.Errorf("between empty tables: %q", found)
			}
		})
	}
}

// differences are the changes that bring b's table t to a's, found by sums or by reading all of it, and how many rows
// were read for that.
func differences(t *testing.T, a, b *game, bySums bool) (found []string, read int) {
	t.Helper()
	var sides [2]mysqlstore.Side
	for i, g := range []*game{a, b} {
		snap, err := g.store.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Close()
		table := snap.Tables["t"]
		columns := slices.Clone(table.Key)
		for c := range table.Columns {
			if !table.IsKey(c) && !table.Columns[c].Generated {
				columns = append(columns, c)
			}
		}
		sides[i] = mysqlstore.Side{Snapshot: snap, Table: table, Columns: columns}
	}
	rowsOf := func(s mysqlstore.Side, row func([]byte) error) error {
		return s.Snapshot.Rows(t.Context(), s.Table, s.Columns, row)
	}
	if bySums {
		parts, err := mysqlstore.Differing(t.Context(), sides[0], sides[1])
		if err != nil {
			t.Fatal(err)
		}
		rowsOf = func(s mysqlstore.Side, row func([]byte) error) error { return s.RowsOf(t.Context(), parts, row) }
	}
	differ := plan.NewDiffer(sides[1].Table, sides[1].Columns, []plan.Origin{{Source: plan.Source{Path: "a", Sheet: "t"}, KeyColumn: 1}})
	if err := rowsOf(sides[1], func(packed []byte) error { read++; return differ.Have(packed) }); err != nil {
		t.Fatal(err)
	}
	err := rowsOf(sides[0], func(packed []byte) error { read++; _, err := differ.Want(packed, 0, 1); return err })
	if err != nil {
		t.Fatal(err)
	}
	table, problems, err := differ.Table(context.WithoutCancel(t.Context()), sides[1].Snapshot)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for _, c := range table.Changes {
		found = append(found, fmt.Sprintf("%d %q %q", c.Op, c.Before, c.After))
	}
	return found, read
}
