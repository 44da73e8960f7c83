package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"liveops/datasheets"
)

func TestCells(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       int
	}{
		{"ASCII", "abc", 3},
		{"Korean", "쿠키", 4},
		{"Japanese", "勇者の剣", 8},
		{"half-width katakana", "ｶﾀｶﾅ", 4},
		{"full-width letters", "ＡＢ", 4},
		{"Thai with vowels and tones above and below", "น้ำผึ้งป่า", 6},
		{"a letter with a combining accent", "e\u0301", 1},
		{"Korean as single letters", "\u1112\u1161\u11ab", 2},
		{"emoji", "🍪", 2},
		{"emoji by a selector", "❤️", 2},
		{"keycap", "1️⃣", 2},
		{"flag", "🇰🇷", 2},
		{"flag by tags", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2},
		{"family of four", "👨‍👩‍👧‍👦", 2},
		{"skin tone", "👍🏽", 2},
		{"ideographic variant", "葛󠄀", 2},
		{"arrow and ellipsis", "→…", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := cells(test.text); got != test.want {
				t.Errorf("%q: got %d cells, want %d", test.text, got, test.want)
			}
			if got := literal(test.text, 100); got != test.text {
				t.Errorf("shown as %q, want it as it is", got)
			}
		})
	}
}

func TestFit(t *testing.T) {
	text := func(s string) datasheets.Value { return datasheets.NewValue(s) }
	for _, test := range []struct {
		name  string
		typ   datasheets.Type
		value datasheets.Value
		want  string
	}{
		{"NULL", datasheets.String, datasheets.Null, "NULL"},
		{"the text NULL", datasheets.String, text("NULL"), `"NULL"`},
		{"the server's default", datasheets.Timestamp, datasheets.ServerDefault, "(default)"},
		{"the text of it", datasheets.String, text("(default)"), `"(default)"`},
		{"empty text", datasheets.String, text(""), `""`},
		{"plain text", datasheets.String, text("Dragon Tail"), "Dragon Tail"},
		{"a backslash is itself", datasheets.String, text(`a\nb`), `a\nb`},
		{"line end", datasheets.String, text("a\nb"), `"a\nb"`},
		{"tab, return and escape", datasheets.String, text("\t\r\x1b"), `"\t\r\u001b"`},
		{"a backslash beside a line end", datasheets.String, text("\\n\n"), `"\\n\n"`},
		{"blanks at the ends", datasheets.String, text(" a "), `" a "`},
		{"an ideographic blank at the end", datasheets.String, text("剣　"), `"剣　"`},
		{"no-break space", datasheets.String, text("a\u00a0b"), `"a\u00a0b"`},
		{"two blanks", datasheets.String, text("a  b"), `"a  b"`},
		{"quotes inside", datasheets.String, text(`say "hi"`), `say "hi"`},
		{"quotes around", datasheets.String, text(`"hi"`), `"\"hi\""`},
		{"what separates values", datasheets.String, text("1 → 2"), `"1 → 2"`},
		{"bidirectional override", datasheets.String, text("a\u202eb"), `"a\u202eb"`},
		{"zero width", datasheets.Enum, text("a\u200b\ufeff"), `"a\u200b\ufeff"`},
		{"a joiner that joins nothing", datasheets.String, text("a\u200db"), `"a\u200db"`},
		{"Hangul filler", datasheets.String, text("\u3164"), `"\u3164"`},
		{"a mark without a letter", datasheets.String, text("\u0301a"), `"\u0301a"`},
		{"bytes that are no text", datasheets.String, text("\xff"), `"\xff"`},
		{"JSON stands as it is", datasheets.JSON, text(`{"a": ""}`), `{"a": ""}`},
		{"binary", datasheets.Binary, text("0x00ff"), "0x00ff"},
		{"too long", datasheets.String, text(strings.Repeat("가나다", 9)), "가나다가나다가나다…"},
		{"too long between quotes", datasheets.String, text(" " + strings.Repeat("x", 30)), `" ` + strings.Repeat("x", 16) + `…"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := fit(&datasheets.Column{Type: test.typ}, test.value, 20); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestEdit(t *testing.T) {
	long := strings.Repeat("가나다 ", 30)
	for _, test := range []struct {
		name          string
		before, after any
		want          string
	}{
		{"short", "110", "120", "110 → 120"},
		{"to NULL", "NULL", nil, `"NULL" → NULL`},
		{"from empty", "", "x", `"" → "x"`},
		{"a blank at the end", "x", "x ", `"x" → "x "`},
		{"composed and decomposed", "é", "e\u0301", `"\u00e9" → "e\u0301"`},
		{"in the middle of a long text", long + "B" + long, long + "A" + long, `"… 가나다 B가나다 가나다…" → "… 가나다 A가나다 가나다…"`},
		{"at the end of a long text", long, long + "!", `"… 가나다 " → "… 가나다 !"`},
		{"at the beginning of a long text", "B" + long, "A" + long, `"B가나다 가나다 가나다 …" → "A가나다 가나다 가나다 …"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := edit(&datasheets.Column{Type: datasheets.String}, values(test.before)[0], values(test.after)[0], 26)
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func FuzzEdit(f *testing.F) {
	for i, s := range hostile() {
		f.Add(s, hostile()[(i+1)%len(hostile())])
		f.Add(s, s+" ")
		f.Add(strings.Repeat("é", 50)+s, strings.Repeat("é", 50)+"x"+s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		c := &datasheets.Column{Type: datasheets.String}
		for _, s := range []string{before, after} {
			got := fit(c, datasheets.NewValue(s), 24)
			if cells(got) > 24 || utf8.RuneCountInString(got) > 24*longestGlyph || !utf8.ValidString(got) {
				t.Errorf("%q is shown as %q: %d cells", s, got, cells(got))
			}
			if err := unprintable(strings.ReplaceAll(got, "\ufffd", "")); err != nil || strings.Contains(got, "\n") {
				t.Errorf("%q is shown as %q with %v", s, got, err)
			}
		}
		if before == after {
			return
		}
		b, a := datasheets.NewValue(before), datasheets.NewValue(after)
		from := differ(before, after)
		sp := max(spell(c, before), spell(c, after))
		if x, y := part(before, from, 24, sp), part(after, from, 24, sp); x == y {
			t.Errorf("%q and %q are both shown as %s (%s)", before, after, x, edit(c, b, a, 24))
		}
	})
}
