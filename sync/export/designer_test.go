package export_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/xuri/excelize/v2"

	"liveops/sync/export"
)

// designersBook is a workbook as a designer made it: a note above, formats, formulas, rows of other environments, a
// comment row at the end, a column of their own.
func designersBook(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(f.SetSheetName("Sheet1", "item"))
	red, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Color: "FF0000"}})
	must(err)
	day := "yyyy-mm-dd"
	date, err := f.NewStyle(&excelize.Style{CustomNumFmt: &day})
	must(err)
	must(f.SetSheetRow("item", "A1", &[]any{"id", "price", "half", "since", "#why", "#env"}))
	must(f.SetSheetRow("item", "A2", &[]any{1, 10, 5, 45000, "cheap", nil}))
	must(f.SetSheetRow("item", "A3", &[]any{2, 20, 10, 45001, "fair", "production"}))
	must(f.SetSheetRow("item", "A4", &[]any{3, 30, 15, 45002, "dear", nil}))
	must(f.SetSheetRow("item", "A5", &[]any{"# nothing below this line"}))
	for _, cell := range []string{"2", "4"} {
		must(f.SetCellFormula("item", "C"+cell, "B"+cell+"/2"))
		must(f.SetCellStyle("item", "B"+cell, "B"+cell, red))
	}
	must(f.SetColStyle("item", "D", date))
	must(f.SetCellStyle("item", "D2", "D4", date))
	must(f.UpdateLinkedValue())
	_, err = f.NewSheet("#sums")
	must(err)
	must(f.SetCellFormula("#sums", "A1", "SUM(item!B2:B4)"))
	var b bytes.Buffer
	must(f.Write(&b))
	return b.Bytes()
}

func TestOverADesignersBook(t *testing.T) {
	w := newMappedWorld(t)
	w.files = fstest.MapFS{"liveops.yaml": {Data: []byte("environments: [{name: staging}, {name: production, after: staging}]\n")},
		"datasheets/item.xlsx": {Data: designersBook(t)}}
	w.exec("CREATE TABLE item (id INT NOT NULL PRIMARY KEY, price INT NOT NULL, half INT NOT NULL, since DATE NULL)")
	w.exec("INSERT INTO item VALUES (1, 40, 20, '2023-03-15'), (2, 22, 11, '2023-03-16'), (4, 8, 3, '2024-01-01')")
	snap, d := w.snapshot(), w.read()
	written, err := export.Over(t.Context(), snap, targetsOf(d), w.reading(d), func(p string) ([]byte, error) { return w.files[p].Data, nil })
	if err != nil || len(written) != 1 {
		t.Fatal(written, err)
	}
	got := written[0]
	if s := got.Sheets; len(s) != 1 || s[0] != (export.SheetChange{Sheet: "item", Edited: 1, Cleared: 1, Added: 2}) {
		t.Errorf("changed %+v", s)
	}
	f, err := excelize.OpenReader(bytes.NewReader(got.Data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("item")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, strings.Join(row, "|"))
	}
	// 1 has another price, and its formula comes to the other half by itself. 2 stands there for production only. 3 is
	// gone but for its note. 4 is new, below all, and a date like the others.
	want := []string{"id|price|half|since|#why|#env", "1|40|20|2023-03-15|cheap", "2|20|10|2023-03-16|fair|production", "||||dear", "# nothing below this line",
		"2|22|11|2023-03-16||staging", "4|8|3|2024-01-01"}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	for cell, want := range map[string]string{"C2": "B2/2", "C4": "", "C6": ""} {
		if formula, _ := f.GetCellFormula("item", cell); formula != want {
			t.Errorf("the formula of %s is %q, want %q", cell, formula, want)
		}
	}
	if sum, _ := f.GetCellFormula("#sums", "A1"); sum != "SUM(item!B2:B4)" {
		t.Errorf("another sheet's formula is %q", sum)
	}
	styleOf := func(cell string) int { s, _ := f.GetCellStyle("item", cell); return s }
	if styleOf("B2") == 0 || styleOf("B2") != styleOf("B7") || styleOf("D7") != styleOf("D2") {
		t.Errorf("styles: B2 %d, B7 %d, D7 %d, D2 %d", styleOf("B2"), styleOf("B7"), styleOf("D7"), styleOf("D2"))
	}
	if len(got.Formulas) != 0 {
		t.Errorf("formulas told as gone: %v", got.Formulas)
	}

	// A formula that does not come to what the table holds gives way, and is told.
	w.files[got.Path].Data = got.Data
	w.exec("UPDATE item SET half = 21 WHERE id = 1")
	d = w.read()
	written, err = export.Over(t.Context(), w.snapshot(), targetsOf(d), w.reading(d), func(p string) ([]byte, error) { return w.files[p].Data, nil })
	if err != nil || len(written) != 1 || len(written[0].Formulas) != 1 || written[0].Formulas[0].Row != 2 {
		t.Errorf("got %+v, %v", written, err)
	}
}

func TestOverRefuses(t *testing.T) {
	w := newMappedWorld(t)
	w.exec("CREATE TABLE item (id INT NOT NULL PRIMARY KEY, price INT NOT NULL, half INT NOT NULL, since DATE NULL)")
	for name, spoil := range map[string]func(f *excelize.File) error{
		"found": func(f *excelize.File) error { return f.SetCellValue("item", "A2", "one") },
		"the row stands here a second time": func(f *excelize.File) error {
			w.exec("REPLACE INTO item VALUES (3, 1, 1, NULL)")
			return f.SetCellValue("item", "A2", 3)
		},
		"is missing": func(f *excelize.File) error { return f.SetCellValue("item", "B1", "prize") },
	} {
		f, err := excelize.OpenReader(bytes.NewReader(designersBook(t)))
		if err == nil {
			err = spoil(f)
		}
		var b bytes.Buffer
		if err == nil {
			err = f.Write(&b)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.files = fstest.MapFS{"liveops.yaml": {Data: []byte("environments: [{name: staging}, {name: production, after: staging}]\n")}, "datasheets/item.xlsx": {Data: b.Bytes()}}
		d := w.read()
		_, err = export.Over(t.Context(), w.snapshot(), targetsOf(d), w.reading(d), func(p string) ([]byte, error) { return b.Bytes(), nil })
		var wrong *export.ProblemsError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, got %v", name, err)
		}
	}
}
