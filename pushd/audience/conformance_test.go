package audience_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/sandbox/couchbase"
	"liveops/sync/couchstore"
)

// source is what every place of tokens does.
type source interface {
	Pages(ctx context.Context, q audience.Query, after audience.Cursor) iter.Seq2[audience.Page, error]
	Between(ctx context.Context, q audience.Query, after audience.Cursor, to string) ([]audience.Token, error)
	Remove(ctx context.Context, t audience.Table, dead []audience.Dead) (int, error)
	Count(ctx context.Context, q audience.Query) (map[audience.Group]int, error)
	Values(ctx context.Context, q audience.Query, column string) (map[string]int, error)
	Zones(ctx context.Context, t audience.Table, column string) ([]string, error)
	Columns(ctx context.Context, q audience.Query) ([]datasheets.Column, error)
	Cost(ctx context.Context, q audience.Query) (string, error)
}

// place is a source with its tokens.
type place struct {
	source
	table audience.Table
	// insert adds tokens, each as "token platform language country last_login updated_at" with - for NULL and "" for an empty text.
	insert func(t *testing.T, lines ...string)
	// selected is an audience by a SELECT of the tokens of a country.
	selected func(country string) audience.Query
	columns  []string
	// counted again and again: a SELECT that is asked for one value of a platform at a time counts a token once for each.
	doubles bool
}

// onEach runs a test on every kind of place.
func onEach(t *testing.T, test func(t *testing.T, p place)) {
	onEachSQL(t, func(t *testing.T, s *audience.Store) {
		test(t, place{source: s, table: table, insert: func(t *testing.T, lines ...string) { insert(t, s, lines...) },
			selected: func(country string) audience.Query {
				return audience.Query{SQL: "SELECT token, platform, language FROM push_tokens WHERE country = '" + country + "'"}
			},
			columns: []string{"id", "user_id", "token", "platform", "language", "country", "last_login", "updated_at", "dead_at"}})
	})
	const fields = "SELECT META(t).id, t.user_id, t.token, t.platform, t.`language`, t.country, t.last_login, t.updated_at FROM game AS t"
	t.Run("Couchbase", func(t *testing.T) { test(t, placed(t, fields)) })
	t.Run("Couchbase by index", func(t *testing.T) {
		p := placed(t, fields+" WHERE LOWER(t.platform) = $platform AND t.token > $after ORDER BY t.token LIMIT $limit")
		p.doubles = true
		test(t, p)
	})
}

