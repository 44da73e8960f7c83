package couchbase_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"

	"liveops/sandbox/couchbase"
)

func TestQueryErrors(t *testing.T) {
	s := start(t, couchbase.Options{Buckets: []string{"game", "other"}, Users: []couchbase.User{{Name: "Administrator", Password: "password", Buckets: []string{"game"}}}})
	for _, c := range []struct {
		what   string
		fields map[string]any
		status int
		code   int
	}{
		{"no statement", map[string]any{}, 400, 1050},
		{"no SQL++", map[string]any{"statement": "SLECT name FROM game"}, 400, 3000},
		{"a write", map[string]any{"statement": "DELETE FROM game", "readonly": true}, 403, 1000},
		{"a prepared write", map[string]any{"statement": "PREPARE update game set a = 1", "readonly": true, "auto_execute": true}, 403, 1000},
		{"no bucket", map[string]any{"statement": "SELECT 1 FROM none"}, 404, 12003},
		{"no collection", map[string]any{"statement": "SELECT 1 FROM game.live.users"}, 404, 12003},
		{"a bucket of others", map[string]any{"statement": "SELECT 1 FROM other"}, 401, 13014},
		{"nothing prepared", map[string]any{"prepared": "p1"}, 404, 4040},
		{"no value for a parameter", map[string]any{"statement": "SELECT 1 FROM game WHERE a = $a"}, 500, 5010},
		{"no such consistency", map[string]any{"statement": "SELECT 1 FROM game", "scan_consistency": "soon"}, 400, 1070},
		{"no such context", map[string]any{"statement": "SELECT 1 FROM users", "query_context": "default:game"}, 400, 1070},
	} {
		send, err := json.Marshal(c.fields)
		if err != nil {
			t.Fatal(err)
		}
		status, text := web(t, s, "POST", "/query/service", string(send), "Content-Type", "application/json")
		var answer struct {
			Status string
			Errors []struct{ Code int }
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status != c.status || len(answer.Errors) != 1 || answer.Errors[0].Code != c.code || answer.Status != "fatal" {
			t.Errorf("%s: %d %s (%v), want %d and error %d", c.what, status, text, err, c.status, c.code)
		}
	}
}

func TestQueryAsAForm(t *testing.T) {
	s := start(t, couchbase.Options{})
	s.Bucket("game").DefaultCollection().Put("a", couchbase.Document{Body: []byte(`{"n":1}`)})
	form := url.Values{"statement": {"SELECT RAW META().id FROM game WHERE n = $n AND n = $1"}, "$n": {"1"}, "args": {"[1]"}}
	status, text := web(t, s, "POST", "/query/service", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if status != http.StatusOK || !strings.Contains(text, `"a"`) || !strings.Contains(text, `"status": "success"`) {
		t.Errorf("%d %s", status, text)
	}
}

func TestAPreparedStatementThatIsForgottenIsPreparedAgain(t *testing.T) {
	s := start(t, couchbase.Options{})
	s.Bucket("game").DefaultCollection().Put("a", couchbase.Document{Body: []byte(`{"n":1}`)})
	c := connect(t, s)
	t.Cleanup(func() { _ = c.Close(nil) })
	ask := func() {
		t.Helper()
		r, err := c.Query("SELECT RAW META().id FROM game", nil)
		if err != nil {
			t.Fatal(err)
		}
		var id string
		if err := r.One(&id); err != nil || id != "a" {
			t.Errorf("%q (%v)", id, err)
		}
	}
	ask()
	for _, forgotten := range []bool{false, true, false} {
		before, want := s.Count(couchbase.Query), 1
		if forgotten {
			s.ForgetPrepared()
			want = 2 // by its name, then the statement
		}
		if ask(); s.Count(couchbase.Query)-before != want {
			t.Errorf("forgotten %v: asked %d times, want %d", forgotten, s.Count(couchbase.Query)-before, want)
		}
	}
}

func TestPrepareAlone(t *testing.T) {
	s := start(t, couchbase.Options{})
	s.Bucket("game").DefaultCollection().Put("a", couchbase.Document{Body: []byte(`{}`)})
	_, text := web(t, s, "POST", "/query/service", `{"statement":"PREPARE SELECT RAW META().id FROM game"}`, "Content-Type", "application/json")
	var plan struct{ Results []struct{ Name string } }
	if err := json.Unmarshal([]byte(text), &plan); err != nil || len(plan.Results) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	send, _ := json.Marshal(map[string]string{"prepared": plan.Results[0].Name})
	if _, text = web(t, s, "POST", "/query/service", string(send), "Content-Type", "application/json"); !strings.Contains(text, `"a"`) {
		t.Errorf("run by its name: %s", text)
	}
}

func TestAQueryOfNoBucketFails(t *testing.T) {
	s := start(t, couchbase.Options{})
	c := connect(t, s)
	t.Cleanup(func() { _ = c.Close(nil) })
	_, err := c.Query("SELECT 1 FROM none", &gocb.QueryOptions{Adhoc: true})
	var q *gocb.QueryError
	if !errors.As(err, &q) || q.Errors[0].Code != 12003 {
		t.Errorf("%v, want 12003", err)
	}
}

// A statement that takes longer than its request allows is ended by the server.
func TestAQueryThatTakesTooLong(t *testing.T) {
	s := start(t, couchbase.Options{})
	s.Inject(couchbase.Fault{Ops: []couchbase.Op{couchbase.Query}, Failure: couchbase.Slow, Delay: time.Hour})
	status, text := web(t, s, "POST", "/query/service", `{"statement":"SELECT 1 FROM game","timeout":"10ms"}`, "Content-Type", "application/json")
	if status != http.StatusRequestTimeout || !strings.Contains(text, "1080") {
		t.Errorf("%d %s", status, text)
	}
}

func TestExplainKnowsIndexes(t *testing.T) {
	s := start(t, couchbase.Options{})
	s.Bucket("game").DefaultCollection().PutIndex("push_order", "platform", "token")
	_, text := web(t, s, "POST", "/query/service", `{"statement":"EXPLAIN SELECT t.token FROM game t WHERE t.platform = $p ORDER BY t.token"}`, "Content-Type", "application/json")
	if !strings.Contains(text, "push_order") || strings.Contains(text, `"Order"`) {
		t.Errorf("%s", text)
	}
}
