package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"liveops/datasheets"
)

// fuzzLimits are small, so that what they bound is reached.
var fuzzLimits = Limits{Inflated: 4 << 20, Cells: 10_000, Row: 64 << 10, Cell: 16 << 10}

// readWhole reads a workbook of any bytes and holds what Open promises of it: errors are problems with their
// path, rows rise, columns rise, cells have a kind and their text is UTF-8. It returns what was read.
func readWhole(t *testing.T, data []byte) string {
	t.Helper()
	isProblem := func(err error) string {
		var p *datasheets.Problem
		if !errors.As(err, &p) || p.At.Path != "a.xlsx" || p.Text == "" || p.Mend == "" {
			t.Fatalf("not a problem, or without its place, text or mend: %#v", err)
		}
		return err.Error()
	}
	book, err := Open("a.xlsx", data, fuzzLimits)
	if err != nil {
		return isProblem(err)
	}
	var b strings.Builder
	for _, s := range book.Sheets {
		row, cells := 0, 0
		for r, err := range s.Rows {
			if err != nil {
				b.WriteString(isProblem(err))
				break
			}
			if r.Number <= row || r.Number > maxRow || len(r.Cells) == 0 {
				t.Fatalf("row %d with %d cells follows row %d", r.Number, len(r.Cells), row)
			}
			row = r.Number
			cells += len(r.Cells)
			column := 0
			for _, c := range r.Cells {
				if c.Column <= column || c.Column > maxColumn || kindNames[c.Kind] == "" || !utf8.Valid(c.Text) || len(c.Text) == 0 && c.Kind != datasheets.Uncalculated {
					t.Fatalf("row %d: cell %+v follows column %d", row, c, column)
				}
				column = c.Column
				fmt.Fprintf(&b, "%s %s %q\n", datasheets.CellName(c.Column, r.Number), kindNames[c.Kind], c.Text)
			}
		}
		if int64(cells) > fuzzLimits.Cells {
			t.Fatalf("%d cells", cells)
		}
	}
	return b.String()
}

// FuzzOpen reads any bytes as a workbook, twice: the answer is the same.
func FuzzOpen(f *testing.F) {
	whole := workbookWith(oneCell).zip(f)
	for _, seed := range [][]byte{nil, []byte("PK\x03\x04"), []byte("PK\x05\x06"), compound("EncryptedPackage"), whole, whole[:len(whole)/2], written(f, someSheets()...)} {
		f.Add(seed)
	}
	small, err := filepath.Glob(filepath.Join(realWorkbooks, "*", "*", "*.xlsx"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range small {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 12<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, b := readWhole(t, data), readWhole(t, data); a != b {
			t.Errorf("read %q, then %q", a, b)
		}
	})
}

// FuzzSheet reads any bytes as a sheet's part, whole and in reads of one byte, which must give the same.
func FuzzSheet(f *testing.F) {
	for _, data := range []string{
		``, oneCell, `<row><c t="s"><v>0</v></c><c t="inlineStr"><is><r><t xml:space="preserve"> a </t></r><rPh><t>x</t></rPh></is></c></row>`,
		`<row r="2"><c r="B2" t="str"><f>A&amp;"_x000D_"</f><v><![CDATA[x]]>&#13;` + "\r\n" + `_x000D_</v></c><c t="b"><v>1</v></c><c t="e"><v>#REF!</v></c><c t="d"><v>2024</v></c></row>`,
		`<!-- --><?x ?><row r='1' a=">"><c s="1"><v>1e5</v></c><c s="2"><f>1</f></c></row>`, `<row r="1"><c r="A1"`, `</row>`, `<!DOCTYPE>`, `<![CDATA[`, `<x:c/>`,
	} {
		f.Add([]byte(workbookWith(data)["xl/worksheets/sheet1.xml"]))
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, sheet []byte) {
		whole := readWhole(t, workbookWith("").with("xl/worksheets/sheet1.xml", string(sheet)+" ").zip(t))
		if len(sheet) > 10_000 {
			return
		}
		if got := readByByte(t, sheet); got != whole {
			t.Errorf("read %q whole, %q byte by byte", whole, got)
		}
	})
}

// readByByte reads a sheet's part as readWhole reads its workbook, but in reads of one byte: no token, and no
// plain cell, is ever whole in the buffer at first.
func readByByte(t *testing.T, sheet []byte) string {
	t.Helper()
	zip, err := openContainer(workbookWith("").zip(t), fuzzLimits.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	w, err := readWorkbook(zip)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	r := newSheetReader(w, byteReader{bytes.NewReader(append(bytes.Clone(sheet), ' '))})
	for r.next() {
		for _, c := range r.cells {
			fmt.Fprintf(&b, "%s %s %q\n", datasheets.CellName(c.Column, r.number), kindNames[c.Kind], c.Text)
		}
	}
	if r.err != nil {
		b.WriteString(problemOf(datasheets.Position{Path: "a.xlsx", Sheet: "S", Cell: r.cellAtFault()}, r.err).Error())
	}
	return b.String()
}

// byteReader gives one byte at a time.
type byteReader struct{ r *bytes.Reader }

func (r byteReader) Read(b []byte) (int, error) { return r.r.Read(b[:min(len(b), 1)]) }

// FuzzFormatKind classifies any number format.
func FuzzFormatKind(f *testing.F) {
	for _, seed := range []string{"General", `yyyy"년"`, "[h]:mm", "[", `\`, "0.00E+00", "G/標準", "_", "*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code string) {
		switch formatKind(code) {
		case datasheets.Number, datasheets.Date, datasheets.Duration:
		default:
			t.Errorf("formatKind(%q) is no kind of a number", code)
		}
	})
}

// TestReadingIsLinear reads parts that are as hostile as their size allows to scan again and again; it ends
// long before the deadline unless the time grows with the square of the size.
func TestReadingIsLinear(t *testing.T) {
	const size = 1 << 20
	for name, sheet := range map[string]string{
		"text that never ends":    strings.Repeat("x", size),
		"tag that never ends":     "<" + strings.Repeat("x ", size/2),
		"comment that never ends": "<!--" + strings.Repeat("-", size),
		"end tag that never ends": "<a></" + strings.Repeat("a", size),
		"comments":                strings.Repeat("<!---->", size/7),
		"attributes":              "<worksheet " + strings.Repeat("a='' ", size/8) + "/>",
		"ampersands":              workbookWith("<row><c t='str'><v>" + strings.Repeat("&amp;", size/5-100) + "</v></c></row>")["xl/worksheets/sheet1.xml"],
		"escapes":                 workbookWith("<row><c t='str'><v>" + strings.Repeat("_x000D_", size/7-100) + "</v></c></row>")["xl/worksheets/sheet1.xml"],
		"empty elements":          "<worksheet><sheetData>" + strings.Repeat("<row/>", size/6),
		"pieces of text":          "<worksheet><sheetData><row><c t='str'><v>" + strings.Repeat("a<b/>", size/5),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			book, err := Open("dir/a.xlsx", workbookWith("").with("xl/worksheets/sheet1.xml", sheet).zip(t), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			dumpSheet(book.Sheets[0])
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
