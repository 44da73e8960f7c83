package couchstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"liveops/sandbox/couchbase"
	"liveops/sandbox/mariadb"
	"liveops/sync/couchstore"
	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

func open(t *testing.T) (*couchbase.Server, *couchstore.Store) {
	t.Helper()
	server, err := couchbase.Start(couchbase.Options{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	store, err := couchstore.Open(t.Context(), couchstore.Options{URL: server.URL() + "/game", User: "Administrator", Password: "password", CA: server.CAPEM()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return server, store
}

func compiled(t *testing.T, s purge.Spec) *purge.Purge {
	t.Helper()
	s.Name, s.Scope, s.Collection = "cookie", purge.DefaultName, purge.DefaultName
	p, faults := purge.New(s)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

func TestDocuments(t *testing.T) {
	server, store := open(t)
	game := server.Bucket("game").DefaultCollection()
	d := store.Documents(purge.DefaultName, purge.DefaultName)
	ctx := t.Context()
	const body = "{\"n\": 9007199254740993, \"s\":\"<é>\"}\n"
	expires := time.Unix(4_000_000_000, 0).UTC()
	game.Put("u", couchbase.Document{Body: []byte(body), Flags: 0x02000006, Expires: expires})
	doc, err := d.Get(ctx, "u", "r1")
	if err != nil || string(doc.Body) != body || doc.Flags != 0x02000006 || !doc.Expiry.Equal(expires) || doc.Mark != "" {
		t.Fatalf("%+v %v", doc, err)
	}
	before := doc
	doc.Body = []byte(`{"n": 1,"s":"<"}`)
	if err := d.Replace(ctx, doc, "r1", "abc"); err != nil {
		t.Fatal(err)
	}
	if err := d.Replace(ctx, doc, "r1", "abc"); !errors.Is(err, purge.ErrConflict) {
		t.Errorf("under an old CAS: %v", err)
	}
	now, err := d.Get(ctx, "u", "r1")
	if err != nil || string(now.Body) != string(doc.Body) || now.Mark != "abc" || now.Flags != before.Flags || !now.Expiry.Equal(expires) {
		t.Errorf("%+v %v", now, err)
	}
	if other, err := d.Get(ctx, "u", "r2"); err != nil || other.Mark != "" {
		t.Errorf("the mark of another run: %+v %v", other, err)
	}
	if err := d.Remove(ctx, "u", before.CAS); !errors.Is(err, purge.ErrConflict) {
		t.Errorf("remove under an old CAS: %v", err)
	}
	if err := d.Remove(ctx, "u", now.CAS); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"remove": d.Remove(ctx, "u", now.CAS), "replace": d.Replace(ctx, now, "r1", "x"), "get": func() error { _, err := d.Get(ctx, "u", "r1"); return err }()} {
		if !errors.Is(err, purge.ErrNotFound) {
			t.Errorf("%s one that is gone: %v", what, err)
		}
	}
	if err := d.Insert(ctx, before); err != nil {
		t.Fatal(err)
	}
	if err := d.Insert(ctx, before); !errors.Is(err, purge.ErrConflict) {
		t.Errorf("insert one that is there: %v", err)
	}
	if back, err := d.Get(ctx, "u", "r1"); err != nil || string(back.Body) != body || back.Flags != before.Flags || !back.Expiry.Equal(expires) || back.Mark != "" {
		t.Errorf("%+v %v", back, err)
	}
}

const byItem = `function (doc, meta) { for (var i in doc.inventory) emit(doc.inventory[i].item, null); }`

func TestCandidates(t *testing.T) {
	server, store := open(t)
	bucket := server.Bucket("game")
	if err := bucket.PutDesign("inventory", couchbase.Design{Views: map[string]couchbase.MapView{"by_item": {Map: byItem}}}); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 2500 {
		item := "sword"
		id := fmt.Sprintf("user-%04d", i)
		if i%2 == 0 {
			item, want = "santa_cookie", append(want, id)
		}
		bucket.DefaultCollection().Put(id, couchbase.Document{Body: fmt.Appendf(nil, `{"inventory":[{"item":%q}]}`, item), Flags: 0x02000006})
	}
	key := []byte(`"santa_cookie"`)
	for what, s := range map[string]purge.Select{
		"key":   {View: &purge.View{Design: "inventory", Name: "by_item", Key: key}},
		"range": {View: &purge.View{Design: "inventory", Name: "by_item", Range: &purge.Range{Start: key, End: key, Inclusive: true}}},
		"query": {Query: "SELECT RAW META().id FROM game WHERE ANY i IN inventory SATISFIES i.item = 'santa_cookie' END"},
	} {
		var got []string
		err := store.Candidates(t.Context(), compiled(t, purge.Spec{Select: s, Delete: true}), func(id string) error { got = append(got, id); return nil })
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d ids, want %d: %v", what, len(got), len(want), err)
		}
	}
	err := store.Candidates(t.Context(), compiled(t, purge.Spec{Select: purge.Select{Query: "DELETE FROM game"}, Delete: true}), func(string) error { return nil })
	if err == nil || len(bucket.DefaultCollection().IDs()) != 2500 {
		t.Errorf("a query that writes: %v", err)
	}
}

func TestAsk(t *testing.T) {
	server, store := open(t)
	bucket := server.Bucket("game")
	if err := bucket.CreateScope("live"); err != nil {
		t.Fatal(err)
	}
	tokens, err := bucket.CreateCollection("live", "tokens")
	if err != nil {
		t.Fatal(err)
	}
	tokens.Put("a", couchbase.Document{Body: []byte(`{"n":1}`), Flags: 0x02000006})
	ask := func(scope, statement string, limit time.Duration) (rows []string, err error) {
		err = store.Ask(t.Context(), scope, statement, map[string]any{"n": 1}, limit, func(row json.RawMessage) error { rows = append(rows, string(row)); return nil })
		return rows, err
	}
	var asked couchbase.Operation
	server.Before(func(o couchbase.Operation) { asked = o })
	server.Inject(couchbase.Fault{Failure: couchbase.TemporaryFailure, Ops: []couchbase.Op{couchbase.Query}, Times: 2})
	for _, in := range []struct{ scope, from string }{{"live", "tokens"}, {"", "game.live.tokens"}} {
		rows, err := ask(in.scope, "SELECT RAW META().id FROM "+in.from+" WHERE n = $n", 0)
		if err != nil || !slices.Equal(rows, []string{`"a"`}) || !asked.ReadOnly || asked.Consistency != "not_bounded" {
			t.Errorf("%v: %q, %v, %+v", in, rows, err, asked)
		}
	}
	for statement, want := range map[string]int{"DELETE FROM game": 1000, "SELECT 1 FROM nowhere": 12003, "SELECT 1 FRM game": 3000, "SELECT 1 FROM game WHERE a = $none": 5010} {
		before := server.Count(couchbase.Query)
		_, err := ask("", statement, 0)
		if refused := (*couchstore.QueryError)(nil); !errors.As(err, &refused) || refused.Code != want {
			t.Errorf("%s: %v, want %d", statement, err, want)
		}
		if n := server.Count(couchbase.Query) - before; n != 1 {
			t.Errorf("%s was asked %d times", statement, n)
		}
	}
	stop := errors.New("stop")
	if err := store.Ask(t.Context(), "", "SELECT 1 FROM game.live.tokens", nil, 0, func(json.RawMessage) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	server.Inject(couchbase.Fault{Failure: couchbase.Slow, Delay: time.Hour, Ops: []couchbase.Op{couchbase.Query}, Times: 1})
	if _, err := ask("", "SELECT 1 FROM game", 100*time.Millisecond); !errors.Is(err, couchstore.ErrLate) {
		t.Errorf("late: %v", err)
	}
}

func TestDiscard(t *testing.T) {
	server, store := open(t)
	game := server.Bucket("game").DefaultCollection()
	game.Put("u", couchbase.Document{Body: []byte(`{"n":1}`), Flags: 0x02000006})
	body, cas, err := store.Body(t.Context(), "", "", "u")
	if err != nil || string(body) != `{"n":1}` {
		t.Fatalf("%s %v", body, err)
	}
	game.Put("u", couchbase.Document{Body: []byte(`{"n":2}`), Flags: 0x02000006})
	if gone, err := store.Discard(t.Context(), "", "", "u", cas); gone || err != nil {
		t.Errorf("under an old CAS: %t %v", gone, err)
	}
	_, cas, _ = store.Body(t.Context(), "", "", "u")
	server.Inject(couchbase.Fault{Failure: couchbase.TemporaryFailure, Ops: []couchbase.Op{couchbase.Remove}, Times: 1})
	if gone, err := store.Discard(t.Context(), "", "", "u", cas); !gone || err != nil {
		t.Errorf("%t %v", gone, err)
	}
	if gone, err := store.Discard(t.Context(), "", "", "u", cas); gone || err != nil {
		t.Errorf("one that is gone: %t %v", gone, err)
	}
	if body, cas, err := store.Body(t.Context(), "", "", "u"); body != nil || cas != 0 || err != nil {
		t.Errorf("%s %d %v", body, cas, err)
	}
}

// The story on the stand-in: the purge runs among connections that break, and one of its holders is brought back.
func TestSantaCookie(t *testing.T) {
	server, store := open(t)
	bucket := server.Bucket("game")
	if err := bucket.PutDesign("inventory", couchbase.Design{Views: map[string]couchbase.MapView{"by_item": {Map: byItem}}}); err != nil {
		t.Fatal(err)
	}
	game := bucket.DefaultCollection()
	const with, without = `{"z":1,"inventory":[{"item":"santa_cookie"},{"item":"sword"}]}`, `{"z":1,"inventory":[{"item":"sword"}]}`
	for i := range 300 {
		game.Put(fmt.Sprintf("user-%03d", i), couchbase.Document{Body: []byte(with), Flags: 0x02000006})
	}
	server.Inject(couchbase.Fault{Failure: couchbase.DropAfter, Ops: []couchbase.Op{couchbase.MutateIn}, Times: 5})
	server.Inject(couchbase.Fault{Failure: couchbase.TemporaryFailure, Probability: 0.05})
	db, err := mysqlstore.Open(t.Context(), "staging", mariadb.NewDatabase(t), mysqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := compiled(t, purge.Spec{
		Select: purge.Select{View: &purge.View{Design: "inventory", Name: "by_item", Key: []byte(`"santa_cookie"`)}},
		Match:  `any(.inventory[]; .item == "santa_cookie")`, Update: `del(.inventory[] | select(.item == "santa_cookie"))`,
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result, err := purgerun.Run(ctx, p, store, store.Documents(p.Scope, p.Collection), db.Purges(), purgerun.Options{Actor: "mina"})
	if err != nil || result.Run.State != purge.Done || result.Run.Counts.Done != 300 {
		t.Fatalf("%v %+v", err, result)
	}
	for _, id := range game.IDs() {
		if doc, _ := game.Get(id); string(doc.Body) != without {
			t.Errorf("%s is %s", id, doc.Body)
		}
	}
	run, err := db.Purges().TakeUp(ctx, "cookie", "jun")
	if err != nil {
		t.Fatal(err)
	}
	undone, err := purgerun.Undo(ctx, run, store.Documents(p.Scope, p.Collection), db.Purges(), purgerun.UndoOptions{IDs: []string{"user-007"}})
	if err != nil || undone.Restored != 1 || undone.Left != 0 {
		t.Fatalf("%v %+v", err, undone)
	}
	if doc, _ := game.Get("user-007"); string(doc.Body) != with {
		t.Errorf("it is %s", doc.Body)
	}
}
