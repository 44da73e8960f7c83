package datasheets

import (
	"fmt"
	"slices"
	"testing"
)

// info is a row of information_schema.COLUMNS as the servers fill it; the numbers are those that are not NULL.
func info(columnType, dataType string, numbers map[string]int64) ColumnInfo {
	d := ColumnInfo{Name: "v", ColumnType: columnType, DataType: dataType, IsNullable: "NO"}
	for name, field := range map[string]**int64{
		"chars": &d.CharacterMaximumLength, "bytes": &d.CharacterOctetLength, "precision": &d.NumericPrecision,
		"scale": &d.NumericScale, "fraction": &d.DatetimePrecision,
	} {
		if n, ok := numbers[name]; ok {
			*field = &n
		}
	}
	return d
}

func TestParseColumnTypes(t *testing.T) {
	type n = map[string]int64
	for _, c := range []struct {
		server string
		info   ColumnInfo
		want   string // Type Bits Unsigned Precision Scale Length MaxBytes FixedLength Members
	}{
		{"MariaDB", info("int(10) unsigned", "int", n{"precision": 10, "scale": 0}), "1 32 true 0 0 0 0 false []"},
		{"MySQL", info("int unsigned", "int", n{"precision": 10, "scale": 0}), "1 32 true 0 0 0 0 false []"},
		{"MySQL", info("tinyint(1)", "tinyint", n{"precision": 3, "scale": 0}), "1 8 false 0 0 0 0 false []"},
		{"MariaDB", info("smallint(6)", "smallint", n{"precision": 5, "scale": 0}), "1 16 false 0 0 0 0 false []"},
		{"MariaDB", info("mediumint(9)", "mediumint", n{"precision": 7, "scale": 0}), "1 24 false 0 0 0 0 false []"},
		{"MariaDB", info("int(5) unsigned zerofill", "int", n{"precision": 10, "scale": 0}), "1 32 true 0 0 0 0 false []"},
		{"MySQL", info("bigint unsigned", "bigint", n{"precision": 20, "scale": 0}), "1 64 true 0 0 0 0 false []"},
		{"both", info("decimal(10,2) unsigned", "decimal", n{"precision": 10, "scale": 2}), "2 0 true 10 2 0 0 false []"},
		{"both", info("float", "float", n{"precision": 12}), "3 0 false 0 -1 0 0 false []"},
		{"both", info("float(7,3)", "float", n{"precision": 7, "scale": 3}), "3 0 false 7 3 0 0 false []"},
		{"both", info("double", "double", n{"precision": 22}), "4 0 false 0 -1 0 0 false []"},
		{"both", info("double(10,4)", "double", n{"precision": 10, "scale": 4}), "4 0 false 10 4 0 0 false []"},
		{"both", info("bit(8)", "bit", n{"precision": 8}), "5 8 false 0 0 0 0 false []"},
		{"MariaDB", info("year(4)", "year", nil), "6 0 false 0 0 0 0 false []"},
		{"both", info("date", "date", nil), "7 0 false 0 0 0 0 false []"},
		{"both", info("datetime(3)", "datetime", n{"fraction": 3}), "8 0 false 0 3 0 0 false []"},
		{"both", info("timestamp", "timestamp", n{"fraction": 0}), "9 0 false 0 0 0 0 false []"},
		{"both", info("time(2)", "time", n{"fraction": 2}), "10 0 false 0 2 0 0 false []"},
		{"both", info("char(10)", "char", n{"chars": 10, "bytes": 40}), "11 0 false 0 0 10 40 true []"},
		{"both", info("varchar(10)", "varchar", n{"chars": 10, "bytes": 40}), "11 0 false 0 0 10 40 false []"},
		{"both", info("text", "text", n{"chars": 65535, "bytes": 65535}), "11 0 false 0 0 0 65535 false []"},
		{"both", info("longtext", "longtext", n{"chars": 4294967295, "bytes": 4294967295}), "11 0 false 0 0 0 4294967295 false []"},
		{"both", info("binary(4)", "binary", n{"chars": 4, "bytes": 4}), "15 0 false 0 0 4 4 true []"},
		{"both", info("varbinary(8)", "varbinary", n{"chars": 8, "bytes": 8}), "15 0 false 0 0 8 8 false []"},
		{"both", info("blob", "blob", n{"chars": 65535, "bytes": 65535}), "15 0 false 0 0 0 65535 false []"},
		{"MySQL", info("json", "json", nil), "14 0 false 0 0 0 0 false []"},
		{"both", info(`enum('a','b''c','d,e','\\f','한글','','g)')`, "enum", n{"chars": 3, "bytes": 12}),
			"12 0 false 0 0 0 0 false [a b'c d,e \\f 한글  g)]"},
		{"embedded", info(`enum('it's','b')`, "enum", nil), "12 0 false 0 0 0 0 false [it's b]"},
		{"both", info(`set('x','''','z w')`, "set", n{"chars": 7, "bytes": 28}), "13 0 false 0 0 0 0 false [x ' z w]"},
		{"both", info("point", "point", nil), "0 0 false 0 0 0 0 false []"},
		{"MariaDB", info("inet6", "inet6", nil), "0 0 false 0 0 0 0 false []"},
		{"embedded", info("INT", "INT", nil), "1 32 false 0 0 0 0 false []"},
	} {
		got := ParseColumn(c.info)
		text := fmt.Sprint(got.Type, got.Bits, got.Unsigned, got.Precision, got.Scale, got.Length, got.MaxBytes, got.FixedLength, got.Members)
		if text != c.want {
			t.Errorf("%s %s:\n got %s\nwant %s", c.server, c.info.ColumnType, text, c.want)
		}
	}
}

