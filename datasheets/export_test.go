package datasheets

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var kindNames = map[Kind]string{Empty: "empty", Text: "text", Number: "number", Date: "date", Duration: "duration"}

// What stands in the cell for a value as the server returns it; all of it reads back as the same value.
func TestColumnCell(t *testing.T) {
	seoul, newYork := zone(t, "Asia/Seoul"), zone(t, "America/New_York")
	for _, c := range []struct {
		column, raw string
		o           Options
		want        string
	}{
		{column: "int(11)", raw: "-42", want: "number -42"},
		{column: "tinyint(1)", raw: "1", want: "number 1"},
		{column: "bigint(20)", raw: "999999999999999", want: "number 999999999999999"},
		{column: "bigint(20)", raw: "1000000000000000", want: "text 1000000000000000"},
		{column: "bigint(20)", raw: "-9223372036854775808", want: "text -9223372036854775808"},
		{column: "bigint(20) unsigned", raw: "18446744073709551615", want: "text 18446744073709551615"},
		{column: "bit(64)", raw: "5", want: "number 5"},
		{column: "bit(64)", raw: "18446744073709551615", want: "text 18446744073709551615"},
		{column: "year(4)", raw: "2024", want: "number 2024"},
		{column: "year(4)", raw: "0000", want: "number 0"},
		{column: "decimal(12,5)", raw: "1.50000", want: "number 1.5"},
		{column: "decimal(20,10)", raw: "0.1000000001", want: "number 0.1000000001"},
		{column: "decimal(30,10)", raw: "123456789012345.0000000000", want: "number 123456789012345"},
		{column: "decimal(30,10)", raw: "1234567890123.456", want: "text 1234567890123.4560000000"},
		{column: "decimal(30,2)", raw: "12345678901234567890.50", want: "text 12345678901234567890.50"},
		{column: "float", raw: "0.10000000149011612", want: "number 0.1"},
		{column: "float", raw: "3.4028234663852886e38", want: "text 3.4028235e+38"},
		{column: "double", raw: "3.3e-05", want: "number 0.000033"},
		{column: "double", raw: "0.30000000000000004", want: "text 0.30000000000000004"},
		{column: "double", raw: "1e-300", want: "number 1e-300"},
		{column: "double", raw: "5e-324", want: "text 5e-324"},
		{column: "double", raw: "1e23", want: "text 1e+23"},
		{column: "date", raw: "2024-02-29", want: "date 45351"},
		{column: "date", raw: "2024-02-29", o: Options{Date1904: true}, want: "date 43889"},
		{column: "date", raw: "1900-03-01", want: "date 61"},
		{column: "date", raw: "1900-02-28", want: "text 1900-02-28"},
		{column: "date", raw: "1903-12-31", o: Options{Date1904: true}, want: "text 1903-12-31"},
		{column: "date", raw: "9999-12-31", want: "date 2958465"},
		{column: "date", raw: "0000-00-00", want: "text 0000-00-00"},
		{column: "datetime(0)", raw: "2024-02-29 23:59:59", want: "date 45351.9999884259"},
		{column: "datetime(0)", raw: "9999-12-31 23:59:59", want: "date 2958465.999988426"},
		{column: "datetime(0)", raw: "2024-02-29 00:00:00", want: "date 45351"},
		{column: "datetime(3)", raw: "2024-02-29 00:00:00.001", want: "date 45351.0000000116"},
		{column: "datetime(6)", raw: "2024-02-29 00:00:00.001000", want: "date 45351.0000000116"},
		{column: "datetime(6)", raw: "2024-02-29 00:00:00.001001", want: "text 2024-02-29 00:00:00.001001"},
		{column: "timestamp(0)", raw: "2024-02-29 15:00:00", o: Options{Location: seoul}, want: "date 45352"},
		{column: "timestamp(0)", raw: "2024-11-03 05:30:00", o: Options{Location: newYork}, want: "text 2024-11-03 01:30:00-04:00"},
		{column: "timestamp(0)", raw: "2024-11-03 06:30:00", o: Options{Location: newYork}, want: "text 2024-11-03 01:30:00-05:00"},
		{column: "timestamp(2)", raw: "2024-11-03 06:30:00.25", o: Options{Location: newYork}, want: "text 2024-11-03 01:30:00.25-05:00"},
		{column: "time(0)", raw: "09:30:00", want: "duration 0.3958333333"},
		{column: "time(0)", raw: "838:59:59", want: "duration 34.9583217593"},
		{column: "time(0)", raw: "-00:00:01", want: "text -00:00:01"},
		{column: "time(6)", raw: "00:00:00.000001", want: "text 00:00:00.000001"},
		{column: "varchar(20)", raw: "", want: `text ""`},
		{column: "varchar(20) null", raw: "", want: `text ""`},
		{column: "varchar(20)", raw: "00103", want: "text 00103"},
		{column: "varchar(20)", raw: " a ", want: "text  a "},
		{column: "varchar(20)", raw: "=1+1", want: "text =1+1"},
		{column: "varchar(20)", raw: "줄1\n줄2", want: "text 줄1\n줄2"},
		{column: "char(5)", raw: "a", want: "text a"},
		{column: "enum('전설','1')", raw: "1", want: "text 1"},
		{column: "set('a','b')", raw: "a,b", want: "text a,b"},
		{column: "set('a','b')", raw: "", want: `text ""`},
		{column: "json", raw: `{"b": 1.50, "a": ""}`, want: `text {"a":"","b":1.5}`},
		{column: "json", raw: `""`, want: `text ""`},
		{column: "json", raw: "null", want: "text null"},
		{column: "varbinary(4)", raw: "\x00\xff", want: "text 0x00ff"},
		{column: "binary(2)", raw: "a\x00", want: "text 0x6100"},
		{column: "blob", raw: "", want: "text 0x"},
		{column: "int(11) null", want: "empty "},
	} {
		t.Run(c.column+" "+c.raw, func(t *testing.T) {
			column := columnOf(t, c.column)
			raw := []byte(c.raw)
			if strings.HasPrefix(c.want, "empty") {
				raw = nil
			}
			row, err := column.AppendServer(nil, raw)
			if err != nil {
				t.Fatal(err)
			}
			values, _ := Unpack(row)
			cell, err := column.Cell(values[0], &c.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := kindNames[cell.Kind] + " " + string(cell.Text); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			back, wrong := column.AppendCell(nil, cell, &c.o)
			if wrong != nil || string(back) != string(row) {
				t.Errorf("read back as %q, want %q: %v", back, row, wrong)
			}
		})
	}
}

func TestColumnCellRefuses(t *testing.T) {
	for _, c := range []struct {
		column string
		value  Value
		want   string
	}{
		{"varchar(20)", NewValue("a\x01b"), "control"},
		{"varchar(20)", NewValue("a\r\nb"), "control"},
		{"varchar(20)", NewValue(`""`), "another value"},
		{"text", NewValue(strings.Repeat("긴", 32_768)), "32768 characters"},
		{"int(11)", Null, "NULL"},
		{"int(11)", ServerDefault, "server"},
		{"date", NewValue("2024-00-00"), "a date"},
		{"enum('a')", NewValue(""), "one of"},
		{"set(' a','b')", NewValue(" a"), "any of"},
	} {
		_, err := columnOf(t, c.column).Cell(c.value, nil)
		var unkeepable *UnkeepableError
		if !errors.As(err, &unkeepable) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.20q: %v; want one with %q", c.column, c.value.Text(), err, c.want)
		}
	}
}

