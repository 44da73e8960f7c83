package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"liveops/sync/check"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		title      string
		sql        string
		tables     string // with the WITH names behind a slash
	}{
		{"a SELECT with its title", "-- Prices are positive\nSELECT id, price FROM stuff WHERE price < 0;\n", "Prices are positive", "SELECT id, price FROM stuff WHERE price < 0", "stuff"},
		{"no comment", "SELECT id FROM stuff", "prices", "SELECT id FROM stuff", "stuff"},
		{"a block of comments", "\ufeff/*\n * 가격은 0보다 크다\n * and more\n */\n# x\nSELECT 1 FROM stuff", "가격은 0보다 크다", "SELECT 1 FROM stuff", "stuff"},
		{"comments within are blanks", "SELECT a -- one; two\r\n, b /* FOR UPDATE */ FROM t # @x\n", "prices", "SELECT a            \n, b                  FROM t", "t"},
		{"signs and words in texts are texts", `SELECT 'it''s; -- /* @x \' SLEEP(1)', "INTO #" FROM t`, "prices", `SELECT 'it''s; -- /* @x \' SLEEP(1)', "INTO #" FROM t`, "t"},
		{"names of other scripts", "SELECT 아이템.가격 AS 값 FROM 아이템 WHERE `할인 가격` > 가격", "prices", "SELECT 아이템.가격 AS 값 FROM 아이템 WHERE `할인 가격` > 가격", "아이템"},
		{"WITH and UNION", "WITH a AS (SELECT id FROM stuff), b AS (SELECT 1 id) SELECT id FROM a UNION ALL SELECT id FROM b, shop ORDER BY id LIMIT 5",
			"prices", "WITH a AS (SELECT id FROM stuff), b AS (SELECT 1 id) SELECT id FROM a UNION ALL SELECT id FROM b, shop ORDER BY id LIMIT 5", "shop,stuff/a,b"},
		{"a table in every place", `SELECT (SELECT 1 FROM t1), CASE WHEN EXISTS (SELECT 1 FROM t2) THEN 1 ELSE (SELECT 1 FROM t3) END, COUNT(*) OVER (PARTITION BY (SELECT 1 FROM t4))
			FROM t5 LEFT JOIN (t6 JOIN t7 ON t6.a = (SELECT 1 FROM t8)) USING (id), (SELECT * FROM t9) d WHERE x IN (SELECT 1 FROM t10) AND (a, b) = (SELECT 1, 2 FROM t11)
			GROUP BY (SELECT 1 FROM t12) HAVING MAX(x) > (SELECT 1 FROM t13) ORDER BY (SELECT 1 FROM t14)`, "prices", "", "t1,t10,t11,t12,t13,t14,t2,t3,t4,t5,t6,t7,t8,t9"},
		{"a table in every place of a UNION", `WITH a AS (SELECT * FROM t1) (SELECT * FROM t2 LIMIT 3) UNION SELECT GROUP_CONCAT(x ORDER BY (SELECT 1 FROM t3)) FROM t4 ORDER BY (SELECT 1 FROM t5)`, "prices", "", "t1,t2,t3,t4,t5/a"},
		{"functions, operators, casts", "SELECT COUNT(DISTINCT a, b), IF (a, b, c), CAST(a AS DECIMAL(10, 2)), SUBSTRING(a FROM 2 FOR 1), j->>'$.x', ROW_NUMBER() OVER (ORDER BY a), " +
			"DATE_ADD(d, INTERVAL 1 DAY), 1.5 * .5, a NOT IN (1), a REGEXP ('x'), CONVERT(a USING utf8mb4), NOW() FROM t GROUP BY c HAVING SUM(x) <> 1", "prices", "", "t"},
		{"no table", "SELECT 1 FROM DUAL WHERE FALSE", "prices", "SELECT 1 FROM DUAL WHERE FALSE", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := check.Parse("checks/prices.sql", []byte(tt.text))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			tables := strings.Join(got.Tables, ",")
			if len(got.Names) > 0 {
				tables += "/" + strings.Join(got.Names, ",")
			}
			if got.Title != tt.title || tt.sql != "" && got.SQL != tt.sql || tables != tt.tables || got.Path != "checks/prices.sql" {
				t.Errorf("%+v, tables %s", got, tables)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // "line:column what it says", of each problem
	}{
		{"nothing", " \n", "1:1 holds no SELECT"},
		{"comments only", "-- x", "1:1 holds no SELECT"},
		{"an update", "-- x\n  UPDATE stuff SET price = 1", "2:3 begins with `UPDATE`"},
		{"a table", "TABLE stuff", "1:1 begins with `TABLE`"},
		{"values", "VALUES ROW(1)", "1:1 begins with `VALUES`"},
		{"two statements", "SELECT 1;\nDROP TABLE stuff", "2:1 a second statement"},
		{"WITH that deletes", "WITH a AS (SELECT 1) DELETE FROM stuff", "1:1 a data test is a SELECT|1:22 cannot be read"},
		{"not SQL", "SELECT id\nFROM stuff WHERE price <<< 0", "2:26 cannot be read from"},
		{"unfinished", "SELECT id FROM", "1:11 cannot be read from"},
		{"into a file", "SELECT 1 INTO OUTFILE '/tmp/x'", "1:10 writes nothing"},
		{"into a dump", "SELECT 1 INTO DUMPFILE '/tmp/x'", "1:10 writes nothing"},
		{"into a variable", "SELECT 1 INTO @x", "1:10 writes nothing|1:15 no variables"},
		{"an assignment", "SELECT @x:=1", "1:8 no variables|1:10 cannot stand"},
		{"a system variable", "SELECT @@datadir", "1:8 no variables|1:9 no variables"},
		{"a lock", "SELECT * FROM stuff FOR UPDATE", "1:21 locks nothing"},
		{"a shared lock", "SELECT * FROM stuff LOCK /**/ IN SHARE MODE", "1:21 locks nothing"},
		{"MySQL's shared lock", "SELECT * FROM stuff FOR SHARE SKIP LOCKED", "1:21 locks nothing"},
		{"a lock in brackets", "SELECT * FROM (SELECT * FROM stuff FOR\nUPDATE) x", "1:36 locks nothing"},
		{"a sequence", "SELECT NEXT VALUE FOR s", "1:8 no value from a sequence"},
		{"a sequence before", "SELECT PREVIOUS VALUE FOR s", "1:8 no value from a sequence"},
		{"vitess's sequence", "SELECT NEXT 5 VALUES FROM s", "1:8 no value from a sequence"},
		{"another database", "SELECT * FROM mysql.user", "1:15 reads no other database"},
		{"another database in quotes", "SELECT * FROM stuff JOIN `mysql` . `user`", "1:26 reads no other database"},
		{"another database's column", "SELECT mysql.user.host FROM stuff", "1:8 reads no other database"},
		{"another database in the ORDER BY of a UNION", "SELECT 1 UNION SELECT 2 ORDER BY (SELECT 1 FROM mysql.user)", "1:49 reads no other database"},
		{"another database in the WITH of a UNION", "WITH a AS (SELECT * FROM mysql.user) SELECT * FROM a UNION SELECT 1", "1:26 reads no other database"},
		{"the ledger", "SELECT * FROM liveops_environment", "1:15 belongs to liveops"},
		{"the ledger in quotes", "SELECT * FROM `LiveOps_reviews`", "1:15 belongs to liveops"},
		{"a stored function", "SELECT grant_item(1)", "1:8 not a function"},
		{"a stored function of a database", "SELECT game.count(1)", "1:13 calls no stored function"},
		{"a stored function named as a keyword", "SELECT `in`(1)", "1:8 not a function"},
		{"a function in quotes", "SELECT `sleep`(1)", "1:8 not a function"},
		{"a function hidden behind a WITH name", "WITH grant_item (a) AS (SELECT 1) SELECT grant_item(1)", "1:6 not a function|1:42 not a function"},
		{"a function as a table", "SELECT * FROM grant_item(1) x", "1:15 not a function"},
		{"a function behind a comment", "SELECT SLEEP/**/(1), 2", "1:8 not a function"},
		{"a comment that is run", "SELECT 1 /*! + SLEEP(1) */", "1:10 would run"},
		{"a comment that MySQL 5.7 runs", "SELECT 1 /*!50700 + SLEEP(1) */", "1:10 would run"},
		{"a comment that MariaDB runs", "SELECT 1 /*M!100000 + SLEEP(1) */", "1:10 would run"},
		{"a hint", "SELECT /*+ SET_VAR(sql_mode='') */ 1", "1:8 would run"},
		{"dashes that are no comment to MySQL", "SELECT 1 --1 UNION SELECT SLEEP(1)", "1:10 two dashes"},
		{"a text that does not end", "SELECT 'abc", "1:8 quote does not end"},
		{"a text that a backslash keeps open", `SELECT 'a\'`, "1:8 quote does not end"},
		{"a comment that does not end", "SELECT 1 /* x", "1:10 comment does not end"},
		{"a placeholder", "SELECT ?", "1:8 cannot stand"},
		{"a named placeholder", "SELECT :x", "1:8 cannot stand"},
		{"an escape of ODBC", "SELECT {d '2024-01-01'}", "1:8 cannot stand|1:23 cannot stand"},
		{"a zero byte", "SELECT 1\x00", "1:9 control character"},
		{"not UTF-8", "SELECT '\xff'", "1:1 not UTF-8"},
		{"a procedure", "SELECT * FROM stuff PROCEDURE ANALYSE()", "1:31 not a function"},
		{"an EXPLAIN", "EXPLAIN SELECT 1", "1:1 begins with `EXPLAIN`"},
		{"too long", "SELECT '" + strings.Repeat("x", 64<<10) + "'", "1:1 bytes"},
		{"too deep", "SELECT " + strings.Repeat("(", 60) + "1" + strings.Repeat(")", 60), "1:58 more than 50 parentheses"},
	}
	for _, name := range []string{"SLEEP", "BENCHMARK", "GET_LOCK", "RELEASE_LOCK", "RELEASE_ALL_LOCKS", "IS_FREE_LOCK", "LOAD_FILE", "LAST_INSERT_ID", "NEXTVAL", "LASTVAL", "SETVAL",
		"MASTER_POS_WAIT", "MASTER_GTID_WAIT", "SOURCE_POS_WAIT", "WAIT_FOR_EXECUTED_GTID_SET", "UUID", "UUID_SHORT", "RAND", "SYS_EXEC", "USER", "CURRENT_USER", "DATABASE", "VERSION", "CONNECTION_ID",
		"FOUND_ROWS", "ROW_COUNT", "EXTRACTVALUE", "UPDATEXML", "NAME_CONST", "SYSDATE", "ROLES_GRAPHML", "STATEMENT_DIGEST", "ENCRYPT", "PS_THREAD_ID"} {
		tests = append(tests, struct{ name, text, want string }{"function " + name, "SELECT " + strings.ToLower(name) + " (1)", "1:8 not a function"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := check.Parse("checks/x.sql", []byte(tt.text))
			if got.SQL != "" {
				t.Errorf("there is something to run: %q", got.SQL)
			}
			var all []string
			matches := false
			for _, p := range problems {
				all = append(all, fmt.Sprintf("%d:%d %s (%s)", p.At.Line, p.At.Column, p.Text, p.Mend))
				if p.At.Path != "checks/x.sql" || p.Mend == "" {
					t.Errorf("problem %+v", p)
				}
			}
			for want := range strings.SplitSeq(tt.want, "|") {
				where, says, _ := strings.Cut(want, " ")
				matches = matches || slices.ContainsFunc(all, func(p string) bool { return strings.HasPrefix(p, where+" ") && strings.Contains(p, says) })
			}
			if !matches {
				t.Errorf("problems %q\nwant %s", all, tt.want)
			}
		})
	}
}

// Every fault of a file is told at once.
func TestParseTellsAll(t *testing.T) {
	_, problems := check.Parse("checks/x.sql", []byte("SELECT SLEEP(1), @x,\n  coutn(*) FROM liveops_releases"))
	var at []string
	for _, p := range problems {
		at = append(at, p.At.String()+" "+p.Mend)
	}
	if len(at) != 4 || !strings.Contains(at[2], "nearest: count") {
		t.Errorf("%q", at)
	}
}

// FuzzParse holds to the promise in words that need no parser: what is taken begins with a SELECT, and none of
// the words that do something is left in it outside of texts and names in quotes.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"-- Prices\nSELECT id FROM stuff WHERE price < 0;", "WITH a AS (SELECT 1) SELECT * FROM a UNION SELECT 2", "SELECT 'a''b', \"c\\\"d\", `e``f` FROM 아이템 # x",
		"SELECT SLEEP(1)", "SELECT 1 /*!50000 INTO @x */", "(SELECT 1) FOR UPDATE", "SELECT 1; SELECT 2", "SELECT * FROM mysql.user", "SELECT --1", "SELECT a->>'$.b' FROM t LIMIT 1 OFFSET 2", "((((", "SELECT NEXT VALUE FOR s", "SELECT CASE a WHEN 1 THEN 2 END, COUNT(*) OVER w FROM t WINDOW w AS (ORDER BY a)"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, problems := check.Parse("checks/x.sql", text)
		for _, p := range problems {
			if p.At.Line < 1 || p.At.Column < 1 || p.Text == "" || p.Mend == "" {
				t.Errorf("problem %+v", p)
			}
		}
		if len(problems) > 0 {
			if got.SQL != "" {
				t.Error("a test with problems could be run")
			}
			return
		}
		again, problems := check.Parse("checks/x.sql", []byte(got.SQL))
		if len(problems) > 0 || again.SQL != got.SQL || !slices.Equal(again.Tables, got.Tables) {
			t.Errorf("what is run, %q, is read as %+v %v", got.SQL, again, problems)
		}
		bare := " " + strings.Join(strings.Fields(strings.ToUpper(withoutQuotes(got.SQL))), " ") + " "
		for _, bad := range []string{"/*", "#", "@", ";", "?", " INTO ", " FOR UPDATE", " FOR SHARE", " LOCK IN ", "SLEEP(", "SLEEP (", "GET_LOCK(", "LOAD_FILE(", " DELETE ", "LIVEOPS_"} {
			if strings.Contains(bare, bad) {
				t.Errorf("%q is left in %q", bad, got.SQL)
			}
		}
	})
}

