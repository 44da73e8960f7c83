package datasheets

import (
	"strings"
	"testing"
)

func TestTextCells(t *testing.T) {
	runCells(t, nil, []cellCase{
		{"varchar(10)", text("검 sword"), "검 sword"},
		{"varchar(10)", text(" a "), " a "},
		{"varchar(10)", text("a "), "a "},
		{"varchar(10)", text("a\n\tb"), "a\n\tb"},
		{"varchar(10)", text(`""`), ""},
		{"varchar(10)", text(`"a"`), `"a"`},
		{"varchar(10)", num("103"), "103"},
		{"varchar(10)", num("1E-3"), "0.001"},
		{"varchar(10)", num("1E3"), "1000"},
		{"varchar(10)", num("0.30000000000000004"), "0.3"},
		{"varchar(40)", num("1E15"), "!as text only"},
		{"varchar(10)", text("00103"), "00103"},
		{"varchar(10)", truth(true), "TRUE"},
		{"varchar(10)", truth(false), "FALSE"},
		{"varchar(40)", date("45292"), "2024-01-01"},
		{"varchar(40)", date("45292.5"), "2024-01-01 12:00:00"},
		{"varchar(40)", date("45292.5000000116"), "2024-01-01 12:00:00.001"},
		{"varchar(40)", date("0.25"), "06:00:00"},
		{"varchar(40)", date("60"), "!a day that never was"},
		{"varchar(40)", duration("1.25"), "30:00:00"},
		{"varchar(40)", duration("-1.25"), "-30:00:00"},
		{"varchar(40)", isoDate("2024-01-02T03:04:05"), "2024-01-02 03:04:05"},
		{"varchar(40)", isoDate("2024-01-02T00:00:00"), "2024-01-02"},
		{"varchar(40)", isoDate("P1D"), "P1D"},
		{"varchar(10)", text("열두글자입니다열두글자"), "!takes at most 10 characters, not 11"},
		{"varchar(10)", text("😀😀😀😀😀😀😀😀😀😀"), "😀😀😀😀😀😀😀😀😀😀"},
		{"tinytext", text(strings.Repeat("가", 85)), strings.Repeat("가", 85)},
		{"tinytext", text(strings.Repeat("가", 86)), "!at most 255 bytes, not 258"},
		{"varchar(10)", text("a\x00b"), "!U+0000 as character 2"},
		{"varchar(10)", text("a\rb"), "!control characters"},
		{"varchar(10)", text("검\u0085"), "!U+0085 as character 2"},
		{"varchar(10)", text("a\xffb"), "!valid UTF-8"},
		{"varchar(10)", text("\ufffd"), "\ufffd"},

		{"char(5)", text("a  "), "a"},
		{"char(5)", text("  a"), "  a"},
		{"char(5)", text("abcde   "), "abcde"},
		{"char(5)", text("   "), ""},
		{"varchar(5)", text("abcde "), "!at most 5 characters"},

		{"varchar(5) charset utf8mb3", text("한글"), "한글"},
		{"varchar(5) charset utf8mb3", text("😀"), "!utf8mb3, which has no “😀” (U+1F600)"},
		{"varchar(5) charset ascii", text("é"), "!ascii, which has no “é” (U+00E9)"},
		{"varchar(5) charset latin1", text("é€"), "é€"},
		{"varchar(5) charset latin1", text("한"), "!latin1, which has no"},
		{"tinytext charset latin1", text(strings.Repeat("é", 255)), strings.Repeat("é", 255)},
		{"tinytext charset utf16", text(strings.Repeat("a", 128)), "!at most 255 bytes, not 256"},
		{"varchar(5) charset euckr", text("한글"), "한글"},
	})
}

func TestEnumAndSetCells(t *testing.T) {
	const rarity, tags = "enum('N','R','SR','it''s','100','한정')", "set('fire','ice','dark moon')"
	runCells(t, nil, []cellCase{
		{rarity, text("SR"), "SR"},
		{rarity, text("한정"), "한정"},
		{rarity, text("it's"), "it's"},
		{rarity, num("100"), "100"},
		{rarity, text("sr"), `!capitals count: write "SR"`},
		{rarity, text("SR "), `!leave out the blanks around "SR"`},
		{rarity, text("SSR"), `!the nearest is "SR"`},
		{rarity, text("legendary"), "!takes one of N, R, SR, it's, 100, 한정 (write one of them exactly"},
		{rarity, text(`""`), "!one of N"},
		{rarity, date("60"), "!a day that never was"},
		{"enum('','a')", text(`""`), ""},
		{"enum('TRUE','FALSE')", truth(true), "TRUE"},
		{"enum('a','b','c','d','e','f','g','h','i','j')", text("zzz"), "!a, b, c, d, e, f, g, h and 2 more"},

		{tags, text("fire"), "fire"},
		{tags, text("ice, fire"), "fire,ice"},
		{tags, text(" dark moon ,fire,fire"), "fire,dark moon"},
		{tags, text(`""`), ""},
		{tags, text("fire,"), "!any of these, separated by commas: fire, ice, dark moon"},
		{tags, text("fire;ice"), "!any of these"},
		{tags, text("fire,Ice"), `!capitals count: write "ice"`},
		{tags, num("1"), "!any of these"},
	})
}

