package xlsx

import (
	"bytes"
	"unicode/utf8"

	"liveops/datasheets"
)

// cellType is a cell's t attribute: how its value is stored (ECMA-376 part 1, 18.18.11).
type cellType uint8

const (
	numberCell  cellType = iota // n, and the default
	sharedCell                  // s: an index of the shared strings
	textCell                    // str: a formula's text
	inlineCell                  // inlineStr
	boolCell                    // b
	faultCell                   // e
	isoDateCell                 // d
	unknownCell
)

func parseCellType(t []byte) cellType {
	switch string(t) {
	case "n":
		return numberCell
	case "s":
		return sharedCell
	case "str":
		return textCell
	case "inlineStr":
		return inlineCell
	case "b":
		return boolCell
	case "e":
		return faultCell
	case "d":
		return isoDateCell
	}
	return unknownCell
}

// rawCell is a cell as the part stores it. Its value is the end of sheetReader.text, from start on.
type rawCell struct {
	kind       cellType
	style      int
	start      int
	hasValue   bool
	hasFormula bool
	preserve   bool
}

// readCell reads the cell whose start tag is the current token and returns its column. after is the column
// of the cell before it in the row, or 0.
func (r *sheetReader) readCell(after int) (column int, err error) {
	c := rawCell{start: len(r.text)}
	r.column, column = after+1, after+1
	row := 0
	for name, value, ok := r.scan.attr(); ok; name, value, ok = r.scan.attr() {
		switch string(name) {
		case "r":
			if column, row, ok = parseCellName(value); !ok {
				return 0, faultf(mendSave, "a cell of row %d is called %.40q", r.number, value)
			}
		case "s":
			c.style, _ = atoi(value)
		case "t":
			if c.kind = parseCellType(value); c.kind == unknownCell {
				return 0, faultf(mendSave, "the cell is of an unknown type, %.40q", value)
			}
		case "xml:space":
			c.preserve = string(value) == "preserve"
		}
	}
	if r.scan.err != nil {
		return 0, r.scan.err
	}
	if err := r.place(column, row, after); err != nil {
		return 0, err
	}
	if !r.scan.empty {
		if err := r.readContent(&c); err != nil {
			return 0, err
		}
		if err := r.appendCell(c); err != nil {
			return 0, err
		}
		if err := r.checkRow(); err != nil {
			return 0, err
		}
	}
	r.column = 0
	return column, nil
}

// checkRow holds the row to its limit.
func (r *sheetReader) checkRow() error {
	if len(r.text) > r.book.zip.limits.Row {
		return faultf(mendSplit, "row %d holds more than %d bytes of text", r.number, r.book.zip.limits.Row)
	}
	return nil
}

// place checks that a cell stands where it says: in this row (row is 0 where it does not say), right of the
// column after, and within the sheet. A row without a number takes that of its first cell.
func (r *sheetReader) place(column, row, after int) error {
	if row > 0 && row != r.number {
		if r.given || after > 0 {
			return faultf(mendSave, "cell %s stands in row %d", datasheets.CellName(column, row), r.number)
		}
		r.number--
		if err := r.setNumber(row); err != nil {
			return err
		}
	}
	r.given, r.column = true, column
	switch {
	case column > maxColumn:
		return faultf(mendSave, "column %d: a sheet has %d columns at most", column, maxColumn)
	case column <= after:
		return faultf(mendSave, "the cell stands right of %s", datasheets.CellName(after, r.number))
	}
	if r.seen++; r.seen > r.book.zip.limits.Cells {
		return faultf(mendSplit, "the sheet has more than %d cells", r.book.zip.limits.Cells)
	}
	return nil
}

// readContent reads a cell's children: v, is and f.
func (r *sheetReader) readContent(c *rawCell) error {
	for {
		tok, err := r.scan.next()
		switch {
		case err != nil:
			return err
		case tok == endTag:
			return nil
		case tok == charData:
			continue
		}
		switch string(r.scan.name) {
		case "v":
			if c.kind == inlineCell && c.hasValue { // it has its text in is
				err = r.scan.skip()
				break
			}
			c.hasValue = true
			r.text, err = r.scan.appendContent(r.text[:c.start], c.preserve)
		case "is":
			if c.kind != inlineCell {
				err = r.scan.skip()
				break
			}
			c.hasValue = true
			r.text, err = r.scan.appendRich(r.text[:c.start], c.preserve)
		case "f":
			c.hasFormula = true
			r.formula, err = r.scan.appendContent(r.formula[:0], true)
		default:
			err = r.scan.skip()
		}
		if err != nil {
			return err
		}
	}
}

