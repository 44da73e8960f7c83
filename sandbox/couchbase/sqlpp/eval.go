package sqlpp

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"strings"
)

// Values are those of encoding/json with numbers as json.Number, and missing for what is not there
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/datatypes.html).
type missing struct{}

// A scope is what names stand for while one document is looked at.
type scope struct {
	alias  string
	doc    any
	meta   map[string]any
	vars   map[string]any
	params Params
	totals map[*aggregate]any // of a group
}

// An expr is evaluated for a document.
type expr interface {
	eval(*scope) any
}

type (
	literal    struct{ v any }
	positional int // from 1
	named      string
	name       string
	list       []expr
	meta       struct{ alias string }
	field      struct {
		of   expr
		name string
	}
	element   struct{ of, at expr }
	and       struct{ a, b expr }
	or        struct{ a, b expr }
	not       struct{ e expr }
	isNull    struct{ e expr }
	isMissing struct{ e expr }
	isValued  struct{ e expr }
	in        struct{ e, list expr }
	like      struct{ e, pattern expr }
	compare   struct {
		a, b expr
		want func(int) bool
	}
	quantified struct {
		every         bool
		name          string
		in, satisfies expr
	}
)

func (e literal) eval(*scope) any      { return e.v }
func (e positional) eval(s *scope) any { return s.params.Positional[e-1] }
func (e named) eval(s *scope) any      { return s.params.Named[string(e)] }

// A name is a variable of ANY, the document itself by its alias, or a field of the document.
func (e name) eval(s *scope) any {
	if v, ok := s.vars[string(e)]; ok {
		return v
	}
	if string(e) == s.alias {
		return s.doc
	}
	return fieldOf(s.doc, string(e))
}

func (e list) eval(s *scope) any {
	out := []any{}
	for _, one := range e {
		v := one.eval(s)
		if _, no := v.(missing); no {
			v = nil // a list has no gaps
		}
		out = append(out, v)
	}
	return out
}

func (e meta) eval(s *scope) any {
	if e.alias != "" && e.alias != s.alias {
		return missing{}
	}
	return s.meta
}

func (e field) eval(s *scope) any { return fieldOf(e.of.eval(s), e.name) }

func fieldOf(of any, name string) any {
	if m, ok := of.(map[string]any); ok {
		if v, ok := m[name]; ok {
			return v
		}
	}
	return missing{}
}

// An element counts from 0, or with a negative number from the end.
func (e element) eval(s *scope) any {
	l, ok := e.of.eval(s).([]any)
	n, isNumber := e.at.eval(s).(json.Number)
	if !ok || !isNumber {
		return missing{}
	}
	i, err := n.Int64()
	if i < 0 {
		i += int64(len(l))
	}
	if err != nil || i < 0 || i >= int64(len(l)) {
		return missing{}
	}
	return l[i]
}

// Logic with four values (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/logicalops.html):
// AND is false if one is, then MISSING, then NULL; OR is true if one is, then NULL, then MISSING.

func (e and) eval(s *scope) any {
	a := truthValue(e.a.eval(s))
	if a == false {
		return false
	}
	b := truthValue(e.b.eval(s))
	if b == false {
		return false
	}
	return firstOf(a, b, missing{}, nil, true)
}

func (e or) eval(s *scope) any {
	a := truthValue(e.a.eval(s))
	if a == true {
		return true
	}
	b := truthValue(e.b.eval(s))
	if b == true {
		return true
	}
	return firstOf(a, b, nil, missing{}, false)
}

func firstOf(a, b any, wanted ...any) any {
	for _, w := range wanted {
		if a == w || b == w {
			return w
		}
	}
	return nil
}

func (e not) eval(s *scope) any {
	v := truthValue(e.e.eval(s))
	if b, ok := v.(bool); ok {
		return !b
	}
	return v
}

// truthValue is true, false, NULL or MISSING: of other values the empty ones are false.
func truthValue(v any) any {
	switch v := v.(type) {
	case nil, bool, missing:
		return v
	case json.Number:
		f, _ := v.Float64() // too large is infinite, and that is not 0
		return f != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return false
}

func (e isMissing) eval(s *scope) any { _, no := e.e.eval(s).(missing); return no }

func (e isNull) eval(s *scope) any {
	v := e.e.eval(s)
	if _, no := v.(missing); no {
		return v
	}
	return v == nil
}

func (e isValued) eval(s *scope) any {
	v := e.e.eval(s)
	_, no := v.(missing)
	return !no && v != nil
}

func isGone(v any) bool { _, no := v.(missing); return no }

func (e compare) eval(s *scope) any {
	a, b := e.a.eval(s), e.b.eval(s)
	if u, is := unknownOf(a, b); is {
		return u
	}
	return e.want(Compare(a, b))
}

// unknownOf is MISSING if one of the values is, else NULL if one is.
func unknownOf(a, b any) (any, bool) {
	if isGone(a) || isGone(b) {
		return missing{}, true
	}
	return nil, a == nil || b == nil
}

func (e in) eval(s *scope) any {
	v, of := e.e.eval(s), e.list.eval(s)
	if isGone(v) || isGone(of) {
		return missing{}
	}
	l, ok := of.([]any)
	if !ok || v == nil {
		return nil
	}
	var result any = false
	for _, one := range l {
		if one == nil {
			result = nil
		} else if Compare(v, one) == 0 {
			return true
		}
	}
	return result
}

func (e like) eval(s *scope) any {
	v, pattern := e.e.eval(s), e.pattern.eval(s)
	if isGone(v) || isGone(pattern) {
		return missing{}
	}
	vs, ok := v.(string)
	ps, ok2 := pattern.(string)
	if !ok || !ok2 {
		return nil
	}
	return likePattern(ps).MatchString(vs)
}

// likePattern is LIKE's pattern as a regular expression: % for any text, _ for one character, \ before one of them.
func likePattern(p string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escape := false
	for _, r := range p {
		switch {
		case escape || r != '%' && r != '_' && r != '\\':
			b.WriteString(regexp.QuoteMeta(string(r)))
			escape = false
		case r == '\\':
			escape = true
		case r == '%':
			b.WriteString(".*")
		default:
			b.WriteString(".")
		}
	}
	return regexp.MustCompile(b.String() + `\z`)
}

func (e quantified) eval(s *scope) any {
	of := e.in.eval(s)
	l, ok := of.([]any)
	if !ok {
		if isGone(of) {
			return of
		}
		return nil
	}
	inner := *s
	inner.vars = maps.Clone(s.vars)
	if inner.vars == nil {
		inner.vars = map[string]any{}
	}
	for _, one := range l {
		inner.vars[e.name] = one
		if (truthValue(e.satisfies.eval(&inner)) == true) != e.every {
			return !e.every
		}
	}
	return e.every
}

// decode reads JSON with every digit of its numbers.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}
