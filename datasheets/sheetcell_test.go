package datasheets

import "testing"

// What a cell holds where no database says of which type it is.
func TestAppendSheetCell(t *testing.T) {
	for _, c := range []struct {
		cell Cell
		o    *Options
		want string
	}{
		{cell: Cell{}, want: "NULL"},
		{cell: text(""), want: "NULL"},
		{cell: num("1.0"), want: "1"},
		{cell: num("1E2"), want: "100"},
		{cell: num("0.30000000000000004"), want: "0.3"},
		{cell: num("1e999"), want: "1e999"},
		{cell: date("45351"), want: "2024-02-29"},
		{cell: date("43889"), o: &Options{Date1904: true}, want: "2024-02-29"},
		{cell: date("45351.5"), want: "2024-02-29 12:00:00"},
		{cell: date("0.5"), want: "12:00:00"},
		{cell: date("60"), want: "60"},
		{cell: duration("1.5"), want: "36:00:00"},
		{cell: duration("-0.5"), want: "-12:00:00"},
		{cell: isoDate("2024-02-29T00:00:00"), want: "2024-02-29"},
		{cell: isoDate("yesterday"), want: "yesterday"},
		{cell: truth(true), want: "TRUE"},
		{cell: fault("#REF!"), want: "#REF!"},
		{cell: uncalculated("A1+1"), want: "=A1+1"},
		{cell: text("검"), want: "검"},
		{cell: text("1"), want: `"1"`},
		{cell: text("TRUE"), want: `"TRUE"`},
		{cell: text("2024-02-29"), want: `"2024-02-29"`},
		{cell: text("-12:00:00"), want: `"-12:00:00"`},
		{cell: text("=A1+1"), want: `"=A1+1"`},
		{cell: text("#REF!"), want: `"#REF!"`},
		{cell: text(`"1"`), want: `""1""`},
		{cell: text(`""`), want: `""`},
		{cell: text("-"), want: "-"},
		{cell: text(" 1"), want: " 1"},
	} {
		values, err := Unpack(AppendSheetCell(nil, c.cell, c.o))
		if err != nil || len(values) != 1 || spell(values[0]) != c.want {
			t.Errorf("%d %q: got %v, %v; want %s", c.cell.Kind, c.cell.Text, values, err, c.want)
		}
	}
}
