package cbtest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
)

func queries() []check {
	return []check{
		{"a query returns the ids of documents that were just written", queryIDs},
		{"a query is prepared once and run by its name", queryPrepared},
		{"conditions: comparisons, lists, patterns, what is missing", queryConditions},
		{"fields are returned by name, and digits are kept", queryFields},
		{"a collection is queried by its scope", queryScope},
		{"a select is queried, its rows counted, and its time told", queryNested},
		{"what rows have is known by PREPARE, and the scan by EXPLAIN", queryExplained},
		{"a write is refused in a query that is to read only", queryReadOnly},
		{"what is not SQL++ is a syntax error, what is not there is not found", queryErrors},
	}
}

// indexed makes a primary index where the server has the statement; one that scans without an index needs none.
func (p *place) indexed(t *testing.T, c *gocb.Collection) {
	t.Helper()
	err := c.QueryIndexes().CreatePrimaryIndex(&gocb.CreatePrimaryQueryIndexOptions{IgnoreIfExists: true})
	if err != nil && !errors.Is(err, gocb.ErrParsingFailure) {
		t.Logf("no primary index: %v", err)
	}
}

// account stores a document that the check's queries find.
func (p *place) account(t *testing.T, name string, fields map[string]any) {
	t.Helper()
	fields["room"] = p.prefix
	p.put(t, name, fields)
}

// query runs a statement in which BUCKET is the bucket, with $room for the check's documents, and returns the rows.
func (p *place) query(t *testing.T, statement string, adhoc bool) []string {
	t.Helper()
	r, err := p.cluster.Query(strings.ReplaceAll(statement, "BUCKET", "`"+p.bucket.Name()+"`"), &gocb.QueryOptions{
		ScanConsistency: gocb.QueryScanConsistencyRequestPlus, Readonly: true, Adhoc: adhoc,
		NamedParameters: map[string]any{"room": p.prefix}, Timeout: time.Minute,
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	var rows []string
	for r.Next() {
		var row json.RawMessage
		if err := r.Row(&row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, strings.ReplaceAll(string(row), p.prefix, ""))
	}
	if err := r.Err(); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return rows
}

func queryIDs(t *testing.T, p *place) {
	p.indexed(t, p.docs)
	for _, name := range []string{"a", "b", "c"} {
		p.account(t, name, map[string]any{"n": 1})
	}
	statement := "SELECT RAW META().id FROM BUCKET WHERE room = $room ORDER BY META().id"
	equal(t, "ids", p.query(t, statement, true), []string{`"a"`, `"b"`, `"c"`})
	must[*gocb.MutationResult](t)(p.docs.Remove(p.prefix+"b", nil))
	p.account(t, "d", map[string]any{"n": 1})
	equal(t, "ids after changes", p.query(t, statement, true), []string{`"a"`, `"c"`, `"d"`})
}

func queryPrepared(t *testing.T, p *place) {
	p.indexed(t, p.docs)
	p.account(t, "a", map[string]any{"n": 1})
	for range 3 {
		rows := p.query(t, "SELECT META(u).id, u.n FROM BUCKET AS u WHERE u.room = $room", false)
		if len(rows) != 1 {
			t.Fatalf("rows: %v", rows)
		}
	}
}

func queryConditions(t *testing.T, p *place) {
	p.indexed(t, p.docs)
	p.account(t, "a", map[string]any{"level": 10, "name": "Ann", "inventory": []item{{"sword", 1}, {"cookie", 2}}, "tags": []string{"x"}})
	p.account(t, "b", map[string]any{"level": 20, "name": "bob", "inventory": []item{{"sword", 1}}, "guild": nil})
	p.account(t, "c", map[string]any{"level": "30", "name": "Cat_", "inventory": []item{}, "guild": "g"})
	for condition, want := range map[string]string{
		"level > 5":                  "a b c", // a string is greater than any number
		"level >= 10 AND level < 20": "a",
		"level != 10":                "b c",
		"level = 10 OR name = 'bob'": "a b",
		"NOT (level = 10)":           "b c",
		"level IN [10, '30']":        "a c",
		"level NOT IN [10]":          "b c",
		"name LIKE '%o%'":            "b",
		"name LIKE 'A__'":            "a",
		"name NOT LIKE 'A%'":         "b c",
		"guild IS NULL":              "b",
		"guild IS MISSING":           "a",
		"guild IS NOT MISSING":       "b c",
		"guild IS VALUED":            "c",
		"guild IS NOT NULL":          "c",
		"guild = NULL":               "",
		"ANY i IN inventory SATISFIES i.item = 'cookie' END":            "a",
		"ANY i IN inventory SATISFIES i.item = 'sword' AND i.n = 1 END": "a b",
		"EVERY i IN inventory SATISFIES i.item = 'sword' END":           "b c",
		"inventory[0].item = \"sword\"":                                 "a b",
		"'x' IN tags":                                                   "a",
		"level BETWEEN 10 AND 20":                                       "a b",
	} {
		got := p.query(t, "SELECT RAW META().id FROM BUCKET WHERE room = $room AND ("+condition+") ORDER BY META().id", true)
		for i := range got {
			got[i] = strings.Trim(got[i], `"`)
		}
		equal(t, condition, got, strings.Fields(want))
	}
	equal(t, "limit", p.query(t, "SELECT RAW META().id FROM BUCKET WHERE room = $room ORDER BY META().id DESC LIMIT 1 OFFSET 1", true), []string{`"b"`})
}

func queryFields(t *testing.T, p *place) {
	p.indexed(t, p.docs)
	p.putRaw(t, "a", `{"room":"`+p.prefix+`","big":1234567890123456789,"in":{"x":true}}`)
	got := p.query(t, "SELECT META(u).id, u.big, u.in.x AS deep, u.none FROM BUCKET u WHERE u.room = $room", true)
	if len(got) != 1 {
		t.Fatalf("rows: %v", got)
	}
	var row map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got[0]), &row); err != nil {
		t.Fatal(err)
	}
	if string(row["id"]) != `"a"` || string(row["big"]) != "1234567890123456789" || string(row["deep"]) != "true" || len(row) != 3 {
		t.Errorf("row is %s", got[0])
	}
}