func TestParseMembersOneByOne(t *testing.T) {
	want := []string{"a,b", "c','d", "", `\`, "e"}
	if got := parseMembers(`enum('a,b','c'',''d','','\\','e')`); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, broken := range []string{"", "enum", "enum(", ")(", "enum()", "enum('a", "enum(a)"} {
		if got := parseMembers(broken); len(got) > 0 {
			t.Errorf("%q has the members %q", broken, got)
		}
	}
}

func TestParseColumnDefaults(t *testing.T) {
	at := func(s string) *string { return &s }
	for _, c := range []struct {
		name     string
		maria    bool
		dataType string
		byServer *string
		extra    string
		want     string // the literal, "-" for none, "expr" for an expression
	}{
		{"MariaDB none", true, "int", nil, "", "-"},
		{"MariaDB NULL", true, "int", at("NULL"), "", "-"},
		{"MariaDB text NULL", true, "varchar", at("'NULL'"), "", "NULL"},
		{"MariaDB number", true, "int", at("-5"), "", "-5"},
		{"MariaDB text", true, "varchar", at(`'it''s \\ \n x'`), "", "it's \\ \n x"},
		{"MariaDB empty text", true, "varchar", at("''"), "", ""},
		{"MariaDB bits", true, "bit", at("b'101'"), "", "5"},
		{"MariaDB bytes", true, "binary", at("'\x01\x02\\0'"), "", "\x01\x02\x00"},
		{"MariaDB bytes that are not ASCII", true, "binary", at("'\u00ff'"), "", "expr"},
		{"MariaDB date", true, "date", at("'2024-01-02'"), "", "2024-01-02"},
		{"MariaDB now", true, "datetime", at("current_timestamp(3)"), "on update current_timestamp(3)", "expr"},
		{"MariaDB expression", true, "int", at("(1 + 1)"), "", "expr"},
		{"MariaDB call", true, "varchar", at("concat('a','b')"), "", "expr"},
		{"MariaDB sum of texts", true, "varchar", at("'a' + 'b'"), "", "expr"},
		{"MySQL none", false, "int", nil, "", "-"},
		{"MySQL number", false, "int", at("-5"), "", "-5"},
		{"MySQL text", false, "varchar", at("NULL"), "", "NULL"},
		{"MySQL quoted text", false, "varchar", at("'a'"), "", "'a'"},
		{"MySQL bits", false, "bit", at("b'101'"), "", "5"},
		{"MySQL bytes", false, "varbinary", at("0x6162"), "", "ab"},
		{"MySQL now", false, "timestamp", at("CURRENT_TIMESTAMP"), "DEFAULT_GENERATED", "expr"},
		{"MySQL 5.7 now", false, "timestamp", at("CURRENT_TIMESTAMP"), "on update CURRENT_TIMESTAMP", "expr"},
		{"MySQL expression", false, "varchar", at("uuid()"), "DEFAULT_GENERATED", "expr"},
		{"MySQL generated", false, "int", at("5"), "STORED GENERATED", "-"},
	} {
		got := ParseColumn(ColumnInfo{Name: "v", ColumnType: c.dataType, DataType: c.dataType, Default: c.byServer, Extra: c.extra, MariaDB: c.maria})
		text := "-"
		if got.DefaultIsExpr {
			text = "expr"
		}
		if got.Default != nil {
			text = *got.Default
		}
		if text != c.want || got.DefaultIsExpr && got.Default != nil {
			t.Errorf("%s: got %q (expression: %v), want %q", c.name, text, got.DefaultIsExpr, c.want)
		}
	}
}

func TestParseColumnMarks(t *testing.T) {
	utf8mb4, collation := "utf8mb4", "utf8mb4_bin"
	d := ColumnInfo{Name: "data", ColumnType: "longtext", DataType: "longtext", IsNullable: "YES", CharacterSet: &utf8mb4, Collation: &collation, JSONCheck: true}
	if c := ParseColumn(d); c.Type != JSON || !c.Nullable || c.Charset != "utf8mb4" || c.Collation != collation {
		t.Errorf("MariaDB's json: %+v", c)
	}
	for extra, want := range map[string][2]bool{ // AutoIncrement, Generated
		"auto_increment":                {true, false},
		"VIRTUAL GENERATED":             {false, true},
		"STORED GENERATED, INVISIBLE":   {false, true},
		"PERSISTENT":                    {false, true},
		"DEFAULT_GENERATED":             {false, false},
		"on update current_timestamp()": {false, false},
	} {
		c := ParseColumn(ColumnInfo{Name: "v", ColumnType: "int", DataType: "int", Extra: extra})
		if got := [2]bool{c.AutoIncrement, c.Generated}; got != want {
			t.Errorf("%s: auto-increment, generated %v; want %v", extra, got, want)
		}
	}
}
