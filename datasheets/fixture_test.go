package datasheets

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// columnOf is the column that a server would describe for a type as it is written in SQL; "null" after the type
// makes it nullable.
func columnOf(t testing.TB, sqlType string) *Column {
	t.Helper()
	rest, nullable := strings.CutSuffix(sqlType, " null")
	rest, charset, hasCharset := strings.Cut(rest, " charset ")
	d := ColumnInfo{Name: "v", ColumnType: rest, IsNullable: map[bool]string{true: "YES", false: "NO"}[nullable]}
	d.DataType, _, _ = strings.Cut(rest, "(")
	d.DataType, _, _ = strings.Cut(d.DataType, " ")
	var a, b int64
	n, _ := fmt.Sscanf(rest[len(d.DataType):], "(%d,%d)", &a, &b)
	switch d.DataType {
	case "decimal":
		d.NumericPrecision, d.NumericScale = &a, &b
	case "float", "double":
		if n == 2 {
			d.NumericPrecision, d.NumericScale = &a, &b
		}
	case "bit":
		d.NumericPrecision = &a
	case "datetime", "timestamp", "time":
		d.DatetimePrecision = &a
	case "varchar", "char", "varbinary", "binary":
		b = a * map[bool]int64{true: 4, false: 1}[strings.HasSuffix(d.DataType, "char")]
		d.CharacterMaximumLength, d.CharacterOctetLength = &a, &b
	case "tinytext", "tinyblob":
		a = 255
		d.CharacterMaximumLength, d.CharacterOctetLength = &a, &a
	case "text", "blob":
		a = 65535
		d.CharacterMaximumLength, d.CharacterOctetLength = &a, &a
	}
	if hasCharset {
		d.CharacterSet = &charset
	}
	c := ParseColumn(d)
	if c.Type == Unsupported {
		t.Fatalf("the type %s is not known", sqlType)
	}
	return &c
}

// Cells by kind.
func text(s string) Cell         { return Cell{Kind: Text, Text: []byte(s)} }
func num(s string) Cell          { return Cell{Kind: Number, Text: []byte(s)} }
func date(s string) Cell         { return Cell{Kind: Date, Text: []byte(s)} }
func duration(s string) Cell     { return Cell{Kind: Duration, Text: []byte(s)} }
func isoDate(s string) Cell      { return Cell{Kind: ISODate, Text: []byte(s)} }
func fault(s string) Cell        { return Cell{Kind: Fault, Text: []byte(s)} }
func uncalculated(s string) Cell { return Cell{Kind: Uncalculated, Text: []byte(s)} }
func truth(b bool) Cell {
	return Cell{Kind: Bool, Text: []byte(map[bool]string{true: "1", false: "0"}[b])}
}

// cellCase is a cell and what becomes of it: want is the canonical text; "NULL" and "DEFAULT" are these values;
// "!…" is a mismatch whose text or mend has what follows.
type cellCase struct {
	column string
	cell   Cell
	want   string
}

func runCells(t *testing.T, o *Options, cases []cellCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s/%d:%.40s", c.column, c.cell.Kind, c.cell.Text), func(t *testing.T) {
			column := columnOf(t, c.column)
			got, wrong := convert(t, column, c.cell, o)
			if part, isProblem := strings.CutPrefix(c.want, "!"); isProblem {
				checkMismatch(t, wrong, part)
				return
			}
			if wrong != nil {
				t.Fatalf("refused: %v; want %q", wrong, c.want)
			}
			if spell(got) != c.want {
				t.Fatalf("got %q, want %q", spell(got), c.want)
			}
			checkAgreement(t, column, got)
		})
	}
}

func checkMismatch(t *testing.T, wrong *Mismatch, part string) {
	t.Helper()
	switch {
	case wrong == nil:
		t.Fatalf("accepted; want a mismatch with %q", part)
	case !strings.Contains(wrong.Error(), part):
		t.Fatalf("mismatch %q; want one with %q", wrong, part)
	case wrong.Text == "" || wrong.Mend == "" || strings.Contains(wrong.Error(), "\n"):
		t.Fatalf("mismatch %+v lacks its text or its mend, or is not one line", wrong)
	}
}

// convert converts a cell behind a row that already holds a value.
func convert(t testing.TB, c *Column, cell Cell, o *Options) (Value, *Mismatch) {
	t.Helper()
	before := AppendText(nil, []byte("before"))
	row, wrong := c.AppendCell(before, cell, o)
	if wrong != nil {
		if string(row) != string(before) {
			t.Fatalf("a refused cell left %q in the row", row)
		}
		return Null, wrong
	}
	values, err := Unpack(row)
	if err != nil || len(values) != 2 || values[0].Text() != "before" {
		t.Fatalf("the row unpacks to %v, %v", values, err)
	}
	return values[1], nil
}

// checkAgreement holds a value to what AppendServer makes of it once it is stored.
func checkAgreement(t testing.TB, c *Column, v Value) {
	t.Helper()
	if v.IsNull() || v.IsDefault() {
		return
	}
	a, err := c.Argument(v)
	if err != nil {
		t.Fatalf("Argument(%q): %v", v.Text(), err)
	}
	raw := fmt.Append([]byte{}, a)
	if b, isBytes := a.([]byte); isBytes {
		raw = b
	}
	row, err := c.AppendServer(nil, raw)
	if err != nil {
		t.Fatalf("AppendServer(%q): %v", raw, err)
	}
	if stored, _ := Unpack(row); len(stored) != 1 || stored[0] != v {
		t.Fatalf("the cell's %q comes back from the server as %q", v.Text(), spell(stored[0]))
	}
}

func spell(v Value) string {
	switch {
	case v.IsNull():
		return "NULL"
	case v.IsDefault():
		return "DEFAULT"
	}
	return v.Text()
}

func itoa(n int) string { return strconv.Itoa(n) }

// ftoa is a number with so many significant digits.
func ftoa(x float64, digits int) string { return strconv.FormatFloat(x, 'g', digits, 64) }
