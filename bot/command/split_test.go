package command

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		name, rest string
		want       []string
	}{
		{"nothing", "", nil},
		{"words", " lock  production\twhy ", []string{"lock", "production", "why"}},
		{"double quotes", `lock "a  b" c`, []string{"lock", "a  b", "c"}},
		{"single quotes", `'a  b' c`, []string{"a  b", "c"}},
		{"an empty word", `a "" ''`, []string{"a", "", ""}},
		{"quotes within a word", `a"b c"d`, []string{"ab cd"}},
		{"quotes in quotes", `"it's" 'say "x"'`, []string{"it's", `say "x"`}},
		{"backslashes", `a\ b \"c\' \\ \`, []string{"a b", `"c'`, `\`, `\`}},
		{"backslashes in double quotes", `"a\"b\\c\d"`, []string{`a"b\c\d`}},
		{"backslashes in single quotes", `'a\b\' c`, []string{`a\b\`, "c"}},
		{"no comment sign", "fixes #12 # x", []string{"fixes", "#12", "#", "x"}},
		{"nothing is expanded", "$HOME ~ * {a,b} $(ls) a;b|c&d >e !x", []string{"$HOME", "~", "*", "{a,b}", "$(ls)", "a;b|c&d", ">e", "!x"}},
		{"backquotes quote", "apply `production` `a b`", []string{"apply", "production", "a b"}},
		{"curly quotes", "“a b” ‘c d’ „e f“ ＂g h＂", []string{"a b", "c d", "e f", "g h"}},
		{"curly and plain quotes mixed", "“a b\" 'c d’", []string{"a b", "c d"}},
		{"apostrophes", "don't players’ don’t 'it's fine' ‘it’s fine’", []string{"don't", "players’", "don’t", "it's fine", "it’s fine"}},
		{"a particle behind a quote", `'긴급 점검'으로 "점검"입니다 ‘緊急’の`, []string{"긴급 점검으로", "점검입니다", "緊急の"}},
		{"no-break and ideographic spaces", "a\u00a0b\u3000c\u2009d", []string{"a", "b", "c", "d"}},
		{"invisible characters", "\u200ba\ufeff\u202eb\u0007c", []string{"a", "b", "c"}},
		{"an emoji of several parts", "👩\u200d💻 x", []string{"👩\u200d💻", "x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := split(test.rest, 0)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestSplitTellsWhereAQuoteOpens(t *testing.T) {
	for comment, want := range map[string]string{
		"/liveops lock production \"why":         "the quote at character 26 of the line, before `why`, is never closed",
		"/liveops lock production 'why":          "the quote at character 26 of the line, before `why`, is never closed",
		"/liveops　lock production “점검 중":         "the quote at character 26 of the line, before `점검 중`, is never closed",
		"/liveops plan `":                        "the quote at character 15 of the line, before ``, is never closed",
		"/liveops lock staging \"a' \u202e`":     "the quote at character 23 of the line, before `a' '`, is never closed",
		"/liveops lock staging the players' own": "the quote at character 34 of the line, before `own`, is never closed",
	} {
		lines := Parse(comment)
		if len(lines) != 1 || lines[0].Err == nil || lines[0].Err.Problem != want {
			t.Errorf("%s\ngot  %v\nwant %s", comment, lines[0].Err, want)
		}
	}
}

// What quote writes, split reads.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", "a b", `"`, `\`, "“", "'", "`", "$x", "--through", "日本", "don't", "’"} {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			t.Skip()
		}
		got, err := split(quote(a)+" "+quote(b), 0)
		if err != nil || !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q and %q became %q, %v", a, b, got, err)
		}
	})
}
