package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"liveops/datasheets"
)

func textOnly(s string) []datasheets.Cell {
	return []datasheets.Cell{{Kind: datasheets.Text, Text: []byte(s)}}
}

// number is a number, or its text where the format is another.
func number(s string) []datasheets.Cell {
	return []datasheets.Cell{{Kind: datasheets.Number, Text: []byte(s)}, {Kind: datasheets.Text, Text: []byte(s)}}
}

func date(serial, text string) []datasheets.Cell {
	return []datasheets.Cell{{Kind: datasheets.Date, Text: []byte(serial)}, {Kind: datasheets.Text, Text: []byte(text)}}
}

func cleared() []datasheets.Cell { return []datasheets.Cell{{}} }

// partOf is a part of a workbook.
func partOf(t testing.TB, book []byte, name string) string {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := zr.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPatchSheet(t *testing.T) {
	tests := []struct {
		name, before string
		edits        SheetEdits
		after        string
	}{
		{"a value keeps its format", `<row r="1" spans="1:2"><c r="A1" s="3"><v>1</v></c><c r="B1"><v>2</v></c></row>`,
			SheetEdits{Cells: []Edit{{Row: 1, Column: 1, Cells: number("7")}}},
			`<row r="1"><c r="A1" s="3"><v>7</v></c><c r="B1"><v>2</v></c></row>`},
		{"a date stays a date, and is a text where the format shows none", `<row r="1"><c r="A1" s="1"><v>1</v></c><c r="B1"><v>2</v></c></row>`,
			SheetEdits{Cells: []Edit{{Row: 1, Column: 1, Cells: date("45000", "2023-03-15")}, {Row: 1, Column: 2, Cells: date("45000", "2023-03-15")}}},
			`<row r="1"><c r="A1" s="1"><v>45000</v></c><c r="B1" t="inlineStr"><is><t>2023-03-15</t></is></c></row>`},
		{"a number in the format of a date is a text", `<row r="1"><c r="A1" s="1"><v>1</v></c></row>`,
			SheetEdits{Cells: []Edit{{Row: 1, Column: 1, Cells: number("7")}}}, `<row r="1"><c r="A1" s="1" t="inlineStr"><is><t>7</t></is></c></row>`},
		{"shared, inline and Boolean", `<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="inlineStr"><is><t>x</t></is></c><c r="C1" t="b"><v>0</v></c></row>`,
			SheetEdits{Cells: []Edit{{Row: 1, Column: 1, Cells: textOnly(" a<b ")}, {Row: 1, Column: 2, Cells: number("1")}, {Row: 1, Column: 3, Cells: []datasheets.Cell{{Kind: datasheets.Bool, Text: []byte("1")}}}}},
			`<row r="1"><c r="A1" t="inlineStr"><is><t xml:space="preserve"> a&lt;b </t></is></c><c r="B1"><v>1</v></c><c r="C1" t="b"><v>1</v></c></row>`},
		{"what is cleared keeps its format", `<row r="1"><c r="A1" s="2"><v>1</v></c><c r="B1"><v>2</v></c></row>`,
			SheetEdits{Cells: []Edit{{Row: 1, Column: 1, Cells: cleared()}, {Row: 1, Column: 2, Cells: cleared()}}}, `<row r="1"><c r="A1" s="2"/></row>`},
		{"cells that were not there, in and between rows", `<row r="2"><c r="B2"><v>1</v></c></row><row r="5"/>`,
			SheetEdits{Cells: []Edit{{Row: 1, Column: 2, Cells: number("1")}, {Row: 2, Column: 1, Cells: number("2")}, {Row: 2, Column: 3, Cells: number("3")}, {Row: 5, Column: 1, Cells: number("5")}, {Row: 7, Column: 1, Cells: number("7")}}},
			`<row r="1"><c r="B1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c><c r="B2"><v>1</v></c><c r="C2"><v>3</v></c></row><row r="5"><c r="A5"><v>5</v></c></row><row r="7"><c r="A7"><v>7</v></c></row>`},
		{"new rows look like the one above", `<row r="1" ht="30" customHeight="1"><c r="A1" s="1"><v>1</v></c><c r="B1" s="3"/></row>`,
			SheetEdits{Like: 1, Cells: []Edit{{Row: 2, Column: 1, Cells: date("45000", "")}, {Row: 2, Column: 2, Cells: textOnly("x")}}},
			`<row r="1" ht="30" customHeight="1"><c r="A1" s="1"><v>1</v></c><c r="B1" s="3"/></row><row r="2" ht="30" customHeight="1"><c r="A2" s="1"><v>45000</v></c><c r="B2" s="3" t="inlineStr"><is><t>x</t></is></c></row>`},
		{"rows and cells that do not say where they are", `<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>`,
			SheetEdits{Cells: []Edit{{Row: 1, Column: 2, Cells: number("7")}, {Row: 2, Column: 2, Cells: number("8")}}},
			`<row><c><v>1</v></c><c r="B1"><v>7</v></c></row><row><c><v>3</v></c><c r="B2"><v>8</v></c></row>`},
		{"a formula stays, with what it comes to, or goes", `<row r="1"><c r="A1"><f>B1+1</f><v>2</v></c><c r="B1"><f>C1</f><v>1</v></c><c r="C1"><f>"a"</f><v>1</v></c></row>`,
			SheetEdits{Cells: []Edit{{Row: 1, Column: 1, Cells: number("5")}, {Row: 1, Column: 2, Cells: number("4"), DropFormula: true}, {Row: 1, Column: 3, Cells: textOnly("x")}}},
			`<row r="1"><c r="A1"><f>B1+1</f><v>5</v></c><c r="B1"><v>4</v></c><c r="C1" t="str"><f>"a"</f><v>x</v></c></row>`},
		{"no rows yet", ``, SheetEdits{Cells: []Edit{{Row: 1, Column: 1, Cells: number("1")}}}, `<row r="1"><c r="A1"><v>1</v></c></row>`},
		{"comments in between stay", `<row r="1"><!-- <c> --><c r="A1"><v>1</v></c></row><!-- </sheetData> -->`,
			SheetEdits{Cells: []Edit{{Row: 2, Column: 1, Cells: number("2")}}}, `<row r="1"><!-- <c> --><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.edits.Sheet = "S"
			book := workbookWith(tt.before)
			got, err := Patch("a.xlsx", book.zip(t), []SheetEdits{tt.edits}, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			part := partOf(t, got.Data, "xl/worksheets/sheet1.xml")
			_, part, _ = strings.Cut(part, "<sheetData>")
			part, _, _ = strings.Cut(part, "</sheetData></worksheet>")
			if part != tt.after {
				t.Errorf("got\n%s\nwant\n%s", part, tt.after)
			}
			if partOf(t, got.Data, "xl/styles.xml") != book["xl/styles.xml"] {
				t.Error("the styles are others")
			}
			if w := partOf(t, got.Data, "xl/workbook.xml"); !strings.Contains(w, `</sheets><calcPr fullCalcOnLoad="1"/>`) {
				t.Errorf("the formulas are not calculated anew: %s", w)
			}
		})
	}
}

func TestPatchRefuses(t *testing.T) {
	book := workbookWith(`<row r="1"><c r="A1"><v>1</v></c></row>`).zip(t)
	var problem *datasheets.Problem
	_, err := Patch("a.xlsx", book, []SheetEdits{{Sheet: "T", Cells: []Edit{{Row: 1, Column: 1, Cells: number("1")}}}}, Limits{})
	if !errors.As(err, &problem) || !strings.Contains(err.Error(), `no sheet "T"`) {
		t.Errorf("a sheet that is not there: %v", err)
	}
	_, err = Patch("a.xlsx", book[:200], []SheetEdits{{Sheet: "S", Cells: []Edit{{Row: 1, Column: 1, Cells: number("1")}}}}, Limits{})
	if !errors.As(err, &problem) {
		t.Errorf("half a file: %v", err)
	}
}

// styledBook is a workbook as designers make them: formats, comments, a table, lists, shared formulas.
func styledBook(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFEEAA"}}})
	must(err)
	must(f.SetSheetRow("Sheet1", "A1", &[]any{"id", "price", "twice", "total"}))
	must(f.SetRowStyle("Sheet1", 1, 1, bold))
	for i := 2; i <= 6; i++ {
		must(f.SetSheetRow("Sheet1", fmt.Sprint("A", i), &[]any{i - 1, i * 10}))
		must(f.SetCellValue("Sheet1", fmt.Sprint("C", i), i*20))
	}
	shared, all := excelize.STCellFormulaTypeShared, "C2:C6"
	must(f.SetCellFormula("Sheet1", "C2", "B2*2", excelize.FormulaOpts{Type: &shared, Ref: &all}))
	must(f.SetCellFormula("Sheet1", "D2", "SUM(B2:B6)"))
	must(f.AddComment("Sheet1", excelize.Comment{Cell: "B3", Author: "Mina", Text: "as in spring"}))
	must(f.AddTable("Sheet1", &excelize.Table{Range: "A1:D6", Name: "prices"}))
	list := excelize.NewDataValidation(true)
	list.SetSqref("B2:B6")
	must(list.SetDropList([]string{"10", "20"}))
	must(f.AddDataValidation("Sheet1", list))
	format, err := f.NewConditionalStyle(&excelize.Style{Font: &excelize.Font{Color: "9A0511"}})
	must(err)
	must(f.SetConditionalFormat("Sheet1", "B2:B6", []excelize.ConditionalFormatOptions{{Type: "cell", Criteria: ">", Value: "30", Format: &format}}))
	_, err = f.NewSheet("notes")
	must(err)
	must(f.SetCellFormula("notes", "A1", "Sheet1!D2*2"))
	var out bytes.Buffer
	must(f.Write(&out))
	return out.Bytes()
}

func TestPatchAStyledWorkbook(t *testing.T) {
	old := styledBook(t)
	got, err := Patch("a.xlsx", old, []SheetEdits{{Sheet: "Sheet1", Like: 6, Last: 6, Cells: []Edit{
		{Row: 3, Column: 2, Cells: number("99")},
		{Row: 2, Column: 3, Cells: number("7"), DropFormula: true}, // which the other cells share the formula of
		{Row: 7, Column: 1, Cells: number("6")}, {Row: 7, Column: 2, Cells: number("70")},
	}}}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Dropped) != 1 || got.Dropped[0] != (Formula{"Sheet1", 2, 3}) || len(got.Kept) != 0 {
		t.Errorf("formulas dropped %v, kept %v", got.Dropped, got.Kept)
	}
	f, err := excelize.OpenReader(bytes.NewReader(got.Data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, want := range map[string]string{"C2": "", "C3": "B3*2", "C6": "B6*2", "D2": "SUM(B2:B6)"} {
		if formula, err := f.GetCellFormula("Sheet1", cell); err != nil || formula != want {
			t.Errorf("%s: %q, %v; want %q", cell, formula, err, want)
		}
	}
	for cell, want := range map[string]string{"C2": "7", "B3": "99", "B7": "70"} {
		if value, err := f.GetCellValue("Sheet1", cell); err != nil || value != want {
			t.Errorf("%s: %q, %v; want %q", cell, value, err, want)
		}
	}
	if comments, err := f.GetComments("Sheet1"); err != nil || len(comments) != 1 || comments[0].Cell != "B3" {
		t.Errorf("comments: %v, %v", comments, err)
	}
	tables, err := f.GetTables("Sheet1")
	if err != nil || len(tables) != 1 || tables[0].Range != "A1:D7" {
		t.Errorf("tables: %+v, %v", tables, err)
	}
	lists, err := f.GetDataValidations("Sheet1")
	if err != nil || len(lists) != 1 || lists[0].Sqref != "B2:B7" {
		t.Errorf("lists: %+v, %v", lists, err)
	}
	if formats, err := f.GetConditionalFormats("Sheet1"); err != nil || formats["B2:B7"] == nil {
		t.Errorf("conditional formats: %v, %v", formats, err)
	}
	for _, name := range []string{"xl/styles.xml", "xl/worksheets/sheet2.xml", "xl/comments1.xml", "xl/sharedStrings.xml"} {
		if partOf(t, old, name) != partOf(t, got.Data, name) {
			t.Errorf("%s is another", name)
		}
	}
	if calc := partOf(t, got.Data, "xl/workbook.xml"); !strings.Contains(calc, `fullCalcOnLoad="1"`) {
		t.Errorf("the formulas are not calculated anew: %s", calc)
	}
	if partOf(t, got.Data, "xl/calcChain.xml") != "" || strings.Contains(partOf(t, got.Data, "[Content_Types].xml"), "calcChain") {
		t.Error("the calculation chain still names a cell that has no formula")
	}
}

// Whatever is edited, in whichever workbook: Patch itself reads the result back, and another reader finds the same.
func TestPatchAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	books := map[string][]byte{"styled": styledBook(t)}
	_ = filepath.WalkDir(realWorkbooks, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".xlsx" && filepath.Ext(path) != ".xlsm" {
			return err
		}
		data, err := os.ReadFile(path)
		books[path] = data
		return err
	}) // where it is there
	patched := 0
	for path, data := range books {
		book, err := Open(path, data, Limits{})
		if err != nil {
			continue // some are broken on purpose
		}
		edits := randomEdits(random, book)
		got, err := Patch(path, data, edits, Limits{})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		patched++
		compareWithOracle(t, path, got.Data)
	}
	t.Logf("%d workbooks", patched)
}

// randomEdits are some edits of every sheet: of cells that are there, between them, and below.
func randomEdits(random *rand.Rand, book *datasheets.Book) (all []SheetEdits) {
	contents := []func() []datasheets.Cell{cleared, func() []datasheets.Cell { return number(fmt.Sprint(random.IntN(1e6))) },
		func() []datasheets.Cell { return date("45123.5", "2023-07-16 12:00:00") },
		func() []datasheets.Cell { return textOnly(" 검 <&> \"x\"\n\t' ") }}
	for _, s := range book.Sheets {
		var there [][2]int
		last := 0
		for at := range cellsOf(&s) {
			there, last = append(there, at), at[0]
		}
		e := SheetEdits{Sheet: s.Name, Like: last, Last: last}
		seen := map[[2]int]bool{}
		for range 1 + random.IntN(12) {
			at := [2]int{1 + random.IntN(last+5), 1 + random.IntN(12)}
			if len(there) > 0 && random.IntN(2) == 0 {
				at = there[random.IntN(len(there))]
			}
			if !seen[at] {
				e.Cells = append(e.Cells, Edit{Row: at[0], Column: at[1], Cells: contents[random.IntN(len(contents))](), DropFormula: random.IntN(2) == 0})
			}
			seen[at] = true
		}
		all = append(all, e)
	}
	return slices.DeleteFunc(all, func(e SheetEdits) bool { return random.IntN(4) == 0 })
}

// Patch stands any file: it fails, or what it writes is read back.
func FuzzPatch(f *testing.F) {
	for _, rows := range []string{`<row r="1"><c r="A1"><f t="shared" si="0" ref="A1:A2">B1</f><v>1</v></c></row><row r="2"><c r="A2"><f t="shared" si="0"/><v>1</v></c></row>`,
		`<row/><!--`, `<x:row><x:c r='B1'/></x:row>`, `<row r="3"><c/></row>`, `<row r="1"><c r="C1"/><c r="A1"/></row>`} {
		f.Add(rows, 1, 1, "x")
	}
	f.Fuzz(func(t *testing.T, rows string, row, column int, text string) {
		if row < 1 || row > 1000 || column < 1 || column > 100 {
			return
		}
		data := workbookWith(rows).zip(t)
		_, _ = Patch("a.xlsx", data, []SheetEdits{{Sheet: "S", Like: 2, Last: 2, Cells: []Edit{{Row: row, Column: column, Cells: textOnly(text), DropFormula: true}}}}, Limits{})
	})
}
