package xlsx

import (
	"testing"

	"liveops/datasheets"
)

func TestFormatKind(t *testing.T) {
	const number, date, duration = datasheets.Number, datasheets.Date, datasheets.Duration
	for _, c := range []struct {
		code string
		want datasheets.Kind
	}{
		{"General", number},
		{"GENERAL", number},
		{`General"일"`, number},
		{"G/標準", number},
		{"G/通用格式", number},
		{`G/표준"개"`, number},
		{"@", number},
		{"", number},
		{"0", number},
		{"0.00E+00", number},
		{"##0.0E-0", number},
		{"#,##0.00;[Red]-#,##0.00", number},
		{`"시"0`, number},
		{`0"d"`, number},
		{`0\d`, number},
		{`0_d`, number},
		{`0*d`, number},
		{"[Red]0", number},
		{"[DBNum1][$-804]General", number},
		{"[>=100]0;0.0", number},
		{`_("$"* #,##0.00_)`, number},
		{`"unclosed yyyy`, number},
		{"[$₩-412]#,##0", number},
		{"0%", number},
		{"# ?/?", number},

		{"yyyy-mm-dd", date},
		{"YYYY/M/D", date},
		{"h:mm AM/PM", date},
		{"mmm", date},
		{"ss.000", date},
		{`yyyy"년" m"월" d"일"`, date},
		{"[$-411]ge.m.d", date},
		{`[$-404]e"年"`, date},
		{"aaaa", date},
		{"bbbb", date},
		{"yyyy-mm-dd;@", date},
		{`[=0]"";yyyy-mm-dd`, date},
		{"[Red][$-409]d-mmm-yy", date},
		{"上午/下午 h", date},

		{"[h]:mm:ss", duration},
		{"[HH]:mm", duration},
		{"[mm]:ss", duration},
		{"[s]", duration},
		{`0;"x"[h]`, duration},
		{"d [h]", duration},

		{"[", number},
		{`\`, number},
		{"[]", number},
		{"[x", number},
	} {
		if got := formatKind(c.code); got != c.want {
			t.Errorf("formatKind(%q) = %s, want %s", c.code, kindNames[got], kindNames[c.want])
		}
	}
}

func TestBuiltinKind(t *testing.T) {
	want := map[int]datasheets.Kind{}
	for _, r := range [][2]int{{14, 22}, {27, 36}, {45, 47}, {50, 58}, {71, 81}} {
		for id := r[0]; id <= r[1]; id++ {
			want[id] = datasheets.Date
		}
	}
	want[46], want[79] = datasheets.Duration, datasheets.Duration
	for id := range 200 {
		w, ok := want[id]
		if !ok {
			w = datasheets.Number
		}
		if got := builtinKind(id); got != w {
			t.Errorf("builtinKind(%d) = %s, want %s", id, kindNames[got], kindNames[w])
		}
	}
}

// TestStyles reads numbers through styles.xml: a format that the file defines goes before the built-in one of
// its id, and only cellXfs counts.
func TestStyles(t *testing.T) {
	styles := `<x:styleSheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:numFmts>` +
		`<x:numFmt numFmtId="164" formatCode="yyyy&quot;년&quot;"/><x:numFmt numFmtId="27" formatCode="0.0"/></x:numFmts>` +
		`<x:cellStyleXfs><x:xf numFmtId="14"/><x:xf numFmtId="14"/></x:cellStyleXfs>` +
		`<x:cellXfs><x:xf numFmtId="0"/><x:xf numFmtId="164"/><x:xf numFmtId="27"/><x:xf><x:alignment/></x:xf><x:xf numFmtId="30"/></x:cellXfs>` +
		`<x:dxfs><x:dxf><x:numFmt numFmtId="0" formatCode="yyyy"/></x:dxf></x:dxfs></x:styleSheet>`
	p := workbookWith(`<row r="1"><c><v>1</v></c><c s="1"><v>1</v></c><c s="2"><v>1</v></c><c s="3"><v>1</v></c><c s="4"><v>1</v></c></row>`).with("xl/styles.xml", styles)
	want := lines("[S]", `A1 number "1"`, `B1 date "1"`, `C1 number "1"`, `D1 number "1"`, `E1 date "1"`)
	if got := dump(p.zip(t), Limits{}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
