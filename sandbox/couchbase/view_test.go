package couchbase_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"

	"liveops/sandbox/couchbase"
)

// withView starts a stand-in with one view, inventory/by_item, and documents that emit their keys.
func withView(t *testing.T, o couchbase.Options, mapFunction string, docs ...string) *couchbase.Server {
	t.Helper()
	s := start(t, o)
	b := s.Bucket("game")
	if err := b.PutDesign("inventory", couchbase.Design{Views: map[string]couchbase.MapView{"by_item": {Map: mapFunction}}}); err != nil {
		t.Fatal(err)
	}
	for i, d := range docs {
		b.DefaultCollection().Put(string(rune('a'+i)), couchbase.Document{Body: []byte(d)})
	}
	return s
}

// web asks over HTTP, and returns the status and the body.
func web(t *testing.T, s *couchbase.Server, method, path, send string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, s.WebURL()+path, strings.NewReader(send))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("Administrator", "password")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

// get asks as the first user.
func get(address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth("Administrator", "password")
	return http.DefaultClient.Do(r)
}

// ids reads the view with parameters, and returns the documents' ids.
func ids(t *testing.T, s *couchbase.Server, parameters string) string {
	t.Helper()
	status, text := web(t, s, "GET", "/game/_design/inventory/_view/by_item?"+parameters, "")
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", parameters, status, text)
	}
	return rowIDs(t, text)
}

