package mysqlstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"liveops/sync/check"
	"liveops/sync/mysqlstore"
)

// tests are data tests of their texts, in files a.sql, b.sql, …
func tests(t testing.TB, texts ...string) []check.Test {
	t.Helper()
	var out []check.Test
	for i, text := range texts {
		test, problems := check.Parse(fmt.Sprintf("checks/%c.sql", 'a'+i), []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		out = append(out, test)
	}
	return out
}

func TestDataTests(t *testing.T) {
	many := make([]string, 0, 150)
	for i := range 150 {
		many = append(many, fmt.Sprintf("%d|x|%d", i+1, i+1))
	}
	cases := []struct {
		name  string
		tests []string
		sheet sheet
		want  string // the problems' places and texts, one a line; "" for none
	}{
		{"it sees the rows as they will be", []string{"SELECT id FROM stuff WHERE price <> 11", "SELECT 1 FROM DUAL WHERE (SELECT COUNT(*) FROM stuff) <> 2"}, stuff("1|a|11", "4|b|11"), ""},
		{"one that fails", []string{"SELECT 1 FROM stuff WHERE price < 0", "-- 비싼 것은 없다\nSELECT id, name, note FROM stuff WHERE price > 40 ORDER BY id;"}, stuff("1|a|11", "4|칼, 검|50", "5||60"),
			"checks/b.sql:2 the data test \"비싼 것은 없다\" finds 2 rows where there must be none: id=4, name=칼, 검, note=NULL; id=5, name=NULL, note=NULL"},
		{"one row", []string{"SELECT CONCAT(name, REPEAT('x', 100)) AS long_name FROM stuff WHERE id = 1"}, stuff("1|검|11"),
			"checks/a.sql:1 the data test \"a\" finds 1 row where there must be none: long_name=검" + strings.Repeat("x", 58) + "…"},
		{"bytes that are no text", []string{"SELECT UNHEX('FF00') AS bytes FROM stuff"}, stuff("1|검|11"),
			"checks/a.sql:1 the data test \"a\" finds 1 row where there must be none: bytes=0xff00"},
		{"more rows than are counted", []string{"SELECT id FROM stuff ORDER BY id", "SELECT id FROM stuff ORDER BY id LIMIT 120"}, stuff(many...),
			"checks/a.sql:1 the data test \"a\" finds 100 rows or more where there must be none: id=1; id=2; id=3\n" +
				"checks/b.sql:1 the data test \"b\" finds 100 rows or more where there must be none: id=1; id=2; id=3"},
		{"rows that are not the sheets' are not shown", []string{"SELECT secret FROM player", "WITH s AS (SELECT secret FROM player) SELECT s.secret FROM s UNION SELECT 'x' FROM stuff", "WITH player AS (SELECT secret FROM player) SELECT secret FROM player"}, stuff("1|a|11"),
			"checks/a.sql:1 the data test \"a\" finds 1 row where there must be none; they are not shown, since it reads more than the tables of the sheets\n" +
				"checks/b.sql:1 the data test \"b\" finds 2 rows where there must be none; they are not shown, since it reads more than the tables of the sheets\n" +
				"checks/c.sql:1 the data test \"c\" finds 1 row where there must be none; they are not shown, since it reads more than the tables of the sheets"},
		{"names of WITH hide nothing from the reader", []string{"WITH s AS (SELECT id FROM stuff) SELECT id FROM s"}, stuff("1|a|11"),
			"checks/a.sql:1 the data test \"a\" finds 1 row where there must be none: id=1"},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			ddl := append([]string{`CREATE TABLE player (id INT NOT NULL PRIMARY KEY, secret VARCHAR(20))`, `INSERT INTO player VALUES (1, 'hunter2')`}, stuffDDL...)
			onEach(t, ddl, func(t *testing.T, g *game) {
				ts := tests(t, tt.tests...)
				_, rehearsed := g.rehearse(ts, tt.sheet)
				tables, st := g.plan(tt.sheet)
				before := g.rows("SELECT * FROM stuff ORDER BY id")
				_, applied := g.store.Apply(t.Context(), mysqlstore.Request{Commit: "c1", Epoch: st.Epoch, Tables: tables, Tests: ts})
				for what, err := range map[string]error{"rehearsal": rehearsed, "apply": applied} {
					if got := failures(t, err); got != tt.want {
						t.Errorf("%s:\n%s\nwant\n%s", what, got, tt.want)
					}
				}
				if after := g.rows("SELECT * FROM stuff ORDER BY id"); tt.want != "" && after != before {
					t.Errorf("rows changed to\n%s", after)
				}
				if n := g.rows("SELECT COUNT(*) FROM liveops_releases"); tt.want != "" && n != "0" {
					t.Errorf("%s releases", n)
				}
			})
		})
	}
}

