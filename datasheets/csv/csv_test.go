package csv

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"liveops/datasheets"
)

// utf16File is a text in UTF-16 with its mark.
func utf16File(text string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune("\uFEFF" + text)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func TestOpen(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"commas", "id,name\n1,검\n2,\n", "1 A=id B=name|2 A=1 B=검|3 A=2"},
		{"semicolons, and commas within", "id;name\r\n1;\"a, b\"\r\n", "1 A=id B=name|2 A=1 B=a, b"},
		{"tabs", "id\tname\n1\tx,y\n", "1 A=id B=name|2 A=1 B=x,y"},
		{"one column", "id\n1", "1 A=id|2 A=1"},
		{"quotes, line ends, quotes within", "id,t\n1,\"a\nb \"\"c\"\"\"\n2,x\n", "1 A=id B=t|2 A=1 B=a\nb \"c\"|3 A=2 B=x"},
		{"an empty text", "id,t\n1,\"\"\"\"\"\"\n2,\"\"", "1 A=id B=t|2 A=1 B=\"\"|3 A=2"},
		{"empty lines are rows", "\n\nid,t\n\n1,\"a\n\nb\"\n\n2,c", "3 A=id B=t|5 A=1 B=a\n\nb|7 A=2 B=c"},
		{"a row of separators is empty", "id,t\n,\n1,x", "1 A=id B=t|3 A=1 B=x"},
		{"rows of different length", "a,b\n1\n1,2,3", "1 A=a B=b|2 A=1|3 A=1 B=2 C=3"},
		{"blanks stay", "a\n x ", "1 A=a|2 A= x "},
		{"UTF-8 with a mark", "\xEF\xBB\xBFid,n\n1,2", "1 A=id B=n|2 A=1 B=2"},
		{"UTF-16, as Excel's Unicode text", utf16File("id\tname\r\n1\t검🗡\r\n", false), "1 A=id B=name|2 A=1 B=검🗡"},
		{"UTF-16, the other way round", utf16File("id,n\n1,ดาบ", true), "1 A=id B=n|2 A=1 B=ดาบ"},
		{"nothing", "", ""},
		{"CP949", "id,name\n1,\xb0\xcb", "a.csv:2: the file is not UTF-8"},
		{"half a character", "\xFF\xFEa", "a.csv: the file says that it is UTF-16"},
		{"a bare quote", "id,name\n1,a\"b", "1 A=id B=name|a.csv:2: a quote stands within"},
		{"a quote that does not end", "id,name\n1,\"ab\n2,c", "1 A=id B=name|a.csv:3: a quoted cell does not end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // a second reading is like the first
				if got := read(t, tt.data); got != tt.want && !(strings.Contains(tt.want, "a.csv") && strings.HasPrefix(got, tt.want)) {
					t.Errorf("got\n%q\nwant\n%q", got, tt.want)
				}
			}
		})
	}
}

// read is the rows as one line, with the problem that ends them.
func read(t testing.TB, data string) string {
	t.Helper()
	var lines []string
	wrong := func(err error) string {
		if p := (*datasheets.Problem)(nil); !errors.As(err, &p) {
			t.Fatalf("%v is no problem", err)
		}
		return strings.Join(append(lines, err.Error()), "|")
	}
	book, err := Open("a.csv", []byte(data))
	if err != nil {
		return wrong(err)
	}
	for row, err := range book.Sheets[0].Rows {
		if err != nil {
			return wrong(err)
		}
		line := fmt.Sprint(row.Number)
		for _, c := range row.Cells {
			line += fmt.Sprintf(" %s=%s", strings.TrimRight(datasheets.CellName(c.Column, row.Number), "0123456789"), c.Text)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "|")
}

func FuzzOpen(f *testing.F) {
	for _, s := range []string{"a,b\n1,2", "\"a\n\";b", "\xFF\xFEa\x00", "\xEF\xBB\xBF\n\n", "a\"b", "\"", ",\r\n,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		last := 0
		book, err := Open("a.csv", []byte(data))
		if err != nil {
			read(t, data)
			return
		}
		for row, err := range book.Sheets[0].Rows {
			if err == nil && row.Number <= last {
				t.Fatalf("row %d after row %d", row.Number, last)
			}
			last = row.Number
		}
	})
}
