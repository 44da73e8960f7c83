package audience_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/sandbox/couchbase"
)

// stored puts documents into a bucket, by key.
func stored(server *couchbase.Server, documents map[string]string) *couchbase.Collection {
	c := server.Bucket("game").DefaultCollection()
	for id, body := range documents {
		c.Put(id, couchbase.Document{Body: []byte(body), Flags: 0x02000006})
	}
	return c
}

func couch(t *testing.T, query string) audience.Table {
	return audience.Table{Select: parsed(t, query), Token: "token", Platform: "os", Language: "lang", UpdatedAt: "seen", User: "user", ID: "id"}
}

const byIndex = " WHERE t.os = $platform AND t.token > $after ORDER BY t.token LIMIT $limit"

// Texts are compared in any case, numbers as numbers and as texts, times however they are written.
func TestValuesOfDocuments(t *testing.T) {
	server, store := bucket(t)
	stored(server, map[string]string{
		"1":  `{"token":"a","os":"iOS","country":"KR","lang":"pt_BR","level":10,"seen":"2026-11-01T00:00:00Z","vip":true}`,
		"2":  `{"token":"b","os":"IOS","country":"kr","lang":"PT","level":"10","seen":1793491200000}`,
		"3":  `{"token":"c","os":"ios","country":"jp","lang":"ptx","level":9,"seen":1793491200}`,
		"4":  `{"token":"d","os":"ios","country":1,"lang":null,"level":10.5,"seen":"2026-11-01T09:00:00+09:00"}`,
		"5":  `{"token":"e","os":"ios","country":{"a":1},"level":[1],"seen":null}`,
		"10": `{"token":"f","os":"ios","country":"x","lang":"zz","level":true,"seen":{"at":1}}`, "11": `{"token":"g","os":"ios","country":"x","lang":"zz","seen":true}`,
		"6": `{"token":7,"os":"ios"}`, "7": `{"token":["a"],"os":"ios"}`, "8": `{"os":"ios"}`, "9": `{"token":"z","os":9}`,
	})
	s := &audience.Couchbase{Bucket: store, PageRows: 3}
	at := func(t time.Time) *string { return text(audience.Moment(t)) }
	november := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		where audience.Condition
		want  string
	}{
		{audience.Condition{Column: "country", In: []string{"Kr"}}, "a b"},
		{audience.Condition{Column: "country", In: []string{"1"}}, "d"},
		{audience.Condition{Column: "country", NotIn: []string{"KR"}}, "c d f g"}, // an object is neither
		{audience.Condition{Column: "lang", Spoken: under("pt")}, "a b"},
		{audience.Condition{Column: "lang", Spoken: under("pt-BR")}, "a"},
		{audience.Condition{Column: "lang", Null: true}, "d e"},
		{audience.Condition{Column: "level", In: []string{"10"}}, "a b"},
		{audience.Condition{Column: "level", Min: text("9.5"), Max: text("10.5")}, "a d"},
		{audience.Condition{Column: "level", Min: text("10"), Max: text("10")}, "a b"},
		{audience.Condition{Column: "vip", In: []string{"TRUE"}}, "a"},
		{audience.Condition{Column: "seen", Times: true, Min: at(november), Max: at(november)}, "a b c d"},
		{audience.Condition{Column: "seen", Times: true, Before: at(november)}, "e"},
		{audience.Condition{Column: "seen", Times: true, Before: at(november.Add(time.Second))}, "a b c d e"},
		{audience.Condition{Column: "seen", Times: true, Min: at(november.Add(time.Millisecond))}, ""},
	} {
		for name, query := range map[string]string{"whole": "SELECT t.* FROM game t", "by index": "SELECT t.* FROM game t WHERE LOWER(t.os) = $platform AND t.token > $after ORDER BY t.token LIMIT $limit"} {
			got := tokens(pages(t, s, audience.Query{Table: couch(t, query), Where: []audience.Condition{tt.where}}, audience.Cursor{}))
			var found []string
			for _, page := range got {
				for token := range strings.SplitSeq(strings.TrimPrefix(page, "ios: "), ", ") {
					found = append(found, token[:1])
				}
			}
			if strings.Join(found, " ") != tt.want {
				t.Errorf("%s, %+v: %q, want %q", name, tt.where, got, tt.want)
			}
		}
	}
}

