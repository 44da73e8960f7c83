package sqlpp

import (
	"slices"
	"strconv"
	"strings"
)

// A Select is a parsed statement.
type Select struct {
	// Keyspace is what FROM names, at last where selects stand in one another: a collection, a bucket, or bucket, scope
	// and collection.
	Keyspace []string

	alias  string
	from   *Select // what FROM has in parentheses, in place of a keyspace
	raw    bool
	items  []item // none for *
	where  expr   // nil for none
	group  []expr
	totals []*aggregate // in items and order, in the order of the text
	order  []ordering
	limit  expr
	offset expr
	marks  int // how many ? there are
}

type item struct {
	name  string
	value expr
	all   bool // all fields of an object: t.*
}

type ordering struct {
	by         expr
	descending bool
}

// writes are the words that begin a statement which changes something.
var writes = []string{
	"INSERT", "UPSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "DROP", "ALTER", "BUILD", "TRUNCATE", "GRANT", "REVOKE",
	"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "ANALYZE",
}

// IsWrite says whether a statement would change something, by its first word.
func IsWrite(statement string) bool {
	tokens, _ := lex(statement)
	return tokens[0].kind == word && slices.Contains(writes, strings.ToUpper(tokens[0].value))
}

// reserved are the words that cannot be a name without backticks, of those that a select may contain.
var reserved = []string{
	"ALL", "AND", "ANY", "AS", "ASC", "BETWEEN", "BY", "CASE", "DELETE", "DESC", "DISTINCT", "ELEMENT", "ELSE", "END", "EVERY", "EXISTS",
	"FALSE", "FROM", "GROUP", "HAVING", "IN", "INSERT", "IS", "JOIN", "LET", "LIKE", "LIMIT", "MERGE", "MISSING", "NEST", "NOT",
	"NULL", "OFFSET", "ON", "OR", "ORDER", "RAW", "SATISFIES", "SELECT", "SET", "SOME", "THEN", "TRUE", "UNION", "UNNEST", "UPDATE",
	"UPSERT", "USE", "VALUE", "VALUED", "WHEN", "WHERE", "WITH", "WITHIN",
}

// Parse reads a statement: *SyntaxError.
func Parse(statement string) (*Select, error) {
	p := &parser{statement: statement}
	var failed int
	if p.tokens, failed = lex(statement); failed >= 0 {
		p.at = len(p.tokens) - 1
		return nil, p.fail()
	}
	s := p.parseSelect()
	p.accept(";")
	if p.failed || p.peek().kind != end {
		return nil, p.fail()
	}
	return s, nil
}

// A parser goes over tokens. After the first failure it stays where it was, and all that it returns means nothing.
type parser struct {
	statement string
	tokens    []token
	at        int
	failed    bool
	marks     int
	depth     int
	totals    *[]*aggregate // of the select that is being read
}

// maxDepth is how deeply conditions may nest.
const maxDepth = 200

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if p.at < len(p.tokens)-1 && !p.failed {
		p.at++
	}
	return t
}

// accept goes past a keyword or sign, if it is next.
func (p *parser) accept(s string) bool {
	if p.failed || !p.peek().is(s) {
		return false
	}
	p.next()
	return true
}

// expect goes past keywords or signs that must be next.
func (p *parser) expect(all ...string) {
	for _, s := range all {
		if !p.accept(s) {
			p.failed = true
		}
	}
}

func (p *parser) fail() error {
	t := p.peek()
	before := p.statement[:min(t.at, len(p.statement))]
	e := &SyntaxError{Line: 1 + strings.Count(before, "\n"), Column: t.at - strings.LastIndexByte(before, '\n'), At: "end of input"}
	if p.at > 0 {
		e.Near = p.tokens[p.at-1].value
	}
	if t.kind != end {
		e.At = t.value
	} else if t.at < len(p.statement) {
		e.At = p.statement[t.at : t.at+1]
	}
	return e
}

// name reads a name; a reserved word is none.
func (p *parser) name() string {
	if t := p.peek(); t.kind == quoted || t.kind == word && !slices.Contains(reserved, strings.ToUpper(t.value)) {
		return p.next().value
	}
	p.failed = true
	return ""
}

