package mysql

import "testing"

// Every type keeps every value that a game's tables hold, and gives it back as MySQL writes it.
func TestValues(t *testing.T) {
	for _, test := range []struct{ column, literal, want string }{
		{"TINYINT", "-128", "-128"},
		{"TINYINT UNSIGNED", "255", "255"},
		{"BOOLEAN", "TRUE", "1"},
		{"SMALLINT", "-32768", "-32768"},
		{"MEDIUMINT UNSIGNED", "16777215", "16777215"},
		{"INT", "-2147483648", "-2147483648"},
		{"BIGINT", "-9223372036854775808", "-9223372036854775808"},
		{"BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"},
		{"DECIMAL(10,4)", "1.5", "1.5000"},
		{"DECIMAL(65,30)", "'12345678901234567890123456789012345.123456789012345678901234567890'", "12345678901234567890123456789012345.123456789012345678901234567890"},
		{"FLOAT", "0.1", "0.1"},
		{"FLOAT", "3.3e-05", "3.3e-05"},
		{"DOUBLE", "0.1", "0.1"},
		{"DOUBLE", "1e300", "1e+300"},
		{"CHAR(4)", "'가나'", "가나"},
		{"VARCHAR(5)", "'가나다라마'", "가나다라마"},
		{"VARCHAR(5)", "''", ""},
		{"TEXT", "'日本語 😀 ไทย'", "日本語 😀 ไทย"},
		{"TEXT", `'a\nb\0c\'d\\e'`, "a\nb\x00c'd\\e"},
		{"DATE", "'2024-02-29'", "2024-02-29"},
		{"DATETIME", "'9999-12-31 23:59:59'", "9999-12-31 23:59:59"},
		{"DATETIME(3)", "'2024-02-29 23:59:59.123'", "2024-02-29 23:59:59.123"},
		{"DATETIME(6)", "'2024-02-29 23:59:59.123456'", "2024-02-29 23:59:59.123456"},
		{"TIMESTAMP NULL", "'2024-02-29 23:59:59'", "2024-02-29 23:59:59"},
		{"TIMESTAMP(6) NULL", "'2024-02-29 23:59:59.654321'", "2024-02-29 23:59:59.654321"},
		{"TIME", "'-838:59:59'", "-838:59:59"},
		{"TIME(6)", "'12:00:00.5'", "12:00:00.500000"},
		{"YEAR", "2155", "2155"},
		{"ENUM('a','it''s,x')", "'it''s,x'", "it's,x"},
		{"SET('x','y','z')", "'z,x'", "x,z"},
		{"SET('x','y','z')", "''", ""},
		{"JSON", `'{"b": 1, "a": [true, null, "각"], "aa": {}}'`, `{"a": [true, null, "각"], "b": 1, "aa": {}}`},
		{"BIT(1)", "b'1'", "\x01"},
		{"BIT(10)", "b'1111100000'", "\x03\xe0"},
		{"BIT(64)", "x'ffffffffffffffff'", "\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"BINARY(4)", "x'0102'", "\x01\x02\x00\x00"},
		{"VARBINARY(4)", "x'ff00'", "\xff\x00"},
		{"BLOB", "x'00ff27'", "\x00\xff'"},
		{"INT NULL", "NULL", "∅"},
	} {
		t.Run(test.column+" "+test.literal, func(t *testing.T) {
			c := game(t, `CREATE TABLE t (id INT PRIMARY KEY, v `+test.column+`)`, `INSERT INTO t VALUES (1, `+test.literal+`)`)
			want(t, "read", c.ask(`SELECT v FROM t`), test.want)
			want(t, "read by a prepared statement", c.ask(`SELECT v FROM t WHERE id = ?`, 1), test.want)
			c.exec(`INSERT INTO t SELECT 2, v FROM t`)
			want(t, "copied", c.ask(`SELECT v FROM t WHERE id = 2`), test.want)
		})
	}
}

func TestValuesThatStrictModeRefuses(t *testing.T) {
	for _, test := range []struct{ column, literal string }{
		{"TINYINT", "128"},
		{"TINYINT UNSIGNED", "-1"},
		{"BIGINT UNSIGNED", "-1"},
		{"INT", "'12abc'"},
		{"INT NOT NULL", "NULL"},
		{"DECIMAL(4,1)", "1234.5"},
		{"FLOAT", "1e39"},
		{"VARCHAR(2)", "'abc'"},
		{"BINARY(2)", "x'010203'"},
		{"DATE", "'2024-02-30'"},
		{"TIMESTAMP NULL", "'2039-01-01 00:00:00'"},
		{"ENUM('a')", "'b'"},
		{"SET('a')", "'a,b'"},
		{"JSON", "'{bad'"},
		{"YEAR", "1900"},
	} {
		t.Run(test.column+" "+test.literal, func(t *testing.T) {
			c := game(t, `CREATE TABLE t (id INT PRIMARY KEY, v `+test.column+`)`)
			refused(t, c.db, `INSERT INTO t VALUES (1, `+test.literal+`)`)
			want(t, "left", c.ask(`SELECT COUNT(*) FROM t`), "0")
		})
	}
}

func TestConstraints(t *testing.T) {
	for _, test := range []struct {
		name   string
		refuse string
		number uint16
	}{
		{"a primary key", `INSERT INTO parent VALUES (1)`, 1062},
		{"a unique key", `INSERT INTO child VALUES (2, 1, 7)`, 1062},
		{"a child without its parent", `INSERT INTO child VALUES (2, 9, 8)`, 1452},
		{"a parent with a child", `DELETE FROM parent WHERE id = 1`, 1451},
		{"a check", `INSERT INTO child VALUES (2, 1, -1)`, 1105}, // MySQL: 3819
	} {
		t.Run(test.name, func(t *testing.T) {
			c := game(t, `CREATE TABLE parent (id INT PRIMARY KEY)`,
				`CREATE TABLE child (id INT PRIMARY KEY, p INT, n INT, UNIQUE KEY (n), CONSTRAINT up FOREIGN KEY (p) REFERENCES parent (id), CONSTRAINT positive CHECK (n > 0))`,
				`INSERT INTO parent VALUES (1)`, `INSERT INTO child VALUES (1, 1, 7)`)
			if n := refused(t, c.db, test.refuse); n != test.number {
				t.Errorf("error %d, want %d", n, test.number)
			}
			one := c.conn()
			one.exec(`SET SESSION foreign_key_checks = 0`)
			one.exec(`DELETE FROM parent`)
		})
	}
}

func TestForeignKeyActions(t *testing.T) {
	c := game(t, `CREATE TABLE parent (id INT PRIMARY KEY)`,
		`CREATE TABLE gone (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)`,
		`CREATE TABLE loose (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE SET NULL)`,
		`INSERT INTO parent VALUES (1)`, `INSERT INTO gone VALUES (1, 1)`, `INSERT INTO loose VALUES (1, 1)`, `DELETE FROM parent`)
	want(t, "cascade", c.ask(`SELECT COUNT(*) FROM gone`), "0")
	want(t, "set null", c.ask(`SELECT p FROM loose`), "∅")
}

func TestAutoIncrement(t *testing.T) {
	c := game(t, `CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, v INT)`)
	c.exec(`INSERT INTO t VALUES (41, 0)`)
	r := c.exec(`INSERT INTO t (v) VALUES (1), (2)`)
	if id, err := r.LastInsertId(); err != nil || id != 42 {
		t.Errorf("LastInsertId = %d, %v; want the first row's, 42", id, err)
	}
	if n, err := r.RowsAffected(); err != nil || n != 2 {
		t.Errorf("RowsAffected = %d, %v; want 2", n, err)
	}
	want(t, "rows", c.ask(`SELECT * FROM t ORDER BY id`), "41|0\n42|1\n43|2")
}

func TestStatementsThatTheStoreNeeds(t *testing.T) {
	const table = `CREATE TABLE t (b VARCHAR(9), a INT, n INT, PRIMARY KEY (b, a))`
	for _, test := range []struct{ name, statement, query, want string }{
		{"rows of keys", ``, `SELECT n FROM t WHERE (b, a) IN (('x', 1), ('y', 2)) ORDER BY n`, "1\n4"},
		{"deletes by rows of keys", `DELETE FROM t WHERE (b, a) IN (('x', 1), ('y', 2))`, `SELECT n FROM t ORDER BY n`, "2\n3"},
		{"pages by key", ``, `SELECT n FROM t WHERE (b, a) > ('x', 1) ORDER BY b, a LIMIT 2`, "2\n3"},
		{"equal with NULL", `UPDATE t SET n = NULL WHERE b = 'x'`, `SELECT COUNT(*) FROM t WHERE n <=> NULL`, "2"},
		{"upserts", `INSERT INTO t VALUES ('x', 1, 9) ON DUPLICATE KEY UPDATE n = VALUES(n)`, `SELECT n FROM t WHERE b = 'x' AND a = 1`, "9"},
		{"ignored inserts", `INSERT IGNORE INTO t VALUES ('x', 1, 9)`, `SELECT n FROM t WHERE b = 'x' AND a = 1`, "1"},
		{"isolation", `SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ`, `SELECT @@transaction_isolation`, "REPEATABLE-READ"},
		{"the time zone", `SET SESSION time_zone = '+00:00'`, `SELECT @@time_zone`, "+00:00"},
		{"the mode", `SET SESSION sql_mode = 'STRICT_ALL_TABLES'`, `SELECT @@sql_mode`, "STRICT_ALL_TABLES"},
		{"several variables at once", `SET innodb_lock_wait_timeout = 3, sql_mode = 'STRICT_ALL_TABLES'`, `SELECT @@sql_mode`, "STRICT_ALL_TABLES"},
	} {
		t.Run(test.name, func(t *testing.T) {
			one := game(t, table, `INSERT INTO t VALUES ('x', 1, 1), ('x', 2, 2), ('y', 1, 3), ('y', 2, 4)`).conn()
			if test.statement != "" {
				one.exec(test.statement)
			}
			want(t, test.query, one.ask(test.query), test.want)
		})
	}
}

func TestWeightString(t *testing.T) {
	c := game(t)
	for _, test := range []struct {
		a, b, collation string
		equal           bool
	}{
		{"Sword", "sword", "utf8mb4_general_ci", true},
		{"Sword", "sword", "utf8mb4_bin", false},
		{"칼", "검", "utf8mb4_general_ci", false},
		{"a", "a ", "utf8mb4_general_ci", true},
		{"a", "a ", "utf8mb4_0900_ai_ci", false},
		{"É", "e", "utf8mb4_0900_ai_ci", true},
		{"", "", "utf8mb4_unicode_ci", true},
	} {
		got := c.ask(`SELECT WEIGHT_STRING(CONVERT(? USING utf8mb4) COLLATE `+test.collation+`) = WEIGHT_STRING(CONVERT(? USING utf8mb4) COLLATE `+test.collation+`)`, test.a, test.b)
		if (got == "1") != test.equal {
			t.Errorf("%q and %q under %s: %s", test.a, test.b, test.collation, got)
		}
	}
	want(t, "of NULL", c.ask(`SELECT WEIGHT_STRING(NULL)`), "∅")
}
