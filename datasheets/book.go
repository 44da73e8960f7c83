// Package datasheets is the model of designers' tables: workbooks and their sheets as they are read, the
// tables and column types that a database describes, and the way from a cell to a column's value.
// It does no I/O.
package datasheets

import "iter"

// Book is one workbook. Path is slash-separated from the data repo's root.
type Book struct {
	Path   string
	Sheets []Sheet
}

// Sheet is one worksheet of a Book, in the order of its tabs; chart and macro sheets are left out.
// A sheet whose name begins with '#' is a note to people and is not read.
type Sheet struct {
	Path     string // the workbook's
	Name     string
	Hidden   bool
	Date1904 bool // serial dates count from 1904-01-01, not from 1900

	// Rows yields the rows that have at least one non-empty cell, from top to bottom. What a Row holds is
	// valid until the next one is asked for. A workbook that cannot be read further ends the sequence with an
	// error, a *Problem where the file is at fault. Several sheets of a Book may be read at once, and each
	// more than once.
	Rows iter.Seq2[Row, error]
}

// Row is one row of a sheet: its number as the spreadsheet shows it, and its non-empty cells by column.
type Row struct {
	Number int
	Cells  []Cell
}

// Kind is what a cell holds, as the workbook stores it and not as it is shown.
type Kind uint8

// The kinds of a cell. A formula counts by its cached value.
const (
	Empty        Kind = iota
	Text              // text; rich text without its runs' formats, furigana left out, line ends as "\n"
	Number            // a number in a cell without a date format
	Date              // a serial date or time: a number in a cell with a date or time format
	Duration          // a number of days in a cell with an elapsed-time format such as [h]:mm
	Bool              // TRUE or FALSE
	Fault             // an error value such as #REF!
	Uncalculated      // a formula without a cached value
	ISODate           // ISO 8601 text stored as a date (t="d")
)

// Cell is one non-empty cell. Text holds: the text (Text, ISODate); the number's literal as the file has it
// (Number, Date, Duration); "1" or "0" (Bool); the error's name (Fault); the formula where known (Uncalculated).
type Cell struct {
	Column int // counted from 1
	Kind   Kind
	Text   []byte
}

// CellName is the address of a cell as the spreadsheet shows it: CellName(2, 7) is "B7".
func CellName(column, row int) string {
	var b [24]byte
	i := len(b)
	for n := row; ; n /= 10 {
		i--
		b[i] = byte('0' + n%10)
		if n < 10 {
			break
		}
	}
	for n := column; n > 0; n = (n - 1) / 26 {
		i--
		b[i] = byte('A' + (n-1)%26)
	}
	return string(b[i:])
}