// failures are the failed tests of an error, one a line.
func failures(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var failed *mysqlstore.TestsFailedError
	if !errors.As(err, &failed) {
		t.Errorf("error %v", err)
		return ""
	}
	var lines []string
	for _, p := range failed.Problems {
		lines = append(lines, p.At.String()+" "+p.Text)
		if p.Mend == "" {
			t.Errorf("no mend: %+v", p)
		}
	}
	return strings.Join(lines, "\n")
}

// A test that the server refuses is a problem at its file, and those after it are run.
func TestDataTestsThatTheServerRefuses(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		_, err := g.rehearse(tests(t, "SELECT nme FROM stuff", "SELECT 1 FROM stufff", "SELECT id FROM stuff WHERE id = 1"), stuff("1|a|11"))
		lines := strings.Split(failures(t, err), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], "is refused by the database") || !strings.Contains(lines[0], "nme") ||
			!strings.Contains(lines[1], "stufff") || !strings.Contains(lines[2], "finds 1 row") {
			t.Errorf("%q", lines)
		}
	})
}

// A slow test is ended by the server, and those after it are run.
func TestDataTestsThatAreSlow(t *testing.T) {
	var digits []string
	for i := range 100 {
		digits = append(digits, fmt.Sprintf("(%d)", i))
	}
	ddl := append([]string{`CREATE TABLE n (n INT NOT NULL PRIMARY KEY)`, `INSERT INTO n VALUES ` + strings.Join(digits, ", ")}, stuffDDL...)
	const slow = "SELECT COUNT(*) FROM n a, n b, n c, n d, n e WHERE a.n * b.n + c.n * d.n + e.n = 3 HAVING COUNT(*) < 0"
	onEach(t, ddl, func(t *testing.T, g *game) {
		if !g.limitsTime {
			t.Skip("the embedded server ends no SELECT")
		}
		store, err := mysqlstore.Open(t.Context(), "staging", g.dsn, mysqlstore.Options{TestTime: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		tables, st := g.plan(stuff("1|a|11"))
		_, err = store.Rehearse(t.Context(), mysqlstore.Request{Epoch: st.Epoch, Tables: tables, Tests: tests(t, slow, "SELECT id FROM stuff")})
		want := "checks/a.sql:1 the data test \"a\" took longer than 50ms\n" +
			"checks/b.sql:1 the data test \"b\" finds 1 row where there must be none: id=1"
		if got := failures(t, err); got != want {
			t.Errorf("%s", got)
		}
		g.applied("c1", stuff("1|a|11")) // nothing is in its way
	})
}

// The limits are of the tests alone: what comes after them in the transaction, and who uses the server next, has none.
func TestDataTestsLeaveTheSessionAlone(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		var rows []string
		for i := range 300 {
			rows = append(rows, fmt.Sprintf("%d|x|%d", i+1, i))
		}
		tables, st := g.plan(stuff(rows...))
		r, err := g.store.Apply(t.Context(), mysqlstore.Request{Commit: "c1", Epoch: st.Epoch, Tables: tables, Tests: tests(t, "SELECT id FROM stuff WHERE price < 0")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.undo(r.ID); err != nil {
			t.Fatal(err)
		}
		if got := g.rows("SELECT COUNT(*) FROM stuff"); got != "3" {
			t.Errorf("%s rows after the rollback", got)
		}
	})
}

// Even without its limit and its parser's judgement a test's statement is run as one statement.
func TestDataTestsAreOneStatement(t *testing.T) {
	onEach(t, stuffDDL, func(t *testing.T, g *game) {
		_, err := g.rehearse([]check.Test{{Path: "checks/a.sql", Line: 1, Title: "a", SQL: "SELECT id FROM stuff WHERE id < 0; DELETE FROM stuff", Tables: []string{"stuff"}}}, stuff("1|a|11"))
		if err == nil {
			t.Error("two statements were run")
		}
		if got := g.rows("SELECT COUNT(*) FROM stuff"); got != "3" {
			t.Errorf("%s rows", got)
		}
	})
}
