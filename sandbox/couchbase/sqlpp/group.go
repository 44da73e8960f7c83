package sqlpp

import (
	"encoding/json"
	"iter"
	"strconv"
	"strings"
)

// An aggregate is COUNT(*), or how many values of an expression there are that are neither NULL nor MISSING, each once
// with DISTINCT (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/aggregatefun.html).
type aggregate struct {
	of       expr // nil for *
	distinct bool
}

func (e *aggregate) eval(s *scope) any {
	if v, counted := s.totals[e]; counted {
		return v
	}
	return missing{}
}

// aggregate reads one, which may stand only where a select chooses what it gives.
func (p *parser) aggregate() expr {
	p.next()
	p.expect("(")
	e := &aggregate{}
	if !p.accept("*") {
		e.distinct = p.accept("DISTINCT")
		e.of = p.expr()
	}
	p.expect(")")
	if p.totals == nil {
		p.failed = true
		return literal{}
	}
	*p.totals = append(*p.totals, e)
	return e
}

// grouped says whether rows are those of groups.
func (s *Select) grouped() bool { return s.group != nil || len(s.totals) > 0 }

// A group is what is kept of the documents that GROUP BY makes one.
type group struct {
	first  *scope
	counts []int
	seen   []map[string]bool // of the aggregates that count each value once
}

// groups makes one row of all that have the same values of GROUP BY, in the order in which they came up; without it one of
// all, also where there are none. Of what is neither in GROUP BY nor counted a server gives an error; here it is that
// of the first one.
func (s *Select) groups(params Params, scopes iter.Seq[*scope]) iter.Seq[*scope] {
	var order []*group
	byKey := map[string]*group{}
	add := func(key string, first *scope) *group {
		g := &group{first: first, counts: make([]int, len(s.totals)), seen: make([]map[string]bool, len(s.totals))}
		byKey[key], order = g, append(order, g)
		return g
	}
	for sc := range scopes {
		var key strings.Builder
		for _, e := range s.group {
			key.WriteString(keyOf(e.eval(sc)) + ",")
		}
		g := byKey[key.String()]
		if g == nil {
			g = add(key.String(), sc)
		}
		for i, a := range s.totals {
			g.count(i, a, sc)
		}
	}
	if len(order) == 0 && s.group == nil {
		add("", &scope{alias: s.alias, doc: missing{}, params: params})
	}
	return func(yield func(*scope) bool) {
		for _, g := range order {
			g.first.totals = map[*aggregate]any{}
			for i, a := range s.totals {
				g.first.totals[a] = json.Number(strconv.Itoa(g.counts[i]))
			}
			if !yield(g.first) {
				return
			}
		}
	}
}

func (g *group) count(i int, a *aggregate, sc *scope) {
	if a.of != nil {
		v := a.of.eval(sc)
		if v == nil || isGone(v) {
			return
		}
		if a.distinct {
			key := keyOf(v)
			if g.seen[i] == nil {
				g.seen[i] = map[string]bool{}
			}
			if g.seen[i][key] {
				return
			}
			g.seen[i][key] = true
		}
	}
	g.counts[i]++
}

// keyOf tells values apart.
func keyOf(v any) string {
	if isGone(v) {
		return "MISSING"
	}
	return string(encode(v))
}
