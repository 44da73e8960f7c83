package export_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"liveops/datasheets"
	"liveops/sync/export"
	"liveops/sync/mysqlstore"
)

// everyType is a table with a column of every type that game tables use.
const everyType = `CREATE TABLE every_type (
	region VARCHAR(8) NOT NULL, id BIGINT UNSIGNED NOT NULL,
	t TINYINT NOT NULL, tu TINYINT UNSIGNED NULL, s SMALLINT NULL, m MEDIUMINT UNSIGNED NULL, i INT NULL, b BIGINT NULL, flag BOOLEAN NOT NULL,
	dec0 DECIMAL(20,0) NULL, dec5 DECIMAL(12,5) NULL, dec30 DECIMAL(40,30) NULL, f FLOAT NULL, d DOUBLE NULL, bits BIT(64) NULL, y YEAR NULL,
	c CHAR(6) NULL, v VARCHAR(60) NULL DEFAULT 'x', tx TEXT NULL, mt MEDIUMTEXT NULL, must VARCHAR(20) NOT NULL DEFAULT 'some',
	da DATE NULL, dt DATETIME NULL, dt3 DATETIME(3) NULL, dt6 DATETIME(6) NULL, ts TIMESTAMP NULL, ts6 TIMESTAMP(6) NULL, ti TIME NULL, ti3 TIME(3) NULL, ti6 TIME(6) NULL,
	e ENUM('전설','희귀','1','a,b') NULL, st SET('a','b','c') NULL, j JSON NULL,
	bin BINARY(4) NULL, vb VARBINARY(16) NULL, bl BLOB NULL,
	twice INT AS (t * 2) STORED, made DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, n INT NOT NULL AUTO_INCREMENT UNIQUE,
	PRIMARY KEY (region, id)) CHARACTER SET utf8mb4`

// everyRows are rows of every_type: the extremes of each type, and values that a spreadsheet likes to change.
func everyRows() []string {
	const insert = "INSERT INTO every_type (region, id, t, tu, s, m, i, b, flag, dec0, dec5, dec30, f, d, bits, y, c, v, tx, mt, must, " +
		"da, dt, dt3, dt6, ts, ts6, ti, ti3, ti6, e, st, j, bin, vb, bl)"
	rows := []string{
		`('kr', 18446744073709551615, -128, 255, -32768, 16777215, -2147483648, -9223372036854775808, 1, 99999999999999999999, 1234567.12345,
		 0.000000000000000000000000000001, 3.4028235e38, 1.7976931348623157e308, 18446744073709551615, 2155, '가나다라마바', ' blanks ', 'a\nb\tc', '', '',
		 '9999-12-31', '9999-12-31 23:59:59', '9999-12-31 23:59:59.999', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07', '2024-11-03 05:30:00.123456', '838:59:59', '838:59:58.999', '-838:59:59',
		 '전설', 'a,b,c', '{"z":[1.50,"검",null],"a":{"true":true}}', 0xDEADBEEF, 0x00, 0xFF)`,
		`('jp', 0, 127, 0, 32767, 0, 2147483647, 9223372036854775807, 0, -99999999999999999999, -0.00001, 1234567890.5, 1e-45, 5e-324, 0, 1901, '', '', '=1+1', '00103', '""x',
		 '1900-02-28', '1899-12-31 12:00:00', '1900-03-01 00:00:00.001', '1000-01-01 00:00:00.000001', '1970-01-01 00:00:01', '2024-11-03 06:30:00.1', '-00:00:01', '00:00:00.001', '00:00:00.000001',
		 'a,b', '', '""', 0, '', '')`,
		`('th', 1, 1, 1, 1, 1, 1, 999999999999999, 2, 1000000000000000, 0.3, 0.1, 0.1, 0.30000000000000004, 999999999999999, 2024, '1e5', 'TRUE', '2024-01-01', '_x000D_', 'NULL',
		 '0000-00-00', '0000-00-00 00:00:00', '2024-02-29 00:00:00', '2024-02-29 12:34:56.789', '2024-07-01 00:00:00', '2024-07-01 00:00:00', '00:00:00', '23:59:59.999', '12:00:00',
		 '1', 'b', '1', 1, 'abc', 'abc')`,
	}
	const many = `SELECT 'row', seq, seq % 128, seq % 256, seq, seq, -seq * 31, seq * 1000000007, seq % 2, seq * 97, seq / 7, seq / 13,
		seq / 3, SQRT(seq), seq * 3, 1970 + seq % 100, seq, CONCAT('용사의 검 ', seq, ' 勇者の剣 ดาบ 🗡️'), seq / 10, NULL, 'a',
		at, at, at + INTERVAL seq * 1000 MICROSECOND, at + INTERVAL seq MICROSECOND, at, at, SEC_TO_TIME(seq * 61), SEC_TO_TIME(seq * 61.007), SEC_TO_TIME(seq / 3),
		'희귀', 'a,c', CONCAT('[', seq, ', ', seq, '.5]'), seq, CONCAT('x', seq), 'y'
		FROM (SELECT seq, TIMESTAMP '2023-12-30 11:59:57' + INTERVAL seq * 100003 SECOND AS at FROM seq_1_to_500) numbers`
	return []string{"SET sql_mode = ''", everyType, insert + " VALUES " + strings.Join(rows, ", "), insert + " " + many,
		"INSERT INTO every_type (region, id, t, flag) VALUES ('null', 1, 0, 0)"}
}

// The rows that everyRows inserts.
const everyCount = 3 + 500 + 1

