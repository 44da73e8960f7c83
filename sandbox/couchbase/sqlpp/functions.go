package sqlpp

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The functions of a select, each with how many arguments it takes. One whose argument is MISSING is MISSING, and one
// whose argument is NULL or of another kind is NULL, but where it says otherwise.
func functions() map[string]function {
	return map[string]function{
		// https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/stringfun.html
		"LOWER":   {1, onTexts(func(t []string) any { return strings.ToLower(t[0]) })},
		"UPPER":   {1, onTexts(func(t []string) any { return strings.ToUpper(t[0]) })},
		"REPLACE": {3, onTexts(func(t []string) any { return strings.ReplaceAll(t[0], t[1], t[2]) })},
		// https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/typefun.html
		"TO_STRING":    {1, toString},
		"TOSTRING":     {1, toString},
		"IS_NUMBER":    {1, isOf(4)},
		"ISNUMBER":     {1, isOf(4)},
		"IS_STRING":    {1, isOf(5)},
		"ISSTRING":     {1, isOf(5)},
		"OBJECT_NAMES": {1, objectNames}, // objectfun.html: sorted
		// https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/condfununknown.html
		"IFMISSINGORNULL": {2, func(args []any) any {
			if isGone(args[0]) || args[0] == nil {
				return args[1]
			}
			return args[0]
		}},
		// https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/datefun.html
		"STR_TO_MILLIS": {1, onTexts(func(t []string) any { return millis(t[0]) })},
	}
}

type function struct {
	takes int
	of    func(args []any) any
}

// A call of a function.
type call struct {
	function
	name string
	args []expr
}

func (e call) eval(s *scope) any {
	args := make([]any, len(e.args))
	for i, a := range e.args {
		args[i] = a.eval(s)
	}
	return e.of(args)
}

// call reads a function or an aggregate.
func (p *parser) call() expr {
	name := strings.ToUpper(p.peek().value)
	if name == "COUNT" {
		return p.aggregate()
	}
	f, known := functions()[name]
	if !known {
		p.failed = true
		return literal{}
	}
	p.next()
	p.expect("(")
	c := call{function: f, name: name}
	for more := true; more && !p.failed; more = p.accept(",") {
		c.args = append(c.args, p.expr())
	}
	if len(c.args) != f.takes {
		p.failed = true
	}
	p.expect(")")
	return c
}

func onTexts(f func(texts []string) any) func([]any) any {
	return func(args []any) any {
		if slices.ContainsFunc(args, isGone) {
			return missing{}
		}
		var texts []string
		for _, a := range args {
			t, is := a.(string)
			if !is {
				return nil
			}
			texts = append(texts, t)
		}
		return f(texts)
	}
}

func isOf(kind int) func([]any) any {
	return func(args []any) any {
		if r := rank(args[0]); r > 1 {
			return r == kind
		}
		return args[0] // MISSING and NULL stay what they are
	}
}

func toString(args []any) any {
	switch v := args[0].(type) {
	case missing, nil, string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return strconv.FormatInt(i, 10)
		}
		f, _ := v.Float64() // too large is infinite
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return nil
}

func objectNames(args []any) any {
	switch v := args[0].(type) {
	case missing:
		return v
	case map[string]any:
		names := []string{}
		for n := range v {
			names = append(names, n)
		}
		slices.Sort(names)
		list := make([]any, len(names))
		for i, n := range names {
			list[i] = n
		}
		return list
	}
	return nil
}

// millis are the milliseconds since 1970 of a time in one of the formats that the page has; without an offset it is in the
// time zone of the server, which is UTC here.
func millis(text string) any {
	for _, format := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(format, text); err == nil {
			return json.Number(strconv.FormatInt(t.UnixMilli(), 10))
		}
	}
	return nil
}

// cases is CASE WHEN … END (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/conditionalops.html).
type cases struct {
	when, then []expr
	otherwise  expr // nil for NULL
}

func (e cases) eval(s *scope) any {
	for i, w := range e.when {
		if truthValue(w.eval(s)) == true {
			return e.then[i].eval(s)
		}
	}
	if e.otherwise == nil {
		return nil
	}
	return e.otherwise.eval(s)
}

func (e cases) children() []expr { return append(slices.Concat(e.when, e.then), e.otherwise) }

func (p *parser) cases() expr {
	var c cases
	for p.accept("WHEN") {
		c.when = append(c.when, p.expr())
		p.expect("THEN")
		c.then = append(c.then, p.expr())
	}
	if len(c.when) == 0 {
		p.failed = true
	}
	if p.accept("ELSE") {
		c.otherwise = p.expr()
	}
	p.expect("END")
	return c
}
