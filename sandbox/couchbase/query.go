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

	"liveops/sandbox/couchbase/sqlpp"
)

// query answers a statement.
func (s *Server) query(w http.ResponseWriter, r *http.Request, u *User) {
	q, failure := s.readQuery(r)
	o := Operation{Op: Query, Path: q.statement, Consistency: cmp.Or(q.text("scan_consistency"), "not_bounded")}
	goesOn, breaks := s.enter(w, o)
	if !goesOn {
		return
	}
	defer s.hooks.run(&s.hooks.after, o)
	if failure == nil {
		var rows iter.Seq[[]byte]
		if rows, failure = s.run(q, u); failure == nil {
			s.writeQuery(w, q, rows, breaks)
			return
		}
	}
	replyQueryError(w, failure.status(), *failure)
}

// run evaluates a request.
func (s *Server) run(q queryRequest, u *User) (iter.Seq[[]byte], *queryError) {
	if c := q.text("scan_consistency"); c != "" && !slices.Contains([]string{"not_bounded", "request_plus", "at_plus", "statement_plus"}, c) {
		return nil, &queryError{1070, "Unrecognized value for scan_consistency: " + c}
	}
	if sqlpp.IsWrite(q.statement) && (q.text("readonly") == "true" || u.ReadOnly) {
		return nil, &queryError{1000, "The server or request is read-only and cannot accept this write statement."}
	}
	statement, err := sqlpp.Parse(q.statement)
	if err != nil {
		return nil, &queryError{3000, err.Error()}
	}
	from, failure := s.keyspace(statement.Keyspace, q.text("query_context"), u)
	if failure != nil {
		return nil, failure
	}
	params, err := q.params()
	if err != nil {
		return nil, &queryError{1070, err.Error()}
	}
	if q.explicit {
		return func(yield func([]byte) bool) {}, nil
	}
	rows, err := statement.Run(params, from.scan())
	if err != nil {
		return nil, &queryError{5010, err.Error()}
	}
	return rows, nil
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

func number(n uint64) json.Number { return json.Number(strconv.FormatUint(n, 10)) }

// writeQuery writes an answer, row by row.
func (s *Server) writeQuery(w http.ResponseWriter, q queryRequest, rows iter.Seq[[]byte], breaks bool) {
	n := 0
	if breaks {
		all := slices.Collect(rows)
		rows, n = slices.Values(all), len(all)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, "{\n\"requestID\": \"stand-in\",\n\"clientContextID\": %s,\n\"signature\": {\"*\":\"*\"},\n", quote(q.text("client_context_id")))
	if q.prepare {
		name := s.queries.add(q.statement, q.text("query_context"))
		_, _ = fmt.Fprintf(w, "\"prepared\": %s,\n", quote(name))
		if q.explicit {
			plan := fmt.Appendf(nil, `{"name":%s,"text":%s,"encoded_plan":"","operator":{}}`, quote(name), quote("PREPARE "+q.statement))
			rows = slices.Values([][]byte{plan})
		}
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
