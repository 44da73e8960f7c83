package audience

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"liveops/datasheets"
	"liveops/pushd/campaign"
)

// Columns are those that a query reads: those of its table, or of what its SQL gives. No row is read. Of what SQL gives, sizes and members of types
// are not known.
func (s *Store) Columns(ctx context.Context, q Query) ([]datasheets.Column, error) {
	all, err := s.columns(ctx, &q)
	if err != nil || q.SQL != "" {
		return all, err
	}
	described, err := s.described(ctx, q.Table.Name)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if exact, ok := described[all[i].Name]; ok {
			all[i] = exact
		}
	}
	return all, nil
}

// columns are those of a query with their types as results name them.
func (s *Store) columns(ctx context.Context, q *Query) (all []datasheets.Column, err error) {
	from := quote(q.Table.Name)
	if q.SQL != "" {
		from = "(" + q.SQL + ") AS audience"
	}
	tx, err := s.DB.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // there is nothing to commit
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+from+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		named := strings.ToLower(t.DatabaseTypeName()) // "unsigned bigint"
		plain := strings.TrimPrefix(named, "unsigned ")
		d := datasheets.ColumnInfo{Name: t.Name(), DataType: plain, ColumnType: plain + strings.Repeat(" unsigned", strings.Count(named, "unsigned "))}
		if precision, scale, ok := t.DecimalSize(); ok {
			d.NumericPrecision, d.NumericScale = &precision, &scale
		}
		all = append(all, datasheets.ParseColumn(d))
	}
	return all, rows.Err()
}

// described are the columns of a table as information_schema has them, with all that it says of their types; none where it shows none.
func (s *Store) described(ctx context.Context, table string) (map[string]datasheets.Column, error) {
	all := map[string]datasheets.Column{}
	st := &statement{}
	st.add(`SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`, table)
	err := s.readOnly(ctx, st, func(rows *sql.Rows) error {
		var d datasheets.ColumnInfo
		err := rows.Scan(&d.Name, &d.ColumnType, &d.DataType, &d.CharacterMaximumLength, &d.CharacterOctetLength, &d.NumericPrecision, &d.NumericScale, &d.DatetimePrecision)
		all[d.Name] = datasheets.ParseColumn(d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the types of the columns of %s: %w", table, err)
	}
	return all, nil
}

// typed is a query with the columns that it compares values with.
type typed struct {
	*Query
	columns kinds // of what it reads
	stored  kinds // of its table; the same but for a SELECT
}

// kinds are columns by name, in any case.
type kinds []datasheets.Column

// of is a column; nil where there is none of that name, which the server says, too.
func (k kinds) of(name string) *datasheets.Column {
	for i := range k {
		if strings.EqualFold(k[i].Name, name) {
			return &k[i]
		}
	}
	return nil
}

// typed asks for the types of a query's columns. It fails with a *campaign.ValueError where its tokens are no texts.
func (s *Store) typed(ctx context.Context, q *Query) (*typed, error) {
	columns, err := s.columns(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the types of the columns: %w", err)
	}
	t := &typed{q, columns, columns}
	if q.SQL != "" && q.Only != nil && len(q.Only.Users) > 0 {
		if t.stored, err = s.columns(ctx, &Query{Table: q.Table}); err != nil {
			return nil, fmt.Errorf("read the types of the columns of %s: %w", q.Table.Name, err)
		}
	}
	return t, t.columns.areTexts(q.Table.Token)
}

// areTexts fails where a column of tokens holds no texts: each would be compared as a number.
func (k kinds) areTexts(token string) error {
	if c := k.of(token); c != nil && !campaign.IsText(c) {
		return &campaign.ValueError{Column: c.Name, Type: c.SQLType, Value: "a token", Wanted: "no text"}
	}
	return nil
}

// compared is what a statement compares a column with in place of a text: its expressions for both, and the argument. prefix stands before the
// column's name. Nothing is left to the server's own way from a text to a number. It fails with a *campaign.ValueError.
func (k kinds) compared(prefix, name, text string) (column, value string, arg any, err error) {
	column = prefix + quote(name)
	c := k.of(name)
	if c == nil {
		return column, "?", text, nil
	}
	operand, err := campaign.Operand(c, text)
	if err != nil {
		return "", "", nil, err
	}
	switch v := operand.(type) {
	case campaign.Decimal:
		return column, "CAST(? AS DECIMAL(65, 30))", string(v), nil
	case time.Time:
		return column, "CAST(? AS DATETIME(6))", v.Format("2006-01-02 15:04:05.000000"), nil
	case time.Duration:
		return column, "CAST(? AS TIME(6))", clockText(v), nil
	case string:
		if (c.Type == datasheets.Enum || c.Type == datasheets.Set) && strings.ContainsAny(text, "0123456789") {
			// A text of digits that is no member could be taken for a member's number (https://dev.mysql.com/doc/refman/8.4/en/enum.html).
			column = "CAST(" + column + " AS CHAR)"
		}
	}
	return column, "?", operand, nil
}

// clockText is a time of day as MySQL has it: -12:30:00.000000.
func clockText(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%02d:%02d:%02d.%06d", sign, d/time.Hour, d/time.Minute%60, d/time.Second%60, d/time.Microsecond%1_000_000)
}
