package xlsx

import (
	"fmt"
	"strings"
	"testing"
)

// TestCells reads one sheet each, given its sheetData.
func TestCells(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       []string
	}{
		{"number", `<row r="1"><c r="A1"><v>1.50</v></c><c r="B1" t="n"><v>-3.3E-05</v></c></row>`, []string{`A1 number "1.50"`, `B1 number "-3.3E-05"`}},
		{"blanks around a number", `<row r="1"><c r="A1"><v> 7
 </v></c></row>`, []string{`A1 number "7"`}},
		{"date, duration and text format", `<row r="1"><c r="A1" s="1"><v>45000.5</v></c><c r="B1" s="2"><v>1.5</v></c><c r="C1" s="3"><v>5</v></c></row>`,
			[]string{`A1 date "45000.5"`, `B1 duration "1.5"`, `C1 number "5"`}},
		{"a style that is none is plain", `<row r="1"><c r="A1" s="99"><v>1</v></c></row>`, []string{`A1 number "1"`}},
		{"shared strings", `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>`, []string{`A1 text "zero"`, `B1 text "one"`}},
		{"a date style does not touch text", `<row r="1"><c r="A1" t="s" s="1"><v>0</v></c></row>`, []string{`A1 text "zero"`}},
		{"inline", `<row r="1"><c r="A1" t="inlineStr"><is><t>in</t></is></c><c r="B1" t="inlineStr"><is><r><rPr><b/></rPr><t>ri</t></r><r><t>ch</t></r></is></c></row>`,
			[]string{`A1 text "in"`, `B1 text "rich"`}},
		{"inline with a value only", `<row r="1"><c r="A1" t="inlineStr"><v>v</v></c></row>`, []string{`A1 text "v"`}},
		{"inline with a value as well", `<row r="1"><c r="A1" t="inlineStr"><v>v</v><is><t>is</t></is></c><c r="B1" t="inlineStr"><is><t>is</t></is><v>v</v></c></row>`, []string{`A1 text "is"`, `B1 text "is"`}},
		{"inline text in a number", `<row r="1"><c r="A1"><is><t>is</t></is><v>1</v></c></row>`, []string{`A1 number "1"`}},
		{"furigana is no text", `<row r="1"><c r="A1" t="inlineStr"><is><r><t>課</t></r><rPh sb="0" eb="1"><t>カ</t></rPh><t>金</t><phoneticPr fontId="1"/></is></c></row>`,
			[]string{`A1 text "課金"`}},
		{"bool", `<row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>false</v></c></row>`, []string{`A1 bool "1"`, `B1 bool "0"`}},
		{"error value", `<row r="1"><c r="A1" t="e"><f>B1/0</f><v>#DIV/0!</v></c></row>`, []string{`A1 fault "#DIV/0!"`}},
		{"ISO date", `<row r="1"><c r="A1" t="d"><v>2024-02-29T12:00:00</v></c></row>`, []string{`A1 isodate "2024-02-29T12:00:00"`}},
		{"formula with a cached value", `<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c></row>`,
			[]string{`A1 number "2"`, `B1 text "ab"`}},
		{"formula without one", `<row r="1"><c r="A1"><f>1+1</f></c><c r="B1" t="str"><f>A1&amp;"&lt;"</f></c><c r="C1"><f>2</f><v/></c><c r="D1"><f t="shared" si="0"/></c></row>`,
			[]string{`A1 uncalculated "1+1"`, `B1 uncalculated "A1&\"<\""`, `C1 uncalculated "2"`, `D1 uncalculated ""`}},
		{"formula whose text is empty", `<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><v>1</v></c></row>`, []string{`B1 number "1"`}},
		{"cells and rows that are formatted only", `<row r="1" s="1"><c r="A1" s="1"/><c r="B1" s="1"></c></row><row r="2"/><row r="3"><c r="B3" t="s"/><c r="C3"><v>1</v></c></row>`,
			[]string{`C3 number "1"`}},
		{"empty texts are empty cells", `<row r="1"><c r="A1" t="inlineStr"><is><t/></is></c><c r="B1" t="inlineStr"><is/></c><c r="C1"><v>1</v></c></row>`, []string{`C1 number "1"`}},
		{"cells without r", `<row r="4"><c><v>1</v></c><c r="D4"><v>2</v></c><c><v>3</v></c></row>`, []string{`A4 number "1"`, `D4 number "2"`, `E4 number "3"`}},
		{"rows without r", `<row><c><v>1</v></c></row><row r="5"/><row><c><v>2</v></c></row>`, []string{`A1 number "1"`, `A6 number "2"`}},
		{"a row takes its number from its first cell", `<row><c r="B3"><v>1</v></c></row><row><c r="A7"><v>2</v></c></row>`, []string{`B3 number "1"`, `A7 number "2"`}},
		{"last cell", `<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>`, []string{`XFD1048576 number "1"`}},
		{"lower case names", `<row r="1"><c r="b1"><v>1</v></c></row>`, []string{`B1 number "1"`}},
		{"other quotes, blanks and order", "<row\n r = '2' spans='1:2' ><c\tt='b'\n r='A2' ><v >1</v ></c ></row >", []string{`A2 bool "1"`}},
		{"a > in an attribute", `<row r="1" x="a>b"><c r="A1" y='">'><v>1</v></c></row>`, []string{`A1 number "1"`}},
		{"comments, instructions and CDATA", `<!-- <row r="9"> --><row r="1"><?x <c>?><c r="A1"><v>1<!-- - -->2</v></c><c r="B1" t="str"><v><![CDATA[<a>&amp;]]>b</v></c></row>`,
			[]string{`A1 number "12"`, `B1 text "<a>&amp;b"`}},
		{"unknown elements", `<x><row r="1"><c r="A1"><v>9</v></c></row></x><row r="1"><y/><c r="A1"><v>1</v><extLst><ext><v>2</v></ext></extLst></c></row>`, []string{`A1 number "1"`}},

		{"row repeated", `<row r="2"><c><v>1</v></c></row><row r="2"><c><v>1</v></c></row>`, []string{`A2 number "1"`, `! S: row 2 stands below row 2`}},
		{"row out of order", `<row r="3"/><row r="2"/>`, []string{`! S: row 2 stands below row 3`}},
		{"row zero", `<row r="0"/>`, []string{`! S: a row is numbered 0: the rows of a sheet are 1 to 1048576`}},
		{"row past the last", `<row r="1048577"/>`, []string{`! S: a row is numbered 1048577: the rows of a sheet are 1 to 1048576`}},
		{"row that is no number", `<row r="one"/>`, []string{`! S: a row is numbered "one"`}},
		{"cell repeated", `<row r="1"><c r="B1"/><c r="B1"/></row>`, []string{`! S B1: the cell stands right of B1`}},
		{"cell of another row", `<row r="1"><c r="A2"/></row>`, []string{`! S A1: cell A2 stands in row 1`}},
		{"column past the last", `<row r="1"><c r="XFE1"/></row>`, []string{`! S XFE1: column 16385: a sheet has 16384 columns at most`}},
		{"name that is none", `<row r="1"><c r="1A"/></row>`, []string{`! S A1: a cell of row 1 is called "1A"`}},
		{"unknown type", `<row r="1"><c r="A1" t="q"/></row>`, []string{`! S A1: the cell is of an unknown type, "q"`}},
		{"text as a number", `<row r="1"><c r="C1"><v>1,5</v></c></row>`, []string{`! S C1: the cell should hold a number but holds "1,5"`}},
		{"bool that is none", `<row r="1"><c r="C1" t="b"><v>yes</v></c></row>`, []string{`! S C1: the cell should hold TRUE or FALSE but holds "yes"`}},
		{"shared text out of range", `<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="8"><c r="B8" t="s"><v>2</v></c></row>`,
			[]string{`A1 text "zero"`, `! S B8: the cell refers to shared text "2", but the workbook has 2 of them`}},
		{"shared text that is no index", `<row r="1"><c r="A1" t="s"><v>-1</v></c></row>`, []string{`! S A1: the cell refers to shared text "-1", but the workbook has 2 of them`}},
		{"text not in UTF-8", "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>\xff</v></c></row>", []string{`! S A1: the text "\xff" is not valid UTF-8`}},
		{"tags that cross", `<row r="1"><c r="A1"></row></c>`, []string{`! S A1: broken XML: </row> closes an element that is not open there`}},
		{"attribute without quotes", `<row r=1></row>`, []string{`! S: broken XML: an attribute without a quoted value`}},
		{"a tag in a tag", `<row r="1" <c/>`, []string{`! S: broken XML: a tag inside a tag`}},
		{"unknown entity", `<row r="1"><c r="A1" t="str"><v>&bomb;</v></c></row>`, []string{`! S A1: broken XML: &bomb; is not a character reference`}},
		{"document type", `<!DOCTYPE x [<!ENTITY a "b">]>`, []string{`! S: broken XML: a document type or an unknown declaration`}},
		{"nested too deep", strings.Repeat("<a>", 300), []string{`! S: broken XML: elements are nested more than 256 deep`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := "[S]\n" + lines(c.want...)
			if got := dump(workbookWith(c.data).zip(t), Limits{}); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestTexts holds what a cell's text is, given the content of a t element and its xml:space.
func TestTexts(t *testing.T) {
	for _, c := range []struct{ name, attr, raw, want string }{
		{"entities", "", `&lt;&gt;&amp;&quot;&apos;`, `<>&"'`},
		{"numeric references", "", `&#44032;&#x1F600;`, "가😀"},
		{"other planes", "", "돌아와요 กลับมา 戻って 😀", "돌아와요 กลับมา 戻って 😀"},
		{"edges without xml:space", "", " \n a b \t", "a b"},
		{"edges with it", ` xml:space="preserve"`, " \n a b \t", " \n a b \t"},
		{"edges with default", ` xml:space='default'`, " a ", "a"},
		{"escaped edges", "", "_x0020_a", " a"},
		{"raw line ends", "", "a\r\nb\rc\nd", "a\nb\nc\nd"},
		{"escaped line end", "", "a_x000D_\nb", "a\nb"},
		{"referenced line end", "", "a&#13;&#10;b&#xD;\nc", "a\nb\nc"},
		{"a lone carriage return stays", "", "a_x000D_b", "a\rb"},
		{"escapes", "", "_x0041__xac00__xAC00_", "A가가"},
		{"escaped underscore", "", "_x005F_x000D_", "_x000D_"},
		{"twice escaped", "", "_x005F_x005F_x005F_x000D_", "_x005F_x000D_"},
		{"surrogate pair", "", "_xD83D__xDE00_!", "😀!"},
		{"lone surrogate", "", "_xD83D_!", "\uFFFD!"},
		{"no escape", "", "_x00D_ _xZZZZ_ _x0041 a_x", "_x00D_ _xZZZZ_ _x0041 a_x"},
		{"across CDATA", "", "a<![CDATA[ & ]]>b", "a & b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := "[S]\n" + lines(fmt.Sprintf("A1 text %q", c.want), fmt.Sprintf("B1 text %q", c.want), fmt.Sprintf("C1 text %q", c.want))
			p := workbookWith(fmt.Sprintf(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t%[1]s>%[2]s</t></is></c><c r="C1" t="str"><v%[1]s>%[2]s</v></c></row>`, c.attr, c.raw)).
				with("xl/sharedStrings.xml", fmt.Sprintf(`<sst><si><t%s>%s</t></si></sst>`, c.attr, c.raw))
			if got := dump(p.zip(t), Limits{}); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestSpaceIsInherited(t *testing.T) {
	p := workbookWith(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr" xml:space="preserve"><is><t> b </t></is></c><c r="C1" t="inlineStr"><is xml:space="preserve"><r><t> c </t></r><t xml:space="default"> d </t></is></c></row>`).
		with("xl/sharedStrings.xml", `<sst xml:space="preserve"><si><t> a </t></si></sst>`)
	want := lines("[S]", `A1 text " a "`, `B1 text " b "`, `C1 text " c d"`)
	if got := dump(p.zip(t), Limits{}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestIsNumber(t *testing.T) {
	for in, want := range map[string]bool{
		"0": true, "-1": true, "+1": true, "1.": true, ".5": true, "1e5": true, "1.5E-300": true, "-0.0": true,
		"": false, ".": false, "-": false, "1e": false, "e1": false, "1e+": false, "1 2": false, "NaN": false, "INF": false, "0x1": false, "1,000": false, "１": false,
	} {
		if got := isNumber([]byte(in)); got != want {
			t.Errorf("isNumber(%q) = %v, want %v", in, got, want)
		}
	}
}
