package xlsx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// sheetOf is sheetData of many equal rows.
func sheetOf(rows, columns int, cell string) string {
	var b strings.Builder
	for r := range rows {
		fmt.Fprintf(&b, `<row r="%d">`, r+1)
		for range columns {
			b.WriteString(cell)
		}
		b.WriteString("</row>")
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	text := func(n int) string {
		return `<c t="inlineStr"><is><t>` + strings.Repeat("x", n) + `</t></is></c>`
	}
	for _, c := range []struct {
		name   string
		file   parts
		limits Limits
		want   string // the last line
	}{
		{"cells, at the limit", workbookWith(sheetOf(2, 5, "<c/>")), Limits{Cells: 10}, "[S]"},
		{"cells", workbookWith(sheetOf(2, 5, "<c/>") + `<row><c/></row>`), Limits{Cells: 10}, "! S A3: the sheet has more than 10 cells"},
		{"row, at the limit", workbookWith(sheetOf(1, 1, text(100))), Limits{Row: 100}, fmt.Sprintf("A1 text %q", strings.Repeat("x", 100))},
		{"row", workbookWith(sheetOf(1, 2, text(60))), Limits{Row: 100}, "! S B1: row 1 holds more than 100 bytes of text"},
		{"cell", workbookWith(sheetOf(1, 1, text(101))), Limits{Cell: 100}, "! S A1: the text of one cell is longer than 100 bytes"},
		{"cell in many runs", workbookWith(`<row><c t="inlineStr"><is>` + strings.Repeat(`<r><t>xxxxxxxxxx</t></r>`, 11) + `</is></c></row>`), Limits{Cell: 100}, "! S A1: the text of one cell is longer than 100 bytes"},
		{"cell in many pieces", workbookWith(`<row><c t="str"><v>` + strings.Repeat(`x<!---->`, 101) + `</v></c></row>`), Limits{Cell: 100}, "! S A1: the text of one cell is longer than 100 bytes"},
		{"shared text", workbookWith("").with("xl/sharedStrings.xml", "<sst><si><t>"+strings.Repeat("x", 101)+"</t></si></sst>"), Limits{Cell: 100}, "! the text of one cell is longer than 100 bytes"},
		{"text, default", workbookWith(sheetOf(1, 1, text(1<<20+1))), Limits{}, "! S A1: a piece of text or markup is longer than 1048576 bytes"},
		{"tag", workbookWith(`<row a="` + strings.Repeat("x", 1<<20) + `"/>`), Limits{}, "! S: a piece of text or markup is longer than 1048576 bytes"},
		{"comment", workbookWith(`<!--` + strings.Repeat("x", 1<<20) + `-->`), Limits{}, "! S: a piece of text or markup is longer than 1048576 bytes"},
		{"inflated: sheet", workbookWith(sheetOf(20_000, 10, "<c><v>1</v></c>")), Limits{Inflated: 100_000}, "the file inflates to more than 100000 bytes"},
		{"inflated: strings", workbookWith("").with("xl/sharedStrings.xml", "<sst>"+strings.Repeat("<si/>", 30_000)+"</sst>"), Limits{Inflated: 100_000}, "! the file inflates to more than 100000 bytes"},
		{"inflated: workbook", workbookWith("").with("xl/workbook.xml", strings.Repeat(" ", 200_000)), Limits{Inflated: 100_000}, "! the file inflates to more than 100000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.TrimSpace(dump(c.file.zip(t), c.limits))
			if last := got[strings.LastIndexByte(got, '\n')+1:]; !strings.HasSuffix(last, c.want) {
				t.Errorf("got %.300q, want %q", last, c.want)
			}
		})
	}
}

// TestInflatedIsWhatIsInflated declares a bomb's part to be small: what counts is what comes out.
func TestInflatedIsWhatIsInflated(t *testing.T) {
	data := workbookWith(sheetOf(20_000, 10, "<c><v>1</v></c>")).zip(t)
	entry := bytes.LastIndex(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[entry+24:], 1000)
	got := dump(data, Limits{})
	if !strings.HasSuffix(got, "the file is damaged: a part of it cannot be unpacked\n") || len(got) > 10_000 {
		t.Errorf("got %.300q", got)
	}
}

// TestReadTwiceAndAtOnce reads all sheets of a book several times at once: a part that is read again is not
// counted again, and all readings are alike.
func TestReadTwiceAndAtOnce(t *testing.T) {
	data := sheetOf(2_000, 10, "<c><v>1</v></c>")
	p := workbookWith(data)
	p = p.with("xl/worksheets/sheet2.xml", p["xl/worksheets/sheet1.xml"]).
		with("xl/workbook.xml", strings.Replace(p["xl/workbook.xml"], "</sheets>", `<sheet name="T" r:id="rId4"/></sheets>`, 1)).
		with("xl/_rels/workbook.xml.rels", strings.Replace(p["xl/_rels/workbook.xml.rels"], "</R", rel("rId4", "worksheet", "worksheets/sheet2.xml")+"</R", 1))
	book, err := Open("dir/a.xlsx", p.zip(t), Limits{Inflated: 2*int64(len(data)) + 10_000, Cells: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	want := dumpSheet(book.Sheets[0])
	if strings.Contains(want, "!") || strings.Count(want, "\n") != 20_000 {
		t.Fatalf("got %.200q…", want)
	}
	got := make([]string, 8)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = dumpSheet(book.Sheets[i%2]) })
	}
	wg.Wait()
	for i := range got {
		if got[i] != want {
			t.Errorf("reading %d differs: %.200q…", i, got[i])
		}
	}
}

// TestStopEarly leaves the loop after the first row.
func TestStopEarly(t *testing.T) {
	book, err := Open("dir/a.xlsx", workbookWith(sheetOf(3, 1, "<c><v>1</v></c>")).zip(t), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		rows := 0
		for row, err := range book.Sheets[0].Rows {
			if err != nil || row.Number != 1 {
				t.Fatal(row, err)
			}
			rows++
			break
		}
		if rows != 1 {
			t.Fatalf("%d rows", rows)
		}
	}
}
