package datasheets

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// everyType has a column of each type, and of each form of it that converts in a way of its own.
var everyType = []string{
	"int(11)", "bigint(20)", "bigint(20) unsigned", "tinyint(1)", "bit(1)", "bit(64)", "year(4)",
	"decimal(10,2)", "decimal(65,30)", "decimal(5,0) unsigned", "float", "float(7,3)", "double", "double(10,4)",
	"date", "datetime", "datetime(3)", "timestamp", "timestamp(6)", "time", "time(2)",
	"varchar(20)", "char(5)", "tinytext", "varchar(20) charset latin1", "enum('a','it''s','','100')", "set('a','b','c d')",
	"json", "binary(4)", "varbinary(8)", "blob", "int(11) null", "varchar(20) null",
}

// Whatever a cell holds, it is refused with a text and a mend, or becomes a value that comes back from the server as
// itself and, written into a text cell in its canonical form, is the same value again.
func FuzzAppendCell(f *testing.F) {
	for i := range everyType {
		for _, seed := range []string{"", "1", "-0", "1.5", "0.30000000000000004", "1e15", "123456789012345678", "TRUE", `""`, "검 sword ",
			"2024-01-02 03:04:05", "2024-03-10T02:30:00", "45292.5", "60", "838:59:59", `{"b":1,"a":[0.10]}`, "0x1f", "a,b", "\xff", "１２％", "it's"} {
			f.Add(uint8(i), uint8(Text), []byte(seed))
			f.Add(uint8(i), uint8(Number), []byte(seed))
		}
		f.Add(uint8(i), uint8(Date), []byte("45292.5"))
		f.Add(uint8(i), uint8(Duration), []byte("-1.5"))
		f.Add(uint8(i), uint8(ISODate), []byte("2024-01-02T03:04:05"))
		f.Add(uint8(i), uint8(Bool), []byte("1"))
	}
	f.Fuzz(func(t *testing.T, i, kind uint8, content []byte) {
		c := columnOf(t, everyType[int(i)%len(everyType)])
		cell := Cell{Kind: Kind(kind % uint8(ISODate+1)), Text: content}
		if cell.Kind == Bool {
			cell = truth(len(content)%2 == 0)
		}
		v, wrong := convert(t, c, cell, &Options{Date1904: kind >= 128})
		if wrong != nil {
			if wrong.Text == "" || wrong.Mend == "" || bytes.ContainsAny([]byte(wrong.Error()), "\n\r") || !utf8.ValidString(wrong.Text) {
				t.Fatalf("a mismatch no one can print: %+q", *wrong)
			}
			return
		}
		checkAgreement(t, c, v)
		checkRewritten(t, c, v)
	})
}

// checkRewritten holds a value to what a text cell with its canonical form becomes.
func checkRewritten(t *testing.T, c *Column, v Value) {
	t.Helper()
	if v.IsNull() || v.IsDefault() {
		return
	}
	content := v.Text()
	if content == "" {
		content = `""`
	}
	if content == `""` && c.Type == String && v.Text() != "" {
		return // no text cell can say this
	}
	again, wrong := convert(t, c, text(content), nil)
	if wrong != nil || again != v {
		t.Fatalf("%s: %q, written into a text cell, is %q, %v", c.SQLType, v.Text(), spell(again), wrong)
	}
}

// Values that a server holds, as AppendServer reads them, come from a text cell of that form too.
func FuzzServerTimes(f *testing.F) {
	for _, seed := range []string{"2024-01-02 03:04:05", "0000-00-00 00:00:00", "9999-12-31 23:59:59.999999", "2024-02-30 00:00:00"} {
		f.Add(seed, uint8(3))
	}
	f.Fuzz(func(t *testing.T, raw string, scale uint8) {
		c := columnOf(t, "datetime(6)")
		c.Scale = int(scale % 7)
		m, ok := parseMoment([]byte(raw))
		if !ok || m.hasOffset || !m.fitsScale(c.Scale) {
			return
		}
		row, err := c.AppendServer(nil, m.appendDateTime(nil, 6))
		if err != nil {
			t.Fatal(err)
		}
		stored, _ := Unpack(row)
		if got, wrong := convert(t, c, text(raw), nil); wrong != nil || got != stored[0] {
			t.Fatalf("%q is %q from a cell (%v) and %q from the server", raw, got.Text(), wrong, stored[0].Text())
		}
		checkRewritten(t, c, stored[0])
	})
}
