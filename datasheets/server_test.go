package datasheets

import (
	"fmt"
	"reflect"
	"testing"
)

// What servers return, in its own spelling, becomes the canonical form.
func TestAppendServer(t *testing.T) {
	for _, c := range []struct{ column, raw, want string }{
		{"int(11)", "-5", "-5"},
		{"int(5) unsigned zerofill", "00042", "42"},
		{"tinyint(4)", "-0", "0"},
		{"bigint(20) unsigned", "18446744073709551615", "18446744073709551615"},
		{"bit(64)", "18446744073709551615", "18446744073709551615"},
		{"year(4)", "0000", "0000"},
		{"year(4)", "0", "0000"},
		{"decimal(10,2)", "-0.00", "0.00"},
		{"decimal(10,2)", "000001.50", "1.50"},
		{"decimal(10,2)", "1.5", "1.50"},
		{"decimal(5,0)", "12", "12"},
		{"double", "1e23", "1e+23"},
		{"double", "3.3e-05", "0.000033"},
		{"double", "0.000033", "0.000033"},
		{"double", "-0", "0"},
		{"double(10,4)", "0.3000", "0.3"},
		{"float", "0.10000000149011612", "0.1"},
		{"float", "3.4028234663852886e38", "3.4028235e+38"},
		{"float(7,3)", "1234.5670166015625", "1234.567"},
		{"date", "2024-01-02", "2024-01-02"},
		{"date", "2024-01-02 00:00:00", "2024-01-02"},
		{"datetime", "0000-00-00 00:00:00", "0000-00-00 00:00:00"},
		{"datetime(3)", "2024-01-02 03:04:05", "2024-01-02 03:04:05.000"},
		{"datetime(3)", "2024-01-02 03:04:05.120000", "2024-01-02 03:04:05.120"},
		{"timestamp", "2024-01-02 03:04:05.000000", "2024-01-02 03:04:05"},
		{"time", "-838:59:59", "-838:59:59"},
		{"time(2)", "01:02:03.500000", "01:02:03.50"},
		{"char(5)", "a   ", "a"},
		{"varchar(5)", "a   ", "a   "},
		{"varchar(5)", "", ""},
		{"varchar(5)", "\xff\x00", "\xff\x00"},
		{"enum('a')", "", ""},
		{"set('a','b')", "a,b", "a,b"},
		{"json", `{"b": 1, "a": 1.0}`, `{"a":1,"b":1}`},
		{"json", `{"b": 1, "b": 2}`, `{"b": 1, "b": 2}`},
		{"varbinary(4)", "\x00\xff", "0x00ff"},
		{"varbinary(4)", "", "0x"},
		{"binary(4)", "a", "0x61000000"},
	} {
		row, err := columnOf(t, c.column).AppendServer(nil, []byte(c.raw))
		if err != nil {
			t.Errorf("%s %q: %v", c.column, c.raw, err)
			continue
		}
		if got, _ := Unpack(row); len(got) != 1 || spell(got[0]) != c.want {
			t.Errorf("%s %q: got %q, want %q", c.column, c.raw, got, c.want)
		}
	}
}

func TestAppendServerNull(t *testing.T) {
	row, err := columnOf(t, "int(11) null").AppendServer([]byte{5, 'a', 'b', 'c'}, nil)
	if err != nil || string(row) != "\x05abc\x00" {
		t.Errorf("NULL is %q, %v", row, err)
	}
}

func TestAppendServerRefuses(t *testing.T) {
	for _, c := range []struct{ column, raw string }{
		{"int(11)", ""}, {"int(11)", "abc"}, {"int(11)", "1.5"}, {"int(11)", "1e99"},
		{"bit(8)", "\xff"}, {"year(4)", "20240"}, {"year(4)", "1.5"},
		{"decimal(10,2)", "1.234"}, {"decimal(10,2)", "1e9999"},
		{"double", "inf"}, {"double", "1e999"}, {"float", "1e39"},
		{"date", "2024"}, {"datetime", "2024-01-02"}, {"datetime", "2024-01-02T03:04:05Z"},
		{"datetime", "2024-01-02 03:04:05.5"}, {"time", "1:2"}, {"time", "00:00:00.5"},
	} {
		row, err := columnOf(t, c.column).AppendServer([]byte("before"), []byte(c.raw))
		if err == nil || string(row) != "before" {
			t.Errorf("%s %q: %q, %v; want an error and the row as it was", c.column, c.raw, row, err)
		}
	}
}

