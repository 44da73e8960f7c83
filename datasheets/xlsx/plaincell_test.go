package xlsx

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPlainCell says which cells are read in one go. The rules themselves are those of TestCells.
func TestPlainCell(t *testing.T) {
	tests := []struct {
		name, cell string
		plain      bool
	}{
		{"a number", `<c r="B7"><v>12.5</v></c>`, true},
		{"a number with a style", `<c r="B7" s="12"><v>-1e5</v></c>`, true},
		{"a number that says so", `<c r="XFD1048576" t="n"><v>1</v></c>`, true},
		{"a shared text", `<c r="B7" s="1" t="s"><v>42</v></c>`, true},
		{"an inline text", `<c r="B7" t="inlineStr"><is><t>나무 검_1</t></is></c>`, true},
		{"a formula's text without its formula", `<c r="B7" t="str"><v>sword</v></c>`, true},
		{"a Boolean", `<c r="B7" t="b"><v>1</v></c>`, true},
		{"formatted only", `<c r="B7" s="3"/>`, true},
		{"without a name", `<c><v>1</v></c>`, false},
		{"a name in small letters", `<c r="b7"><v>1</v></c>`, false},
		{"a name of four letters", `<c r="AAAA7"><v>1</v></c>`, false},
		{"row 0", `<c r="B0"><v>1</v></c>`, false},
		{"a row of ten digits", `<c r="B1000000007"><v>1</v></c>`, false},
		{"a style that is no number", `<c r="B7" s="x"><v>1</v></c>`, false},
		{"attributes in another order", `<c r="B7" t="s" s="1"><v>1</v></c>`, false},
		{"an attribute more", `<c r="B7" cm="1"><v>1</v></c>`, false},
		{"a formula", `<c r="B7"><f>1+1</f><v>2</v></c>`, false},
		{"an empty value", `<c r="B7"><v></v></c>`, false},
		{"a number that is none", `<c r="B7"><v>1-</v></c>`, false},
		{"blanks around a number", `<c r="B7"><v> 1</v></c>`, false},
		{"an index by a reference", `<c r="B7" t="s"><v>&#48;</v></c>`, false},
		{"a Boolean in words", `<c r="B7" t="b"><v>true</v></c>`, false},
		{"a Boolean of two digits", `<c r="B7" t="b"><v>10</v></c>`, false},
		{"an error", `<c r="B7" t="e"><v>#REF!</v></c>`, false},
		{"a blank at the edge", `<c r="B7" t="str"><v>a </v></c>`, false},
		{"an entity", `<c r="B7" t="str"><v>a&amp;b</v></c>`, false},
		{"an escape", `<c r="B7" t="str"><v>a_x000D_b</v></c>`, false},
		{"a carriage return", "<c r=\"B7\" t=\"str\"><v>a\r\nb</v></c>", false},
		{"not UTF-8", "<c r=\"B7\" t=\"str\"><v>a\xFFb</v></c>", false},
		{"markup in the text", `<c r="B7" t="str"><v>a<!-- -->b</v></c>`, false},
		{"rich text", `<c r="B7" t="inlineStr"><is><r><t>a</t></r></is></c>`, false},
		{"inline text in a value", `<c r="B7" t="inlineStr"><v>a</v></c>`, false},
		{"something after the value", `<c r="B7"><v>1</v> </c>`, false},
		{"another namespace", `<x:c r="B7"><x:v>1</x:v></x:c>`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c plainCell
			want := 0
			if tt.plain {
				want = len(tt.cell)
			}
			if n := c.parse([]byte(tt.cell + "</row>")); n != want {
				t.Errorf("%d bytes are read as a plain cell, want %d", n, want)
			}
			for i := range tt.cell {
				var cut plainCell
				if n := cut.parse([]byte(tt.cell[:i])); n != 0 {
					t.Errorf("%d bytes are read of %q, which is cut short", n, tt.cell[:i])
				}
			}
		})
	}
}

// TestPlainCellIsAShortcut reads rows of cells that are plain, or nearly so, both ways: the same cells and the
// same faults come out.
func TestPlainCellIsAShortcut(t *testing.T) {
	plain := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		var b strings.Builder
		for row := range 3 {
			fmt.Fprintf(&b, `<row r="%d">`, row+1)
			for column := range 1 + r.IntN(5) {
				cell := nearlyPlain(r, column, row+1)
				var c plainCell
				if c.parse([]byte(cell)) > 0 {
					plain++
				}
				b.WriteString(cell)
			}
			b.WriteString(`</row>`)
		}
		sheet := workbookWith(b.String())["xl/worksheets/sheet1.xml"]
		whole := readWhole(t, workbookWith("").with("xl/worksheets/sheet1.xml", sheet+" ").zip(t))
		if got := readByByte(t, []byte(sheet)); got != whole {
			t.Fatalf("%s\nread in one go:\n%s\nread byte by byte:\n%s", b.String(), whole, got)
		}
	}
	if plain < 400 {
		t.Errorf("only %d plain cells were among them", plain)
	}
}

// nearlyPlain is a cell of pieces that fit together, most of the time.
func nearlyPlain(r *rand.Rand, column, row int) string {
	of := func(pieces ...string) string { return pieces[min(r.IntN(2*len(pieces)), len(pieces)-1)] }
	name := fmt.Sprintf(`<c r="%c%d"`, 'A'+column, row)
	if r.IntN(30) == 0 {
		name = of(`<c`, `<c r="A9"`, `<c r="a1"`, `<c r="XFE1"`)
	}
	attrs := of(` cm="1"`, ` s="x"`, ` s="99"`, ` s="2"`, ` s="1"`, ``) + of(` t="e"`, ` t="b"`, ` t="str"`, ` t="inlineStr"`, ` t="s"`, ``)
	text := of("a&amp;b", " a", "_x0041_", "a_b", "\r\n", "검", "1.5", "0", "1")
	if r.IntN(60) == 0 {
		text = of("\xFF", "1-", "&#49;", "2", "")
	}
	switch body := of(`<v>%s<!-- --></v>`, `<v xml:space="preserve">%s</v>`, `<f>A1</f><v>%s</v>`, `<is><t>%s</t></is>`, `<v>%s</v>`); {
	case r.IntN(20) == 0:
		return name + attrs + of(` />`, `/>`)
	case strings.Contains(attrs, "inlineStr"):
		return name + attrs + ">" + fmt.Sprintf(`<is><t>%s</t></is>`, text) + "</c>"
	default:
		return name + attrs + ">" + fmt.Sprintf(body, text) + "</c>"
	}
}
