package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"liveops/datasheets"
)

// realWorkbooks is where workbooks of real games lie beside the repository.
const realWorkbooks = "../../../shared/workbooks"

// TestRealWorkbooks reads workbooks that people made and compares each cell with what excelize reads.
func TestRealWorkbooks(t *testing.T) {
	if _, err := os.Stat(realWorkbooks); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no workbooks at %s", realWorkbooks)
	}
	files, cells := 0, 0
	err := filepath.WalkDir(realWorkbooks, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(filepath.Ext(path), ".xls") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		cells += compareWithOracle(t, path, data)
		return nil
	})
	if err != nil || files == 0 {
		t.Fatal(files, err)
	}
	t.Logf("%d cells of %d workbooks agree", cells, files)
}

// compareWithOracle reads a workbook with both libraries and reports every cell in which they differ. It
// returns how many cells they agree in.
func compareWithOracle(t *testing.T, path string, data []byte) int {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Errorf("%s: excelize: %v", path, err)
		return 0
	}
	defer f.Close()
	book, err := Open(path, data, Limits{})
	if err != nil {
		t.Error(err)
		return 0
	}
	agreed := 0
	for _, s := range book.Sheets {
		rows, err := f.GetRows(s.Name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Errorf("%s %s: excelize: %v", path, s.Name, err)
			continue
		}
		want := map[string]string{}
		for y, row := range rows {
			for x, value := range row {
				if value != "" {
					want[datasheets.CellName(x+1, y+1)] = strings.ReplaceAll(value, "\r\n", "\n")
				}
			}
		}
		for row, err := range s.Rows {
			if err != nil {
				t.Error(err)
				break
			}
			for _, c := range row.Cells {
				name := datasheets.CellName(c.Column, row.Number)
				value := string(c.Text)
				if c.Kind == datasheets.Uncalculated {
					value = "" // excelize has nothing there
				}
				if value != want[name] {
					t.Errorf("%s %s %s: got %q, excelize reads %q", path, s.Name, name, value, want[name])
				} else {
					agreed++
				}
				delete(want, name)
			}
		}
		for name, value := range want {
			t.Errorf("%s %s %s: got nothing, excelize reads %q", path, s.Name, name, value)
		}
	}
	return agreed
}

// TestGeneratedWorkbooks compares in the same way what excelize itself writes, by its two writers.
func TestGeneratedWorkbooks(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := excelize.NewFile()
		date, duration := 14, 46
		styles := []int{0}
		for _, id := range []int{date, duration} {
			style, err := f.NewStyle(&excelize.Style{NumFmt: id})
			if err != nil {
				t.Fatal(err)
			}
			styles = append(styles, style)
		}
		for row := range 60 {
			for column := range 12 {
				cell := datasheets.CellName(column+1, row*3+1)
				if err := f.SetCellValue("Sheet1", cell, randomValue(r)); err != nil {
					t.Fatal(err)
				}
				if err := f.SetCellStyle("Sheet1", cell, cell, styles[r.IntN(len(styles))]); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.SetCellFormula("Sheet1", datasheets.CellName(14, row*3+1), "A1&\"<\""); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.NewSheet("스트림"); err != nil {
			t.Fatal(err)
		}
		out, err := f.NewStreamWriter("스트림")
		if err != nil {
			t.Fatal(err)
		}
		for row := range 200 {
			values := make([]any, 12)
			for i := range values {
				values[i] = randomValue(r)
			}
			if err := out.SetRow(datasheets.CellName(2, row*2+2), values); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Flush(); err != nil {
			t.Fatal(err)
		}
		buf, err := f.WriteToBuffer()
		if err != nil {
			t.Fatal(err)
		}
		if n := compareWithOracle(t, fmt.Sprintf("seed %d", seed), buf.Bytes()); n < 1000 {
			t.Errorf("seed %d: %d cells agree: too few to mean anything", seed, n)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func randomValue(r *rand.Rand) any {
	texts := []string{"", "sword", " blanks ", "돌아와요\n두 줄", "課金\r\nガチャ", "กลับมา", "😀 & <b> \"q\"", "_x000D_", "_x0041_", "00103", "a\tb", "=1+1", "'x"}
	switch r.IntN(8) {
	case 0:
		return nil
	case 1:
		return r.Int64N(1e15) - 5e14
	case 2:
		return r.NormFloat64() * 1e6
	case 3:
		return r.Float64() * 1e-9
	case 4:
		return r.IntN(2) == 0
	case 5:
		return time.Date(2000+r.IntN(50), 1, 1, 0, 0, r.IntN(1e8), 0, time.UTC)
	default:
		return texts[r.IntN(len(texts))]
	}
}