func queryScope(t *testing.T, p *place) {
	s := p.scope(t, "users")
	c := s.Collection("users")
	p.indexed(t, c)
	id := p.id(t, "u")
	must[*gocb.MutationResult](t)(c.Upsert(id, map[string]any{"room": p.prefix}, nil))
	t.Cleanup(func() { must[*gocb.MutationResult](t)(c.Remove(id, nil)) })
	equal(t, "by path", p.query(t, "SELECT RAW META().id FROM BUCKET.cbtest.users WHERE room = $room", true), []string{`"u"`})
	for _, adhoc := range []bool{true, false, false} {
		r, err := s.Query("SELECT RAW META().id FROM users WHERE room = $1", &gocb.QueryOptions{
			ScanConsistency: gocb.QueryScanConsistencyRequestPlus, PositionalParameters: []any{p.prefix}, Adhoc: adhoc,
		})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := r.One(&got); err != nil || got != id {
			t.Errorf("by context: %q (%v), want %q", got, err, id)
		}
	}
}

func queryNested(t *testing.T, p *place) {
	p.indexed(t, p.docs)
	p.account(t, "a", map[string]any{"token": "b", "os": "iOS", "lv": 10, "seen": "2026-11-01T00:00:00Z"})
	p.account(t, "b", map[string]any{"token": "a", "os": "ios", "lv": "10", "seen": 1793491200000})
	p.account(t, "c", map[string]any{"token": "a", "os": "aos", "lv": 20.5, "lang": "pt_BR"})
	inner := "(SELECT t.*, META(t).id FROM BUCKET AS t WHERE t.room = $room) AS u"
	equal(t, "pages", p.query(t, "SELECT u.token FROM "+inner+" WHERE LOWER(u.os) = 'ios' AND u.token > 'a' ORDER BY u.token LIMIT 5", true), []string{`{"token":"b"}`})
	equal(t, "groups", p.query(t, "SELECT LOWER(u.os) AS os, COUNT(DISTINCT u.token) AS n, COUNT(*) AS `all` FROM "+inner+" GROUP BY LOWER(u.os) ORDER BY os", true),
		[]string{`{"all":1,"n":1,"os":"aos"}`, `{"all":2,"n":2,"os":"ios"}`})
	equal(t, "texts", p.query(t, "SELECT RAW u.id FROM "+inner+" WHERE TOSTRING(u.lv) IN ['10', '20.5'] ORDER BY u.id", true), []string{`"a"`, `"b"`, `"c"`})
	equal(t, "languages", p.query(t, "SELECT RAW REPLACE(LOWER(u.lang), '_', '-') FROM "+inner+" WHERE u.lang IS VALUED", true), []string{`"pt-br"`})
	equal(t, "times", p.query(t, "SELECT RAW CASE WHEN IS_NUMBER(u.seen) THEN u.seen ELSE STR_TO_MILLIS(u.seen) END FROM "+inner+" WHERE u.seen IS NOT MISSING ORDER BY u.id", true),
		[]string{"1793491200000", "1793491200000"})
}

