package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"liveops/datasheets"
)

// ledgerPrefix begins the names of the tables that liveops keeps for itself; sheets cannot describe them.
const ledgerPrefix = "liveops_"

// readSchema reads every table of the database but the ledger's, by name. Views are left out.
func readSchema(ctx context.Context, q querier) (map[string]*datasheets.Table, error) {
	tables, err := readTables(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the tables of information_schema: %w", err)
	}
	if err := readColumns(ctx, q, tables); err != nil {
		return nil, fmt.Errorf("read the columns of information_schema: %w", err)
	}
	if err := readKeys(ctx, q, tables); err != nil {
		return nil, fmt.Errorf("read the primary keys of information_schema: %w", err)
	}
	refs, err := readReferences(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, r := range refs {
		if t := tables[r.child]; t != nil && r.childSchema == "" {
			t.ForeignKeys = append(t.ForeignKeys, datasheets.ForeignKey{Name: r.name, Columns: r.columns, Parent: r.parent, ParentColumns: r.parentColumns})
		}
	}
	return tables, nil
}

func readTables(ctx context.Context, q querier) (map[string]*datasheets.Table, error) {
	tables := map[string]*datasheets.Table{}
	err := each(ctx, q, `SELECT TABLE_NAME, COALESCE(ENGINE, '') FROM information_schema.TABLES
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'`, func(rows *sql.Rows) error {
		t := &datasheets.Table{}
		if err := rows.Scan(&t.Name, &t.Engine); err != nil {
			return err
		}
		if !strings.HasPrefix(t.Name, ledgerPrefix) {
			tables[t.Name] = t
		}
		return nil
	})
	return tables, err
}

func readColumns(ctx context.Context, q querier, tables map[string]*datasheets.Table) error {
	version := ""
	if err := q.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return err
	}
	isMariaDB := strings.Contains(version, "MariaDB")
	json, err := jsonChecks(ctx, q, isMariaDB)
	if err != nil {
		return err
	}
	return each(ctx, q, `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH,
		CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, CHARACTER_SET_NAME,
		COLLATION_NAME, IS_NULLABLE, COLUMN_DEFAULT, EXTRA
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
		ORDER BY TABLE_NAME, ORDINAL_POSITION`, func(rows *sql.Rows) error {
		var table string
		d := datasheets.ColumnInfo{MariaDB: isMariaDB}
		err := rows.Scan(&table, &d.Name, &d.ColumnType, &d.DataType, &d.CharacterMaximumLength,
			&d.CharacterOctetLength, &d.NumericPrecision, &d.NumericScale, &d.DatetimePrecision, &d.CharacterSet,
			&d.Collation, &d.IsNullable, &d.Default, &d.Extra)
		if err != nil {
			return err
		}
		if t := tables[table]; t != nil {
			d.JSONCheck = json[table+"."+d.Name]
			t.Columns = append(t.Columns, datasheets.ParseColumn(d))
		}
		return nil
	})
}

// jsonChecks finds MariaDB's JSON columns: JSON is an alias for LONGTEXT there, told by the check constraint
// json_valid(`column`) that goes with it (https://mariadb.com/kb/en/json-data-type/).
func jsonChecks(ctx context.Context, q querier, isMariaDB bool) (map[string]bool, error) {
	found := map[string]bool{}
	if !isMariaDB {
		return found, nil
	}
	err := each(ctx, q, `SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
		WHERE CONSTRAINT_SCHEMA = DATABASE() AND CHECK_CLAUSE LIKE 'json_valid(%'`, func(rows *sql.Rows) error {
		var table, clause string
		if err := rows.Scan(&table, &clause); err != nil {
			return err
		}
		column := strings.TrimSuffix(strings.TrimPrefix(clause, "json_valid("), ")")
		column = strings.ReplaceAll(strings.Trim(column, "`"), "``", "`")
		found[table+"."+column] = true
		return nil
	})
	return found, err
}

func readKeys(ctx context.Context, q querier, tables map[string]*datasheets.Table) error {
	return each(ctx, q, `SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE
		WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_NAME = 'PRIMARY'
		ORDER BY TABLE_NAME, ORDINAL_POSITION`, func(rows *sql.Rows) error {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		if t := tables[table]; t != nil {
			i := t.Column(column)
			if i < 0 {
				return fmt.Errorf("the primary key of %s names %s, which is no column", table, column)
			}
			t.Key = append(t.Key, i)
		}
		return nil
	})
}

// each runs a query and hands over its rows.
func each(ctx context.Context, q querier, query string, row func(*sql.Rows) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// quote quotes an identifier.
func quote(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// quoteAll quotes identifiers and joins them with commas.
func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}