// What stands in a campaign is never part of a statement's text, and every statement can only read.
func TestValuesAreParameters(t *testing.T) {
	server, store := bucket(t)
	stored(server, map[string]string{"1": `{"token":"a","os":"ios"}`})
	hostile := "x') OR TRUE -- \"`$"
	asked := 0
	server.Before(func(o couchbase.Operation) {
		if o.Op == couchbase.Query {
			if asked++; strings.Contains(o.Path, "x'") || !o.ReadOnly {
				t.Errorf("asked %+v", o)
			}
		}
	})
	s := &audience.Couchbase{Bucket: store}
	q := audience.Query{Table: couch(t, "SELECT t.* FROM game t"), Where: []audience.Condition{{Column: "a` OR TRUE OR t.`b", In: []string{hostile}, NotIn: []string{hostile}, Spoken: under(hostile), Min: &hostile, Max: &hostile, Before: &hostile}},
		Only: &audience.People{Users: []string{hostile}, Tokens: []campaign.Token{{Platform: campaign.IOS, Token: hostile}}}}
	q.Table.Values = map[campaign.Platform][]string{campaign.Android: {hostile}}
	if got := pages(t, s, q, audience.Cursor{Platform: campaign.IOS, Value: "ios", Token: hostile}); got != nil {
		t.Errorf("%q", got)
	}
	if _, err := s.Count(t.Context(), q); err != nil {
		t.Error(err)
	}
	if _, err := s.Between(t.Context(), q, audience.Cursor{Platform: campaign.Android, Value: hostile, Token: hostile}, hostile+"y"); err != nil {
		t.Error(err)
	}
	if _, err := s.Remove(t.Context(), q.Table, []audience.Dead{{Platform: campaign.IOS, Token: hostile}}); err != nil {
		t.Error(err)
	}
	if asked < 5 {
		t.Errorf("asked %d times", asked)
	}
}

// A document is only removed as the query gives it, and as long as nobody has changed it.
func TestRemoveDocuments(t *testing.T) {
	read := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	for name, query := range map[string]string{"whole": "SELECT META(t).id, t.token, t.os, t.seen, t.user FROM game t", "by index": "SELECT META(t).id, t.token, t.os, t.seen, t.user FROM game t" + byIndex} {
		t.Run(name, func(t *testing.T) {
			server, store := bucket(t)
			game := stored(server, map[string]string{
				"dead":      `{"token":"a","os":"ios","seen":"2026-11-25T09:59:59Z","user":1.0}`,
				"millis":    `{"token":"b","os":"ios","seen":1793491200000}`,
				"seconds":   `{"token":"b","os":"ios","seen":1793491200}`, // the same token twice
				"renewed":   `{"token":"c","os":"ios","seen":"2026-11-25T19:00:01+09:00"}`,
				"more":      `{"token":"d","os":"ios","seen":1,"gems":5}`,
				"changed":   `{"token":"e","os":"ios","seen":1}`,
				"noTime":    `{"token":"f","os":"ios","seen":"soon"}`,
				"android":   `{"token":"a","os":"android","seen":1}`,
				"overtaken": `{"token":"g","os":"ios","seen":1}`,
				"neverSeen": `{"token":"h","os":"ios","seen":null}`,
				"whoKnows":  `{"token":"h","os":"ios"}`,
				"alive":     `{"token":"aa","os":"ios","seen":1}`,
			})
			server.Before(func(o couchbase.Operation) {
				renewal := couchbase.Document{Body: []byte(`{"token":"` + map[string]string{"changed": "e", "overtaken": "g"}[o.Key] + `","os":"ios","seen":"2026-11-25T10:00:09Z"}`), Flags: 0x02000006}
				if o.Key == "changed" && o.Op == couchbase.LookupIn || o.Key == "overtaken" && o.Op == couchbase.Remove {
					game.Put(o.Key, renewal)
				}
			})
			var log bytes.Buffer
			s := &audience.Couchbase{Bucket: store, Log: slog.New(slog.NewTextHandler(&log, nil))}
			var dead []audience.Dead
			for _, token := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "nobody", "a"} {
				dead = append(dead, audience.Dead{Platform: campaign.IOS, Token: token, Since: read})
			}
			if n, err := s.Remove(t.Context(), couch(t, query), dead); err != nil || n != 4 {
				t.Errorf("removed %d, %v", n, err)
			}
			if got, want := game.IDs(), []string{"alive", "android", "changed", "more", "noTime", "overtaken", "renewed", "whoKnows"}; !slices.Equal(got, want) {
				t.Errorf("left are %q, want %q", got, want)
			}
			for _, why := range []string{"fields that the query does not give", "no time as seen", "changed just then"} {
				if !strings.Contains(log.String(), why) {
					t.Errorf("not told: %s\n%s", why, log.String())
				}
			}
		})
	}
}