// bucket is an empty one on the stand-in.
func bucket(t *testing.T) (*couchbase.Server, *couchstore.Store) {
	t.Helper()
	server, err := couchbase.Start(couchbase.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	store, err := couchstore.Open(t.Context(), couchstore.Options{URL: server.URL() + "/game", User: "Administrator", Password: "password"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return server, store
}

// parsed is a judged query.
func parsed(t *testing.T, query string) *campaign.PlusPlus {
	t.Helper()
	q, err := campaign.ParsePlusPlus(query)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// placed is a bucket with tokens that a query gives.
func placed(t *testing.T, query string) place {
	server, store := bucket(t)
	of := audience.Table{Select: parsed(t, query), Token: "token", Platform: "platform", Language: "language", UpdatedAt: "updated_at", User: "user_id", ID: "id"}
	n := 0
	put := func(t *testing.T, lines ...string) {
		for _, line := range lines {
			n++
			document := map[string]any{"user_id": 1}
			for i, field := range strings.Fields(line) {
				name := []string{"token", "platform", "language", "country", "last_login", "updated_at"}[i]
				if field == `""` {
					document[name] = ""
				} else if field != "-" {
					document[name] = strings.NewReplacer("_", " ", "@", "_").Replace(field)
				} else if n%2 == 0 {
					document[name] = nil // and else MISSING
				}
			}
			body, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			server.Bucket("game").DefaultCollection().Put(fmt.Sprintf("token-%04d", n), couchbase.Document{Body: body, Flags: 0x02000006})
		}
	}
	return place{source: &audience.Couchbase{Bucket: store, PageRows: 3}, table: of, insert: put,
		selected: func(country string) audience.Query {
			return audience.Query{SQLPP: parsed(t, "SELECT t.token, t.platform, t.`language` FROM game t WHERE t.country = '"+country+"'")}
		},
		columns: []string{"country", "id", "language", "last_login", "platform", "token", "updated_at", "user_id"}}
}

// tokens are those of pages, joined by platform as far as they follow each other.
func tokens(pages []string) (all []string) {
	for _, page := range pages {
		platform, tokens, _ := strings.Cut(page, ": ")
		if n := len(all); n > 0 && strings.HasPrefix(all[n-1], platform+": ") {
			all[n-1] += ", " + tokens
		} else {
			all = append(all, page)
		}
	}
	return all
}

func TestPages(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "f ios ko", "d android ja KR 2026-11-01", "a android ko KR 2026-11-20", "b android - JP", "b android - JP", "c android en US 2026-10-01", "e android th TH",
			"x web en", "a ios ko")
		s.insert(t, `"" ios`)
		november := audience.Moment(time.Date(2026, 11, 1, 9, 0, 0, 0, time.FixedZone("KST", 9*3600)))
		seven := "2026-10-07"
		tests := []struct {
			name  string
			query audience.Query
			after audience.Cursor
			want  []string
		}{
			{"all", audience.Query{}, audience.Cursor{}, []string{"android: a ko, b, c en, d ja, e th", "ios: a ko, f ko"}},
			{"behind a token", audience.Query{}, audience.Cursor{Platform: campaign.Android, Value: "android", Token: "c"}, []string{"android: d ja, e th", "ios: a ko, f ko"}},
			{"behind the last of a platform", audience.Query{}, audience.Cursor{Platform: campaign.Android, Value: "android", Token: "e"}, []string{"ios: a ko, f ko"}},
			{"behind the last", audience.Query{}, audience.Cursor{Platform: campaign.IOS, Value: "ios", Token: "f"}, nil},
			{"a platform", audience.Query{Platforms: []campaign.Platform{campaign.IOS}}, audience.Cursor{}, []string{"ios: a ko, f ko"}},
			{"countries", audience.Query{Where: []audience.Condition{{Column: "country", In: []string{"KR", "TH"}}}}, audience.Cursor{}, []string{"android: a ko, d ja, e th"}},
			{"not a country", audience.Query{Where: []audience.Condition{{Column: "country", NotIn: []string{"KR", "TH"}}}}, audience.Cursor{}, []string{"android: b, c en", "ios: a ko, f ko"}},
			{"since", audience.Query{Where: []audience.Condition{{Column: "last_login", Min: &november, Times: true}}}, audience.Cursor{}, []string{"android: a ko, d ja"}},
			{"before", audience.Query{Where: []audience.Condition{{Column: "last_login", Before: &november, Times: true}}}, audience.Cursor{}, []string{"android: b, c en, e th", "ios: a ko, f ko"}},
			{"not after, and a NULL", audience.Query{Where: []audience.Condition{{Column: "last_login", Max: &seven}, {Column: "country", NotIn: []string{"JP"}, Null: true}}}, audience.Cursor{}, []string{"android: c en"}},
			{"a NULL", audience.Query{Where: []audience.Condition{{Column: "country", In: []string{"JP"}, Null: true}}}, audience.Cursor{}, []string{"android: b", "ios: a ko, f ko"}},
			{"no NULL", audience.Query{Where: []audience.Condition{{Column: "country", Present: true, NotIn: []string{"KR"}}}}, audience.Cursor{}, []string{"android: b, c en, e th"}},
			{"only NULL", audience.Query{Where: []audience.Condition{{Column: "country", Null: true}}}, audience.Cursor{}, []string{"ios: a ko, f ko"}},
			{"languages", audience.Query{Where: []audience.Condition{{Column: "language", Spoken: under("ko", "e")}}}, audience.Cursor{}, []string{"android: a ko", "ios: a ko, f ko"}},
			{"a number", audience.Query{Where: []audience.Condition{{Column: "user_id", In: []string{"1", "5"}, Min: text("1"), Max: text("9")}}, Platforms: []campaign.Platform{campaign.IOS}}, audience.Cursor{}, []string{"ios: a ko, f ko"}},
			{"another number", audience.Query{Where: []audience.Condition{{Column: "user_id", Min: text("1.5")}}}, audience.Cursor{}, nil},
			{"some people only", audience.Query{Only: &audience.People{Tokens: []campaign.Token{{Platform: campaign.IOS, Token: "a"}, {Platform: campaign.IOS, Token: "b"}, {Platform: campaign.Android, Token: "c"}}}},
				audience.Cursor{}, []string{"android: c en", "ios: a ko"}},
			{"a SELECT", s.selected("KR"), audience.Cursor{}, []string{"android: a ko, d ja"}},
		}
		for _, tt := range tests {
			tt.query.Table = s.table
			if got := tokens(pages(t, s, tt.query, tt.after)); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %q\nwant %q", tt.name, got, tt.want)
			}
		}
	})
}

func text(s string) *string { return &s }

// under are the spellings of languages.
func under(tags ...string) (all []campaign.Spelling) {
	for _, tag := range tags {
		all = append(all, campaign.Under(tag)...)
	}
	return all
}

