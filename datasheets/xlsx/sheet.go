package xlsx

import (
	"io"

	"liveops/datasheets"
)

// The size of a sheet (Excel specifications and limits).
const (
	maxRow    = 1_048_576
	maxColumn = 16_384
)

// sheetReader reads the rows of one sheet part, one at a time.
type sheetReader struct {
	scan   *scanner
	book   *workbook
	number int // of the current row, or of the last one
	cells  []datasheets.Cell
	err    error

	text    []byte // of the current row's cells
	formula []byte
	column  int   // of the cell that is being read; 0 between cells
	seen    int64 // cells so far
	given   bool  // the row says its number
	inData  bool  // inside sheetData
}

func newSheetReader(w *workbook, src io.Reader) *sheetReader {
	return &sheetReader{scan: newScanner(src, w.zip.limits.Cell), book: w}
}

// next moves to the next row that has a non-empty cell, which is then in number and cells. It returns false
// at the end and after a fault, which is then in err.
func (r *sheetReader) next() bool {
	for r.err == nil {
		found, err := r.step()
		if found && err == nil {
			return true
		}
		if err == io.EOF {
			if !r.scan.root {
				r.err = syntaxf("the sheet's part is empty")
			}
			return false
		}
		r.err = err
	}
	return false
}

// step handles one token between rows: worksheet, sheetData and row are entered, anything else is passed.
func (r *sheetReader) step() (found bool, err error) {
	tok, err := r.scan.next()
	if err != nil || tok == charData {
		return false, err
	}
	depth := len(r.scan.marks)
	if tok == endTag {
		r.inData = r.inData && depth >= 2
		return false, nil
	}
	if !r.scan.empty {
		depth--
	}
	switch name := r.scan.name; {
	case depth == 0 && string(name) == "worksheet":
		return false, nil
	case depth == 0:
		return false, faultf(mendSave, "the sheet's part is a %.40q, not a worksheet", name)
	case depth == 1 && string(name) == "sheetData":
		r.inData = !r.scan.empty
		return false, nil
	case r.inData && string(name) == "row":
		err = r.readRow()
		return len(r.cells) > 0, err
	}
	return false, r.scan.skip()
}

// readRow reads the row whose start tag is the current token.
func (r *sheetReader) readRow() error {
	r.cells, r.text = r.cells[:0], r.text[:0]
	number := r.number + 1
	r.given = false
	for name, value, ok := r.scan.attr(); ok; name, value, ok = r.scan.attr() {
		if string(name) == "r" {
			if number, r.given = atoi(trimSpace(value)); !r.given {
				return faultf(mendSave, "a row is numbered %.40q", value)
			}
		}
	}
	if r.scan.err != nil {
		return r.scan.err
	}
	if err := r.setNumber(number); err != nil || r.scan.empty {
		return err
	}
	return r.readCells()
}

// readCells reads the cells of a row and its end.
func (r *sheetReader) readCells() error {
	column := 0
	for {
		var tok token
		var err error
		if column, err = r.readPlain(column); err == nil {
			tok, err = r.scan.next()
		}
		switch {
		case err != nil:
			return err
		case tok == endTag:
			return nil
		case tok == startTag && string(r.scan.name) == "c":
			column, err = r.readCell(column)
		case tok == startTag:
			err = r.scan.skip()
		}
		if err != nil {
			return err
		}
	}
}

// setNumber moves to row number, which must lie below the last row.
func (r *sheetReader) setNumber(number int) error {
	if number < 1 || number > maxRow {
		return faultf(mendSave, "a row is numbered %d: the rows of a sheet are 1 to %d", number, maxRow)
	}
	if number <= r.number {
		return faultf(mendSave, "row %d stands below row %d", number, r.number)
	}
	r.number = number
	return nil
}

// cellAtFault is the name of the cell that was being read when next failed; "" where it was none.
func (r *sheetReader) cellAtFault() string {
	if r.column == 0 {
		return ""
	}
	return datasheets.CellName(r.column, r.number)
}

// atoi reads a number of up to nine digits.
func atoi(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
