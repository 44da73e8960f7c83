package couchbase

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxForm is how much of a request's body is read.
const maxForm = maxValue

// webHandler answers what the ports for views, queries and administration do. A server parts them; here they are one.
func (s *Server) webHandler() http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request, _ *User) { reply(w, http.StatusOK, map[string]string{}) }
	for pattern, f := range map[string]func(http.ResponseWriter, *http.Request, *User){
		"GET /{$}":                                              ok,
		"GET /{bucket}/{$}":                                     ok,
		"GET /{bucket}":                                         ok,
		"GET /admin/ping":                                       ok,
		"GET /query/service":                                    s.query,
		"POST /query/service":                                   s.query,
		"GET /pools/default/b/{bucket}":                         s.inBucket(s.getConfig),
		"GET /pools/default/buckets/{bucket}/ddocs":             s.inBucket(s.listDesigns),
		"GET /pools/default/buckets/{bucket}/scopes":            s.inBucket(s.listScopes),
		"POST /pools/default/buckets/{bucket}/scopes":           s.inBucket(s.createScope),
		"DELETE /pools/default/buckets/{bucket}/scopes/{scope}": s.inBucket(s.dropScope),
		"POST /pools/default/buckets/{bucket}/scopes/{scope}/collections":          s.inBucket(s.createCollection),
		"DELETE /pools/default/buckets/{bucket}/scopes/{scope}/collections/{name}": s.inBucket(s.dropCollection),
		"GET /{bucket}/_design/{design}":                                           s.inBucket(s.getDesign),
		"PUT /{bucket}/_design/{design}":                                           s.inBucket(s.putDesign),
		"DELETE /{bucket}/_design/{design}":                                        s.inBucket(s.deleteDesign),
		"GET /{bucket}/_design/{design}/_view/{view}":                              s.inBucket(s.readView),
		"POST /{bucket}/_design/{design}/_view/{view}":                             s.inBucket(s.readView),
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			name, password, _ := r.BasicAuth()
			u := s.login(name, password)
			if u == nil {
				w.Header().Set("WWW-Authenticate", `Basic realm="Couchbase Server Admin / REST"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			f(w, r, u)
		})
	}
	return mux
}

// A bucketHandler answers a request about a bucket that the user may use.
type bucketHandler func(http.ResponseWriter, *http.Request, *Bucket)

// inBucket finds the bucket of a request, and refuses users who may not use it or, for all but reading, not change it.
func (s *Server) inBucket(f bucketHandler) func(http.ResponseWriter, *http.Request, *User) {
	return func(w http.ResponseWriter, r *http.Request, u *User) {
		name := r.PathValue("bucket")
		b := s.buckets[name]
		switch {
		case !u.mayUse(name) || u.ReadOnly && r.Method != http.MethodGet && r.PathValue("view") == "":
			reply(w, http.StatusForbidden, map[string]string{"message": "Forbidden. User needs more permissions."})
		case b == nil:
			reply(w, http.StatusNotFound, map[string]string{"error": "not_found", "reason": "no such bucket: " + name})
		default:
			f(w, r, b)
		}
	}
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

func (s *Server) getConfig(w http.ResponseWriter, _ *http.Request, b *Bucket) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.configJSON(b)) // the client may be gone
}

// Scopes and collections by REST (https://docs.couchbase.com/server/current/rest-api/scopes-and-collections-api.html).

func (s *Server) listScopes(w http.ResponseWriter, _ *http.Request, b *Bucket) {
	reply(w, http.StatusOK, b.manifestJSON())
}

func (s *Server) createScope(w http.ResponseWriter, r *http.Request, b *Bucket) {
	name := r.PostFormValue("name")
	replyChange(w, b, b.CreateScope(name), "", name)
}

func (s *Server) dropScope(w http.ResponseWriter, r *http.Request, b *Bucket) {
	name := r.PathValue("scope")
	replyChange(w, b, b.DropScope(name), "", name)
}

func (s *Server) createCollection(w http.ResponseWriter, r *http.Request, b *Bucket) {
	scope, name := r.PathValue("scope"), r.PostFormValue("name")
	_, err := b.CreateCollection(scope, name)
	replyChange(w, b, err, scope, name)
}

func (s *Server) dropCollection(w http.ResponseWriter, r *http.Request, b *Bucket) {
	scope, name := r.PathValue("scope"), r.PathValue("name")
	replyChange(w, b, b.DropCollection(scope, name), scope, name)
}

// replyChange answers a change of scopes or, with a scope, of its collections.
func replyChange(w http.ResponseWriter, b *Bucket, err error, scope, name string) {
	what := fmt.Sprintf("Scope with name %q", name)
	if scope != "" {
		what = fmt.Sprintf("Collection with name %q in scope %q", name, scope)
		if !b.hasScope(scope) {
			what = fmt.Sprintf("Scope with name %q", scope)
		}
	}
	problem := func(text string) map[string]any { return map[string]any{"errors": map[string]string{"_": text}} }
	switch {
	case err == nil:
		reply(w, http.StatusOK, map[string]string{"uid": b.manifestJSON().UID})
	case errors.Is(err, ErrExists):
		reply(w, http.StatusBadRequest, problem(what+" already exists"))
	case errors.Is(err, ErrUnknown):
		reply(w, http.StatusNotFound, problem(what+" is not found"))
	default:
		reply(w, http.StatusBadRequest, problem(what+" has a name that is not allowed"))
	}
}

func (b *Bucket) hasScope(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.scopes[name] != nil
}

// enter counts a request, lets hooks and faults at it, and says whether it goes on, and if it breaks off in the middle.
func (s *Server) enter(w http.ResponseWriter, o Operation) (goesOn, breaks bool) {
	s.counts.add(o.Op)
	s.hooks.run(&s.hooks.before, o)
	fault := s.faults.hit(o)
	switch fault.Failure {
	case DropBefore:
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case Slow:
		late := o.timeout > 0 && fault.Delay > o.timeout
		if late {
			fault.Delay = o.timeout
		}
		if !s.wait(fault.Delay) {
			panic(http.ErrAbortHandler)
		}
		if late { // https://docs.couchbase.com/server/current/n1ql/n1ql-rest-query/index.html, timeout
			e := queryError{1080, fmt.Sprintf("Timeout %s exceeded", o.timeout)}
			replyQueryError(w, e.status(), e)
			return false, false
		}
	case TemporaryFailure, Busy, OutOfMemory, NotMyVBucket:
		if o.Op == Query {
			replyQueryError(w, http.StatusServiceUnavailable, queryError{1180, "Service shutting down"})
		} else {
			reply(w, http.StatusServiceUnavailable, map[string]string{"error": "service_unavailable", "reason": "try again later"})
		}
		return false, false
	}
	return true, fault.Failure == DropAfter
}

// A rowWriter writes the rows of an answer as a JSON array, and may break off after half of them.
type rowWriter struct {
	w     http.ResponseWriter
	left  int // rows until it breaks off; -1 for never
	wrote int
}

func newRowWriter(w http.ResponseWriter, rows int, breaks bool) *rowWriter {
	out := &rowWriter{w: w, left: -1}
	if breaks {
		out.left = rows / 2
	}
	return out
}

// write writes a row. It panics with http.ErrAbortHandler where the answer shall break off.
func (r *rowWriter) write(row []byte) {
	if r.wrote == r.left {
		r.breakOff()
	}
	if r.wrote > 0 {
		_, _ = io.WriteString(r.w, ",\n") // the client may be gone
	}
	_, _ = r.w.Write(row)
	r.wrote++
}

// end ends the answer with what follows the rows.
func (r *rowWriter) end(tail string) {
	if r.left >= 0 {
		r.breakOff()
	}
	_, _ = io.WriteString(r.w, tail)
}

func (r *rowWriter) breakOff() {
	_ = http.NewResponseController(r.w).Flush() // what was written so far shall arrive
	panic(http.ErrAbortHandler)
}