// A language is found however it is written, just where its message is sent.
func TestSpellingsOfLanguages(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "a ios in@ID", "b ios id", "c ios iw@IL", "d ios NO", "e ios nb-NO", "f ios zh@CN", "g ios zh@TW", "h ios zh@SG@#Hant", "i ios zh-Hant", "j ios zh@TW@#Hans", "k ios -", "l ios zhx", "m ios zh@@#Hant")
		for tag, want := range map[string]string{"id": "a b", "in": "a b", "he": "c", "nb": "d e", "no": "d e", "zh": "f g h i j m", "zh-Hant": "g h i m", "zh-Hans": "f j", "zh-TW": "g j", "zh-Hant-TW": "", "ko": ""} {
			q := audience.Query{Table: s.table, Where: []audience.Condition{{Column: "language", Spoken: under(tag)}}}
			var got []string
			for page, err := range s.Pages(t.Context(), q, audience.Cursor{}) {
				if err != nil {
					t.Fatal(err)
				}
				for _, token := range page.Tokens {
					got = append(got, token.Token)
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %q, want %q", tag, got, want)
			}
		}
	})
}

// Pages have no more tokens than they may.
func TestPageRows(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "d android ja", "a android ko", "b android -", "b android -", "c android en", "e ios th")
		want := []string{"android: a ko, b", "android: c en, d ja", "ios: e th"}
		if s.doubles { // a full page ends before its last token, of which there may be more
			want = []string{"android: a ko", "android: b", "android: c en, d ja", "ios: e th"}
		}
		if got := pages(t, s, audience.Query{Table: s.table}, audience.Cursor{}); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

// Users of lists are found by their ids, also where a SELECT does not give them.
func TestUsersOnly(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "a ios ko KR", "b android ko JP", "c ios ko KR")
		of := s.table
		of.User = "user_id"
		for user, want := range map[string][]string{"1": {"ios: a ko, c ko"}, "2": nil} {
			q := s.selected("KR")
			q.Table, q.Only = of, &audience.People{Users: []string{user}}
			if got := tokens(pages(t, s, q, audience.Cursor{})); !slices.Equal(got, want) {
				t.Errorf("of a SELECT, user %s: %q", user, got)
			}
			q = audience.Query{Table: of, Only: &audience.People{Users: []string{user}}, Platforms: []campaign.Platform{campaign.IOS}}
			if got := tokens(pages(t, s, q, audience.Cursor{})); !slices.Equal(got, want) {
				t.Errorf("user %s: %q", user, got)
			}
		}
	})
}

// A platform that goes by two names is read name by name, and a token that is stored with both is met once.
func TestNamesOfPlatforms(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "a iphone ko", "b iphone ko - - 2026-11-01", "b ipad ko - - 2026-11-01", "c ipad ko", "d ios ko", "e android ko")
		of := s.table
		of.Values = map[campaign.Platform][]string{campaign.IOS: {"iphone", "ipad"}}
		q := audience.Query{Table: of}
		want := []string{"android: e ko", "ios: a ko, b ko", "ios: c ko"}
		if got := pages(t, s, q, audience.Cursor{}); !slices.Equal(got, want) {
			t.Errorf("pages %q, want %q", got, want)
		}
		if got := pages(t, s, q, audience.Cursor{Platform: campaign.IOS, Value: "iphone", Token: "a"}); !slices.Equal(got, []string{"ios: b ko", "ios: c ko"}) {
			t.Errorf("behind a token %q", got)
		}
		got, err := s.Count(t.Context(), q)
		ios := 3
		if s.doubles {
			ios = 4
		}
		if want := map[audience.Group]int{{Platform: campaign.IOS, Language: "ko"}: ios, {Platform: campaign.Android, Language: "ko"}: 1}; err != nil || !cmp.Equal(got, want) {
			t.Errorf("counts %v, %v; want %v", got, err, want)
		}
		if n, err := s.Remove(t.Context(), of, []audience.Dead{{Platform: campaign.IOS, Token: "b", Since: time.Now()}}); err != nil || n != 2 {
			t.Errorf("removed %d, %v", n, err)
		}
	})
}

// A batch is read again as it was cut.
func TestBetween(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "a ios ko", "b ios ko", "b ios ko", "c ios -", "d ios ko", "c android ko", "ca ios en")
		q := audience.Query{Table: s.table}
		got, err := s.Between(t.Context(), q, audience.Cursor{Platform: campaign.IOS, Value: "ios", Token: "a"}, "ca")
		if want := []audience.Token{{Token: "b", Language: "ko"}, {Token: "c"}, {Token: "ca", Language: "en"}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
		if got, err := s.Between(t.Context(), q, audience.Cursor{Platform: campaign.IOS, Value: "web"}, "c"); err == nil {
			t.Errorf("of no platform: %v", got)
		}
	})
}

