package couchbase

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
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
	case 1080:
		return http.StatusRequestTimeout
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
	explicit   bool // PREPARE alone: answer with the plan
	explain    bool // EXPLAIN: answer with how it would be carried out; the statement is without it
}

// text is a parameter as a string, also where it is a JSON number or boolean.
func (q queryRequest) text(name string) string {
	var s string
	if json.Unmarshal(q.parameters[name], &s) == nil {
		return s
	}
	return string(q.parameters[name])
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
	if word, rest, _ := strings.Cut(q.statement, " "); strings.EqualFold(word, "EXPLAIN") && !q.prepare {
		q.explain, q.statement = true, strings.TrimSpace(rest)
	}
	return q, nil
}