func TestSelectExpr(t *testing.T) {
	for sqlType, want := range map[string]string{
		"int(11)":    "`a``b`",
		"double":     "`a``b`",
		"float":      "(`a``b` + 0e0)",
		"float(7,3)": "(`a``b` + 0e0)",
		"bit(8)":     "(`a``b` + 0)",
		"json":       "`a``b`",
	} {
		c := columnOf(t, sqlType)
		c.Name = "a`b"
		if got := c.SelectExpr(); got != want {
			t.Errorf("%s: got %s, want %s", sqlType, got, want)
		}
	}
}

func TestArgument(t *testing.T) {
	for _, c := range []struct {
		column, canonical string
		want              any
	}{
		{"int(11)", "-5", int64(-5)},
		{"bigint(20) unsigned", "18446744073709551615", uint64(18446744073709551615)},
		{"bit(64)", "18446744073709551615", uint64(18446744073709551615)},
		{"year(4)", "0000", int64(0)},
		{"float", "0.1", "0.10000000149011612"},
		{"double", "0.1", "0.1"},
		{"decimal(10,2)", "1.50", "1.50"},
		{"varchar(5)", "", ""},
		{"binary(2)", "0x00ff", []byte{0, 0xff}},
		{"varbinary(2)", "0x", []byte{}},
		{"json", `{"a":1}`, `{"a":1}`},
		{"timestamp", "2024-01-02 03:04:05", "2024-01-02 03:04:05"},
	} {
		got, err := columnOf(t, c.column).Argument(NewValue(c.canonical))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %s: got %#v, %v; want %#v", c.column, c.canonical, got, err, c.want)
		}
	}
	column := columnOf(t, "int(11) null")
	if got, err := column.Argument(Null); got != nil || err != nil {
		t.Errorf("NULL: %v, %v", got, err)
	}
	for _, v := range []Value{ServerDefault, NewValue("abc")} {
		if got, err := column.Argument(v); err == nil {
			t.Errorf("%v: got %v, want an error", v, got)
		}
	}
	if got, err := columnOf(t, "blob").Argument(NewValue("abc")); err == nil {
		t.Errorf("blob: got %v, want an error", got)
	}
}

// The cells of a big sheet cost no memory of their own, from either side.
func TestHotPathDoesNotAllocate(t *testing.T) {
	o := &Options{Location: zone(t, "Asia/Seoul")}
	row := make([]byte, 0, 1024)
	for _, c := range []struct {
		column string
		cell   Cell
	}{
		{"int(11)", num("12345")}, {"int(11)", text(" 12 ")}, {"int(11)", num("12.000000000000002")}, {"tinyint(1)", truth(true)},
		{"decimal(10,2)", num("12.5")}, {"decimal(10,2)", num("0.30000000000000004")}, {"double", num("3.3000000000000003")}, {"float", num("0.1")},
		{"varchar(40)", text("검 sword")}, {"varchar(40)", num("103")}, {"char(5)", text("a ")}, {"date", date("45292")},
		{"datetime", date("45292.999988425926")}, {"datetime(3)", text("2024-01-02 03:04:05.5")}, {"timestamp", text("2024-01-02 03:04:05")},
		{"time", duration("1.5")}, {"enum('a','b')", text("b")}, {"set('a','b')", text("b,a")}, {"year(4)", num("2024")}, {"bit(8)", num("7")},
		{"int(11) null", Cell{}},
	} {
		column := columnOf(t, c.column)
		v, wrong := convert(t, column, c.cell, o)
		if wrong != nil {
			t.Fatalf("%s %s: %v", c.column, c.cell.Text, wrong)
		}
		cost := testing.AllocsPerRun(100, func() { row, _ = column.AppendCell(row[:0], c.cell, o) })
		if v.IsNull() {
			v = NewValue("0")
		}
		a, err := column.Argument(v)
		if err != nil {
			t.Fatal(err)
		}
		raw := fmt.Append([]byte{}, a)
		cost += testing.AllocsPerRun(100, func() { row, _ = column.AppendServer(row[:0], raw) })
		if cost > 0 {
			t.Errorf("%s %s: %v allocations", c.column, c.cell.Text, cost)
		}
	}
}