// A batch is read again whole: its last tokens are not pushed out by those that were registered in it since, or are stored twice.
func TestBetweenIsWhole(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "b ios ko", "d ios ko", "f ios ko", "h ios ko", "i ios ko")
		s.insert(t, "b ios ko", "d ios ko", "d ios ko", "c ios ja", "e ios ja", "g ios ja")
		got, err := s.Between(t.Context(), audience.Query{Table: s.table}, audience.Cursor{Platform: campaign.IOS, Value: "ios"}, "h")
		var tokens []string
		for _, token := range got {
			tokens = append(tokens, token.Token+" "+token.Language)
		}
		if want := "b ko, c ja, d ko, e ja, f ko, g ja, h ko"; err != nil || strings.Join(tokens, ", ") != want {
			t.Errorf("%q, %v; want %q", tokens, err, want)
		}
	})
}

func TestCount(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "a android ko", "b android ko", "b android ko", "c android -", "d ios ja", "e web ja")
		got, err := s.Count(t.Context(), audience.Query{Table: s.table})
		want := map[audience.Group]int{{Platform: campaign.Android, Language: "ko"}: 2, {Platform: campaign.Android}: 1, {Platform: campaign.IOS, Language: "ja"}: 1}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	})
}

func TestValuesAndColumns(t *testing.T) {
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, "a android ko KR", "b android ko KR", "b android ko KR", "c android - JP", "a ios ja KR", "d ios ja", "e ios ja US")
		got, err := s.Values(t.Context(), audience.Query{Table: s.table}, "country")
		if want := map[string]int{"KR": 3, "JP": 1, "US": 1, "": 1}; err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
		zones, err := s.Zones(t.Context(), s.table, "country")
		if err != nil || !slices.Equal(zones, []string{"JP", "KR", "US"}) {
			t.Errorf("%q, %v", zones, err)
		}
		names, err := s.Columns(t.Context(), audience.Query{Table: s.table})
		if err != nil || !slices.Equal(namesOf(names), s.columns) {
			t.Errorf("%v, %v", names, err)
		}
		q := s.selected("KR")
		q.Table = s.table
		names, err = s.Columns(t.Context(), q)
		selected := namesOf(names)
		slices.Sort(selected)
		if want := []string{"language", "platform", "token"}; err != nil || !slices.Equal(selected, want) {
			t.Errorf("%v, %v", names, err)
		}
	})
}

func namesOf(columns []datasheets.Column) (names []string) {
	for _, c := range columns {
		names = append(names, c.Name)
	}
	return names
}

func TestRemove(t *testing.T) {
	read := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	// Each second document has null for -, the others nothing: the query then says nothing about c.
	lines := []string{"a ios ko - - 2026-11-25_09:59:59", "c ios ko - - -", "b ios ko - - 2026-11-25_10:00:01", "d android ko - - 2026-11-01", "a android ko - - 2026-11-01"}
	dead := []audience.Dead{{Platform: campaign.IOS, Token: "a", Since: read}, {Platform: campaign.IOS, Token: "b", Since: read}, {Platform: campaign.IOS, Token: "c", Since: read},
		{Platform: campaign.Android, Token: "d", Since: read.Add(-90 * 24 * time.Hour)}, {Platform: campaign.IOS, Token: "nobody", Since: read}}
	onEach(t, func(t *testing.T, s place) {
		s.insert(t, lines...)
		for _, want := range []int{2, 0} {
			if n, err := s.Remove(t.Context(), s.table, dead); err != nil || n != want {
				t.Errorf("removed %d, %v; want %d", n, err, want)
			}
		}
		want := []string{"android: a ko, d ko", "ios: b ko"}
		if got := pages(t, s, audience.Query{Table: s.table}, audience.Cursor{}); !slices.Equal(got, want) {
			t.Errorf("left are %q, want %q", got, want)
		}
	})
	onEachSQL(t, func(t *testing.T, s *audience.Store) {
		marking := table
		marking.Dead = "dead_at"
		insert(t, s, lines...)
		for _, want := range []int{2, 0} { // the second time there is nothing left to mark
			if n, err := s.Remove(t.Context(), marking, dead); err != nil || n != want {
				t.Errorf("marked %d, %v; want %d", n, err, want)
			}
		}
		want := []string{"android: a ko, d ko", "ios: b ko"}
		if got := pages(t, s, audience.Query{Table: marking}, audience.Cursor{}); !slices.Equal(got, want) {
			t.Errorf("living are %q, want %q", got, want)
		}
		if got := pages(t, s, audience.Query{Table: table}, audience.Cursor{}); !slices.Equal(got, []string{"android: a ko, d ko", "ios: a ko, b ko, c ko"}) {
			t.Errorf("stored are %q", got)
		}
	})
}
