package xlsx

import (
	"fmt"
	"strings"
	"testing"

	"liveops/datasheets"
)

// FuzzAgainstExcelize makes a sheet of what the bytes say, in the ways in which spreadsheet programs write
// cells, and compares each cell with what excelize reads.
func FuzzAgainstExcelize(f *testing.F) {
	for seed := range 40 {
		recipe := make([]byte, 200)
		for i := range recipe {
			recipe[i] = byte((i + 1) * (seed*seed*31 + seed*7 + i) >> 2)
		}
		f.Add(recipe)
	}
	f.Fuzz(func(t *testing.T, recipe []byte) {
		if len(recipe) > 2000 {
			return
		}
		m := sheetMaker{recipe: recipe}
		p := workbookWith(m.rows()).with("[Content_Types].xml", contentTypes).with("xl/sharedStrings.xml", "<sst>"+m.shared.String()+"</sst>")
		for name, root := range map[string]string{"xl/styles.xml": "styleSheet", "xl/sharedStrings.xml": "sst", "xl/worksheets/sheet1.xml": "worksheet"} {
			p[name] = strings.Replace(p[name], "<"+root+">", "<"+root+` xmlns="`+nsMain+`">`, 1) // excelize insists
		}
		compareWithOracle(t, "a.xlsx", p.zip(t))
		if t.Failed() {
			t.Logf("the sheet: %s\nthe shared strings: %s", &m.data, &m.shared)
		}
	})
}

// contentTypes is the part that excelize finds the others by.
const contentTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>` +
	`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
	`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
	`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
	`<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`

// sheetMaker makes rows, and the shared strings that they refer to, of the bytes of a recipe; without bytes
// left, everything is as plain as can be.
type sheetMaker struct {
	recipe []byte
	data   strings.Builder
	shared strings.Builder
	count  int    // of shared strings
	escape string // one of _xHHHH_ where excelize resolves it too: in shared strings
}

// pick takes a byte of the recipe for a number below n.
func (m *sheetMaker) pick(n int) int {
	if len(m.recipe) == 0 {
		return 0
	}
	v := int(m.recipe[0]) % n
	m.recipe = m.recipe[1:]
	return v
}

func (m *sheetMaker) of(choices ...string) string { return choices[m.pick(len(choices))] }

func (m *sheetMaker) rows() string {
	for row := 1; len(m.recipe) > 0; row += 1 + m.pick(3) {
		fmt.Fprintf(&m.data, `<row r="%d"%s>`, row, m.of("", ` spans="1:12"`, ` ht="15.75" customHeight="1"`, ` s="1" customFormat="1"`))
		for column, n := 1+m.pick(3), m.pick(6); n > 0; n-- {
			m.cell(datasheets.CellName(column, row))
			column += 1 + m.pick(2)
		}
		m.data.WriteString(m.of("</row>", "</row>\n", "</row>\r\n  "))
	}
	return m.data.String()
}

// cell writes one cell, with and without the formula, style and attributes that programs add.
func (m *sheetMaker) cell(name string) {
	start := `<c r="` + name + `"` + m.of("", ` s="0"`, ` s="1"`, ` s="3"`)
	formula := m.of("", "", "", `<f>A1&amp;"x"</f>`, `<f t="shared" ref="B7:C9" si="1">A1+1</f>`, `<f ca="1"/>`)
	switch m.pick(7) {
	case 0:
		fmt.Fprintf(&m.data, `%s%s>%s<v>%s</v></c>`, start, m.of("", ` t="n"`), formula, m.number())
	case 1:
		fmt.Fprintf(&m.data, `%s t="s"><v>%d</v></c>`, start, m.count)
		m.escape = m.of("_x000D_", "_x0041_", "_x005F_x0041_")
		fmt.Fprintf(&m.shared, `<si>%s</si>`, m.rich())
		m.count, m.escape = m.count+1, ""
	case 2:
		fmt.Fprintf(&m.data, `%s t="inlineStr"><is>%s</is></c>`, start, m.rich())
	case 3:
		fmt.Fprintf(&m.data, `%s t="str">%s<v>%s</v></c>`, start, formula, m.text())
	case 4:
		fmt.Fprintf(&m.data, `%s t="b">%s<v>%s</v></c>`, start, formula, m.of("0", "1"))
	case 5:
		fmt.Fprintf(&m.data, `%s t="e">%s<v>%s</v></c>`, start, formula, m.of("#REF!", "#DIV/0!", "#N/A"))
	case 6:
		m.data.WriteString(start + m.of("/>", "></c>", " />"))
	}
}

func (m *sheetMaker) number() string {
	return m.of("0", "1", "-1", "12.5", "3.3E-05", "1e21", "0.1", "0.30000000000000004", "123456789012345678", "45000.75", "+5", "1E+3", "007", ".5")
}

// rich is the content of an si or is element: plain, or in runs, with furigana.
func (m *sheetMaker) rich() string {
	switch m.pick(5) {
	case 0, 1:
		return "<t>" + m.text() + "</t>"
	case 2:
		return `<t xml:space="preserve">` + m.of("", " ", "  ", "\n", "\t") + m.text() + m.of("", " ", "\n") + "</t>"
	case 3:
		return "<r><t>" + m.text() + `</t></r><r><rPr><b/><sz val="11"/><rFont val="Calibri"/></rPr><t xml:space="preserve"> ` + m.text() + "</t></r>"
	}
	return "<t>" + m.text() + `</t><rPh sb="0" eb="1"><t>カ</t></rPh><phoneticPr fontId="1"/>`
}

// text is character data that neither begins nor ends with a blank.
func (m *sheetMaker) text() string {
	var b strings.Builder
	for n := m.pick(6); n >= 0; n-- {
		b.WriteString(m.of("sword", "검", "ดาบ", "a b", "😀", "&amp;", "&lt;", "&gt;", "&quot;", "&#x1F600;", "&#44032;", "x\ny", "x\r\ny", "x&#10;y",
			"_", "_x", "00103", m.escape, "=1+1", "'", "\"", "x\ty", "]"))
	}
	return b.String()
}
