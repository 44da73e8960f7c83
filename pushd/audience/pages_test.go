package audience_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/sandbox/couchbase"
)

// A reading asks for a page at a time, and goes on where few of many belong to the audience.
func TestManyPages(t *testing.T) {
	server, store := bucket(t)
	documents := map[string]string{}
	for i := range 2500 {
		country := "KR"
		if i%100 == 0 {
			country = "JP"
		}
		documents[fmt.Sprint(i)] = fmt.Sprintf(`{"token":"t%05d","os":"ios","country":%q}`, i, country)
	}
	stored(server, documents)
	for name, tt := range map[string]struct {
		query string
		asked int
	}{"whole": {"SELECT t.* FROM game t", 2}, "by index": {"SELECT t.* FROM game t" + byIndex, 1 + 26}} { // android has none
		before := server.Count(couchbase.Query)
		s := &audience.Couchbase{Bucket: store, PageRows: 100}
		got := pages(t, s, audience.Query{Table: couch(t, tt.query), Where: []audience.Condition{{Column: "country", In: []string{"JP"}}}}, audience.Cursor{})
		if n := server.Count(couchbase.Query) - before; n != tt.asked || strings.Count(strings.Join(got, " "), "t0") != 25 {
			t.Errorf("%s: asked %d times, want %d; %q", name, n, tt.asked, got)
		}
	}
	s := &audience.Couchbase{Bucket: store, PageRows: 100}
	for _, err := range s.Pages(t.Context(), audience.Query{Table: couch(t, "SELECT t.* FROM game t WHERE t.token > $after OR TRUE ORDER BY t.token LIMIT $limit")}, audience.Cursor{Platform: campaign.IOS, Value: "ios", Token: "t01000"}) {
		if err == nil || !strings.Contains(err.Error(), "no token behind") {
			t.Errorf("a query that begins anew each time: %v", err)
		}
	}
}

// A token is met where one of its documents belongs to the audience, wherever a page ends among them.
func TestDocumentsOfOneToken(t *testing.T) {
	for name, query := range map[string]string{"whole": "SELECT t.* FROM game t", "by index": "SELECT t.* FROM game t" + byIndex} {
		server, store := bucket(t)
		documents := map[string]string{"x1": `{"token":["y"],"os":"ios","country":"KR"}`, "x2": `{"token":["z"],"os":"ios","country":"KR"}`}
		put := func(token string, countries ...string) {
			for _, c := range countries {
				documents[fmt.Sprintf("%03d", len(documents))] = fmt.Sprintf(`{"token":%q,"os":"ios","country":%q}`, token, c)
			}
		}
		put("a", "KR")
		put("b", "KR", "JP")
		put("c", "JP", "JP", "JP", "JP", "JP", "JP", "JP", "KR") // more than two pages
		put("d", "JP", "KR", "KR")
		put("e", "JP")
		put("f", "JP", "KR")
		stored(server, documents)
		q := audience.Query{Table: couch(t, query), Where: []audience.Condition{{Column: "country", In: []string{"KR"}}}}
		for rows := range 9 {
			s := &audience.Couchbase{Bucket: store, PageRows: rows}
			if got := tokens(pages(t, s, q, audience.Cursor{})); !slices.Equal(got, []string{"ios: a, b, c, d, f"}) {
				t.Errorf("%s, pages of %d: %q", name, rows, got)
			}
			for _, to := range []string{"c", "d"} {
				got, err := s.Between(t.Context(), q, audience.Cursor{Platform: campaign.IOS, Value: "ios", Token: "a"}, to)
				want := []audience.Token{{Token: "b"}, {Token: "c"}, {Token: "d"}}
				if to == "c" {
					want = want[:2]
				}
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s, pages of %d, up to %s: %v, %v", name, rows, to, got, err)
				}
			}
		}
	}
}

// Batches that are handed out again are read by few statements, also where the SELECT is carried out as a whole for each.
func TestManyBatchesAgain(t *testing.T) {
	server, store := bucket(t)
	documents := map[string]string{}
	for i := range 300 {
		documents[fmt.Sprint(i)] = fmt.Sprintf(`{"token":"t%05d","os":"ios","lang":"ko"}`, i)
	}
	game := stored(server, documents)
	s := &audience.Couchbase{Bucket: store, PageRows: 100}
	q := audience.Query{Table: couch(t, "SELECT t.* FROM game t")}
	between := func(q audience.Query, from, to int) int {
		t.Helper()
		got, err := s.Between(t.Context(), q, audience.Cursor{Platform: campaign.IOS, Value: "ios", Token: fmt.Sprintf("t%05d", from)}, fmt.Sprintf("t%05d", to))
		if err != nil || len(got) > 0 && (got[0].Token != fmt.Sprintf("t%05d", from+1) || got[len(got)-1].Token != fmt.Sprintf("t%05d", to)) {
			t.Errorf("from %d to %d: %v, %v", from, to, got, err)
		}
		return len(got)
	}
	for from := 0; from < 290; from += 10 {
		if n := between(q, from, from+10); n != 10 {
			t.Errorf("from %d: %d tokens", from, n)
		}
	}
	if n := server.Count(couchbase.Query); n != 3 {
		t.Errorf("asked %d times", n)
	}
	if n := between(q, 0, 250); n != 250 { // more than one statement gives
		t.Errorf("%d tokens", n)
	}
	other := q
	other.Where = []audience.Condition{{Column: "lang", In: []string{"en"}}}
	game.Put("x", couchbase.Document{Body: []byte(`{"token":"t00005","os":"ios","lang":"en"}`), Flags: 0x02000006})
	if n := between(other, 4, 5); n != 1 {
		t.Errorf("of another query: %d tokens", n)
	}
}

// What was read for such batches is kept for a minute and no longer: what is registered later is met, and no memory is held.
func TestBatchesAgainLater(t *testing.T) {
	server, store := bucket(t)
	game := stored(server, map[string]string{"a": `{"token":"a","os":"ios"}`, "c": `{"token":"c","os":"ios"}`})
	var waits []time.Duration
	var forget []func() // nil where it was called off
	s := &audience.Couchbase{Bucket: store, AfterFunc: func(d time.Duration, f func()) func() bool {
		i := len(forget)
		waits, forget = append(waits, d), append(forget, f)
		return func() bool { forget[i] = nil; return true }
	}}
	q := audience.Query{Table: couch(t, "SELECT t.* FROM game t")}
	between := func(after, to string, want string, asked int) {
		t.Helper()
		got, err := s.Between(t.Context(), q, audience.Cursor{Platform: campaign.IOS, Value: "ios", Token: after}, to)
		all := ""
		for _, token := range got {
			all += token.Token
		}
		if n := server.Count(couchbase.Query); err != nil || all != want || n != asked {
			t.Errorf("behind %q to %q: %q, %v, asked %d times; want %q and %d", after, to, all, err, n, want, asked)
		}
	}
	between("", "c", "ac", 1)
	game.Put("b", couchbase.Document{Body: []byte(`{"token":"b","os":"ios"}`), Flags: 0x02000006})
	between("", "c", "ac", 1)
	if !slices.Equal(waits, []time.Duration{time.Minute}) {
		t.Fatalf("kept for %v", waits)
	}
	late := forget[0]
	late()
	between("", "c", "abc", 2)
	late() // it is not about this page
	between("a", "c", "bc", 2)
	q.Where = []audience.Condition{{Column: "lang", Null: true}}
	between("", "c", "abc", 3)
	if len(forget) != 3 || forget[1] != nil || forget[2] == nil {
		t.Errorf("the page before is to be forgotten once more")
	}
}