// Every millisecond of a day, and every hour of a long time, becomes a serial number that is read back.
func TestColumnCellOfTimes(t *testing.T) {
	column := columnOf(t, "datetime(3)")
	for _, day := range []string{"1900-03-01", "2024-02-29", "9999-12-31"} {
		for ms := 0; ms < dayMillis; ms += 12_347 {
			var m moment
			m.setMillis(int64(ms))
			v := NewValue(day + " " + string(m.appendClock(nil, 3)))
			cell, err := column.Cell(v, nil)
			if err != nil || cell.Kind != Date {
				t.Fatalf("%s: %v %q, %v", v.Text(), cell.Kind, cell.Text, err)
			}
		}
	}
	newYork := zone(t, "America/New_York")
	stamp := columnOf(t, "timestamp(0)")
	for at := time.Date(2024, 1, 1, 0, 30, 0, 0, time.UTC); at.Year() < 2026; at = at.Add(time.Hour) {
		if _, err := stamp.Cell(NewValue(at.Format(time.DateTime)), &Options{Location: newYork}); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever value a cell gives, it has a cell, or is told to have none; the cell is read back as that value.
func FuzzColumnCell(f *testing.F) {
	types := []string{"int(11)", "bigint(20) unsigned", "decimal(20,6)", "float", "double", "bit(40)", "year(4)", "date",
		"datetime(3)", "datetime(6)", "timestamp(6)", "time(3)", "varchar(80)", "char(9)", "enum('a','1','')", "set('a','b ')", "json", "varbinary(9)"}
	for _, seed := range []string{"", `""`, "1", "-0.5", "1e300", "2024-02-29 23:59:59.999999", "-838:59:59", "0xAB", `{"a":[1,"\r"]}`, "a", "00", "1234567890123456"} {
		for i := range types {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, s string) {
		name := types[int(which)%len(types)]
		column := columnOf(t, name)
		o := &Options{Location: zone(t, "America/New_York")}
		row, wrong := column.AppendCell(nil, Cell{Kind: Text, Text: []byte(s)}, o)
		if wrong != nil {
			return
		}
		values, err := Unpack(row)
		if err != nil {
			t.Fatal(err)
		}
		cell, err := column.Cell(values[0], o)
		if unkeepable := (*UnkeepableError)(nil); errors.As(err, &unkeepable) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if back, wrong := column.AppendCell(nil, cell, o); wrong != nil || string(back) != string(row) {
			t.Fatalf("%s %q: read back as %q from %q: %v", name, row, back, cell.Text, wrong)
		}
	})
}