// withoutQuotes leaves out texts and quoted names.
func withoutQuotes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '\'' || c == '"' || c == '`' {
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' && c != '`' {
					i++
				}
			}
			b.WriteByte('\x01')
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// A query within another file is judged as a data test is, and called what it is.
func TestParseQuery(t *testing.T) {
	got, problems := check.ParseQuery("an audience", "pushes/eve.yaml", "SELECT token FROM push_tokens -- all\n")
	if len(problems) > 0 || got.SQL != "SELECT token FROM push_tokens" {
		t.Errorf("%+v, %v", got, problems)
	}
	for query, want := range map[string]string{
		"SELECT 1; SELECT 2":       "a second statement begins here; an audience is one SELECT",
		"DELETE FROM push_tokens":  "an audience is a SELECT; this begins with `DELETE`",
		"SELECT SLEEP(5) FROM x":   "`SLEEP` is not a function that an audience may call",
		"  ":                       "the query holds no SELECT",
		"SELECT a FROM mysql.user": "an audience reads no other database",
	} {
		if _, problems := check.ParseQuery("an audience", "pushes/eve.yaml", query); len(problems) == 0 || problems[0].Text != want || strings.Contains(problems[0].Mend, "file") {
			t.Errorf("%s: %v", query, problems)
		}
	}
}
