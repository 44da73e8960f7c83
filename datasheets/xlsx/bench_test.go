package xlsx

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

const (
	benchRows    = 20_000
	benchColumns = 12
)

// benchWorkbook is a sheet as a game has them: ids, names in Korean, numbers, dates. excelize writes it, with
// shared strings as Excel does.
func benchWorkbook(b *testing.B) []byte {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	f := excelize.NewFile()
	defer f.Close()
	for row := range benchRows {
		values := make([]any, benchColumns)
		for i := range values {
			switch i % 4 {
			case 0:
				values[i] = row*7 + i
			case 1:
				values[i] = fmt.Sprintf("아이템 이름 %d", r.IntN(5_000))
			case 2:
				values[i] = float64(r.IntN(1e6)) / 1000
			case 3:
				values[i] = time.Date(2024, 1, 1, 0, r.IntN(500_000), 0, 0, time.UTC)
			}
		}
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", row+1), &values); err != nil {
			b.Fatal(err)
		}
	}
	buf, err := f.WriteToBuffer()
	if err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

func perCell(b *testing.B, cells int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(cells), "ns/cell")
}

// BenchmarkRead reads all cells of a workbook, from the file's bytes on.
func BenchmarkRead(b *testing.B) {
	data := benchWorkbook(b)
	b.Run("liveops", func(b *testing.B) {
		b.ReportAllocs()
		cells, text := 0, 0
		for b.Loop() {
			book, err := Open("a.xlsx", data, Limits{})
			if err != nil {
				b.Fatal(err)
			}
			for row, err := range book.Sheets[0].Rows {
				if err != nil {
					b.Fatal(err)
				}
				cells += len(row.Cells)
				for _, c := range row.Cells {
					text += len(c.Text)
				}
			}
		}
		if cells%(benchRows*benchColumns) != 0 || text == 0 {
			b.Fatalf("%d cells, %d bytes", cells, text)
		}
		perCell(b, cells)
	})
	b.Run("excelize", func(b *testing.B) {
		b.ReportAllocs()
		cells, text := 0, 0
		for b.Loop() {
			f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true})
			if err != nil {
				b.Fatal(err)
			}
			rows, err := f.Rows("Sheet1")
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
				values, err := rows.Columns(excelize.Options{RawCellValue: true})
				if err != nil {
					b.Fatal(err)
				}
				cells += len(values)
				for _, v := range values {
					text += len(v)
				}
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
		if cells%(benchRows*benchColumns) != 0 || text == 0 {
			b.Fatalf("%d cells, %d bytes", cells, text)
		}
		perCell(b, cells)
	})
}

// BenchmarkWrite writes a workbook of the same size.
func BenchmarkWrite(b *testing.B) {
	s := Sheet{Name: "S", Header: make([]string, benchColumns)}
	for row := range benchRows {
		s.Rows = append(s.Rows, []any{row, "아이템 이름", 1.25, true, time.Unix(int64(row), 0).UTC(), nil, "a", "b", "c", 1, 2, 3})
	}
	b.ReportAllocs()
	cells := 0
	for b.Loop() {
		var buf bytes.Buffer
		if err := Write(&buf, []Sheet{s}); err != nil {
			b.Fatal(err)
		}
		cells += benchRows * benchColumns
	}
	perCell(b, cells)
}
