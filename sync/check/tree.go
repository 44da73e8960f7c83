package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dolthub/vitess/go/vt/sqlparser"
)

// judge parses the statement and judges its tree. It returns the tables that are read and the names that WITH
// gives.
func (s *source) judge() (tables, names []string) {
	text, offsets := s.forParser()
	parsed, err := parse(text)
	if err != nil {
		s.refuseSyntax(err, offsets)
		return nil, nil
	}
	switch parsed.(type) {
	case *sqlparser.Select, *sqlparser.SetOp, *sqlparser.ParenSelect:
	default:
		s.refuse(s.tokens[0].at, "a data test is a SELECT", mendStatement)
		return nil, nil
	}
	j := &judgement{source: s}
	j.visit(reflect.ValueOf(parsed))
	slices.Sort(j.tables)
	slices.Sort(j.names)
	names = slices.Compact(j.names)
	tables = slices.DeleteFunc(slices.Compact(j.tables), func(t string) bool {
		return t == "dual" || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, t) })
	})
	return tables, names
}

// parse runs the parser, whose panics are its refusals.
func parse(text string) (parsed sqlparser.Statement, err error) {
	defer func() {
		if r := recover(); r != nil {
			parsed, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	parsed, end, err := sqlparser.ParseOne(context.Background(), text)
	if err == nil && end < len(text) {
		return nil, errors.New("something follows the statement")
	}
	return parsed, err
}

// forParser writes the tokens for the parser, which knows no unquoted name beyond ASCII. offsets tells, of places
// in what it is given, their places in the file.
func (s *source) forParser() (text string, offsets [][2]int) {
	var b strings.Builder
	end := s.tokens[0].at
	for _, t := range s.tokens {
		if t.is(";") {
			break
		}
		if end < t.at {
			b.WriteByte(' ')
		}
		end = t.end
		offsets = append(offsets, [2]int{b.Len(), t.at})
		if t.kind == word && strings.ContainsFunc(t.text, func(r rune) bool { return r > 0x7f }) {
			b.WriteString("`" + t.text + "`")
			continue
		}
		b.WriteString(s.text[t.at:t.end])
	}
	return b.String(), offsets
}

// syntaxAt is how the parser tells where it stopped.
var syntaxAt = regexp.MustCompile(`at position (\d+)`)

// refuseSyntax points at the token at which the parser stopped, or one beside it: it counts roughly.
func (s *source) refuseSyntax(err error, offsets [][2]int) {
	at := s.tokens[0].at
	if m := syntaxAt.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1]) // its digits are few
		i, _ := slices.BinarySearchFunc(offsets, n-1, func(o [2]int, at int) int { return cmp.Compare(o[0], at) })
		at = offsets[max(i-1, 0)][1]
	}
	s.refuse(at, "the SELECT cannot be read from about here on", "write it as MySQL takes it; not all of MySQL's and MariaDB's grammar is known here")
}

// judgement goes through a tree by reflection: the parser's own Walk passes over some nodes, the WITH of a UNION
// among them.
type judgement struct {
	*source
	tables, names []string
}

func (j *judgement) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			j.visit(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			j.visit(v.Index(i))
		}
	case reflect.Struct:
		if v.CanInterface() {
			j.node(v.Interface())
		}
		for i := range v.NumField() {
			j.visit(v.Field(i))
		}
	}
}

// node judges one node of the tree.
func (j *judgement) node(node any) {
	at := j.tokens[0].at
	switch n := node.(type) {
	case sqlparser.Into, sqlparser.Nextval, sqlparser.Load, sqlparser.TableFuncExpr:
		j.refuse(at, "a data test only reads tables", mendStatement)
	case sqlparser.Select:
		j.lock(n.Lock)
	case sqlparser.SetOp:
		j.lock(n.Lock)
	case sqlparser.FuncExpr:
		name := n.Name.Lowered()
		if _, is := slices.BinarySearch(functions, name); !is || !n.Qualifier.IsEmpty() {
			j.refuse(j.find(name), fmt.Sprintf("`%s` is not a function that a data test may call", name), mendFunction(name))
		}
	case sqlparser.CommonTableExpr:
		j.names = append(j.names, n.As.String())
	case sqlparser.AliasedTableExpr:
		if t, ok := n.Expr.(sqlparser.TableName); ok {
			j.tables = append(j.tables, t.Name.String())
		}
	case sqlparser.TableName:
		if !n.DbQualifier.IsEmpty() || !n.SchemaQualifier.IsEmpty() {
			j.refuse(j.find(n.DbQualifier.String()), "a data test reads no other database", mendTables)
		}
	}
}

func (j *judgement) lock(lock string) {
	if lock != "" {
		j.refuse(j.tokens[0].at, "a data test locks nothing", "take the locking clause out")
	}
}

// find is where a name stands first; the statement's beginning for one that does not.
func (j *judgement) find(name string) int {
	for _, t := range j.tokens {
		if t.kind != quotedText && strings.EqualFold(t.text, name) {
			return t.at
		}
	}
	return j.tokens[0].at
}