// appendCell adds the cell to the row, unless it is empty.
func (r *sheetReader) appendCell(c rawCell) error {
	value := r.text[c.start:]
	if c.kind != textCell && c.kind != inlineCell {
		value = trimSpace(value)
	}
	if len(value) == 0 {
		if c.hasFormula && !(c.kind == textCell && c.hasValue) { // a formula may give the text ""
			r.text = append(r.text[:c.start], r.formula...)
			if !utf8.Valid(r.text[c.start:]) {
				return faultf(mendSave, "the formula is not valid UTF-8")
			}
			r.add(datasheets.Uncalculated, r.text[c.start:])
		}
		return nil
	}
	switch c.kind {
	case numberCell:
		if !isNumber(value) {
			return faultf(mendSave, "the cell should hold a number but holds %.60q", value)
		}
		r.add(r.book.numberKind(c.style), value)
	case sharedCell:
		return r.addShared(c, value)
	case boolCell:
		return r.addBool(c, value)
	case textCell, inlineCell:
		text, err := finishText(r.text, c.start)
		if err != nil {
			return err
		}
		r.text = text
		r.add(datasheets.Text, text[c.start:])
	case faultCell, isoDateCell:
		if !utf8.Valid(value) {
			return faultf(mendSave, "the value %.60q is not valid UTF-8", value)
		}
		kind := datasheets.Fault
		if c.kind == isoDateCell {
			kind = datasheets.ISODate
		}
		r.add(kind, value)
	}
	return nil
}

// add appends a cell that is not empty. Its text is limited to its length, so that who appends to it cannot
// write over the next cell's.
func (r *sheetReader) add(kind datasheets.Kind, text []byte) {
	if len(text) == 0 && kind != datasheets.Uncalculated {
		return
	}
	r.cells = append(r.cells, datasheets.Cell{Column: r.column, Kind: kind, Text: text[:len(text):len(text)]})
}

func (r *sheetReader) addShared(c rawCell, value []byte) error {
	i, ok := atoi(value)
	text, found := r.book.strings.at(i)
	if !ok || !found {
		return faultf(mendSave, "the cell refers to shared text %.20q, but the workbook has %d of them", value, len(r.book.strings.ends))
	}
	r.text = r.text[:c.start]
	r.add(datasheets.Text, text)
	return nil
}

func (r *sheetReader) addBool(c rawCell, value []byte) error {
	digit := byte('0')
	switch string(bytes.ToLower(value)) {
	case "1", "true":
		digit = '1'
	case "0", "false":
	default:
		return faultf(mendSave, "the cell should hold TRUE or FALSE but holds %.60q", value)
	}
	r.text = append(r.text[:c.start], digit)
	r.add(datasheets.Bool, r.text[c.start:])
	return nil
}

// parseCellName splits "B7" into column 2 and row 7. ok is false for what is no cell's name.
func parseCellName(b []byte) (column, row int, ok bool) {
	i := 0
	for i < len(b) && i < 3 {
		c := b[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		column = column*26 + int(c-'A') + 1
		i++
	}
	row, ok = atoi(b[i:])
	return column, row, ok && column > 0 && row > 0
}

// isNumber reports whether b is a decimal number as XML Schema and JSON write it: digits with a point, and an
// exponent.
func isNumber(b []byte) bool {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	digits := 0
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		b, digits = b[1:], digits+1
	}
	if len(b) > 0 && b[0] == '.' {
		b = b[1:]
		for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
			b, digits = b[1:], digits+1
		}
	}
	if digits == 0 || len(b) == 0 {
		return digits > 0
	}
	if b[0] != 'e' && b[0] != 'E' {
		return false
	}
	b = b[1:]
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	_, ok := atoi(b)
	return ok
}
