package mysql

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What information_schema says of a table with columns of every type, with its keys and constraints.
func TestInformationSchema(t *testing.T) {
	c := game(t, `CREATE TABLE parent (id INT UNSIGNED PRIMARY KEY)`, `CREATE TABLE every (
		id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, tiny TINYINT, tinyu TINYINT UNSIGNED NOT NULL DEFAULT 7, flag BOOLEAN DEFAULT TRUE,
		small SMALLINT, med MEDIUMINT UNSIGNED, i INT(11) DEFAULT -3, big BIGINT, dec1 DECIMAL(10,4) DEFAULT 1.5, dec2 DECIMAL(65,30), f FLOAT, d DOUBLE,
		c CHAR(10) COLLATE utf8mb4_bin, v VARCHAR(255) COLLATE utf8mb4_general_ci DEFAULT 'it''s', t TEXT, tt TINYTEXT, mt MEDIUMTEXT, lt LONGTEXT,
		da DATE, dt DATETIME DEFAULT CURRENT_TIMESTAMP, dt3 DATETIME(3), ti TIME(6), ts TIMESTAMP NULL DEFAULT NULL, ts6 TIMESTAMP(6) NULL, y YEAR,
		e ENUM('a','b') DEFAULT 'b', st SET('x','y','z'), j JSON, b1 BIT(1), b10 BIT(10) DEFAULT b'101',
		bi BINARY(4), vb VARBINARY(16), bl BLOB, p INT UNSIGNED, cx INT DEFAULT (1+1),
		PRIMARY KEY (id), UNIQUE KEY uq (c, v), KEY ix (small),
		CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE RESTRICT, CONSTRAINT ck CHECK (small > 0))`)
	for view, query := range map[string]string{
		"columns": `SELECT COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE,
			DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_TYPE, COLUMN_KEY, EXTRA
			FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'every' ORDER BY ORDINAL_POSITION`,
		"statistics": `SELECT INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, NULLABLE FROM information_schema.STATISTICS
			WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'every' ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
		"key_column_usage": `SELECT CONSTRAINT_NAME, COLUMN_NAME, ORDINAL_POSITION, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
			FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'every' ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION`,
		"referential_constraints": `SELECT CONSTRAINT_NAME, UNIQUE_CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE, TABLE_NAME, REFERENCED_TABLE_NAME
			FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()`,
		"check_constraints": `SELECT CONSTRAINT_SCHEMA, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS`,
		"table_constraints": `SELECT CONSTRAINT_NAME, CONSTRAINT_TYPE FROM information_schema.TABLE_CONSTRAINTS
			WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'every' ORDER BY CONSTRAINT_NAME`,
	} {
		t.Run(view, func(t *testing.T) {
			got := c.ask(query) + "\n"
			file := "testdata/" + view + ".golden"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want(t, view, strings.TrimSpace(got), strings.TrimSpace(string(golden)))
		})
	}
}
