package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// Cost says what reading a query's tokens costs beyond reading them once, and what would mend it; "" where an index
// brings them in order.
func (c *Couchbase) Cost(ctx context.Context, q Query) (string, error) {
	if err := c.check(&q); err != nil {
		return "", err
	}
	token, platform := q.Table.Token, q.Table.Platform
	if q.selected().Ordered == "" {
		return fmt.Sprintf("the query is carried out and sorted as a whole once for every %d tokens of each platform; with an index on %s and %s it need not be, where it says `t.%s = $platform AND t.%s > $after` and ends with `ORDER BY t.%s LIMIT $limit`",
			c.rows(&q), platform, token, platform, token, token), nil
	}
	st := q.of(q.parts()[0].value, "", c.rows(&q))
	st.WriteString("EXPLAIN " + q.selected().Text)
	var scanned, sorted bool
	err := c.ask(ctx, &q, st, func(raw json.RawMessage) error {
		var row struct{ Plan any }
		err := json.Unmarshal(raw, &row)
		eachOperator(row.Plan, func(name string) {
			scanned = scanned || strings.HasPrefix(name, "PrimaryScan")
			sorted = sorted || name == "Order"
		})
		return err
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("ask how the query is carried out: %w", err)
	case scanned:
		return fmt.Sprintf("each page of %d tokens goes through all documents; an index on what its WHERE compares with $platform and $after, in this order, makes that unnecessary", c.rows(&q)), nil
	case sorted:
		return fmt.Sprintf("each page of %d tokens sorts all that are left; an index on what its WHERE compares with $platform and $after, in this order, makes that unnecessary", c.rows(&q)), nil
	}
	return "", nil
}

// eachOperator gives the names of a plan's operators, however they stand in one another
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/explain.html).
func eachOperator(plan any, each func(name string)) {
	switch p := plan.(type) {
	case []any:
		for _, inner := range p {
			eachOperator(inner, each)
		}
	case map[string]any:
		if name, is := p["#operator"].(string); is {
			each(name)
		}
		for _, inner := range p {
			eachOperator(inner, each)
		}
	}
}
