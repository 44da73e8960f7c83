package audience_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/sandbox/mariadb"
	embedded "liveops/sandbox/mysql"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

var table = audience.Table{Name: "push_tokens", Token: "token", Platform: "platform", Language: "language", UpdatedAt: "updated_at"}

const ddl = `CREATE TABLE push_tokens (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id INT NOT NULL, token VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	platform VARCHAR(10) NOT NULL, language VARCHAR(20) NULL, country VARCHAR(2) NULL, last_login DATETIME NULL, updated_at DATETIME NULL, dead_at DATETIME NULL,
	KEY by_platform (platform, token))`

// onEachSQL runs a test on every server of MySQL's kind.
func onEachSQL(t *testing.T, test func(t *testing.T, s *audience.Store)) {
	t.Run("MariaDB", func(t *testing.T) { test(t, open(t, mariadb.NewDatabase(t))) })
	t.Run("embedded", func(t *testing.T) {
		s, err := embedded.Start(t.Context(), "game")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		test(t, open(t, s.DSN("game")))
	})
}

func open(t *testing.T, dsn string) *audience.Store {
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c.Params = map[string]string{"time_zone": "'+00:00'"}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(ddl); err != nil {
		t.Fatal(err)
	}
	return &audience.Store{DB: db, PageRows: 3}
}

// insert adds tokens, each as "token platform language country last_login updated_at" with - for NULL, "" for an empty text and @ for _.
func insert(t *testing.T, s *audience.Store, lines ...string) {
	t.Helper()
	for _, line := range lines {
		args := []any{1}
		for _, field := range strings.Fields(line) {
			if field == "-" {
				args = append(args, nil)
			} else if field == `""` {
				args = append(args, "")
			} else {
				args = append(args, strings.NewReplacer("_", " ", "@", "_").Replace(field))
			}
		}
		for len(args) < 7 {
			args = append(args, nil)
		}
		if _, err := s.DB.Exec("INSERT INTO push_tokens (user_id, token, platform, language, country, last_login, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)", args...); err != nil {
			t.Fatal(err)
		}
	}
}

// pages reads pages as "platform: token language, token …".
func pages(t *testing.T, s source, q audience.Query, after audience.Cursor) []string {
	t.Helper()
	var all []string
	for page, err := range s.Pages(t.Context(), q, after) {
		if err != nil {
			t.Fatal(err)
		}
		var tokens []string
		for _, token := range page.Tokens {
			tokens = append(tokens, strings.TrimSpace(token.Token+" "+token.Language))
		}
		all = append(all, string(page.At.Platform)+": "+strings.Join(tokens, ", "))
	}
	return all
}

// A token that the table has as dead alone is left out of what a SELECT gives; one that lives there beside it, or is
// not there at all, is not.
func TestDeadOnesOfASelect(t *testing.T) {
	onEachSQL(t, func(t *testing.T, s *audience.Store) {
		insert(t, s, "a ios ko", "b ios ko", "c ios ko", "c ios ko")
		if _, err := s.DB.Exec("UPDATE push_tokens SET dead_at = '2026-11-01' WHERE token = 'b' OR id = 3"); err != nil {
			t.Fatal(err)
		}
		of := table
		of.Dead = "dead_at"
		q := audience.Query{Table: of, SQL: "SELECT token, platform, language FROM push_tokens UNION ALL SELECT 'z', 'ios', 'ko'"}
		if got := pages(t, s, q, audience.Cursor{}); !slices.Equal(got, []string{"ios: a ko, c ko", "ios: z ko"}) {
			t.Errorf("%q", got)
		}
	})
}

// A statement that takes too long is ended by the server.
func TestOpen(t *testing.T) {
	dsn := mariadb.NewDatabase(t)
	s, err := audience.Open(t.Context(), dsn, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer s.DB.Close()
	var late *mysql.MySQLError
	if _, err := s.Columns(t.Context(), audience.Query{SQL: "SELECT 1"}); err != nil {
		t.Error(err)
	}
	if err := s.DB.QueryRow("SELECT SUM(a.seq * b.seq) FROM seq_1_to_1000000 a, seq_1_to_1000000 b").Scan(new(string)); !errors.As(err, &late) || late.Number != 1969 { // ER_STATEMENT_TIMEOUT
		t.Errorf("error %v", err)
	}
	var zone string
	if err := s.DB.QueryRow("SELECT @@time_zone").Scan(&zone); err != nil || zone != "+00:00" {
		t.Errorf("zone %q, %v", zone, err)
	}
	for _, wrong := range []string{"nonsense", "root:secret@tcp(127.0.0.1:1)/", "root:secret@tcp(127.0.0.1:1)/game"} {
		if s, err := audience.Open(t.Context(), wrong, 0); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, %v", wrong, s, err)
		}
	}
}