func rowIDs(t *testing.T, text string) string {
	t.Helper()
	var answer struct {
		Rows []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	var all []string
	for _, r := range answer.Rows {
		all = append(all, r.ID)
	}
	return strings.Join(all, " ")
}

const emitKey = `function (doc, meta) { emit(doc.key, null); }`

func TestAViewIsAsFreshAsAsked(t *testing.T) {
	s := withView(t, couchbase.Options{}, emitKey, `{"key":1}`)
	for _, step := range []struct{ stale, want string }{
		{"ok", ""}, {"ok", ""}, {"update_after", ""}, {"ok", "a"}, {"false", "a"},
	} {
		if got := ids(t, s, "stale="+step.stale); got != step.want {
			t.Errorf("stale=%s: %q, want %q", step.stale, got, step.want)
		}
	}
	docs := s.Bucket("game").DefaultCollection()
	docs.Put("b", couchbase.Document{Body: []byte(`{"key":2}`)})
	docs.Delete("a")
	if got := ids(t, s, "stale=ok"); got != "a" {
		t.Errorf("before an update: %q", got)
	}
	if got := ids(t, s, ""); got != "a" { // update_after is what nothing means
		t.Errorf("without stale: %q", got)
	}
	if got := ids(t, s, "stale=ok"); got != "b" {
		t.Errorf("after an update: %q", got)
	}
}

func TestAViewForgetsWhatExpired(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := withView(t, couchbase.Options{Now: func() time.Time { return now }}, emitKey)
	s.Bucket("game").DefaultCollection().Put("a", couchbase.Document{Body: []byte(`{"key":1}`), Expires: now.Add(time.Minute)})
	if got := ids(t, s, "stale=false"); got != "a" {
		t.Fatalf("before: %q", got)
	}
	now = now.Add(time.Minute)
	if got := ids(t, s, "stale=false"); got != "" {
		t.Errorf("after: %q", got)
	}
}

func TestMapFunctionsThatFailLeaveDocumentsOut(t *testing.T) {
	hang := `function (doc, meta) {
		if (doc.hang) { while (true) {} }
		if (doc.deep) { (function f() { f(); })(); }
		if (doc.long) { emit(new Array(5000).join("x"), 1); }
		if (doc.much) { for (var i = 0; i < 300; i++) { emit(i, new Array(5000).join("x")); } }
		if (doc.loop) { var o = {}; o.o = o; emit(1, o); }
		emit(doc.nothing.at.all, 1);
	}`
	s := withView(t, couchbase.Options{MapTimeout: 100 * time.Millisecond}, hang,
		`{"hang":1}`, `{"nothing":{"at":{"all":7}}}`, `{"deep":1}`, `{"long":1,"nothing":{"at":{}}}`, `{"much":1,"nothing":{"at":{}}}`,
		`{"loop":1,"nothing":{"at":{}}}`, `{"nothing":{"at":{}}}`)
	if got := ids(t, s, "stale=false"); got != "g b" { // undefined is null, and null comes first
		t.Errorf("rows: %q, want g and b", got)
	}
}

func TestWhatAMapFunctionSees(t *testing.T) {
	s := withView(t, couchbase.Options{}, `function (doc, meta) {
		emit([meta.type, meta.id], [meta.expiration, meta.flags, typeof meta.rev, doc.t && dateToArray(doc.t), meta.type == "base64" ? decodeBase64(doc) : sum([1, 2])]);
	}`)
	docs := s.Bucket("game").DefaultCollection()
	docs.Put("j", couchbase.Document{Body: []byte(`{"t":"2013-12-24T19:00:00+09:00"}`), Flags: 7, Expires: time.Unix(4e9, 0)})
	docs.Put("b", couchbase.Document{Body: []byte{0, 1, 255}})
	_, text := web(t, s, "GET", "/game/_design/inventory/_view/by_item?stale=false", "")
	for _, want := range []string{
		`"key":["base64","b"],"value":[0,0,"string",null,[0,1,255]]`, `"key":["json","j"],"value":[4000000000,7,"string",[2013,12,24,10,0,0],3]`, `"total_rows":2`,
	} {
		if !strings.Contains(strings.ReplaceAll(text, "undefined", "null"), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

func TestParametersOfAView(t *testing.T) {
	s := withView(t, couchbase.Options{}, emitKey, `{"key":1}`, `{"key":2}`, `{"key":2}`, `{"key":2}`, `{"key":3}`)
	ids(t, s, "stale=false")
	for parameters, want := range map[string]string{
		"key=2":                        "b c d",
		"key=9":                        "",
		"keys=[3,1]":                   "e a",
		"keys=[]":                      "",
		"startkey=2&endkey=2":          "b c d",
		"startkey=2":                   "b c d e",
		"endkey=2":                     "a b c d",
		"endkey=2&inclusive_end=false": "a",
		"startkey=2&startkey_docid=c":  "c d e",
		"endkey=2&endkey_docid=c":      "a b c",
		"startkey=2&startkey_docid=c&endkey=2&endkey_docid=c": "c",
		"descending=true":                                         "e d c b a",
		"descending=true&startkey=2":                              "d c b a",
		"descending=true&startkey=2&startkey_docid=c":             "c b a",
		"descending=true&startkey=3&endkey=2&inclusive_end=false": "e",
		"descending=true&endkey=2&endkey_docid=c":                 "e d c",
		"descending=true&startkey=1&endkey=3":                     "",
		"skip=1&limit=2":                                          "b c",
		"skip=9":                                                  "",
		"limit=0":                                                 "",
		"startkey=3&endkey=1":                                     "",
		"reduce=false&debug=false&on_error=stop&connection_timeout=1": "a b c d e",
	} {
		if got := ids(t, s, "stale=ok&"+strings.ReplaceAll(parameters, "[", "%5B")); got != want {
			t.Errorf("%s: %q, want %q", parameters, got, want)
		}
	}
	status, text := web(t, s, "POST", "/game/_design/inventory/_view/by_item?stale=ok", `{"keys":[3,2]}`)
	if got := rowIDs(t, text); status != http.StatusOK || got != "e b c d" {
		t.Errorf("POST: %d %s", status, text)
	}
	for _, bad := range []string{"key=x", "keys=1", "startkey=%7B", "limit=x", "skip=-1", "descending=maybe", "stale=never", "reduce=true", "group=true"} {
		if status, text := web(t, s, "GET", "/game/_design/inventory/_view/by_item?"+bad, ""); status != http.StatusBadRequest || !json.Valid([]byte(text)) {
			t.Errorf("%s: %d %s, want 400", bad, status, text)
		}
	}
}

func TestDesignDocuments(t *testing.T) {
	s := withView(t, couchbase.Options{}, emitKey, `{"key":1}`)
	ids(t, s, "stale=false")
	views := bucket(t, s).ViewIndexes()
	production := gocb.DesignDocumentNamespaceProduction
	all, err := views.GetAllDesignDocuments(production, nil)
	if err != nil || len(all) != 1 || all[0].Views["by_item"].Map != emitKey {
		t.Errorf("design documents: %+v (%v)", all, err)
	}
	same := gocb.DesignDocument{Name: "inventory", Views: map[string]gocb.View{"by_item": {Map: emitKey}, "new": {Map: emitKey}}}
	if err := views.UpsertDesignDocument(same, production, nil); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s, "stale=ok"); got != "a" {
		t.Errorf("an unchanged view lost its index: %q", got)
	}
	for name, source := range map[string]string{"no JavaScript": "function (", "no function": "1", "a throw": "(function(){ throw 1 })()"} {
		bad := gocb.DesignDocument{Name: "bad", Views: map[string]gocb.View{"v": {Map: source}}}
		if err := views.UpsertDesignDocument(bad, production, nil); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := views.DropDesignDocument("inventory", production, nil); err != nil {
		t.Error(err)
	}
	if _, err := views.GetDesignDocument("inventory", production, nil); !errors.Is(err, gocb.ErrDesignDocumentNotFound) {
		t.Errorf("dropped, and then: %v", err)
	}
}

func TestFaultsOfViewsAndQueries(t *testing.T) {
	s := withView(t, couchbase.Options{}, emitKey, `{"key":1}`, `{"key":2}`, `{"key":3}`, `{"key":4}`)
	ids(t, s, "stale=false")
	b := bucket(t, s)
	read := map[couchbase.Op]func() (int, error){
		couchbase.View: func() (int, error) {
			r, err := b.ViewQuery("inventory", "by_item", &gocb.ViewOptions{Namespace: gocb.DesignDocumentNamespaceProduction, RetryStrategy: failFast{}})
			if err != nil {
				return 0, err
			}
			n := 0
			for r.Next() {
				n++
			}
			return n, r.Err()
		},
		couchbase.Query: func() (int, error) {
			r, err := b.DefaultScope().Query("SELECT RAW META().id FROM _default", &gocb.QueryOptions{Adhoc: true, RetryStrategy: failFast{}})
			if err != nil {
				return 0, err
			}
			n := 0
			for r.Next() {
				n++
			}
			return n, r.Err()
		},
	}
	for op, f := range read {
		if n, err := f(); n != 4 || err != nil {
			t.Errorf("%s: %d rows (%v)", op, n, err)
		}
		for _, failure := range []couchbase.Failure{couchbase.TemporaryFailure, couchbase.DropBefore, couchbase.DropAfter} {
			s.Inject(couchbase.Fault{Ops: []couchbase.Op{op}, Failure: failure, Times: 1})
			n, err := f()
			if err == nil || n == 4 {
				t.Errorf("%s, failure %d: %d rows and no error", op, failure, n)
			}
			if failure == couchbase.DropAfter && n == 0 {
				t.Errorf("%s breaks off before its first row", op)
			}
		}
		if n, err := f(); n != 4 || err != nil {
			t.Errorf("%s afterwards: %d rows (%v)", op, n, err)
		}
	}
}

func TestHooksSeeHowCurrentRowsMustBe(t *testing.T) {
	s := withView(t, couchbase.Options{}, emitKey)
	var seen []string
	s.Before(func(o couchbase.Operation) { seen = append(seen, fmt.Sprintf("%s %s %s", o.Op, o.Path, o.Consistency)) })
	ids(t, s, "stale=false")
	ids(t, s, "")
	web(t, s, "POST", "/query/service", url.Values{"statement": {"SELECT 1 FROM game"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	want := []string{"view inventory/by_item false", "view inventory/by_item update_after", "query SELECT 1 FROM game not_bounded"}
	if !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}

func TestTheWebWantsAUser(t *testing.T) {
	s := start(t, couchbase.Options{Users: []couchbase.User{
		{Name: "Administrator", Password: "password", Buckets: []string{"mine"}}, {Name: "reader", Password: "x", ReadOnly: true},
	}})
	for _, c := range []struct {
		method, path, user, password string
		want                         int
	}{
		{"GET", "/game/_design/d/_view/v", "", "", 401},
		{"GET", "/game/_design/d/_view/v", "reader", "wrong", 401},
		{"GET", "/game/_design/d/_view/v", "Administrator", "password", 403},
		{"GET", "/game/_design/d/_view/v", "reader", "x", 404},
		{"PUT", "/game/_design/d", "reader", "x", 403},
		{"GET", "/none/_design/d/_view/v", "reader", "x", 404},
		{"POST", "/query/service", "", "", 401},
	} {
		r, err := http.NewRequestWithContext(context.Background(), c.method, s.WebURL()+c.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if c.user != "" {
			r.SetBasicAuth(c.user, c.password)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s %s as %q: %d, want %d", c.method, c.path, c.user, resp.StatusCode, c.want)
		}
	}
}