// A document stays where the query gives no time under the name that it should have; null is never.
func TestDocumentsWithoutATimeStay(t *testing.T) {
	for query, want := range map[string]int{
		"SELECT META(t).id, t.* FROM game t": 0,
		"SELECT META(t).id, t.token, t.os, t.renewed, IFMISSINGORNULL(t.seen, NULL) AS seen FROM game t":                                3,
		"SELECT META(t).id, t.token, t.os, t.renewed, IFMISSINGORNULL(t.seen, t.renewed) AS seen FROM game t WHERE t.renewed IS VALUED": 0,
	} {
		server, store := bucket(t)
		documents := map[string]string{}
		var dead []audience.Dead
		for _, token := range []string{"a", "b", "c"} { // renewed after they were dead
			documents[token] = `{"token":"` + token + `","os":"ios","renewed":"2026-11-25T10:00:09Z"}`
			dead = append(dead, audience.Dead{Platform: campaign.IOS, Token: token, Since: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)})
		}
		game := stored(server, documents)
		var log bytes.Buffer
		s := &audience.Couchbase{Bucket: store, Log: slog.New(slog.NewTextHandler(&log, nil))}
		if n, err := s.Remove(t.Context(), couch(t, query), dead); err != nil || n != want || len(game.IDs()) != 3-want {
			t.Errorf("%s: removed %d, %v; want %d", query, n, err, want)
		}
		told := 0
		if strings.Contains(query, "t.*") {
			told = 1
		}
		if got := strings.Count(log.String(), "the query gives no time as seen"); got != told || told == 1 && !strings.Contains(log.String(), "documents=3") {
			t.Errorf("%s: told %d times\n%s", query, got, log.String())
		}
	}
}

// A user's document with tokens among other things is never removed.
func TestDocumentsOfUsersStay(t *testing.T) {
	server, store := bucket(t)
	game := stored(server, map[string]string{"u1": `{"os":"ios","seen":1,"phone":{"token":"a"},"gems":5}`, "u2": `[{"token":"a"}]`})
	s := &audience.Couchbase{Bucket: store}
	dead := []audience.Dead{{Platform: campaign.IOS, Token: "a", Since: time.Now()}}
	for _, query := range []string{
		"SELECT META(t).id, t.phone.token, t.os, t.seen FROM game t",
		"SELECT t.*, META(t).id, t.phone.token FROM game t",
		"SELECT META(t).id, t[0].token, 'ios' AS os FROM game t",
	} {
		if n, err := s.Remove(t.Context(), couch(t, query), dead); err != nil || n != 0 || len(game.IDs()) != 2 {
			t.Errorf("%s: removed %d, %v", query, n, err)
		}
	}
	for _, of := range []func(*audience.Table){func(t *audience.Table) { t.ID = "" }, func(t *audience.Table) { t.UpdatedAt = "" }} {
		table := couch(t, "SELECT t.* FROM game t")
		of(&table)
		if n, err := s.Remove(t.Context(), table, dead); n != 0 || err != nil {
			t.Errorf("nothing says which document, or when: removed %d, %v", n, err)
		}
	}
}

