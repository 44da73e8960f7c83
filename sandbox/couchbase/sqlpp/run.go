package sqlpp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// A Document is one that a select looks at.
type Document struct {
	// Meta is what META() gives, such as {"id": "u1"}: strings, and numbers as json.Number.
	Meta map[string]any
	// Body is the JSON text; other bodies have no fields, and are MISSING.
	Body []byte
}

// Params are the values of a statement's parameters. Bind makes them.
type Params struct {
	Named      map[string]any
	Positional []any
}

// ErrParameter says that a parameter has no value, or one that cannot be used there.
var ErrParameter = errors.New("no value for a parameter")

// Bind reads parameters from their JSON.
func Bind(named map[string]json.RawMessage, positional []json.RawMessage) (Params, error) {
	p := Params{Named: map[string]any{}}
	for name, raw := range named {
		v, err := decode(raw)
		if err != nil {
			return Params{}, fmt.Errorf("parameter $%s: %w", name, err)
		}
		p.Named[name] = v
	}
	for i, raw := range positional {
		v, err := decode(raw)
		if err != nil {
			return Params{}, fmt.Errorf("parameter $%d: %w", i+1, err)
		}
		p.Positional = append(p.Positional, v)
	}
	return p, nil
}

// Run evaluates the select over documents, in their order unless it has one of its own, and yields each row as JSON:
// ErrParameter. Without ORDER BY it holds one document at a time.
func (s *Select) Run(params Params, docs iter.Seq[Document]) (iter.Seq[[]byte], error) {
	found, err := s.run(params, docs)
	if err != nil {
		return nil, err
	}
	return func(yield func([]byte) bool) {
		for r := range found {
			if !yield(encode(r.value)) {
				return
			}
		}
	}, nil
}

func (s *Select) run(params Params, docs iter.Seq[Document]) (iter.Seq[row], error) {
	for _, e := range s.expressions() {
		if err := checkParams(e, params); err != nil {
			return nil, err
		}
	}
	scopes := s.documents(params, docs)
	if s.from != nil {
		inner, err := s.from.run(params, docs)
		if err != nil {
			return nil, err
		}
		scopes = s.nested(params, inner)
	}
	limit, err := s.number(s.limit, params, -1)
	if err != nil {
		return nil, err
	}
	offset, err := s.number(s.offset, params, 0)
	if err != nil {
		return nil, err
	}
	scopes = s.chosen(scopes)
	if s.grouped() {
		scopes = s.groups(params, scopes)
	}
	rows := s.rows(scopes)
	if len(s.order) > 0 {
		rows = s.sorted(rows)
	}
	return func(yield func(row) bool) {
		n := 0
		for r := range rows {
			if limit >= 0 && n >= offset+limit {
				return
			}
			if n++; n > offset && !yield(r) {
				return
			}
		}
	}, nil
}

type row struct {
	value any
	keys  []any // what ORDER BY compares
}

// documents are those of the keyspace, as names see them.
func (s *Select) documents(params Params, docs iter.Seq[Document]) iter.Seq[*scope] {
	return func(yield func(*scope) bool) {
		for d := range docs {
			body, err := decode(d.Body)
			if err != nil {
				body = missing{}
			}
			if !yield(&scope{alias: s.alias, doc: body, meta: d.Meta, params: params}) {
				return
			}
		}
	}
}

// nested are the rows of the select in parentheses, which have no META().
func (s *Select) nested(params Params, rows iter.Seq[row]) iter.Seq[*scope] {
	return func(yield func(*scope) bool) {
		for r := range rows {
			if !yield(&scope{alias: s.alias, doc: r.value, params: params}) {
				return
			}
		}
	}
}

// chosen are those that WHERE lets through.
func (s *Select) chosen(all iter.Seq[*scope]) iter.Seq[*scope] {
	return func(yield func(*scope) bool) {
		for sc := range all {
			if s.where != nil && truthValue(s.where.eval(sc)) != true {
				continue
			}
			if !yield(sc) {
				return
			}
		}
	}
}