// A row without a token, under a name of a platform that is read first, hides none of those under its other names.
func TestNoTokenHidesNone(t *testing.T) {
	onEachSQL(t, func(t *testing.T, s *audience.Store) {
		if _, err := s.DB.Exec("CREATE TABLE phones (id INT PRIMARY KEY, token VARCHAR(255), platform VARCHAR(10), KEY by_platform (platform, token))"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.DB.Exec("INSERT INTO phones VALUES (1, NULL, 'iphone'), (2, '', 'iphone'), (3, 'a', 'iphone'), (4, 'a', 'ipad'), (5, 'b', 'ipad'), (6, NULL, 'ipad')"); err != nil {
			t.Fatal(err)
		}
		of := audience.Table{Name: "phones", Token: "token", Platform: "platform", Values: map[campaign.Platform][]string{campaign.IOS: {"iphone", "ipad"}}}
		q := audience.Query{Table: of}
		for name, sql := range map[string]string{"table": "", "SELECT": "SELECT token, platform FROM phones"} {
			q.SQL = sql
			if got := pages(t, s, q, audience.Cursor{}); !slices.Equal(got, []string{"ios: a", "ios: b"}) {
				t.Errorf("of the %s: %q", name, got)
			}
			if got, err := s.Between(t.Context(), q, audience.Cursor{Platform: campaign.IOS, Value: "ipad"}, "b"); err != nil || !slices.Equal(got, []audience.Token{{Token: "b"}}) {
				t.Errorf("a batch of the %s: %v, %v", name, got, err)
			}
		}
	})
}

func TestQueriesThatCannotBeAsked(t *testing.T) {
	for _, q := range []audience.Query{
		{},
		{Table: table, Where: []audience.Condition{{Column: "country"}}},
		{Table: table, Where: []audience.Condition{{In: []string{"KR"}}}},
		{Table: table, Only: &audience.People{}},
		{Table: table, Only: &audience.People{Users: []string{"1"}}},
	} {
		s := &audience.Store{}
		if _, err := s.Count(t.Context(), q); err == nil {
			t.Errorf("%+v was counted", q)
		}
		for _, err := range s.Pages(t.Context(), q, audience.Cursor{}) {
			if err == nil {
				t.Errorf("%+v was read", q)
			}
		}
	}
}

// An audience cannot write, whatever its SQL says.
func TestAudienceCannotWrite(t *testing.T) {
	s := open(t, mariadb.NewDatabase(t))
	if _, err := s.DB.Exec("CREATE FUNCTION meddle() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM push_tokens; RETURN 1; END"); err != nil {
		t.Fatal(err)
	}
	insert(t, s, "a ios ko")
	q := audience.Query{Table: table, SQL: "SELECT token, platform, language FROM push_tokens WHERE meddle() = 1"}
	var refused *mysql.MySQLError
	for _, err := range s.Pages(t.Context(), q, audience.Cursor{}) {
		if !errors.As(err, &refused) || refused.Number != 1792 { // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
			t.Errorf("error %v", err)
		}
	}
	if got := pages(t, s, audience.Query{Table: table}, audience.Cursor{}); len(got) != 1 {
		t.Errorf("left are %q", got)
	}
}

// More dead tokens than one statement takes.
func TestRemoveMany(t *testing.T) {
	s := open(t, mariadb.NewDatabase(t))
	s.PageRows = 0
	var lines []string
	var dead []audience.Dead
	for i := range 1203 {
		token := fmt.Sprintf("t%04d", i)
		lines = append(lines, token+" android ko")
		if i%2 == 0 {
			dead = append(dead, audience.Dead{Platform: campaign.Android, Token: token, Since: time.Now()})
		}
	}
	insert(t, s, lines...)
	if n, err := s.Remove(t.Context(), table, dead); err != nil || n != 602 {
		t.Errorf("removed %d, %v", n, err)
	}
	if got, err := s.Count(t.Context(), audience.Query{Table: table}); err != nil || got[audience.Group{Platform: campaign.Android, Language: "ko"}] != 601 {
		t.Errorf("left are %v, %v", got, err)
	}
}

func TestCost(t *testing.T) {
	onEachSQL(t, func(t *testing.T, s *audience.Store) {
		for _, ddl := range []string{"CREATE TABLE by_token (token VARCHAR(255) PRIMARY KEY, platform VARCHAR(10))", "CREATE TABLE by_user (id INT PRIMARY KEY, token VARCHAR(255), platform VARCHAR(10))"} {
			if _, err := s.DB.Exec(ddl); err != nil {
				t.Fatal(err)
			}
		}
		for name, want := range map[string]string{"push_tokens": "", "by_token": "once for each platform", "by_user": "sorts the whole table"} {
			of := table
			of.Name = name
			got, err := s.Cost(t.Context(), audience.Query{Table: of})
			if err != nil || (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("%s: %q, %v; want %q", name, got, err, want)
			}
		}
	})
}

// fill adds tokens of android, in one session, whose counters looked reads. Each 500th is in Fiji, the others in Korea.
func fill(t *testing.T, s *audience.Store, tokens int) {
	t.Helper()
	for i := range tokens / 100 {
		var values []string
		for k := range 100 {
			country := "KR"
			if k == 50 && i%5 == 0 {
				country = "FJ"
			}
			values = append(values, fmt.Sprintf("(%d, 't%05d', 'android', 'ko', '%s')", k, i*100+k, country))
		}
		if _, err := s.DB.Exec("INSERT INTO push_tokens (user_id, token, platform, language, country) VALUES " + strings.Join(values, ", ")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.DB.Exec("ANALYZE TABLE push_tokens"); err != nil {
		t.Fatal(err)
	}
}

// looked is how many rows of tables and indexes a session has looked at.
func looked(t *testing.T, s *audience.Store) (n int) {
	t.Helper()
	err := s.DB.QueryRow(`SELECT SUM(CAST(VARIABLE_VALUE AS UNSIGNED)) FROM information_schema.SESSION_STATUS
		WHERE VARIABLE_NAME IN ('HANDLER_READ_NEXT', 'HANDLER_ICP_ATTEMPTS', 'HANDLER_READ_RND_NEXT')`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What the pages of an audience read of the index is what it has, and not its beginning once more for each page.
func TestPagesReadEachTokenOnce(t *testing.T) {
	s := open(t, mariadb.NewDatabase(t))
	s.DB.SetMaxOpenConns(1) // since the counters are the session's
	s.PageRows = 10
	const tokens = 1000
	fill(t, s, tokens)
	before := looked(t, s)
	if got := len(pages(t, s, audience.Query{Table: table}, audience.Cursor{})); got != tokens/10 {
		t.Errorf("%d pages", got)
	}
	// Each token once, by the index and by its condition, and what a page looks at beyond its end.
	if n := looked(t, s) - before; n > 4*tokens {
		t.Errorf("for %d tokens %d were looked at", tokens, n)
	}
}

// An index that finds an audience sooner is used; where it finds hardly less than all, still nothing is read for each page.
func TestPagesByOtherIndexes(t *testing.T) {
	const tokens = 5000
	const linear = 8 * tokens // if each page read what is before it, that would be 600,000
	country := func(is string) []audience.Condition {
		return []audience.Condition{{Column: "Country", In: []string{is}}}
	}
	of := table
	of.User = "user_id"
	tests := []struct {
		name, platform, index string
		query                 audience.Query
		want, most            int // tokens, and what may be looked at
	}{
		{"few", "VARCHAR(10)", "country", audience.Query{Where: country("FJ")}, 10, 100},
		{"few, by the start of a text", "VARCHAR(10)", "country(1)", audience.Query{Where: country("FJ")}, 10, 100},
		{"most", "VARCHAR(10)", "country", audience.Query{Where: country("KR")}, tokens - 10, linear},
		{"most, by number", "TINYINT", "country", audience.Query{Where: country("KR")}, tokens - 10, linear},
		{"most, of an ENUM", "ENUM('ios', 'android')", "country", audience.Query{Where: country("KR")}, tokens - 10, linear},
		{"a user", "VARCHAR(10)", "user_id", audience.Query{Only: &audience.People{Users: []string{"7"}}}, tokens / 100, tokens / 10},
		{"many users", "VARCHAR(10)", "country", audience.Query{Only: &audience.People{Users: strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20")}}, tokens / 5, linear},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, mariadb.NewDatabase(t))
			s.DB.SetMaxOpenConns(1)
			s.PageRows = 20
			fill(t, s, tokens)
			tt.query.Table = of
			if tt.platform == "TINYINT" {
				tt.query.Table.Values = map[campaign.Platform][]string{campaign.Android: {"2"}, campaign.IOS: {"1"}}
				if _, err := s.DB.Exec("UPDATE push_tokens SET platform = '2'"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.DB.Exec("ALTER TABLE push_tokens MODIFY platform " + tt.platform + " NOT NULL, ADD KEY other (" + tt.index + ")"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.DB.Exec("ANALYZE TABLE push_tokens"); err != nil {
				t.Fatal(err)
			}
			before, got := looked(t, s), 0
			for page, err := range s.Pages(t.Context(), tt.query, audience.Cursor{}) {
				if err != nil {
					t.Fatal(err)
				}
				got += len(page.Tokens)
			}
			if n := looked(t, s) - before; got != tt.want || n > tt.most {
				t.Errorf("read %d tokens, want %d; %d were looked at, at most %d", got, tt.want, n, tt.most)
			}
		})
	}
}

// An index that is told to be ignored, or was taken away meanwhile, is not needed.
func TestPagesWithoutTheirIndex(t *testing.T) {
	s := open(t, mariadb.NewDatabase(t))
	insert(t, s, "a android ko", "b android ko", "c android ko", "d android ko")
	var got []string
	for page, err := range s.Pages(t.Context(), audience.Query{Table: table}, audience.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range page.Tokens {
			got = append(got, token.Token)
		}
		if len(got) == 3 {
			if _, err := s.DB.Exec("DROP INDEX by_platform ON push_tokens"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if strings.Join(got, "") != "abcd" {
		t.Errorf("read %v", got)
	}
}
