package xlsx

import (
	"bytes"
	"slices"

	"github.com/xuri/excelize/v2"
)

// Calculate is what formulas of a workbook come to, as texts, in their order: numbers and dates as literals; "" for
// what excelize, which calculates them, cannot.
func Calculate(data []byte, cells []Formula) ([]string, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	results := make([]string, len(cells))
	for i, c := range cells {
		name, err := excelize.CoordinatesToCellName(c.Column, c.Row)
		if err != nil {
			return nil, err
		}
		if result, err := f.CalcCellValue(c.Sheet, name); err == nil {
			results[i] = result
		}
	}
	return slices.Clip(results), nil
}
