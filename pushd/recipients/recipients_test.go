package recipients_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/recipients"
	"liveops/sandbox/couchbase"
	"liveops/sandbox/mariadb"
	"liveops/sync/couchstore"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

const ddl = `CREATE TABLE push_tokens (user_id VARCHAR(20), token VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, os VARCHAR(10) NOT NULL, country VARCHAR(2),
	lang VARCHAR(10), segment VARCHAR(10), seen_at DATETIME, tz VARCHAR(40), updated_at DATETIME, dead_at DATETIME, level INT, KEY push_order (os, token))`

// rows are the tokens of the tests, each known by its first letter.
const rows = `INSERT INTO push_tokens VALUES
	('1', 'a', 'AOS', 'KR', 'ko',    'whale', '2026-11-20 00:00:00', 'Asia/Seoul',       NULL, NULL, 10),
	('2', 'b', 'aos', 'JP', 'ja-JP', 'minnow', '2026-11-01 00:00:00', 'Asia/Tokyo',      NULL, NULL, NULL),
	('3', 'c', 'iOS', 'KR', 'ko_KR', 'whale', '2026-08-01 00:00:00', 'Asia/Seoul',       NULL, NULL, 20),
	('4', 'd', 'ios', 'US', 'EN',    NULL,    NULL,                  NULL,               NULL, NULL, 30),
	('5', 'e', 'ios', 'US', 'en-US', 'whale', '2026-11-24 00:00:00', 'America/New_York', NULL, '2026-11-01 00:00:00', 40),
	('6', 'f', 'web', 'US', 'en',    'whale', '2026-11-24 00:00:00', 'America/New_York', NULL, NULL, 50)`

const config = `
environments:
  - name: staging
    push:
      tokens: {table: push_tokens, token: token, platform: os, user: user_id, updatedAt: updated_at, country: country, language: lang, segment: segment, lastLogin: seen_at, timezone: tz}
      platforms: {android: {values: [AOS]}}
      dead: {mark: {column: dead_at}}
      lists:
        qa: {users: ["2", "4"], tokens: [{platform: android, token: a}]}
        boss: {tokens: [{platform: ios, token: a}, {platform: ios, token: c}]}
ONLY
`