// exported is every_type as a workbook, with the table of another type of key beside it.
func exported(t *testing.T, timezone string) (*mysqlstore.Snapshot, []byte) {
	t.Helper()
	location, err := time.LoadLocation(timezone)
	if err != nil {
		t.Fatal(err)
	}
	snap := snapshot(t, everyRows()...)
	e, err := export.Sheets(t.Context(), snap, snap.Tables["every_type"], nil, export.Reading{Location: location})
	if err != nil {
		t.Fatal(err)
	}
	return snap, write(t, e.Sheets...)
}

// What is exported, planned right after, is no change: in a zone whose clocks are put back, too, and after other
// programs have saved it.
func TestSheetReadsBackEqual(t *testing.T) {
	for _, timezone := range []string{"UTC", "America/New_York"} {
		snap, book := exported(t, timezone)
		for name, save := range map[string]func(*testing.T, []byte) []byte{
			"as written": func(_ *testing.T, book []byte) []byte { return book }, "openpyxl": throughOpenpyxl, "LibreOffice": throughLibreOffice,
		} {
			t.Run(timezone+" "+name, func(t *testing.T) {
				checkNothingToDo(t, snap, timezone, save(t, book), everyCount)
			})
		}
	}
}

// A sheet is the table: its columns in their order without the generated one, its rows by key, a list for each enum.
func TestSheet(t *testing.T) {
	snap := snapshot(t, "CREATE TABLE item (name VARCHAR(20), grade ENUM('S','A') NOT NULL, id INT PRIMARY KEY, twice INT AS (id * 2)) CHARACTER SET utf8mb4",
		"INSERT INTO item (name, grade, id) VALUES ('검', 'A', 10), ('', 'S', 9), (NULL, 'A', -1)")
	e, err := export.Sheets(t.Context(), snap, snap.Tables["item"], nil, export.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	s := e.Sheets[0]
	got := fmt.Sprint(s.Name, s.Header, s.Choices)
	for _, row := range s.Rows {
		for _, v := range row {
			got += fmt.Sprintf(" %s", v.(datasheets.Cell).Text)
		}
		got += "\n"
	}
	const want = "item[name grade id] [{2 [S A] <nil> }]  A -1\n \"\" S 9\n 검 A 10\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSheetRefuses(t *testing.T) {
	snap := snapshot(t, "CREATE TABLE nokey (id INT) ENGINE=InnoDB", "CREATE TABLE engine (id INT PRIMARY KEY) ENGINE=MyISAM",
		"CREATE TABLE floats (id FLOAT PRIMARY KEY)", "CREATE TABLE spot (id INT PRIMARY KEY, at POINT)", "CREATE TABLE `a/b` (id INT PRIMARY KEY)",
		"CREATE TABLE `#note` (id INT PRIMARY KEY)", "CREATE TABLE a23456789_123456789_123456789_12 (id INT PRIMARY KEY)",
		"CREATE TABLE memos (id INT PRIMARY KEY, `#memo` TEXT)", "CREATE TABLE colors (name VARCHAR(9) PRIMARY KEY)", "INSERT INTO colors VALUES ('#ff0000')",
		"CREATE TABLE texts (id INT PRIMARY KEY, t TEXT) CHARACTER SET utf8mb4", "INSERT INTO texts SELECT seq, IF(seq = 8, REPEAT('x', 40000), CHAR(seq)) FROM seq_1_to_8")
	for table, want := range map[string]string{
		"nokey": "primary key", "engine": "MyISAM", "floats": "binary fraction", "spot": "cannot be kept", "a/b": "a sheet's name",
		"#note": "not read", "a23456789_123456789_123456789_12": "1 to 31 characters", "texts": "row 1: the value",
		"memos": "its column #memo would be read as a comment", "colors": `the text "#ff0000" in column A would make a comment of its row`,
	} {
		_, err := export.Sheets(t.Context(), snap, snap.Tables[table], nil, export.Reading{})
		var wrong *export.TableError
		if !errors.As(err, &wrong) || wrong.Table != table || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want an error with %q", table, err, want)
		}
		if isOfRows := table == "texts" || table == "colors"; (export.Check(snap.Tables[table]) == nil) != isOfRows {
			t.Errorf("%s: Check says %v", table, export.Check(snap.Tables[table]))
		}
		if table == "texts" && (len(wrong.Reasons) != 6 || wrong.Reasons[5] != "and more") {
			t.Errorf("reasons: %q", wrong.Reasons)
		}
	}
}

// Of a live game's tables those are chosen that a sheet can describe and that are no larger than game data.
func TestChoose(t *testing.T) {
	snap := snapshot(t, "CREATE TABLE item (id INT PRIMARY KEY)", "INSERT INTO item SELECT seq FROM seq_1_to_10", "CREATE TABLE Item (id INT PRIMARY KEY)",
		"CREATE TABLE player (id INT PRIMARY KEY)", "INSERT INTO player SELECT seq FROM seq_1_to_11", "CREATE TABLE log (at DATETIME)",
		"CREATE TABLE empty (id INT PRIMARY KEY)", "CREATE VIEW items AS SELECT * FROM item", "CREATE TABLE liveops_release (id INT PRIMARY KEY)")
	chosen, left, err := export.Choose(t.Context(), snap, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range chosen {
		got = append(got, c.Name)
	}
	for _, l := range left {
		got = append(got, l.Table+": "+l.Reason)
	}
	want := []string{"Item", "empty", "item: only capitals tell its name from Item",
		"log: the table log has no primary key to tell its rows by", "player: more than 10 rows look like player data"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