func TestRemoveManyDocuments(t *testing.T) {
	for name, query := range map[string]string{"whole": "SELECT META(t).id, t.* FROM game t", "by index": "SELECT META(t).id, t.* FROM game t" + byIndex} {
		t.Run(name, func(t *testing.T) {
			server, store := bucket(t)
			documents, dead := map[string]string{}, []audience.Dead{}
			n := 40
			if name == "whole" {
				n = 2500 // more than one statement takes
			}
			for i := range n {
				token := fmt.Sprintf("t%05d", i)
				documents[token] = fmt.Sprintf(`{"token":%q,"os":"ios","seen":1}`, token)
				if i%2 == 0 {
					dead = append(dead, audience.Dead{Platform: campaign.IOS, Token: token, Since: time.Now()})
				}
			}
			game := stored(server, documents)
			s := &audience.Couchbase{Bucket: store}
			if got, err := s.Remove(t.Context(), couch(t, query), dead); err != nil || got != n/2 || len(game.IDs()) != n/2 {
				t.Errorf("removed %d, %v; left are %d", got, err, len(game.IDs()))
			}
		})
	}
}

func TestCostOfAQuery(t *testing.T) {
	server, store := bucket(t)
	game := server.Bucket("game").DefaultCollection()
	s := &audience.Couchbase{Bucket: store}
	for _, tt := range []struct {
		query, want string
		index       []string
	}{
		{"SELECT t.* FROM game t", "as a whole once for every 50000 tokens", nil},
		{"SELECT t.* FROM game t" + byIndex, "goes through all documents", nil},
		{"SELECT t.* FROM game t" + byIndex, "sorts all that are left", []string{"os", "user"}},
		{"SELECT t.* FROM game t" + byIndex, "", []string{"os", "token"}},
	} {
		if tt.index != nil {
			game.PutIndex("push_order", tt.index...)
		}
		got, err := s.Cost(t.Context(), audience.Query{Table: couch(t, tt.query)})
		if err != nil || !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: %q, %v; want %q", tt.query, got, err, tt.want)
		}
	}
	if names, err := s.Columns(t.Context(), audience.Query{Table: couch(t, "SELECT t.*, META(t).id FROM game t")}); names != nil || err != nil {
		t.Errorf("only documents know: %v, %v", names, err)
	}
	if _, err := s.Columns(t.Context(), audience.Query{Table: couch(t, "SELECT t.token FROM nowhere t")}); err == nil {
		t.Error("there is no such bucket")
	}
}

// Who is asked must have the tokens.
func TestOfTheOtherKind(t *testing.T) {
	if _, err := (&audience.Couchbase{}).Count(t.Context(), audience.Query{Table: table}); err == nil {
		t.Error("Couchbase was asked for a table")
	}
	if _, err := (&audience.Couchbase{}).Count(t.Context(), audience.Query{Table: couch(t, "SELECT 1"), SQL: "SELECT 1"}); err == nil {
		t.Error("Couchbase was asked by SQL")
	}
	if _, err := (&audience.Store{}).Count(t.Context(), audience.Query{Table: couch(t, "SELECT 1")}); err == nil {
		t.Error("MySQL was asked for a query")
	}
	for _, err := range (&audience.Couchbase{}).Pages(t.Context(), audience.Query{Table: couch(t, "SELECT 1"), Where: []audience.Condition{{Column: "a"}}}, audience.Cursor{}) {
		if err == nil {
			t.Error("a condition that tests nothing was asked")
		}
	}
}