// push is the environment of the tests; only are its lists that alone get anything.
func push(t *testing.T, only string) *datarepo.Push {
	t.Helper()
	text := strings.Replace(config, "ONLY", only, 1)
	c, problems := datarepo.LoadConfig(fstest.MapFS{"liveops.yaml": {Data: []byte(text)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c.Environments[0].Push
}

// campaignOf is a campaign with an audience, and further lines.
func campaignOf(t *testing.T, lines string) *campaign.Campaign {
	t.Helper()
	c, err := datarepo.DecodeCampaign("crystals", []byte("schedule: \"3 19 * * FRI\"\nmessage: {default: {body: Hello}, ko: {body: 안녕}}\n"+lines), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pager reads pages of tokens.
type pager interface {
	Pages(ctx context.Context, q audience.Query, after audience.Cursor) iter.Seq2[audience.Page, error]
}

// tokens are those of a query, sorted.
func tokens(t *testing.T, s pager, q audience.Query) string {
	t.Helper()
	found := map[string]bool{}
	for page, err := range s.Pages(t.Context(), q, audience.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range page.Tokens {
			found[token.Token] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " ")
}

func TestQuery(t *testing.T) {
	t.Run("MySQL", func(t *testing.T) {
		query(t, open(t), func(lines string) string { return lines }, func(only string) *datarepo.Push { return push(t, only) })
	})
	t.Run("Couchbase", func(t *testing.T) {
		rewrite := func(lines string) string {
			lines = strings.NewReplacer("sql:", "sqlpp:", "FROM push_tokens WHERE", "FROM game WHERE dead_at IS NOT VALUED AND", "FROM push_tokens", "FROM game WHERE dead_at IS NOT VALUED").Replace(lines)
			return lines
		}
		query(t, documents(t), rewrite, func(only string) *datarepo.Push { return couchbasePush(t, only) })
	})
}

// query tests whose tokens are read, with the campaigns as they are for a kind of place.
func query(t *testing.T, s pager, rewrite func(lines string) string, push func(only string) *datarepo.Push) {
	seoul := recipients.Run{Zones: []string{"Asia/Seoul"}}
	tests := []struct {
		name, lines, only string
		run               recipients.Run
		want              string
	}{
		{"everybody with a platform, the dead left out", "", "", recipients.Run{}, "a b c d"},
		{"a platform by what the column says, in any case", "audience: {platform: [android]}", "", recipients.Run{}, "a b"},
		{"countries", "audience: {country: [KR, us]}", "", recipients.Run{}, "a c d"},
		{"a language with its regions", "audience: {language: [ko, en]}", "", recipients.Run{}, "a c d"},
		{"a language of a region", "audience: {language: [ko-KR]}", "", recipients.Run{}, "c"},
		{"a segment", "audience: {segment: [whale]}", "", recipients.Run{}, "a c"},
		{"logged in within", "audience: {lastLogin: {within: 30d}}", "", recipients.Run{}, "a b"},
		{"not logged in within, or never", "audience: {lastLogin: {notWithin: 7d}}", "", recipients.Run{}, "b c d"},
		{"between", "audience: {lastLogin: {within: 30d, notWithin: 7d}}", "", recipients.Run{}, "b"},
		{"a column", "audience: {columns: {level: {in: [10, 20]}}}", "", recipients.Run{}, "a c"},
		{"a column or NULL", "audience: {columns: {level: {in: [10, null]}}}", "", recipients.Run{}, "a b"},
		{"not a column's value", "audience: {columns: {level: {notIn: [10]}}}", "", recipients.Run{}, "b c d"},
		{"neither a column's value nor NULL", "audience: {columns: {level: {notIn: [10, null]}}}", "", recipients.Run{}, "c d"},
		{"not NULL", "audience: {columns: {level: {notIn: [null]}}}", "", recipients.Run{}, "a c d"},
		{"NULL", "audience: {columns: {level: {in: [null]}}}", "", recipients.Run{}, "b"},
		{"bounds of a column", "audience: {columns: {level: {min: 10, max: 20}, country: {in: [KR]}}}", "", recipients.Run{}, "a c"},
		{"users of a zone", "timezone: user", "", seoul, "a c"},
		{"everybody but users of a zone", "timezone: user", "", recipients.Run{Zones: seoul.Zones, Others: true}, "b d"},
		{"all zones", "timezone: user", "", recipients.Run{}, "a b c d"},
		{"a zone where that does not count", "", "", seoul, "a b c d"},
		{"a list alone", "", "      only: [qa]", recipients.Run{}, "a b d"},
		{"a list of tokens, each of its platform", "", "      only: [boss]", recipients.Run{}, "c"},
		{"lists, and the audience", "audience: {country: [KR]}", "      only: [qa, boss]", recipients.Run{}, "a c"},
		{"SQL", `audience: {sql: "SELECT token, os, lang FROM push_tokens WHERE level >= 20"}`, "", recipients.Run{}, "c d"},
		{"SQL of a platform's own names", `audience: {sql: "SELECT token, os, lang FROM push_tokens WHERE level <= 20"}`, "", recipients.Run{}, "a c"},
		{"SQL, and a list", `audience: {sql: "SELECT token, os, lang FROM push_tokens"}`, "      only: [qa]", recipients.Run{}, "a b d"},
	}
	started := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for _, tt := range tests {
		tt.run.Started = started
		q, err := recipients.Query(campaignOf(t, rewrite(tt.lines)), push(tt.only), tt.run)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := tokens(t, s, q); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// couchbasePush is the environment of the tests with its tokens in Couchbase.
func couchbasePush(t *testing.T, only string) *datarepo.Push {
	t.Helper()
	text := strings.NewReplacer("ONLY", only, "table: push_tokens", `query: "SELECT g.* FROM game AS g WHERE g.dead_at IS NOT VALUED"`, "      dead: {mark: {column: dead_at}}\n", "").Replace(config)
	c, problems := datarepo.LoadConfig(fstest.MapFS{"liveops.yaml": {Data: []byte(text)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c.Environments[0].Push
}

// documents are the tokens of the tests in Couchbase.
func documents(t *testing.T) *audience.Couchbase {
	t.Helper()
	server, err := couchbase.Start(couchbase.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	for i, body := range []string{
		`{"user_id":1,"token":"a","os":"AOS","country":"KR","lang":"ko","segment":"whale","seen_at":"2026-11-20T00:00:00Z","tz":"Asia/Seoul","level":10}`,
		`{"user_id":"2","token":"b","os":"aos","country":"JP","lang":"ja-JP","segment":"minnow","seen_at":1793491200,"tz":"Asia/Tokyo","level":null}`,
		`{"user_id":"3","token":"c","os":"iOS","country":"KR","lang":"ko_KR","segment":"whale","seen_at":"2026-08-01T00:00:00Z","tz":"Asia/Seoul","level":20}`,
		`{"user_id":4,"token":"d","os":"ios","country":"US","lang":"EN","level":30}`,
		`{"user_id":5,"token":"e","os":"ios","country":"US","lang":"en-US","segment":"whale","seen_at":1795478400000,"tz":"America/New_York","dead_at":"2026-11-01T00:00:00Z","level":40}`,
		`{"user_id":6,"token":"f","os":"web","country":"US","lang":"en","segment":"whale","seen_at":1795478400000,"tz":"America/New_York","level":50}`,
	} {
		server.Bucket("game").DefaultCollection().Put(fmt.Sprint("token-", i), couchbase.Document{Body: []byte(body), Flags: 0x02000006})
	}
	store, err := couchstore.Open(t.Context(), couchstore.Options{URL: server.URL() + "/game", User: "Administrator", Password: "password"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &audience.Couchbase{Bucket: store}
}

func open(t *testing.T) *audience.Store {
	t.Helper()
	s, err := audience.Open(t.Context(), mariadb.NewDatabase(t), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.DB.Close() })
	for _, statement := range []string{ddl, rows} {
		if _, err := s.DB.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// With one message a SELECT need not give the language.
func TestOneMessageNeedsNoLanguage(t *testing.T) {
	s := open(t)
	c, err := datarepo.DecodeCampaign("one", []byte("at: 2026-12-24T19:00\nmessage: {default: {body: Hello}}\naudience:\n  sql: SELECT token, os FROM push_tokens\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	q, err := recipients.Query(c, push(t, ""), recipients.Run{})
	if err != nil || tokens(t, s, q) != "a b c d" {
		t.Errorf("%v", err)
	}
}

func TestListed(t *testing.T) {
	s := open(t)
	q, ok := recipients.Listed(push(t, ""), "qa")
	if got := tokens(t, s, q); !ok || got != "a b d" {
		t.Errorf("%q, %t", got, ok)
	}
	if _, ok := recipients.Listed(push(t, ""), "nobody"); ok {
		t.Error("there is no such list")
	}
}

func TestAudiencesThatCannotBeRead(t *testing.T) {
	unsupported := (*recipients.Unsupported)(nil)
	q := push(t, "")
	q.Tokens.Country = ""
	for name, tt := range map[string]struct {
		lines string
		push  *datarepo.Push
		want  string
	}{
		"a column that nothing names": {"audience: {country: [KR]}", q, "does not name a column"},
		"SQL++ of a table":            {"audience: {sqlpp: SELECT 1}", push(t, ""), "the tokens are in MySQL"},
		"SQL of a query":              {"audience: {sql: SELECT 1}", couchbasePush(t, ""), "the tokens are in Couchbase"},
	} {
		if _, err := recipients.Query(campaignOf(t, tt.lines), tt.push, recipients.Run{}); !errors.As(err, &unsupported) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fault := (*campaign.QueryFault)(nil)
	p := couchbasePush(t, "")
	if _, err := recipients.Query(campaignOf(t, "audience: {sqlpp: SELECT t.a FROM t WHERE t.a > $after ORDER BY t.a LIMIT $limit}"), p, recipients.Run{}); !errors.As(err, &fault) {
		t.Errorf("in another order: %v", err)
	}
	p.Tokens.Query = "SELECT 1) AS t, (SELECT 2" // whoever has looked at it before
	if _, err := recipients.Query(campaignOf(t, ""), p, recipients.Run{}); !errors.As(err, &fault) {
		t.Errorf("a query that is none: %v", err)
	}
	if _, ok := recipients.Listed(p, "qa"); ok {
		t.Error("a list of a query that is none")
	}
}

func TestListedInCouchbase(t *testing.T) {
	q, ok := recipients.Listed(couchbasePush(t, ""), "qa")
	if got := tokens(t, documents(t), q); !ok || got != "a b d" {
		t.Errorf("%q, %t", got, ok)
	}
}

func TestCountInCouchbase(t *testing.T) {
	s, p := documents(t), couchbasePush(t, "")
	got, err := recipients.Count(t.Context(), s, campaignOf(t, "timezone: user\naudience: {country: [KR, US]}"), p, time.Now())
	want := campaign.Counted{
		Audience: []campaign.Portion{{Platform: campaign.Android, Language: "ko", Tokens: 1}, {Platform: campaign.IOS, Language: "EN", Tokens: 1}, {Platform: campaign.IOS, Language: "ko_KR", Tokens: 1}},
		Zones:    map[string]int{"Asia/Seoul": 2, "": 1},
	}
	if !strings.Contains(got.Reading, "as a whole once for every") {
		t.Errorf("reading: %q", got.Reading)
	}
	got.Reading = ""
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	columns, err := recipients.Columns(t.Context(), s, campaignOf(t, `audience: {sqlpp: "SELECT token, os AS platform FROM game"}`), p)
	if err != nil || len(columns) != 2 || columns[0].Name != "platform" || columns[1].Name != "token" {
		t.Errorf("%v, %v", columns, err)
	}
}

// SQL is judged where it is used, whoever has looked at it before.
func TestSQLIsJudged(t *testing.T) {
	c, err := datarepo.DecodeCampaign("one", []byte("at: 2026-12-24T19:00\nmessage: {default: {body: Hello}}\naudience:\n  sql: SELECT token, os FROM push_tokens FOR UPDATE\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	problem := (*datasheets.Problem)(nil)
	if _, err := recipients.Query(c, push(t, ""), recipients.Run{}); !errors.As(err, &problem) || problem.Text != "an audience locks nothing" {
		t.Errorf("error %v", err)
	}
}

func TestCount(t *testing.T) {
	s := open(t)
	c := campaignOf(t, "timezone: user\naudience: {country: [KR, US]}")
	got, err := recipients.Count(t.Context(), s, c, push(t, ""), time.Now())
	want := campaign.Counted{
		Audience: []campaign.Portion{{Platform: campaign.Android, Language: "ko", Tokens: 1}, {Platform: campaign.IOS, Language: "EN", Tokens: 1}, {Platform: campaign.IOS, Language: "ko_KR", Tokens: 1}},
		Zones:    map[string]int{"Asia/Seoul": 2, "": 1},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	p := push(t, "")
	p.Tokens.Token = "user_id" // without an index
	if got, err := recipients.Count(t.Context(), s, c, p, time.Now()); err != nil || !strings.Contains(got.Reading, "CREATE INDEX") {
		t.Errorf("%+v, %v", got, err)
	}
	columns, err := recipients.Columns(t.Context(), s, c, push(t, ""))
	if err != nil || len(columns) != 11 || columns[0].Name != "user_id" {
		t.Errorf("%v, %v", columns, err)
	}
	p.Tokens.Table = "nowhere"
	if _, err := recipients.Columns(t.Context(), s, c, p); err == nil {
		t.Error("there is no such table")
	}
}
