package xlsx

import (
	"bufio"
	"fmt"
)

// The namespaces of Transitional workbooks, ECMA-376 part 4.
const (
	nsMain          = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	nsRelationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	nsPackage       = "http://schemas.openxmlformats.org/package/2006/"
	typeMain        = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

type fixedPart struct {
	name  string
	write func(*bufio.Writer) error
}

// fixedParts are the parts of a workbook besides its sheets, the content types first as readers expect.
func fixedParts(sheets []Sheet) []fixedPart {
	return []fixedPart{
		{"[Content_Types].xml", func(out *bufio.Writer) error { return writeContentTypes(out, sheets) }},
		{"_rels/.rels", func(out *bufio.Writer) error {
			_, err := fmt.Fprintf(out, `<Relationships xmlns="%srelationships"><Relationship Id="rId1" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
				nsPackage, nsRelationships)
			return err
		}},
		{"xl/workbook.xml", func(out *bufio.Writer) error { return writeSheetList(out, sheets) }},
		{"xl/_rels/workbook.xml.rels", func(out *bufio.Writer) error { return writeLinks(out, sheets) }},
		{"xl/styles.xml", writeStyles},
	}
}

func writeContentTypes(out *bufio.Writer, sheets []Sheet) error {
	fmt.Fprintf(out, `<Types xmlns="%scontent-types">`, nsPackage)
	fmt.Fprintf(out, `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`)
	fmt.Fprintf(out, `<Default Extension="xml" ContentType="application/xml"/>`)
	fmt.Fprintf(out, `<Override PartName="/xl/workbook.xml" ContentType="%ssheet.main+xml"/>`, typeMain)
	fmt.Fprintf(out, `<Override PartName="/xl/styles.xml" ContentType="%sstyles+xml"/>`, typeMain)
	for i := range sheets {
		fmt.Fprintf(out, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i+1, typeMain)
	}
	_, err := out.WriteString(`</Types>`)
	return err
}

func writeSheetList(out *bufio.Writer, sheets []Sheet) error {
	fmt.Fprintf(out, `<workbook xmlns="%s" xmlns:r="%s"><bookViews><workbookView/></bookViews><sheets>`, nsMain, nsRelationships)
	for i, s := range sheets {
		state := ""
		if s.hidden {
			state = ` state="hidden"`
		}
		fmt.Fprintf(out, `<sheet name="%s" sheetId="%d"%s r:id="rId%d"/>`, escape(s.Name), i+1, state, i+1)
	}
	_, err := out.WriteString(`</sheets></workbook>`)
	return err
}

func writeLinks(out *bufio.Writer, sheets []Sheet) error {
	fmt.Fprintf(out, `<Relationships xmlns="%srelationships">`, nsPackage)
	for i := range sheets {
		fmt.Fprintf(out, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, nsRelationships, i+1)
	}
	_, err := fmt.Fprintf(out, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/></Relationships>`, len(sheets)+1, nsRelationships)
	return err
}

// The styles that Write uses: indexes of cellXfs.
const (
	styleGeneral = iota
	styleHeader
	styleDate
	styleDateTime
	styleMillis
	styleDuration
	styleDurationMillis
	styleText // text that Excel would take for a number if someone edited the cell
)

func writeStyles(out *bufio.Writer) error {
	fmt.Fprintf(out, `<styleSheet xmlns="%s">`, nsMain)
	out.WriteString(`<numFmts count="5"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/>` +
		`<numFmt numFmtId="166" formatCode="yyyy\-mm\-dd\ hh:mm:ss.000"/><numFmt numFmtId="167" formatCode="[h]:mm:ss"/>` +
		`<numFmt numFmtId="168" formatCode="[h]:mm:ss.000"/></numFmts>`)
	out.WriteString(`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>`)
	out.WriteString(`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>`)
	out.WriteString(`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>`)
	out.WriteString(`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="8">`)
	for style, format := range []int{styleGeneral: 0, styleHeader: 0, styleDate: 164, styleDateTime: 165, styleMillis: 166, styleDuration: 167, styleDurationMillis: 168, styleText: 49} {
		font := 0
		if style == styleHeader {
			font = 1
		}
		fmt.Fprintf(out, `<xf numFmtId="%d" fontId="%d" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>`, format, font)
	}
	_, err := out.WriteString(`</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`)
	return err
}