func TestBinaryCells(t *testing.T) {
	runCells(t, nil, []cellCase{
		{"varbinary(4)", text("0x1F8b"), "0x1f8b"},
		{"varbinary(4)", text(" 0X00 "), "0x00"},
		{"varbinary(4)", text("0x"), "0x"},
		{"varbinary(4)", text(`""`), "0x"},
		{"varbinary(4)", text("0x0102030405"), "!at most 4 bytes, not 5"},
		{"varbinary(4)", text("0x123"), "!two digits"},
		{"varbinary(4)", text("0xgg"), "!two digits"},
		{"varbinary(4)", text("ab"), "!to store this text itself, write 0x6162"},
		{"varbinary(4)", num("12"), "!write the bytes as text"},
		{"binary(4)", text("0xff"), "0xff000000"},
		{"binary(4)", text("0x"), "0x00000000"},
		{"blob", text("0xc0ffee"), "0xc0ffee"},
	})
}

func TestEmptyCells(t *testing.T) {
	empty := func(column, want string) cellCase { return cellCase{column, Cell{}, want} }
	runCells(t, nil, []cellCase{
		empty("int(11) null", "NULL"),
		empty("varchar(5) null", "NULL"),
		empty("json null", "NULL"),
		empty("varchar(5)", ""),
		empty("int(11)", "!found an empty cell, but v (int(11)) takes a value: it may not be NULL and has no default"),
		empty("date", "!write a value"),
		{"int(11) null", text(""), "NULL"},
		{"varchar(5) null", text(`""`), ""},
	})
}

func TestEmptyCellsWithDefault(t *testing.T) {
	for _, c := range []struct{ column, byDefault, want string }{
		{"int(11)", "05", "5"},
		{"decimal(10,2)", "1.5", "1.50"},
		{"double", "0.000033", "0.000033"},
		{"datetime(3)", "2024-01-02 03:04:05", "2024-01-02 03:04:05.000"},
		{"varchar(5)", "", ""},
		{"char(5)", "a ", "a"},
		{"json", `{"b": 1, "a": []}`, `{"a":[],"b":1}`},
		{"int(11)", "the server's own", "DEFAULT"},
		{"int(11) null", "5", "NULL"},
	} {
		column := columnOf(t, c.column)
		column.Default = &c.byDefault
		if got, wrong := convert(t, column, Cell{}, nil); wrong != nil || spell(got) != c.want {
			t.Errorf("%s with default %q: %q, %v; want %q", c.column, c.byDefault, spell(got), wrong, c.want)
		}
	}
	for name, change := range map[string]func(*Column){
		"expression":     func(c *Column) { c.DefaultIsExpr = true },
		"auto-increment": func(c *Column) { c.AutoIncrement = true },
	} {
		column := columnOf(t, "int(11)")
		change(column)
		if got, wrong := convert(t, column, Cell{}, nil); wrong != nil || !got.IsDefault() {
			t.Errorf("%s: %q, %v; want the server's default", name, spell(got), wrong)
		}
	}
}

func TestUnsupportedColumn(t *testing.T) {
	column := ParseColumn(ColumnInfo{Name: "place", ColumnType: "point", DataType: "point", IsNullable: "NO"})
	_, wrong := convert(t, &column, text("1"), nil)
	checkMismatch(t, wrong, "place (point) takes no value from a sheet")
}

// A problem quotes no more than 60 characters of a cell, and keeps them on one line.
func TestMismatchIsShort(t *testing.T) {
	column := columnOf(t, "int(11)")
	_, wrong := convert(t, column, text(strings.Repeat("검\n", 1000)), nil)
	if n := len([]rune(wrong.Text)); n > 250 || !strings.Contains(wrong.Text, `…"`) {
		t.Errorf("%d characters: %s", n, wrong.Text)
	}
	checkMismatch(t, wrong, `found "검\n검\n`)
}
