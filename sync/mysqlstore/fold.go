package mysqlstore

import (
	"context"
	"fmt"
	"strings"

	"liveops/datasheets"
)

// foldBatch is how many text values one query asks the weights of.
const foldBatch = 500

// Fold says which keys the server holds to be the same, by the weights that each text column's collation gives
// them: equal keys get equal strings (https://dev.mysql.com/doc/refman/8.0/en/string-functions.html#function_weight-string).
func (s *Snapshot) Fold(ctx context.Context, t *datasheets.Table, keys [][]datasheets.Value) ([]string, error) {
	folded := make([][]byte, len(keys))
	for i, c := range t.Key {
		column := &t.Columns[c]
		texts := make([]string, len(keys))
		for k := range keys {
			texts[k] = keys[k][i].Text()
		}
		if column.Type == datasheets.String {
			var err error
			if texts, err = s.foldTexts(ctx, column, texts); err != nil {
				return nil, fmt.Errorf("weigh %s.%s: %w", t.Name, column.Name, err)
			}
		}
		for k := range keys {
			folded[k] = datasheets.AppendText(folded[k], []byte(texts[k]))
		}
	}
	out := make([]string, len(keys))
	for k := range folded {
		out[k] = string(folded[k])
	}
	return out, nil
}

func (s *Snapshot) foldTexts(ctx context.Context, c *datasheets.Column, texts []string) ([]string, error) {
	if padsSpaces(c.Collation) {
		for i := range texts {
			texts[i] = strings.TrimRight(texts[i], " ")
		}
	}
	out := make([]string, 0, len(texts))
	for len(texts) > 0 {
		n := min(foldBatch, len(texts))
		args, into := make([]any, n), make([]any, n)
		got := make([]string, n)
		for i := range n {
			args[i], into[i] = texts[i], &got[i]
		}
		weight := fmt.Sprintf("HEX(WEIGHT_STRING(CONVERT(? USING %s) COLLATE %s))", c.Charset, c.Collation)
		query := "SELECT " + strings.TrimSuffix(strings.Repeat(weight+", ", n), ", ")
		if err := s.tx.QueryRowContext(ctx, query, args...).Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, got...)
		texts = texts[n:]
	}
	return out, nil
}

// padsSpaces says whether a collation ignores trailing spaces: all but MySQL's UCA 9.0.0 ones, MariaDB's
// nopad ones and binary (https://dev.mysql.com/doc/refman/8.0/en/charset-binary-collations.html).
func padsSpaces(collation string) bool {
	return collation != "binary" && !strings.Contains(collation, "_0900_") && !strings.Contains(collation, "_nopad_")
}
