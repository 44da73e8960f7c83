package mysql

import (
	"cmp"
	"maps"
	"slices"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/expression"
)

// tokenIndex is the index of a table of push tokens: platform, then token.
type tokenIndex struct{ of *tokenTable }

// ID and the rest implement sql.Index and sql.OrderedIndex.
func (i tokenIndex) ID() string       { return "push_order" }
func (i tokenIndex) Database() string { return i.of.database }
func (i tokenIndex) Table() string    { return i.of.name }
func (i tokenIndex) Expressions() []string {
	return []string{i.of.name + ".platform", i.of.name + ".token"}
}

func (i tokenIndex) ColumnExpressionTypes() []sql.ColumnExpressionType {
	return []sql.ColumnExpressionType{
		{Expression: i.Expressions()[0], Type: i.of.schema[platformColumn].Type},
		{Expression: i.Expressions()[1], Type: i.of.schema[tokenColumn].Type},
	}
}
func (i tokenIndex) IsUnique() bool                             { return true }
func (i tokenIndex) IsSpatial() bool                            { return false }
func (i tokenIndex) IsFullText() bool                           { return false }
func (i tokenIndex) IsVector() bool                             { return false }
func (i tokenIndex) IsGenerated() bool                          { return false }
func (i tokenIndex) Comment() string                            { return "" }
func (i tokenIndex) IndexType() string                          { return "BTREE" }
func (i tokenIndex) PrefixLengths() []uint16                    { return nil }
func (i tokenIndex) CanSupport(*sql.Context, ...sql.Range) bool { return true }
func (i tokenIndex) CanSupportOrderBy(sql.Expression) bool      { return false }
func (i tokenIndex) Order() sql.IndexOrder                      { return sql.IndexOrderAsc }
func (i tokenIndex) Reversible() bool                           { return false }

// SkipIndexCosting says that the engine looks for a lookup by itself where LookupForExpressions has none.
func (t *tokenTable) SkipIndexCosting() bool { return false }

// LookupForExpressions finds the rows of conditions that name tokens under several OR, which the engine would look for in the
// whole table. The conditions are asked of the rows that are found, too.
func (t *tokenTable) LookupForExpressions(ctx *sql.Context, all ...sql.Expression) (sql.IndexLookup, *sql.FuncDepSet, sql.Expression, bool, error) {
	for _, e := range all {
		or, ok := e.(*expression.Or)
		if !ok {
			continue
		}
		points := map[point]bool{}
		if !t.points(ctx, or, points) || len(points) == 0 {
			continue
		}
		var ranges sql.MySQLRangeCollection
		for _, p := range slices.SortedFunc(maps.Keys(points), point.compare) {
			ranges = append(ranges, sql.MySQLRange{
				sql.ClosedRangeColumnExpr(p.platform, p.platform, t.schema[platformColumn].Type),
				sql.ClosedRangeColumnExpr(p.token, p.token, t.schema[tokenColumn].Type),
			})
		}
		return sql.IndexLookup{Index: tokenIndex{t}, Ranges: ranges}, nil, nil, true, nil
	}
	return sql.IndexLookup{}, nil, nil, false, nil
}

// point is where a row can be.
type point struct{ platform, token string }

func (p point) compare(q point) int {
	return cmp.Or(cmp.Compare(p.platform, q.platform), cmp.Compare(p.token, q.token))
}

// points adds those of an expression; false where rows elsewhere can meet it.
func (t *tokenTable) points(ctx *sql.Context, e sql.Expression, to map[point]bool) bool {
	switch e := e.(type) {
	case *expression.Or:
		return t.points(ctx, e.LeftChild, to) && t.points(ctx, e.RightChild, to)
	case *expression.Literal:
		return e.Value() == false
	case *expression.And:
		platforms, ok := namedIn(ctx, e, "platform")
		if !ok {
			return false
		}
		tokens, ok := namedIn(ctx, e, "token")
		for _, platform := range platforms {
			for _, token := range tokens {
				to[point{platform, token}] = true
			}
		}
		return ok
	}
	return false
}

// namedIn are the values of a column that a conjunction names in an IN.
func namedIn(ctx *sql.Context, and *expression.And, column string) (values []string, ok bool) {
	for _, e := range expression.SplitConjunction(and) {
		in, is := e.(expression.Comparer)
		switch e.(type) {
		case *expression.InTuple, *expression.HashInTuple:
		default:
			continue
		}
		field, named := in.Left().(*expression.GetField)
		tuple, listed := in.Right().(expression.Tuple)
		if !is || !named || !listed || field.Name() != column {
			continue
		}
		for _, one := range tuple {
			value, err := one.Eval(ctx, nil)
			if err != nil || value == nil {
				return nil, false
			}
			values = append(values, key(value))
		}
		return values, true
	}
	return nil, false
}
