package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"liveops/datasheets"
)

// parts are a hand-made workbook: the content of each part by its name.
type parts map[string]string

// workbookWith is a workbook of one sheet, "S", whose sheetData is given.
func workbookWith(sheetData string) parts {
	return parts{
		"_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
			`<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			rel("rId1", "worksheet", "worksheets/sheet1.xml") + rel("rId2", "styles", "styles.xml") + rel("rId3", "sharedStrings", "sharedStrings.xml") +
			`</Relationships>`,
		"xl/styles.xml":            `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="46"/><xf numFmtId="49"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml":     `<sst><si><t>zero</t></si><si><r><t>o</t></r><r><t>ne</t></r></si></sst>`,
		"xl/worksheets/sheet1.xml": `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n<worksheet><sheetData>" + sheetData + "</sheetData></worksheet>",
	}
}

func rel(id, kind, target string) string {
	return fmt.Sprintf(`<Relationship Id=%q Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target=%q/>`, id, kind, target)
}

// with returns p with one part changed; "" leaves the part out.
func (p parts) with(name, content string) parts {
	p = maps.Clone(p)
	p[name] = content
	if content == "" {
		delete(p, name)
	}
	return p
}

func (p parts) zip(t testing.TB) []byte {
	t.Helper()
	var buf bytes.Buffer
	zw := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(p)) {
		w, err := zw.Create(name)
		if err == nil {
			_, err = w.Write([]byte(p[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

var kindNames = map[datasheets.Kind]string{
	datasheets.Text: "text", datasheets.Number: "number", datasheets.Date: "date", datasheets.Duration: "duration",
	datasheets.Bool: "bool", datasheets.Fault: "fault", datasheets.Uncalculated: "uncalculated", datasheets.ISODate: "isodate",
}

// dump lists the cells of a workbook, one a line after its sheet's name: `A1 text "zero"`. A fault ends it:
// a line with "!", the place in the sheet and the text.
func dump(data []byte, limits Limits) string {
	book, err := Open("dir/a.xlsx", data, limits)
	if err != nil {
		return dumpError(err)
	}
	var b strings.Builder
	for _, s := range book.Sheets {
		fmt.Fprintf(&b, "[%s]\n%s", s.Name, dumpSheet(s))
	}
	return b.String()
}

func dumpSheet(s datasheets.Sheet) string {
	var b strings.Builder
	for row, err := range s.Rows {
		if err != nil {
			return b.String() + dumpError(err)
		}
		for _, c := range row.Cells {
			fmt.Fprintf(&b, "%s %s %q\n", datasheets.CellName(c.Column, row.Number), kindNames[c.Kind], c.Text)
		}
	}
	return b.String()
}

func dumpError(err error) string {
	var p *datasheets.Problem
	if !errors.As(err, &p) {
		return fmt.Sprintf("not a problem: %v\n", err)
	}
	if p.At.Path != "dir/a.xlsx" || p.Mend == "" {
		return fmt.Sprintf("a problem without its place or mend: %+v\n", p)
	}
	place := strings.Trim(p.At.Sheet+" "+p.At.Cell, " ")
	return "! " + strings.TrimPrefix(place+": ", ": ") + p.Text + "\n"
}

// lines joins what a dump should be.
func lines(want ...string) string {
	if len(want) == 0 {
		return ""
	}
	return strings.Join(want, "\n") + "\n"
}
