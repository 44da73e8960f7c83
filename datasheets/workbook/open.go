// Package workbook opens the files that designers keep tables in, each by the reader of its format.
package workbook

import (
	"path"
	"strings"

	"liveops/datasheets"
	"liveops/datasheets/csv"
	"liveops/datasheets/xlsx"
)

// Open reads a file by the ending of its name: comma-separated values in a .csv file, and in any other file an Excel
// workbook, whose reader tells what the file is where it is none. data must not change while the Book is in use. Every
// error is a *datasheets.Problem.
func Open(name string, data []byte) (*datasheets.Book, error) {
	if IsCSV(name) {
		return csv.Open(name, data)
	}
	return xlsx.Open(name, data, xlsx.Limits{})
}

// Contents lists the sheets of a file as Open does, without their Rows: no cell is read, so that what is wrong with
// cells does not show. data is not kept. Every error is a *datasheets.Problem.
func Contents(name string, data []byte) (*datasheets.Book, error) {
	if IsCSV(name) {
		return csv.Contents(name), nil
	}
	return xlsx.Contents(name, data, xlsx.Limits{})
}

// IsCSV says whether a file is one of comma-separated values.
func IsCSV(name string) bool { return strings.EqualFold(path.Ext(name), ".csv") }
