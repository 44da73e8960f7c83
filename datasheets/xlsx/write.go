package xlsx

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Sheet is a sheet to write: a header and rows below it. A row may be shorter than the header, or longer. Its
// values are
//
//	nil                  an empty cell
//	string               text; "" is an empty cell
//	Number               a number by its literal
//	int…, uint…, float…  a number
//	bool                 TRUE or FALSE
//	time.Time            its date and time of day as they are in its location, which is not kept; without a
//	                     time of day a mere date. Fractions are rounded to milliseconds
//	time.Duration        an elapsed time, likewise rounded
//	datasheets.Cell      what the reader gives of such a cell: a Text, Number, Bool, or the serial number of a Date or
//	                     Duration, shown with milliseconds where it has any; its Column does not count
//
// What Excel cannot hold as such becomes text: a whole number of 10^15 or more and a Number of more than 15
// significant digits, of which Excel would keep 15 once the cell is edited; a number outside Excel's range; a
// time outside its calendar (1900-03-01 to 9999-12-31), as ISO 8601; a negative duration, as hours, minutes
// and seconds.
type Sheet struct {
	Name   string // 1 to 31 characters (UTF-16), none of : \ / ? * [ ], no control character, no ' at its ends
	Header []string
	Rows   [][]any

	Top      int        // the header's row; 0 for the first. The rows above it are empty
	Notes    [][]string // rows between the header and the others, which say more of the columns
	Vertical bool       // the header stands in column A from row Top on, and the one row beside it in column B

	Choices []Choice // drop-down lists

	hidden bool
}

// headerRow is the row of the header, or of its first name.
func (s *Sheet) headerRow() int { return max(s.Top, 1) }

// FirstRow is the row of the first of Rows.
func (s *Sheet) FirstRow() int { return s.headerRow() + 1 + len(s.Notes) }

// Number is a decimal number as written in Go or JSON, such as "0.25" or "1e6".
type Number string

// Write writes a workbook of one or more sheets. The same sheets give the same bytes. The header is bold and
// stays in view; columns are as wide as their text.
//
// It fails, naming sheet and cell, where a name or value cannot be written so that it is read back: a text of
// more than 32,767 characters (UTF-16) or not in UTF-8, a number that is none, more rows or columns than a
// sheet has (1,048,576 and 16,384). CR LF in a text is read back as LF.
func Write(w io.Writer, sheets []Sheet) error {
	if len(sheets) == 0 {
		return errors.New("write workbook: it has no sheet")
	}
	seen := map[string]bool{}
	for _, s := range sheets {
		if err := CheckName(s.Name); err != nil {
			return fmt.Errorf("write sheet %q: %w", s.Name, err)
		}
		key := strings.ToLower(s.Name)
		if seen[key] {
			return fmt.Errorf("write sheet %q: there are two of that name", s.Name)
		}
		seen[key] = true
	}
	sheets = withLists(sheets)
	zw := zip.NewWriter(w)
	for _, p := range fixedParts(sheets) {
		if err := writePart(zw, p.name, p.write); err != nil {
			return fmt.Errorf("write workbook: %w", err)
		}
	}
	for i, s := range sheets {
		write := func(out *bufio.Writer) error { return s.write(out, i == 0) }
		if err := writePart(zw, fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), write); err != nil {
			return fmt.Errorf("write sheet %q: %w", s.Name, err)
		}
	}
	if err := zw.Close(); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

func writePart(zw *zip.Writer, name string, write func(*bufio.Writer) error) error {
	w, err := zw.Create(name)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	out.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n")
	if err := write(out); err != nil {
		return err
	}
	return out.Flush()
}

// CheckName holds a sheet's name to Excel's rules, which repairs a workbook that breaks them.
func CheckName(name string) error {
	switch {
	case name == "" || utf16Len(name) > 31:
		return errors.New("a sheet's name has 1 to 31 characters")
	case !utf8.ValidString(name):
		return errors.New("the name is not valid UTF-8")
	case strings.ContainsAny(name, `:\/?*[]`), strings.HasPrefix(name, "'"), strings.HasSuffix(name, "'"):
		return errors.New(`a sheet's name has none of : \ / ? * [ ] and no ' at its ends`)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || notXML(r) }):
		return errors.New("the name has a control character")
	}
	return nil
}
