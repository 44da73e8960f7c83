package couchbase

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"liveops/sandbox/couchbase/sqlpp"
)

// query answers a statement.
func (s *Server) query(w http.ResponseWriter, r *http.Request, u *User) {
	q, failure := s.readQuery(r)
	o := Operation{Op: Query, Path: q.statement, Consistency: cmp.Or(q.text("scan_consistency"), "not_bounded"), ReadOnly: q.text("readonly") == "true"}
	o.timeout, _ = time.ParseDuration(q.text("timeout")) // none, where it is not there
	goesOn, breaks := s.enter(w, o)
	if !goesOn {
		return
	}
	defer s.hooks.run(&s.hooks.after, o)
	if failure == nil {
		var answer answer
		if answer, failure = s.run(q, u); failure == nil {
			s.writeQuery(w, q, answer, breaks)
			return
		}
	}
	replyQueryError(w, failure.status(), *failure)
}

// An answer is what a statement gives, and which fields its rows have.
type answer struct {
	signature any
	rows      iter.Seq[[]byte]
}

// run evaluates a request.
func (s *Server) run(q queryRequest, u *User) (answer, *queryError) {
	if c := q.text("scan_consistency"); c != "" && !slices.Contains([]string{"not_bounded", "request_plus", "at_plus", "statement_plus"}, c) {
		return answer{}, &queryError{1070, "Unrecognized value for scan_consistency: " + c}
	}
	if sqlpp.IsWrite(q.statement) && (q.text("readonly") == "true" || u.ReadOnly) {
		return answer{}, &queryError{1000, "The server or request is read-only and cannot accept this write statement."}
	}
	statement, err := sqlpp.Parse(q.statement)
	if err != nil {
		return answer{}, &queryError{3000, err.Error()}
	}
	from, failure := s.keyspace(statement.Keyspace, q.text("query_context"), u)
	if failure != nil {
		return answer{}, failure
	}
	params, err := q.params()
	if err != nil {
		return answer{}, &queryError{1070, err.Error()}
	}
	signature := statement.Signature()
	switch {
	case q.explain:
		plan := jsonOf(map[string]any{"plan": statement.Explain(from.indexes()), "text": q.statement})
		return answer{"json", slices.Values([][]byte{plan})}, nil
	case q.explicit:
		name := s.queries.add(q.statement, q.text("query_context"))
		plan := jsonOf(map[string]any{"name": name, "text": "PREPARE " + q.statement, "encoded_plan": "", "operator": map[string]any{}, "signature": signature})
		return answer{"json", slices.Values([][]byte{plan})}, nil
	}
	rows, err := statement.Run(params, from.scan())
	if err != nil {
		return answer{}, &queryError{5010, err.Error()}
	}
	return answer{signature, rows}, nil
}

// params are the statement's parameters: `args` in their order, `$name` by name.
func (q queryRequest) params() (sqlpp.Params, error) {
	named := map[string]json.RawMessage{}
	for name, raw := range q.parameters {
		if short, ok := strings.CutPrefix(name, "$"); ok {
			named[short] = raw
		}
	}
	var positional []json.RawMessage
	if raw := q.parameters["args"]; raw != nil {
		if err := json.Unmarshal(raw, &positional); err != nil {
			return sqlpp.Params{}, fmt.Errorf("args: %w", err)
		}
	}
	return sqlpp.Bind(named, positional)
}

// keyspace finds the collection that FROM names: bucket.scope.collection, a collection within the request's context
// (`default:bucket.scope`), or a bucket for its default collection
// (https://docs.couchbase.com/server/current/n1ql/n1ql-intro/queriesandresults.html#query-context).
func (s *Server) keyspace(path []string, context string, u *User) (*Collection, *queryError) {
	if len(path) == 1 && context != "" {
		inner, err := sqlpp.ParsePath(strings.TrimPrefix(context, "default:"))
		if err != nil || len(inner) != 2 {
			return nil, &queryError{1070, "Invalid query_context: " + context}
		}
		path = append(inner, path[0])
	}
	full := strings.Join(path, ".")
	b := s.buckets[path[0]]
	if b != nil && !u.mayUse(path[0]) {
		return nil, &queryError{13014, fmt.Sprintf("User does not have credentials to run SELECT queries on %s. Add role query_select on %s to allow the statement to run.", full, full)}
	}
	var c *Collection
	switch {
	case b == nil:
	case len(path) == 1:
		c = b.DefaultCollection()
	default:
		c = b.Collection(path[1], path[2])
	}
	if c == nil {
		return nil, &queryError{12003, "Keyspace not found in CB datastore: default:" + full}
	}
	return c, nil
}

// scan is every document as it is now, by id: as a scan of a primary index with request_plus gives them, or since
// version 7.6 without an index (https://docs.couchbase.com/server/current/learn/services-and-indexes/indexes/query-without-index.html).
func (c *Collection) scan() iter.Seq[sqlpp.Document] {
	type entry struct {
		id  string
		doc *document
	}
	c.bucket.mu.Lock()
	c.reap()
	all := make([]entry, 0, len(c.docs))
	for id, d := range c.docs {
		all = append(all, entry{id, d})
	}
	c.bucket.mu.Unlock()
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.id, b.id) })
	return func(yield func(sqlpp.Document) bool) {
		for _, e := range all {
			kind := "json"
			if !e.doc.isJSON {
				kind = "base64"
			}
			meta := map[string]any{
				"id": e.id, "type": kind, "cas": number(e.doc.cas), "flags": number(uint64(e.doc.flags)), "expiration": number(uint64(e.doc.expiry)),
			}
			d := sqlpp.Document{Meta: meta, Body: e.doc.body}
			if !e.doc.isJSON {
				d.Body = nil
			}
			if !yield(d) {
				return
			}
		}
	}
}

// jsonOf is JSON of what always has some.
func jsonOf(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}

func number(n uint64) json.Number { return json.Number(strconv.FormatUint(n, 10)) }

// writeQuery writes an answer, row by row.
func (s *Server) writeQuery(w http.ResponseWriter, q queryRequest, a answer, breaks bool) {
	n, rows := 0, a.rows
	if breaks {
		all := slices.Collect(rows)
		rows, n = slices.Values(all), len(all)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, "{\n\"requestID\": \"stand-in\",\n\"clientContextID\": %s,\n\"signature\": %s,\n", quote(q.text("client_context_id")), jsonOf(a.signature))
	if q.prepare {
		name := s.queries.add(q.statement, q.text("query_context"))
		_, _ = fmt.Fprintf(w, "\"prepared\": %s,\n", quote(name))
	}
	_, _ = io.WriteString(w, "\"results\": [\n")
	out := newRowWriter(w, n, breaks)
	size := 0
	for row := range rows {
		out.write(row)
		size += len(row)
	}
	out.end(fmt.Sprintf("\n],\n\"status\": \"success\",\n\"metrics\": {\"elapsedTime\": \"1ms\",\"executionTime\": \"1ms\",\"resultCount\": %d,\"resultSize\": %d,\"serviceLoad\": 1}\n}\n", out.wrote, size))
}

// replyQueryError answers with an error and no rows.
func replyQueryError(w http.ResponseWriter, status int, e queryError) {
	reply(w, status, map[string]any{
		"requestID": "stand-in", "status": "fatal", "errors": []map[string]any{{"code": e.code, "msg": e.msg}},
		"metrics": map[string]any{"elapsedTime": "1ms", "executionTime": "1ms", "resultCount": 0, "resultSize": 0, "errorCount": 1},
	})
}
