package recipients_test

import (
	"errors"
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
	"liveops/sandbox/mariadb"
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

// tokens are those of a query, sorted.
func tokens(t *testing.T, s *audience.Store, q audience.Query) string {
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
	s := open(t)
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
		q, err := recipients.Query(campaignOf(t, tt.lines), push(t, tt.only), tt.run)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := tokens(t, s, q); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
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

func TestCouchbaseIsNotRead(t *testing.T) {
	p := push(t, "")
	p.Tokens.Table, p.Tokens.Query = "", "SELECT t.token FROM tokens t"
	q := push(t, "")
	q.Tokens.Country = ""
	if _, err := recipients.Query(campaignOf(t, "audience: {country: [KR]}"), q, recipients.Run{}); err == nil || !strings.Contains(err.Error(), "does not name a column") {
		t.Errorf("error %v", err)
	}
	_, err := recipients.Query(campaignOf(t, ""), p, recipients.Run{})
	if unsupported := (*recipients.Unsupported)(nil); !errors.As(err, &unsupported) {
		t.Errorf("error %v", err)
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
	zones, err := recipients.Zones(t.Context(), s, push(t, ""))
	if err != nil || !slices.Equal(zones, []string{"", "Asia/Seoul", "Asia/Tokyo"}) {
		t.Errorf("%q, %v", zones, err)
	}
	p.Tokens.Timezone = ""
	if zones, err := recipients.Zones(t.Context(), s, p); err != nil || zones != nil {
		t.Errorf("%q, %v", zones, err)
	}
	columns, err := recipients.Columns(t.Context(), s, c, push(t, ""))
	if err != nil || len(columns) != 11 || columns[0] != "user_id" {
		t.Errorf("%q, %v", columns, err)
	}
	p.Tokens.Table = "nowhere"
	if _, err := recipients.Columns(t.Context(), s, c, p); err == nil {
		t.Error("there is no such table")
	}
}
