package couchbase

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// designJSON is a design document as it travels (https://docs.couchbase.com/server/current/rest-api/rest-ddocs-create.html).
type designJSON struct {
	Views map[string]struct {
		Map    string `json:"map"`
		Reduce string `json:"reduce,omitempty"`
	} `json:"views"`
}

func (d *design) json() designJSON {
	var out designJSON
	out.Views = map[string]struct {
		Map    string `json:"map"`
		Reduce string `json:"reduce,omitempty"`
	}{}
	for name, v := range d.def.Views {
		one := out.Views[name]
		one.Map = v.Map
		out.Views[name] = one
	}
	return out
}

func couchError(w http.ResponseWriter, status int, kind, reason string) {
	reply(w, status, map[string]string{"error": kind, "reason": reason})
}

func (s *Server) putDesign(w http.ResponseWriter, r *http.Request, b *Bucket) {
	var in designJSON
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		couchError(w, http.StatusBadRequest, "bad_request", "invalid UTF-8 JSON: "+err.Error())
		return
	}
	d := Design{Views: map[string]MapView{}}
	for name, v := range in.Views {
		if v.Reduce != "" {
			couchError(w, http.StatusBadRequest, "invalid_design_document", "the stand-in has no reduce functions")
			return
		}
		d.Views[name] = MapView{Map: v.Map}
	}
	name := r.PathValue("design")
	if err := b.PutDesign(name, d); err != nil {
		couchError(w, http.StatusBadRequest, "invalid_design_document", err.Error())
		return
	}
	reply(w, http.StatusCreated, map[string]any{"ok": true, "id": "_design/" + name})
}

func (b *Bucket) design(name string) *design {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.designs[name]
}

func (s *Server) getDesign(w http.ResponseWriter, r *http.Request, b *Bucket) {
	d := b.design(r.PathValue("design"))
	if d == nil {
		couchError(w, http.StatusNotFound, "not_found", "missing")
		return
	}
	reply(w, http.StatusOK, d.json())
}

func (s *Server) deleteDesign(w http.ResponseWriter, r *http.Request, b *Bucket) {
	name := r.PathValue("design")
	if !b.DeleteDesign(name) {
		couchError(w, http.StatusNotFound, "not_found", "missing")
		return
	}
	reply(w, http.StatusOK, map[string]any{"ok": true, "id": "_design/" + name})
}

func (s *Server) listDesigns(w http.ResponseWriter, _ *http.Request, b *Bucket) {
	b.mu.Lock()
	all := maps.Clone(b.designs)
	b.mu.Unlock()
	rows := []any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, map[string]any{"doc": map[string]any{"meta": map[string]string{"id": "_design/" + name}, "json": all[name].json()}})
	}
	reply(w, http.StatusOK, map[string]any{"rows": rows})
}

// readView answers with the rows of a view.
func (s *Server) readView(w http.ResponseWriter, r *http.Request, b *Bucket) {
	name, view := r.PathValue("design"), r.PathValue("view")
	o := Operation{
		Op: View, Bucket: b.name, Scope: defaultName, Collection: defaultName, Path: name + "/" + view,
		Consistency: cmp.Or(r.URL.Query().Get("stale"), "update_after"),
	}
	goesOn, breaks := s.enter(w, o)
	if !goesOn {
		return
	}
	d := b.design(name)
	if d == nil {
		couchError(w, http.StatusNotFound, "not_found", "Design document _design/"+name+" not found")
		return
	}
	x := d.views[view]
	if x == nil {
		couchError(w, http.StatusNotFound, "not_found", "missing")
		return
	}
	q, stale, err := parseViewQuery(r)
	if err != nil {
		couchError(w, http.StatusBadRequest, "query_parse_error", err.Error())
		return
	}
	if stale == "false" {
		x.update()
	}
	rows, total, err := x.read(q)
	if err != nil {
		couchError(w, http.StatusBadRequest, "bad_request", "invalid UTF-8 JSON")
		return
	}
	if stale == "update_after" {
		defer x.update()
	}
	s.writeRows(w, rows, total, breaks)
	s.hooks.run(&s.hooks.after, o)
}

func (s *Server) writeRows(w http.ResponseWriter, rows []viewRow, total int, breaks bool) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, "{\"total_rows\":%d,\"rows\":[\n", total) // the client may be gone
	out := newRowWriter(w, len(rows), breaks)
	for _, row := range rows {
		out.write(append(fmt.Appendf(nil, `{"id":%s,"key":%s,"value":%s`, quote(row.id), row.key, row.value), '}'))
	}
	out.end("\n]\n}\n")
}

// quote is a string as JSON.
func quote(s string) []byte {
	out, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return out
}

// parseViewQuery reads the parameters of a view, and how current the rows must be: "false" for up to date, "ok" for
// what there is, "update_after" (as where nothing is said) for what there is, and an update after the answer.
func parseViewQuery(r *http.Request) (q viewQuery, stale string, err error) {
	v := r.URL.Query()
	q = viewQuery{limit: -1, startDoc: v.Get("startkey_docid"), endDoc: v.Get("endkey_docid")}
	number := func(name string, into *int) {
		if text := v.Get(name); text != "" && err == nil {
			if *into, err = strconv.Atoi(text); err != nil || *into < 0 {
				err = fmt.Errorf("invalid value for parameter %s: %q", name, text)
			}
		}
	}
	truth := func(name string, preset bool) bool {
		text := v.Get(name)
		if text == "" {
			return preset
		}
		b, parseErr := strconv.ParseBool(text)
		if parseErr != nil {
			err = errors.Join(err, fmt.Errorf("invalid value for parameter %s: %q", name, text))
		}
		return b
	}
	number("skip", &q.skip)
	number("limit", &q.limit)
	q.descending, q.exclusiveEnd = truth("descending", false), !truth("inclusive_end", true)
	if truth("reduce", false) || truth("group", false) || v.Get("group_level") != "" {
		err = errors.Join(err, errors.New("invalid use of reduce: the view has no reduce function"))
	}
	q.hasStart, q.start = v.Has("startkey"), []byte(v.Get("startkey"))
	q.hasEnd, q.end = v.Has("endkey"), []byte(v.Get("endkey"))
	if v.Has("key") {
		q.keys = [][]byte{[]byte(v.Get("key"))}
	}
	if err == nil {
		err = q.readKeys(r, v.Get("keys"))
	}
	switch stale = v.Get("stale"); stale {
	case "":
		stale = "update_after"
	case "ok", "false", "update_after":
	default:
		err = errors.Join(err, fmt.Errorf("invalid value for parameter stale: %q", stale))
	}
	return q, stale, err
}

// readKeys reads a list of keys from the parameter or, in a POST, the body.
func (q *viewQuery) readKeys(r *http.Request, parameter string) error {
	var keys []json.RawMessage
	if parameter != "" {
		if err := json.Unmarshal([]byte(parameter), &keys); err != nil {
			return fmt.Errorf("invalid value for parameter keys: %w", err)
		}
	}
	if r.Method == http.MethodPost {
		var body struct{ Keys []json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("the request's body: %w", err)
		}
		keys = append(keys, body.Keys...)
	}
	if keys == nil {
		return nil
	}
	q.keys = [][]byte{}
	for _, k := range keys {
		q.keys = append(q.keys, k)
	}
	return nil
}