func queryExplained(t *testing.T, p *place) {
	p.indexed(t, p.docs)
	got := p.query(t, "PREPARE SELECT t.token, META(t).id, t.os AS platform FROM BUCKET AS t", true)
	var prepared struct{ Signature map[string]string }
	if err := json.Unmarshal([]byte(got[0]), &prepared); err != nil || len(prepared.Signature) != 3 || prepared.Signature["platform"] == "" {
		t.Errorf("prepared %v, %v", prepared, err)
	}
	got = p.query(t, "EXPLAIN SELECT t.token FROM BUCKET AS t ORDER BY t.token", true)
	for _, operator := range []string{"PrimaryScan", "Order"} {
		if !strings.Contains(strings.ReplaceAll(got[0], " ", ""), `"#operator":"`+operator) {
			t.Errorf("no %s in %s", operator, got[0])
		}
	}
}

// codes are the numbers of a query's errors.
func codes(err error) (all []int) {
	var q *gocb.QueryError
	if errors.As(err, &q) {
		for _, e := range q.Errors {
			all = append(all, int(e.Code))
		}
	}
	return all
}

func queryReadOnly(t *testing.T, p *place) {
	p.indexed(t, p.docs)
	p.account(t, "a", map[string]any{"n": 1})
	for _, adhoc := range []bool{true, false} {
		_, err := p.cluster.Query("DELETE FROM `"+p.bucket.Name()+"` WHERE room = $room", &gocb.QueryOptions{
			Readonly: true, Adhoc: adhoc, NamedParameters: map[string]any{"room": p.prefix},
		})
		if !slices.Contains(codes(err), 1000) {
			t.Errorf("adhoc %v: %v, want error 1000", adhoc, err)
		}
	}
	p.body(t, p.prefix+"a") // it is still there
}

func queryErrors(t *testing.T, p *place) {
	for _, adhoc := range []bool{true, false} {
		_, err := p.cluster.Query("SLECT name FROM `"+p.bucket.Name()+"`", &gocb.QueryOptions{Adhoc: adhoc})
		if !errors.Is(err, gocb.ErrParsingFailure) || !slices.Contains(codes(err), 3000) {
			t.Errorf("adhoc %v: %v, want ErrParsingFailure and 3000", adhoc, err)
		}
	}
	_, err := p.cluster.Query("SELECT RAW META().id FROM `"+p.bucket.Name()+"`.cbtest.never", &gocb.QueryOptions{Adhoc: true})
	if !slices.Contains(codes(err), 12003) {
		t.Errorf("%v, want error 12003", err)
	}
}
