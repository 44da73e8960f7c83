package xlsx

import (
	"strings"
	"testing"
)

// Contents says what Open says of the sheets, and looks at nothing that only cells need.
func TestContents(t *testing.T) {
	whole := workbookWith(oneCell)
	hidden := whole.with("xl/workbook.xml", strings.NewReplacer(
		`<sheets>`, `<workbookPr date1904="1"/><sheets>`, `sheetId="1"`, `sheetId="1" state="veryHidden"`).Replace(whole["xl/workbook.xml"]))
	for name, data := range map[string][]byte{"a sheet": whole.zip(t), "hidden, of 1904": hidden.zip(t)} {
		book, err := Open("dir/a.xlsx", data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		contents, err := Contents("dir/a.xlsx", data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if len(contents.Sheets) != len(book.Sheets) || contents.Path != book.Path {
			t.Fatalf("%s: %d sheets of %s, Open has %d of %s", name, len(contents.Sheets), contents.Path, len(book.Sheets), book.Path)
		}
		for i, got := range contents.Sheets {
			want := book.Sheets[i]
			if got.Rows != nil || got.Path != want.Path || got.Name != want.Name || got.Hidden != want.Hidden || got.Date1904 != want.Date1904 {
				t.Errorf("%s: %+v, Open has %+v", name, got, want)
			}
		}
	}
	for name, broken := range map[string]parts{
		"shared strings": whole.with("xl/sharedStrings.xml", "<sst><si><t>a"),
		"styles":         whole.with("xl/styles.xml", "<styleSheet"),
		"cells":          whole.with("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row"),
	} {
		if _, err := Contents("a.xlsx", broken.zip(t), Limits{}); err != nil {
			t.Errorf("broken %s: %v", name, err)
		}
	}
	if _, err := Contents("a.xlsx", whole.with("xl/worksheets/sheet1.xml", "").zip(t), Limits{}); err == nil {
		t.Error("a sheet that the file does not hold is listed")
	}
}
