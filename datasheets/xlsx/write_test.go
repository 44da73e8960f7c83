package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"liveops/datasheets"
)

func written(t testing.TB, sheets ...Sheet) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := Write(&buf, sheets); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestWriteIsReadBack holds how each kind of value is read again.
func TestWriteIsReadBack(t *testing.T) {
	seoul := time.FixedZone("KST", 9*3600)
	for _, c := range []struct {
		name  string
		value any
		want  string // kind and text; "" for an empty cell
	}{
		{"nil", nil, ``},
		{"empty text", "", ``},
		{"text", "검 <b>&\"'", `text "검 <b>&\"'"`},
		{"blanks and lines", " a\tb\n c ", `text " a\tb\n c "`},
		{"blanks only", "  ", `text "  "`},
		{"CR LF", "a\r\nb\rc", `text "a\nb\rc"`},
		{"like an escape", "_x000D_ _x005F_ _x005F_x000D_", `text "_x000D_ _x005F_ _x005F_x000D_"`},
		{"like one before one", "_x0041\x01_x0041\r_x0041", `text "_x0041\x01_x0041\r_x0041"`},
		{"like one, but no hexadecimal", "spark_xfire_01 _xD83D_", `text "spark_xfire_01 _xD83D_"`},
		{"control characters", "\x00a\x1f\ufffe", `text "\x00a\x1f\ufffe"`},
		{"like a formula", "=1+1", `text "=1+1"`},
		{"like a number", "00103", `text "00103"`},
		{"int", 42, `number "42"`},
		{"int8", int8(-1), `number "-1"`},
		{"uint16", uint16(65535), `number "65535"`},
		{"largest number", int64(999_999_999_999_999), `number "999999999999999"`},
		{"long", int64(1e15), `text "1000000000000000"`},
		{"longest", uint64(math.MaxUint64), `text "18446744073709551615"`},
		{"long negative", int64(math.MinInt64), `text "-9223372036854775808"`},
		{"float", 0.1, `number "0.1"`},
		{"float32", float32(0.1), `number "0.1"`},
		{"small float", 3.3e-05, `number "3.3e-05"`},
		{"float of 17 digits", 0.30000000000000004, `number "0.30000000000000004"`},
		{"large float", 1e300, `text "1e+300"`},
		{"literal", Number("1.50"), `number "1.50"`},
		{"literal with exponent", Number("-25e-2"), `number "-25e-2"`},
		{"literal of 15 digits", Number("0.123456789012345"), `number "0.123456789012345"`},
		{"literal of 20 digits", Number("12345678901234567.890"), `text "12345678901234567.890"`},
		{"literal too small", Number("1e-400"), `text "1e-400"`},
		{"literal too large", Number("-1e400"), `text "-1e400"`},
		{"zero", Number("+0.000"), `number "0.000"`},
		{"bool", true, `bool "1"`},
		{"date", time.Date(2024, 2, 29, 0, 0, 0, 0, seoul), `date "45351"`},
		{"first date", time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC), `date "61"`},
		{"last date", time.Date(9999, 12, 31, 12, 0, 0, 0, time.UTC), `date "2958465.5"`},
		{"time of day", time.Date(2024, 2, 29, 18, 0, 0, 0, seoul), `date "45351.75"`},
		{"milliseconds", time.Date(2024, 2, 29, 0, 0, 0, 500_400_000, time.UTC), `date "45351.000005787"`},
		{"before the calendar", time.Date(1900, 2, 28, 6, 0, 0, 5e6, time.UTC), `text "1900-02-28T06:00:00.005"`},
		{"rounded past it", time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), `text "10000-01-01T00:00:00"`},
		{"duration", 36 * time.Hour, `duration "1.5"`},
		{"a cell of text", cellOf(datasheets.Text, "00103"), `text "00103"`},
		{"an empty cell", datasheets.Cell{}, ``},
		{"a cell of a number", cellOf(datasheets.Number, "1.5"), `number "1.5"`},
		{"a cell of a long number", cellOf(datasheets.Number, "1000000000000000"), `text "1000000000000000"`},
		{"a cell of a Boolean", cellOf(datasheets.Bool, "1"), `bool "1"`},
		{"a cell of a date", cellOf(datasheets.Date, "45351"), `date "45351"`},
		{"a cell of a date and time", cellOf(datasheets.Date, "45351.75"), `date "45351.75"`},
		{"a cell of a date with milliseconds", cellOf(datasheets.Date, "45351.0000000116"), `date "45351.0000000116"`},
		{"a cell of a duration", cellOf(datasheets.Duration, "34.9583217593"), `duration "34.9583217593"`},
		{"a cell of a duration with milliseconds", cellOf(datasheets.Duration, "0.0000000116"), `duration "0.0000000116"`},
		{"negative duration", -(838*time.Hour + 59*time.Minute + 1500*time.Millisecond), `text "-838:59:01.5"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := "[S]\nA1 text \"h\"\n"
			if c.want != "" {
				want += "A2 " + c.want + "\n"
			}
			if got := dump(written(t, Sheet{Name: "S", Header: []string{"h"}, Rows: [][]any{{c.value}}}), Limits{}); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func cellOf(kind datasheets.Kind, text string) datasheets.Cell {
	return datasheets.Cell{Kind: kind, Text: []byte(text)}
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		sheets []Sheet
		want   string
	}{
		{"no sheet", nil, "write workbook: it has no sheet"},
		{"no name", []Sheet{{}}, `write sheet "": a sheet's name has 1 to 31 characters`},
		{"name too long", []Sheet{{Name: strings.Repeat("a", 32)}}, `write sheet "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": a sheet's name has 1 to 31 characters`},
		{"name repeated", []Sheet{{Name: "A"}, {Name: "a"}}, `write sheet "a": there are two of that name`},
		{"unknown type", []Sheet{{Name: "S", Rows: [][]any{{1}, {2, struct{}{}}}}}, `write sheet "S": cell B3: a value of type struct {} cannot be written`},
		{"control character in a name", []Sheet{{Name: "a\x01"}}, `write sheet "a\x01": the name has a control character`},
		{"slash in a name", []Sheet{{Name: "a/b"}}, `write sheet "a/b": a sheet's name has none of : \ / ? * [ ] and no ' at its ends`},
		{"name not in UTF-8", []Sheet{{Name: "\xff"}}, `write sheet "\xff": the name is not valid UTF-8`},
		{"not UTF-8", []Sheet{{Name: "S", Rows: [][]any{{"\xff"}}}}, `write sheet "S": cell A2: the text "\xff" is not valid UTF-8`},
		{"text too long", []Sheet{{Name: "S", Rows: [][]any{{strings.Repeat("😀", 16384)}}}}, `write sheet "S": cell A2: the text has 32768 characters: a cell holds 32767`},
		{"not a number", []Sheet{{Name: "S", Rows: [][]any{{math.NaN()}}}}, `write sheet "S": cell A2: "NaN" is not a number`},
		{"an error", []Sheet{{Name: "S", Rows: [][]any{{cellOf(datasheets.Fault, "#REF!")}}}}, `write sheet "S": cell A2: an error value, or a formula without a value, cannot be written`},
		{"a date that is none", []Sheet{{Name: "S", Rows: [][]any{{cellOf(datasheets.Date, "-1")}}}}, `write sheet "S": cell A2: "-1" is not a number of days`},
		{"a date past the calendar", []Sheet{{Name: "S", Rows: [][]any{{cellOf(datasheets.Duration, "2958466")}}}}, `write sheet "S": cell A2: "2958466" is not a number of days`},
		{"infinite", []Sheet{{Name: "S", Rows: [][]any{{math.Inf(1)}}}}, `write sheet "S": cell A2: "+Inf" is not a number`},
		{"bad literal", []Sheet{{Name: "S", Rows: [][]any{{Number("1,5")}}}}, `write sheet "S": cell A2: "1,5" is not a number`},
		{"too wide", []Sheet{{Name: "S", Header: make([]string, 16385)}}, `write sheet "S": 1 rows and 16385 columns are more than a sheet has`},
	} {
		if err := Write(io.Discard, c.sheets); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// someSheets use what Write has: several sheets, as their order in the file is what varies.
func someSheets() []Sheet {
	return []Sheet{
		{Name: "아이템", Header: []string{"id", "이름", "value"}, Rows: [][]any{{1, "강철 검과 방패의 긴 이름", 1.5}, {2}, {3, nil, nil, time.Hour}}},
		{Name: "b", Header: []string{"id"}}, {Name: "c"}, {Name: "d", Header: []string{"x"}, Rows: [][]any{{true}}},
		{Name: "e", Header: []string{"x"}, Rows: [][]any{{time.Unix(0, 0).UTC()}}},
	}
}

func TestWriteIsDeterministic(t *testing.T) {
	want := written(t, someSheets()...)
	for range 10 {
		if !bytes.Equal(written(t, someSheets()...), want) {
			t.Fatal("the same sheets gave other bytes")
		}
	}
}

// TestWriteLayout holds what a person sees of a written sheet besides its values.
func TestWriteLayout(t *testing.T) {
	data := written(t, someSheets()...)
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if first := zr.File[0].Name; first != "[Content_Types].xml" {
		t.Errorf("the first part is %s", first)
	}
	f, err := zr.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheet, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<dimension ref="A1:D4"/>`,
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>`,
		`<col min="1" max="1" width="8" `,
		`<col min="2" max="2" width="26" `, // 10 wide letters and 4 blanks, and the padding
	} {
		if !strings.Contains(string(sheet), want) {
			t.Errorf("the sheet has no %s:\n%s", want, sheet)
		}
	}
	x, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	id, err := x.GetCellStyle("아이템", "B1")
	if err != nil {
		t.Fatal(err)
	}
	style, err := x.GetStyle(id)
	if err != nil || style.Font == nil || !style.Font.Bold {
		t.Errorf("the header's style is %+v, %v: not bold", style, err)
	}
}

func TestLineWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "한글": 4, "ﾊﾝｶｸ": 4, "ＡＢ": 4, "กำ": 2, "e\u0301": 1, "😀": 2} {
		if got := lineWidth(text); got != want {
			t.Errorf("lineWidth(%q) = %d, want %d", text, got, want)
		}
	}
}

// failingWriter takes some bytes and then fails.
type failingWriter struct{ left int }

var errFull = errors.New("disk full")

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriteReportsFailure(t *testing.T) {
	for _, left := range []int{0, 2000} {
		if err := Write(&failingWriter{left}, someSheets()); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: got %v, want %v", left, err, errFull)
		}
	}
}

// FuzzWriteText writes any text and reads it back.
func FuzzWriteText(f *testing.F) {
	for _, seed := range []string{"", " ", "a\r\nb\rc\n", "_x000D_", "_x005F_x005F_", "_x005F_x000D__", "_xD83D_", "__x0041__", "_x0041\x01", "<&]]>", "가😀", "\x00", "\xff", "\ufffe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var buf bytes.Buffer
		if err := Write(&buf, []Sheet{{Name: "S", Header: []string{"h"}, Rows: [][]any{{text}}}}); err != nil {
			if utf8.ValidString(text) && len(utf16.Encode([]rune(text))) <= maxText {
				t.Fatal(err)
			}
			return
		}
		book, err := Open("dir/a.xlsx", buf.Bytes(), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for row, err := range book.Sheets[0].Rows {
			if err != nil {
				t.Fatal(err)
			}
			if row.Number == 2 {
				got = string(row.Cells[0].Text)
			}
		}
		if want := strings.ReplaceAll(text, "\r\n", "\n"); got != want {
			t.Errorf("wrote %q, read %q", want, got)
		}
	})
}
