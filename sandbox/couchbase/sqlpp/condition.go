package sqlpp

import (
	"encoding/json"
	"strconv"
	"strings"
)

// expr reads a condition or value: OR, AND, NOT, comparisons, in the order of how loosely they bind
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/index.html#operator_precedence).
func (p *parser) expr() expr {
	if p.depth++; p.depth > maxDepth {
		p.failed = true
		return literal{}
	}
	defer func() { p.depth-- }()
	e := p.and()
	for p.accept("OR") {
		e = or{e, p.and()}
	}
	return e
}

func (p *parser) and() expr {
	e := p.not()
	for p.accept("AND") {
		e = and{e, p.not()}
	}
	return e
}

func (p *parser) not() expr {
	n := 0
	for p.accept("NOT") {
		n++
	}
	e := p.comparison()
	for range n {
		e = not{e}
	}
	return e
}

// comparisons are the signs, and what they mean.
var comparisons = map[string]func(int) bool{
	"=":  func(c int) bool { return c == 0 },
	"==": func(c int) bool { return c == 0 },
	"!=": func(c int) bool { return c != 0 },
	"<>": func(c int) bool { return c != 0 },
	"<":  func(c int) bool { return c < 0 },
	"<=": func(c int) bool { return c <= 0 },
	">":  func(c int) bool { return c > 0 },
	">=": func(c int) bool { return c >= 0 },
}

func (p *parser) comparison() expr {
	e := p.value()
	for !p.failed {
		if t := p.peek(); t.kind == sign && comparisons[t.value] != nil {
			p.next()
			e = compare{e, p.value(), comparisons[t.value]}
			continue
		}
		if p.accept("IS") {
			e = p.is(e)
			continue
		}
		negative := p.peek().is("NOT")
		if negative {
			p.next()
		}
		var test expr
		switch {
		case p.accept("IN"):
			test = in{e, p.value()}
		case p.accept("LIKE"):
			test = like{e, p.value()}
		case p.accept("BETWEEN"):
			low := p.value()
			p.expect("AND")
			test = and{compare{e, low, comparisons[">="]}, compare{e, p.value(), comparisons["<="]}}
		case negative:
			p.failed = true
			return e
		default:
			return e
		}
		if e = test; negative {
			e = not{test}
		}
	}
	return e
}

func (p *parser) is(e expr) expr {
	negative := p.accept("NOT")
	var test expr
	switch {
	case p.accept("NULL"):
		test = isNull{e}
	case p.accept("MISSING"):
		test = isMissing{e}
	case p.accept("VALUED"):
		test = isValued{e}
	default:
		p.failed = true
	}
	if negative {
		return not{test}
	}
	return test
}

// value reads a literal, parameter, list, path, META(), ANY or what stands in parentheses, with names and indexes after it.
func (p *parser) value() expr {
	e := p.primary()
	for !p.failed {
		switch {
		case p.accept("."):
			e = field{e, p.fieldName()}
		case p.accept("["):
			e = element{e, p.expr()}
			p.expect("]")
		default:
			return e
		}
	}
	return e
}

// fieldName reads a name after a dot, where reserved words are names too.
func (p *parser) fieldName() string {
	if t := p.peek(); t.kind == word || t.kind == quoted {
		return p.next().value
	}
	p.failed = true
	return ""
}

func (p *parser) primary() expr {
	if p.failed {
		return literal{}
	}
	switch t := p.peek(); {
	case t.kind == text:
		return literal{p.next().value}
	case t.kind == number:
		return p.number(p.next().value)
	case t.kind == parameter:
		return p.parameter(p.next().value)
	case p.accept("-"):
		return p.number("-" + p.next().value)
	case p.accept("("):
		e := p.expr()
		p.expect(")")
		return e
	case p.accept("["):
		return p.list()
	case p.accept("TRUE"):
		return literal{true}
	case p.accept("FALSE"):
		return literal{false}
	case p.accept("NULL"):
		return literal{nil}
	case p.accept("MISSING"):
		return literal{missing{}}
	case p.accept("CASE"):
		return p.cases()
	case p.accept("ANY") || p.accept("SOME"):
		return p.quantified(false)
	case p.accept("EVERY"):
		return p.quantified(true)
	case t.is("META") && p.tokens[p.at+1].is("("):
		return p.meta()
	case t.kind == word && p.tokens[p.at+1].is("("):
		return p.call()
	}
	return name(p.name())
}

func (p *parser) number(text string) expr {
	if !json.Valid([]byte(text)) || strings.HasPrefix(text, "\"") {
		p.failed = true
		return literal{}
	}
	return literal{json.Number(text)}
}

func (p *parser) parameter(text string) expr {
	if text == "" {
		p.marks++
		return positional(p.marks)
	}
	if n, err := strconv.Atoi(text); err == nil {
		return positional(n)
	}
	return named(text)
}

func (p *parser) list() expr {
	var l list
	if p.accept("]") {
		return l
	}
	for more := true; more && !p.failed; more = p.accept(",") {
		l = append(l, p.expr())
	}
	p.expect("]")
	return l
}

func (p *parser) quantified(every bool) expr {
	q := quantified{every: every, name: p.name()}
	p.expect("IN")
	q.in = p.value()
	p.expect("SATISFIES")
	q.satisfies = p.expr()
	p.expect("END")
	return q
}

func (p *parser) meta() expr {
	p.next()
	p.expect("(")
	m := meta{}
	if !p.accept(")") {
		m.alias = p.name()
		p.expect(")")
	}
	return m
}
