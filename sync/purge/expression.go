package purge

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// expressionTime is how long an expression may take for one document. It bounds memory, too: what an expression can
// pile up within it.
const expressionTime = time.Second

// expression is a jq program (https://jqlang.org/manual/) that depends on nothing but its input.
type expression struct {
	query *gojq.Query
	code  *gojq.Code
	limit time.Duration
}

// plain is the program without comments and layout; "" of none.
func (e *expression) plain() string {
	if e == nil {
		return ""
	}
	return e.query.String()
}

func compileExpression(text string) (*expression, *Fault) {
	query, err := gojq.Parse(text)
	if parse := (*gojq.ParseError)(nil); errors.As(err, &parse) {
		return nil, &Fault{Offset: max(parse.Offset-len(parse.Token), 0), Text: "this is not jq: " + parseText(parse), Mend: "see https://jqlang.org/manual/"}
	} else if err != nil {
		return nil, &Fault{Text: "this is not jq: " + err.Error(), Mend: "see https://jqlang.org/manual/"}
	}
	if name, offset := forbidden(query, text); name != "" {
		return nil, &Fault{Offset: offset, Text: fmt.Sprintf("`%s` may not be used: what becomes of a document must depend on the document alone", name), Mend: "remove it"}
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, &Fault{Offset: mentioned(err.Error(), text), Text: "this jq does not compile: " + err.Error()}
	}
	return &expression{query, code, expressionTime}, nil
}

func parseText(e *gojq.ParseError) string {
	if e.Token == "" {
		return "it ends too early"
	}
	return fmt.Sprintf("`%s` is not expected here", strings.ReplaceAll(e.Token, "\n", " "))
}

// outside are the functions through which a program can see or do something outside its input.
func outside(name string) bool {
	switch name {
	case "input", "inputs", "env", "$ENV", "input_filename", "input_line_number", "now", "halt", "halt_error", "debug", "stderr",
		"localtime", "strflocaltime", "get_search_list", "modulemeta", "builtins":
		return true
	}
	return strings.Contains(name, "::")
}

// forbidden finds a function or module that a program may not use, and where.
func forbidden(query *gojq.Query, text string) (name string, offset int) {
	if query.Meta != nil {
		name = "module"
	}
	walk(reflect.ValueOf(query), func(v any) {
		switch v := v.(type) {
		case *gojq.Import:
			name = "import"
			if v.IncludePath != "" {
				name = "include"
			}
		case *gojq.Func:
			if outside(v.Name) {
				name = v.Name
			}
		}
	})
	return name, max(strings.Index(text, name), 0)
}

// walk visits every pointer within a tree.
func walk(v reflect.Value, visit func(any)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Interface())
			walk(v.Elem(), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walk(v.Field(i), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	}
}

// mentioned finds in a program what a compiler's message ends with: "function not defined: foo/0".
func mentioned(message, text string) int {
	_, name, _ := strings.Cut(message, ": ")
	name, _, _ = strings.Cut(name, "/")
	return max(strings.Index(text, name), 0)
}

// one runs the program, which must give exactly one value.
func (e *expression) one(ctx context.Context, input any) (any, error) {
	limited := watchFor(ctx, e.limit)
	defer limited.stop()
	results := e.code.RunWithContext(limited, input)
	result, ok := results.Next()
	if !ok {
		return nil, errors.New("gives nothing; expected one value")
	}
	err, failed := result.(error)
	if !failed {
		second, more := results.Next()
		if !more {
			return result, nil
		}
		if err, failed = second.(error); !failed {
			return nil, errors.New("gives more than one value; expected one")
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, fmt.Errorf("takes more than %s", e.limit)
	}
	return nil, err
}
