package report

import "testing"

// What is taken for plain is what the rules for all characters say too.
func TestPlainCharacters(t *testing.T) {
	n := 0
	for r := rune(0); r <= 0xffff; r++ {
		if !plain(r) {
			continue
		}
		n++
		if unseen(r) || runeWidth(r) != 2 {
			t.Errorf("%U is not seen, or has the width %d", r, runeWidth(r))
		}
		for _, base := range []rune{'a', '1', '가', 'あ', '漢', 0x1112, '🗡', 0x1f1f0} {
			if extends(base, base, r, 1) {
				t.Errorf("%U belongs to %U", r, base)
			}
		}
		for next := range rune(0x80) {
			if extends(r, r, next, 1) {
				t.Errorf("%U belongs to %U", next, r)
			}
		}
	}
	if n < 30_000 {
		t.Errorf("there are only %d", n)
	}
}

// A glyph holds what belongs to it, also where it begins as plain text does.
func TestPlainGlyphs(t *testing.T) {
	for text, want := range map[string][]glyph{
		"검":            {{"검", 2}},
		"검a":           {{"검", 2}, {"a", 1}},
		"검\u0301勇":     {{"검\u0301", 2}, {"勇", 2}},
		"葛\U000e0100城": {{"葛\U000e0100", 2}, {"城", 2}},
		"は\u3099ん":     {{"は\u3099", 2}, {"ん", 2}},
		"각\u11a8":      {{"각\u11a8", 2}},
		"검\xff":        {{"검", 2}, {`\xff`, 4}},
		"검\u200d검\n검":  {{"검", 2}, {`\u200d`, 6}, {"검", 2}, {`\n`, 2}, {"검", 2}},
	} {
		var got []glyph
		for rest := text; rest != ""; {
			var g glyph
			g, rest = nextGlyph(rest)
			got = append(got, g)
		}
		if len(got) != len(want) {
			t.Errorf("%+q: %+v, want %+v", text, got, want)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%+q: %+v, want %+v", text, got, want)
			}
		}
	}
}
