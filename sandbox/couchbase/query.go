package couchbase

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"liveops/sandbox/couchbase/sqlpp"
)

// A queryError is one of the query service's
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/n1ql-error-codes.html).
type queryError struct {
	code int
	msg  string
}

// status is the HTTP status of an answer that begins with the error.
func (e queryError) status() int {
	switch e.code {
	case 1000:
		return http.StatusForbidden
	case 1040, 1050, 1065, 1070, 3000:
		return http.StatusBadRequest
	case 4040, 12003:
		return http.StatusNotFound
	case 13014:
		return http.StatusUnauthorized
	case 1180:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// prepared holds the statements that clients have prepared, by name.
type prepared struct {
	mu     sync.Mutex
	byName map[string]string
}

// add keeps a statement and returns its name. One statement has one name.
func (p *prepared) add(statement, context string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, s := range p.byName {
		if s == statement {
			return name
		}
	}
	if p.byName == nil {
		p.byName = map[string]string{}
	}
	name := fmt.Sprintf("[127.0.0.1:8091]statement-%d", len(p.byName)+1)
	if context != "" {
		name += "(" + context + ")"
	}
	p.byName[name] = statement
	return name
}

func (p *prepared) get(name string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.byName[name]
	return s, ok
}

// ForgetPrepared drops all prepared statements, as a restart of the query service does: clients that use one by its
// name are told that there is none, and prepare it again.
func (s *Server) ForgetPrepared() {
	s.queries.mu.Lock()
	defer s.queries.mu.Unlock()
	s.queries.byName = nil
}

// A queryRequest is a request of the query service
// (https://docs.couchbase.com/server/current/n1ql-rest-query/index.html).
type queryRequest struct {
	parameters map[string]json.RawMessage
	statement  string // without PREPARE
	prepare    bool
	name       string // under which the statement is prepared; "" if it is not
	explicit   bool   // PREPARE alone: answer with the plan
}

// text is a parameter as a string, also where it is a JSON number or boolean.
func (q queryRequest) text(name string) string {
	var s string
	if json.Unmarshal(q.parameters[name], &s) == nil {
		return s
	}
	return string(q.parameters[name])
}

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

// readQuery reads a request in JSON or as a form, and finds the statement of a prepared one.
func (s *Server) readQuery(r *http.Request) (queryRequest, *queryError) {
	q := queryRequest{parameters: map[string]json.RawMessage{}}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		if err := json.NewDecoder(r.Body).Decode(&q.parameters); err != nil && !errors.Is(err, io.EOF) {
			return q, &queryError{1070, "Unable to read the request: " + err.Error()}
		}
	} else if err := r.ParseForm(); err != nil {
		return q, &queryError{1070, "Unable to read the request: " + err.Error()}
	}
	for name, values := range r.Form {
		raw := json.RawMessage(values[0])
		if !json.Valid(raw) || name == "statement" {
			raw = quote(values[0])
		}
		q.parameters[name] = raw
	}
	if name := q.text("prepared"); name != "" {
		var known bool
		if q.statement, known = s.queries.get(name); !known {
			return q, &queryError{4040, "No such prepared statement: " + name}
		}
		return q, nil
	}
	q.statement = strings.TrimSpace(q.text("statement"))
	if q.statement == "" {
		return q, &queryError{1050, "No statement or prepared value"}
	}
	if word, rest, _ := strings.Cut(q.statement, " "); strings.EqualFold(word, "PREPARE") {
		q.prepare, q.statement = true, strings.TrimSpace(rest)
		q.explicit = q.text("auto_execute") != "true"
	}
	return q, nil
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
