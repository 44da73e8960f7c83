package sqlpp

import (
	"slices"
	"strings"
)

// An Index is a secondary index of a collection: its keys in their order, such as platform and token, or LOWER(platform).
type Index struct {
	Name string
	Keys []string
}

// Signature says which fields rows have: "*" stands for those that only the documents know
// (https://docs.couchbase.com/server/current/n1ql/n1ql-rest-query/index.html, signature).
func (s *Select) Signature() any {
	if s.raw {
		return "json"
	}
	if s.items == nil {
		return map[string]string{"*": "*"}
	}
	fields := map[string]string{}
	for _, i := range s.items {
		kind := "json"
		if _, counts := i.value.(*aggregate); counts {
			kind = "number"
		}
		if i.all {
			fields["*"] = "*"
		} else {
			fields[i.name] = kind
		}
	}
	return fields
}

// Explain is the plan of a select over a collection with some indexes, of the operators that matter to who asks how much a
// statement costs (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/explain.html): which scan, and
// whether the rows are sorted. A server knows more ways; what this one takes for an index's work it does, too.
func (s *Select) Explain(indexes []Index) any {
	return map[string]any{"#operator": "Sequence", "~children": s.operators(indexes)}
}

func (s *Select) operators(indexes []Index) []any {
	var all []any
	ordered := len(s.order) == 0
	if s.from != nil {
		all = []any{s.from.Explain(indexes), map[string]any{"#operator": "Alias", "as": s.alias}}
	} else {
		scan, inOrder := s.scan(indexes)
		all, ordered = []any{scan, map[string]any{"#operator": "Fetch", "as": s.alias}}, ordered || inOrder
	}
	if s.where != nil {
		all = append(all, map[string]any{"#operator": "Filter"})
	}
	if s.grouped() {
		all = append(all, map[string]any{"#operator": "InitialGroup"}, map[string]any{"#operator": "FinalGroup"})
	}
	all = append(all, map[string]any{"#operator": "InitialProject"})
	if !ordered {
		all = append(all, map[string]any{"#operator": "Order"})
	}
	if s.limit != nil {
		all = append(all, map[string]any{"#operator": "Limit"})
	}
	return all
}

// scan is how documents are found: by the first index whose leading key a condition bounds, else by going through all.
func (s *Select) scan(indexes []Index) (operator map[string]any, inOrder bool) {
	fixed, bounded := s.bounds()
	for _, x := range indexes {
		keys := slices.Clone(x.Keys)
		for i := range keys {
			keys[i] = strings.ToLower(keys[i])
		}
		n := 0
		for n < len(keys) && fixed[keys[n]] {
			n++
		}
		if n == 0 && (len(keys) == 0 || !bounded[keys[0]]) {
			continue
		}
		inOrder = len(s.order) > 0 && !s.grouped() && len(s.order) <= len(keys)-n
		for i := 0; inOrder && i < len(s.order); i++ {
			inOrder = !s.order[i].descending && s.path(s.order[i].by) == keys[n+i]
		}
		return map[string]any{"#operator": "IndexScan3", "index": x.Name, "using": "gsi"}, inOrder
	}
	return map[string]any{"#operator": "PrimaryScan3", "index": "#sequentialscan", "using": "sequentialscan"}, false
}

// bounds are the paths that the conditions fix to one value, and those that they bound on one side at least.
func (s *Select) bounds() (fixed, bounded map[string]bool) {
	fixed, bounded = map[string]bool{}, map[string]bool{}
	var look func(e expr)
	look = func(e expr) {
		switch e := e.(type) {
		case and:
			look(e.a)
			look(e.b)
		case compare:
			path := s.path(e.a)
			if path == "" {
				return
			}
			if !e.want(-1) && !e.want(1) && e.want(0) {
				fixed[path] = true
			} else if e.want(-1) != e.want(1) {
				bounded[path] = true
			}
		}
	}
	look(s.where)
	return fixed, bounded
}

// path is a field of the document, or a function of one, in small letters and without the alias; "" for all else.
func (s *Select) path(e expr) string {
	switch e := e.(type) {
	case name:
		if string(e) != s.alias {
			return strings.ToLower(string(e))
		}
	case field:
		if of, is := e.of.(name); is && string(of) == s.alias {
			return strings.ToLower(e.name)
		}
		if of := s.path(e.of); of != "" {
			return of + "." + strings.ToLower(e.name)
		}
	case call:
		if inner := s.path(e.args[0]); inner != "" && len(e.args) == 1 {
			return strings.ToLower(e.name) + "(" + inner + ")"
		}
	}
	return ""
}