func (s *Select) rows(scopes iter.Seq[*scope]) iter.Seq[row] {
	return func(yield func(row) bool) {
		for sc := range scopes {
			if !yield(s.project(sc)) {
				return
			}
		}
	}
}

// project makes a row, in which what is MISSING has no field. ORDER BY may use the names that the row gives.
func (s *Select) project(sc *scope) row {
	var out any
	fields := map[string]any{}
	switch {
	case s.raw:
		if out = s.items[0].value.eval(sc); isGone(out) {
			out = nil
		}
	case s.items == nil:
		if out = fields; !isGone(sc.doc) {
			fields[s.alias] = sc.doc
		}
	default:
		for _, i := range s.items {
			v := i.value.eval(sc)
			if object, is := v.(map[string]any); i.all && is {
				maps.Copy(fields, object)
			} else if !i.all && !isGone(v) {
				fields[i.name] = v
			}
		}
		out = fields
	}
	r := row{value: out}
	if s.items != nil && !s.raw {
		sc.vars = fields
	}
	for _, o := range s.order {
		r.keys = append(r.keys, o.by.eval(sc))
	}
	return r
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // it was decoded from JSON
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func (s *Select) sorted(rows iter.Seq[row]) iter.Seq[row] {
	all := slices.Collect(rows)
	slices.SortStableFunc(all, func(a, b row) int {
		for i, o := range s.order {
			if c := Compare(a.keys[i], b.keys[i]); c != 0 {
				if o.descending {
					return -c
				}
				return c
			}
		}
		return 0
	})
	return slices.Values(all)
}

// number is the value of LIMIT or OFFSET.
func (s *Select) number(e expr, params Params, none int) (int, error) {
	if e == nil {
		return none, nil
	}
	n, ok := e.eval(&scope{params: params, doc: missing{}}).(json.Number)
	if ok {
		if i, err := n.Int64(); err == nil {
			return max(0, int(i)), nil
		}
	}
	return 0, fmt.Errorf("LIMIT and OFFSET take whole numbers: %w", ErrParameter)
}

// expressions are all of a select.
func (s *Select) expressions() []expr {
	all := append([]expr{s.where, s.limit, s.offset}, s.group...)
	for _, i := range s.items {
		all = append(all, i.value)
	}
	for _, o := range s.order {
		all = append(all, o.by)
	}
	return all
}

// checkParams looks whether every parameter in an expression has a value.
func checkParams(e expr, params Params) error {
	switch e := e.(type) {
	case positional:
		if e < 1 || int(e) > len(params.Positional) {
			return fmt.Errorf("%w: $%d", ErrParameter, int(e))
		}
	case named:
		if _, ok := params.Named[string(e)]; !ok {
			return fmt.Errorf("%w: $%s", ErrParameter, string(e))
		}
	}
	for _, inner := range children(e) {
		if err := checkParams(inner, params); err != nil {
			return err
		}
	}
	return nil
}

func children(e expr) []expr {
	switch e := e.(type) {
	case list:
		return e
	case field:
		return []expr{e.of}
	case element:
		return []expr{e.of, e.at}
	case and:
		return []expr{e.a, e.b}
	case or:
		return []expr{e.a, e.b}
	case not:
		return []expr{e.e}
	case isNull:
		return []expr{e.e}
	case isMissing:
		return []expr{e.e}
	case isValued:
		return []expr{e.e}
	case in:
		return []expr{e.e, e.list}
	case like:
		return []expr{e.e, e.pattern}
	case compare:
		return []expr{e.a, e.b}
	case quantified:
		return []expr{e.in, e.satisfies}
	case call:
		return e.args
	case cases:
		return e.children()
	case *aggregate:
		return []expr{e.of}
	}
	return nil
}
