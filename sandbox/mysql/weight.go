package mysql

import (
	"bytes"
	"fmt"
	"strings"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/expression"
	"github.com/dolthub/go-mysql-server/sql/types"
)

// addWeightString gives the engine MySQL's WEIGHT_STRING(text): two texts are equal under the expression's
// collation exactly where their weights are. The weights are the engine's own, not MySQL's bytes.
func addWeightString(engine *sqle.Engine) {
	engine.Analyzer.Catalog.RegisterFunction(sql.NewEmptyContext(), sql.Function1{
		Name: "weight_string",
		Fn:   func(e sql.Expression) sql.Expression { return &weightString{expression.UnaryExpression{Child: e}} },
	})
}

type weightString struct {
	expression.UnaryExpression
}

func (w *weightString) FunctionName() string { return "weight_string" }
func (w *weightString) Description() string {
	return "Returns the weights by which a text is compared."
}
func (w *weightString) Type() sql.Type { return types.LongBlob }
func (w *weightString) String() string { return fmt.Sprintf("weight_string(%s)", w.Child) }

func (w *weightString) CollationCoercibility(*sql.Context) (sql.CollationID, byte) {
	return sql.Collation_binary, 4
}

func (w *weightString) WithChildren(children ...sql.Expression) (sql.Expression, error) {
	if len(children) != 1 {
		return nil, sql.ErrInvalidChildrenNumber.New(w, len(children), 1)
	}
	return &weightString{expression.UnaryExpression{Child: children[0]}}, nil
}

func (w *weightString) Eval(ctx *sql.Context, row sql.Row) (any, error) {
	v, err := w.Child.Eval(ctx, row)
	if err != nil || v == nil {
		return nil, err
	}
	v, _, err = types.LongText.Convert(ctx, v)
	if err != nil {
		return nil, err
	}
	text, _, err := sql.Unwrap[string](ctx, v)
	if err != nil {
		return nil, err
	}
	collation, _ := sql.GetCoercibility(ctx, w.Child)
	if collation.PadAttribute() == "PAD SPACE" {
		text = strings.TrimRight(text, " ")
	}
	var weights bytes.Buffer
	if err := collation.WriteWeightString(&weights, text); err != nil {
		return nil, err
	}
	return weights.Bytes(), nil
}
