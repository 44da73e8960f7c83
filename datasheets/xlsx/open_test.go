package xlsx

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"liveops/datasheets"
)

const oneCell = `<row r="1"><c r="A1"><v>1</v></c></row>`

// compound is the beginning of an OLE file that has a stream of that name.
func compound(stream string) []byte {
	b := append([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), make([]byte, 1024)...)
	for _, u := range utf16.Encode([]rune(stream)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// TestOpenRefuses holds the answer to files that are no workbooks, or broken ones.
func TestOpenRefuses(t *testing.T) {
	whole := workbookWith(oneCell)
	workbookXML := whole["xl/workbook.xml"]
	rels := whole["xl/_rels/workbook.xml.rels"]
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "! the file is empty\n"},
		{"text", []byte("id,name\n1,sword\n"), "! the file is not an xlsx workbook: it begins with \"id,name\\n1,sword\\n\"\n"},
		{"Git LFS pointer", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "! the file is a Git LFS pointer, not the workbook\n"},
		{"encrypted", compound("EncryptedPackage"), "! the workbook is encrypted with a password\n"},
		{"old Excel", compound("Workbook"), "! the file is a workbook of Excel 97-2003 (.xls), not xlsx\n"},
		{"other OLE", compound("WordDocument"), "! the file is an OLE compound file, not an xlsx workbook\n"},
		{"truncated zip", whole.zip(t)[:600], "! the file is cut short or damaged: its zip directory cannot be read\n"},
		{"empty zip", parts{}.zip(t), "! the file is a zip archive but no workbook: it has no xl/workbook.xml\n"},
		{"other zip", parts{"readme.txt": "hi"}.zip(t), "! the file is a zip archive but no workbook: it has no xl/workbook.xml\n"},
		{"OpenDocument", parts{"content.xml": "<x/>"}.zip(t), "! the file is an OpenDocument spreadsheet, not xlsx\n"},
		{"binary workbook", parts{"_rels/.rels": "<Relationships>" + rel("a", "officeDocument", "xl/workbook.bin") + "</Relationships>", "xl/workbook.bin": "x"}.zip(t), "! the file is a binary workbook (.xlsb), not xlsx\n"},
		{"workbook part missing", whole.with("xl/workbook.xml", "").zip(t), "! the file is a zip archive but no workbook: it has no xl/workbook.xml\n"},
		{"workbook part cut", whole.with("xl/workbook.xml", workbookXML[:200]).zip(t), "! the file ends in the middle of a part: it is cut short\n"},
		{"workbook part empty", whole.with("xl/workbook.xml", " ").zip(t), "! broken XML: the part xl/workbook.xml is empty\n"},
		{"sheet part missing", whole.with("xl/worksheets/sheet1.xml", "").zip(t), "! S: the workbook lists this sheet, but the file does not hold it (part \"worksheets/sheet1.xml\")\n"},
		{"sheet's link missing", whole.with("xl/_rels/workbook.xml.rels", "").zip(t), "! S: the workbook lists this sheet, but the file does not hold it (part \"\")\n"},
		{"sheet outside the file", whole.with("xl/_rels/workbook.xml.rels", strings.Replace(rels, `Target="worksheets`, `TargetMode="External" Target="worksheets`, 1)).zip(t),
			"! S: the workbook lists this sheet, but the file does not hold it (part \"\")\n"},
		{"two sheets, one part", whole.with("xl/workbook.xml", strings.Replace(workbookXML, "</sheets>", `<sheet name="T" r:id="rId1"/></sheets>`, 1)).zip(t),
			"! T: the workbook lists this sheet, but the file does not hold it (part \"worksheets/sheet1.xml\")\n"},
		{"two sheets, one name", whole.with("xl/workbook.xml", strings.Replace(workbookXML, "</sheets>", `<sheet name="s" r:id="rId9"/></sheets>`, 1)).zip(t),
			"! sheet 2 of the workbook has no name of its own (\"s\")\n"},
		{"ambiguous part", whole.with("XL/Styles.xml", "<a/>").zip(t), "! the file holds more than one part called XL/Styles.xml\n"},
		{"shared strings cut", whole.with("xl/sharedStrings.xml", "<sst><si><t>a").zip(t), "! the file ends in the middle of a part: it is cut short\n"},
		{"UTF-16 workbook", whole.with("xl/workbook.xml", "\xFF\xFE<\x00w\x00").zip(t), "! a part of the workbook is written in UTF-16, which is not supported\n"},
		{"UTF-16 without mark", whole.with("xl/sharedStrings.xml", "<\x00s\x00s\x00").zip(t), "! a part of the workbook is written in UTF-16, which is not supported\n"},
		{"other encoding", whole.with("xl/workbook.xml", `<?xml version="1.0" encoding="EUC-KR"?>`+workbookXML).zip(t), "! a part of the workbook is written in \"EUC-KR\", which is not supported\n"},

		{"sheet cut in a row", whole.with("xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+oneCell+`<row r="2"><c r="A2"><v>1`).zip(t),
			"[S]\nA1 number \"1\"\n! S A2: the file ends in the middle of a part: it is cut short\n"},
		{"sheet cut between rows", whole.with("xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+oneCell).zip(t),
			"[S]\nA1 number \"1\"\n! S: the file ends in the middle of a part: it is cut short\n"},
		{"sheet part empty", whole.with("xl/worksheets/sheet1.xml", "\n").zip(t), "[S]\n! S: broken XML: the sheet's part is empty\n"},
		{"sheet part that is none", whole.with("xl/worksheets/sheet1.xml", "<html/>").zip(t), "[S]\n! S: the sheet's part is a \"html\", not a worksheet\n"},
		{"sheet in UTF-16", whole.with("xl/worksheets/sheet1.xml", "\xFE\xFF\x00<\x00w").zip(t), "[S]\n! S: a part of the workbook is written in UTF-16, which is not supported\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := dump(c.data, Limits{}); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

// TestOpenDamaged flips bytes of a workbook's compressed parts.
func TestOpenDamaged(t *testing.T) {
	data := workbookWith(strings.Repeat(" ", 5000) + oneCell).zip(t)
	for what, change := range map[string]func([]byte){
		"checksum": func(b []byte) { // of the last part, the sheet, in its data descriptor
			binary.LittleEndian.PutUint32(b[bytes.LastIndex(b, []byte("PK\x07\x08"))+4:], 0xDEAD)
			i := bytes.LastIndex(b, []byte("PK\x01\x02"))
			binary.LittleEndian.PutUint32(b[i+16:], 0xDEAD)
		},
		"content": func(b []byte) {
			i := bytes.LastIndex(b, []byte("PK\x03\x04"))
			b[i+30+len("xl/worksheets/sheet1.xml")] = 0xFF
		},
		"cut": func(b []byte) {
			i := bytes.LastIndex(b, []byte("PK\x01\x02"))
			binary.LittleEndian.PutUint32(b[i+20:], binary.LittleEndian.Uint32(b[i+20:])-9)
		},
		"encrypted": func(b []byte) { b[bytes.LastIndex(b, []byte("PK\x01\x02"))+8] |= 1 },
		"method":    func(b []byte) { b[bytes.LastIndex(b, []byte("PK\x01\x02"))+10] = 99 },
	} {
		want := map[string]string{
			"checksum":  "[S]\n! S: the file is damaged: the checksum of a part does not match its content\n",
			"content":   "[S]\n! S: the file is damaged: a part of it cannot be unpacked\n",
			"cut":       "[S]\n! S: the file ends in the middle of a part: it is cut short\n",
			"encrypted": "[S]\n! S: the zip package is encrypted\n",
			"method":    "[S]\n! S: a part of the file is compressed in a way that workbooks do not use\n",
		}[what]
		b := slices.Clone(data)
		change(b)
		if got := dump(b, Limits{}); got != want {
			t.Errorf("%s: got\n%swant\n%s", what, got, want)
		}
	}
}

// TestWriters reads what different programs write: prefixes, Strict, names, targets.
func TestWriters(t *testing.T) {
	whole := workbookWith(oneCell)
	sheet := `<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetPr/><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c>` +
		`<x:c r="B1" t="inlineStr"><x:is><x:r><x:t>b</x:t></x:r><x:rPh><x:t>p</x:t></x:rPh></x:is></x:c></x:row></x:sheetData><x:pageMargins left="1"/></x:worksheet>`
	strictRels := strings.ReplaceAll(whole["xl/_rels/workbook.xml.rels"], "http://schemas.openxmlformats.org/officeDocument/2006/relationships/", "http://purl.oclc.org/ooxml/officeDocument/relationships/")
	rename := func(p parts, from, to string) parts { return p.with(to, p[from]).with(from, "") }
	const one = "[S]\nA1 number \"1\"\n"
	for _, c := range []struct {
		name string
		file parts
		want string
	}{
		{"prefixed and Strict", whole.with("xl/worksheets/sheet1.xml", sheet).with("xl/_rels/workbook.xml.rels", strictRels).
			with("xl/workbook.xml", `<x:workbook xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheets><x:sheet name="S" sheetId="1" rel:id="rId1"/></x:sheets></x:workbook>`).
			with("xl/sharedStrings.xml", `<x:sst><x:si><x:t>zero</x:t></x:si></x:sst>`), "[S]\nA1 text \"zero\"\nB1 text \"b\"\n"},
		{"byte order mark", whole.with("xl/worksheets/sheet1.xml", "\xEF\xBB\xBF"+whole["xl/worksheets/sheet1.xml"]), one},
		{"absolute target", whole.with("xl/_rels/workbook.xml.rels", strings.ReplaceAll(whole["xl/_rels/workbook.xml.rels"], `Target="`, `Target="/xl/`)), one},
		{"target with dots", whole.with("xl/_rels/workbook.xml.rels", strings.ReplaceAll(whole["xl/_rels/workbook.xml.rels"], `Target="`, `Target="./../xl/`)), one},
		{"escaped target", rename(whole, "xl/worksheets/sheet1.xml", "xl/worksheets/sheet 가.xml").
			with("xl/_rels/workbook.xml.rels", strings.ReplaceAll(whole["xl/_rels/workbook.xml.rels"], "sheet1.xml", "sheet%20%EA%B0%80.xml")), one},
		{"names in another case", rename(rename(whole, "xl/worksheets/sheet1.xml", "XL/WorkSheets/Sheet1.xml"), "xl/workbook.xml", "xl/Workbook.XML"), one},
		{"names with backslashes", rename(whole, "xl/worksheets/sheet1.xml", `xl\worksheets\sheet1.xml`), one},
		{"workbook elsewhere", parts{
			"_rels/.rels":              "<Relationships>" + rel("a", "officeDocument", "/book/main.xml") + "</Relationships>",
			"book/main.xml":            whole["xl/workbook.xml"],
			"book/_rels/main.xml.rels": "<Relationships>" + rel("rId1", "worksheet", "../s.xml") + "</Relationships>",
			"s.xml":                    whole["xl/worksheets/sheet1.xml"],
		}, one},
		{"without package relationships", whole.with("_rels/.rels", ""), one},
		{"without styles and strings", whole.with("xl/styles.xml", "").with("xl/sharedStrings.xml", ""), one},
		{"without rows", whole.with("xl/worksheets/sheet1.xml", "<worksheet><sheetData/></worksheet>"), "[S]\n"},
		{"sheet data in two parts", whole.with("xl/worksheets/sheet1.xml", "<worksheet><sheetData/><sheetData>"+oneCell+"</sheetData></worksheet>"), one},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := dump(c.file.zip(t), Limits{}); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestSheetList(t *testing.T) {
	sheet := workbookWith("")["xl/worksheets/sheet1.xml"]
	file := parts{
		"xl/workbook.xml": `<workbook><workbookPr date1904="1"/><sheets><sheet name="아이템 &amp; 장비" r:id="a"/><sheet name="#note" r:id="b" state="hidden"/>` +
			`<sheet name="Chart" r:id="c"/><sheet name="Macro" r:id="d"/><sheet name="deep" r:id="e" state="veryHidden"/></sheets>` +
			`<extLst><ext><sheets><sheet name="x" r:id="a"/></sheets></ext></extLst></workbook>`,
		"xl/_rels/workbook.xml.rels": "<Relationships>" + rel("a", "worksheet", "a.xml") + rel("b", "worksheet", "b.xml") + rel("e", "worksheet", "e.xml") +
			rel("c", "chartsheet", "c.xml") + rel("d", "xlMacrosheet", "d.xml") + "</Relationships>",
		"xl/a.xml": sheet, "xl/b.xml": sheet, "xl/e.xml": sheet,
	}
	book, err := Open("p/book.xlsx", file.zip(t), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []datasheets.Sheet
	for _, s := range book.Sheets {
		s.Rows = nil
		got = append(got, s)
	}
	want := []datasheets.Sheet{
		{Path: "p/book.xlsx", Name: "아이템 & 장비", Date1904: true},
		{Path: "p/book.xlsx", Name: "#note", Hidden: true, Date1904: true},
		{Path: "p/book.xlsx", Name: "deep", Hidden: true, Date1904: true},
	}
	if book.Path != "p/book.xlsx" || !slices.EqualFunc(got, want, func(a, b datasheets.Sheet) bool {
		return a.Path == b.Path && a.Name == b.Name && a.Hidden == b.Hidden && a.Date1904 == b.Date1904
	}) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
