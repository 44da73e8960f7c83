package datasheets

import "strings"

// AppendSheetCell appends what a cell holds, packed, to row, for comparing sheets that no database describes: an
// empty cell is NULL; a number its shortest form, so that 1.0 is 1; a date, time or duration ISO 8601, whichever
// day the workbook counts from; a Boolean TRUE or FALSE; an error its name; a formula that was never calculated
// the formula, after =. A text is itself, but stands between quotes where it would be taken for one of the others:
// the text 1 and the number 1 are not the same. o may be nil.
func AppendSheetCell(row []byte, cell Cell, o *Options) []byte {
	if o == nil {
		o = &Options{}
	}
	if cell.Kind == Empty || cell.Kind == Text && len(cell.Text) == 0 {
		return AppendNull(row)
	}
	if cell.Kind == Text {
		if !readsAsOther(cell.Text) {
			return AppendText(row, cell.Text)
		}
		return AppendText(row, append(append([]byte{'"'}, cell.Text...), '"'))
	}
	var buf [64]byte
	return AppendText(row, o.appendShown(buf[:0], cell))
}

// appendShown appends the text of a cell that does not hold a text. What cannot be told in the form of its kind
// stays as the workbook has it.
func (o *Options) appendShown(dst []byte, cell Cell) []byte {
	switch cell.Kind {
	case Number:
		var digits [64]byte
		if n, ok := parseLiteral(digits[:0], cell.Text); ok {
			return n.appendShortest(dst)
		}
	case Date, Duration:
		if text, wrong := o.appendSerial(dst, cell); wrong == nil {
			return text
		}
	case ISODate:
		if m, ok := parseMoment(cell.Text); ok && !m.hasOffset && m.micros == 0 {
			if m.isMidnight() {
				return m.appendDate(dst)
			}
			return m.appendDateTime(dst, m.shortScale())
		}
	case Bool:
		return append(dst, boolText(cell)...)
	case Uncalculated:
		return append(append(dst, '='), cell.Text...)
	}
	return append(dst, cell.Text...)
}

// readsAsOther says whether a text looks like what appendShown makes of another kind of cell, or has quotes
// already.
func readsAsOther(text []byte) bool {
	if string(text) == `""` { // an empty text, as every sheet writes it; no other kind of cell looks so
		return false
	}
	if strings.IndexByte(`"=#`, text[0]) >= 0 {
		return true
	}
	if s := string(text); s == "TRUE" || s == "FALSE" {
		return true
	}
	var buf [64]byte
	clock := text
	if clock[0] == '-' {
		clock = clock[1:]
	}
	_, isNumber := parseNumber(buf[:0], text)
	_, isMoment := parseMoment(text)
	_, isClock := parseClock(clock)
	return isNumber || isMoment || isClock
}