// nameAfter reads the name that AS, or nothing, introduces; "" if there is none.
func (p *parser) nameAfter() string {
	if p.accept("AS") {
		return p.name()
	}
	if t := p.peek(); t.kind == quoted || t.kind == word && !slices.Contains(reserved, strings.ToUpper(t.value)) {
		return p.name()
	}
	return ""
}

func (p *parser) parseSelect() *Select {
	s := &Select{}
	if p.depth++; p.depth > maxDepth {
		p.failed = true
		return s
	}
	outer := p.totals
	defer func() { p.depth--; p.totals = outer }()
	p.totals = &s.totals
	p.expect("SELECT")
	p.accept("ALL")
	switch {
	case p.accept("RAW") || p.accept("ELEMENT") || p.accept("VALUE"):
		s.raw = true
		s.items = []item{{value: p.expr()}}
		p.nameAfter()
	case p.accept("*"):
	default:
		s.items = p.items()
	}
	p.expect("FROM")
	p.source(s)
	totals := len(s.totals)
	if p.accept("WHERE") {
		s.where = p.expr()
	}
	if p.accept("GROUP") {
		p.expect("BY")
		for more := true; more && !p.failed; more = p.accept(",") {
			s.group = append(s.group, p.expr())
		}
	}
	if len(s.totals) > totals || s.items == nil && (s.group != nil || totals > 0) {
		p.failed = true // a total of what is still being chosen
	}
	if p.accept("ORDER") {
		p.expect("BY")
		for more := true; more && !p.failed; more = p.accept(",") {
			o := ordering{by: p.expr()}
			if o.descending = p.accept("DESC"); !o.descending {
				p.accept("ASC")
			}
			s.order = append(s.order, o)
		}
	}
	if p.accept("LIMIT") {
		s.limit = p.expr()
	}
	if p.accept("OFFSET") {
		s.offset = p.expr()
	}
	s.marks = p.marks
	return s
}

func (p *parser) items() (items []item) {
	unnamed := 0
	for more := true; more && !p.failed; more = p.accept(",") {
		if all := p.all(); all != nil {
			items = append(items, item{value: all, all: true})
			continue
		}
		i := item{value: p.expr()}
		i.name = p.nameAfter()
		if i.name == "" {
			i.name = implied(i.value)
		}
		if i.name == "" {
			unnamed++
			i.name = "$" + strconv.Itoa(unnamed)
		}
		items = append(items, i)
	}
	return items
}

// all reads a name with .* after it; nil if that is not next.
func (p *parser) all() expr {
	if p.failed || p.at+2 >= len(p.tokens) || !p.tokens[p.at+1].is(".") || !p.tokens[p.at+2].is("*") {
		return nil
	}
	of := name(p.name())
	p.expect(".", "*")
	return of
}

// implied is the name that a projection has by itself: the last of a path; "" for none.
func implied(e expr) string {
	switch e := e.(type) {
	case field:
		return e.name
	case name:
		return string(e)
	}
	return ""
}

// source reads what FROM has: a keyspace, or a select in parentheses, which must have an alias
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/from.html#from-subquery).
func (p *parser) source(s *Select) {
	if !p.accept("(") {
		p.keyspace(s)
		return
	}
	s.from = p.parseSelect()
	s.Keyspace = s.from.Keyspace
	p.expect(")")
	if s.alias = p.nameAfter(); s.alias == "" {
		p.failed = true
	}
}

func (p *parser) keyspace(s *Select) {
	first := p.name()
	if first == "default" && p.accept(":") {
		first = p.name()
	}
	s.Keyspace = []string{first}
	for p.accept(".") && !p.failed {
		s.Keyspace = append(s.Keyspace, p.name())
	}
	if len(s.Keyspace) == 2 || len(s.Keyspace) > 3 {
		p.failed = true
	}
	if s.alias = p.nameAfter(); s.alias == "" {
		s.alias = s.Keyspace[len(s.Keyspace)-1]
	}
}

// ParsePath reads names with dots between, as a query's context has them, with or without backticks: *SyntaxError.
func ParsePath(path string) ([]string, error) {
	p := &parser{statement: path}
	var failed int
	if p.tokens, failed = lex(path); failed >= 0 {
		p.at = len(p.tokens) - 1
		return nil, p.fail()
	}
	names := []string{p.name()}
	for p.accept(".") && !p.failed {
		names = append(names, p.name())
	}
	if p.failed || p.peek().kind != end {
		return nil, p.fail()
	}
	return names, nil
}
