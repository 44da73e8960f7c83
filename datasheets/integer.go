package datasheets

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// mostFast is how many digits a number may have to be taken as it stands: a spreadsheet keeps as many, and they
// fit 64 bits.
const mostFast = spreadsheetDigits

func (c *Column) appendInteger(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	if v, ok := plainInteger(cell); ok && c.holds(v) {
		return AppendText(row, cell.Text), nil
	}
	if digit, ok := c.truth(cell); ok {
		return AppendText(row, []byte{digit}), nil
	}
	var buf [64]byte
	n, wrong := exactNumber(buf[:0], cell)
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, c.integers())
	}
	if !n.isWhole() {
		return row, c.mismatch(cell, o, c.integers(), mendRound)
	}
	m, ok := n.magnitude()
	if ok && n.negative {
		ok = m <= 1<<63 && c.holds(-int64(m-1)-1)
	} else if ok {
		ok = m <= c.mostInteger()
	}
	if !ok {
		return row, c.mismatch(cell, o, c.integers(), "write a number in this range, or widen the column's type")
	}
	var text [24]byte
	return AppendText(row, n.appendPlain(text[:0])), nil
}

// plainInteger is the value of a cell that holds nothing but a whole number of a few digits in canonical form.
func plainInteger(cell Cell) (int64, bool) {
	s := cell.Text
	if cell.Kind != Number && cell.Kind != Text || !isCanonicalInteger(s) {
		return 0, false
	}
	negative := s[0] == '-'
	if negative {
		s = s[1:]
	}
	if len(s) > mostFast {
		return 0, false
	}
	v := int64(0)
	for _, ch := range s {
		v = v*10 + int64(ch-'0')
	}
	if negative {
		v = -v
	}
	return v, true
}

// isCanonicalInteger says whether s is a whole number without needless zeros, signs or blanks.
func isCanonicalInteger(s []byte) bool {
	if len(s) > 1 && s[0] == '-' && s[1] != '0' {
		s = s[1:]
	}
	if len(s) == 0 || s[0] == '0' && len(s) > 1 {
		return false
	}
	for _, ch := range s {
		if ch < '0' || ch > '9' {
			return false
		}
	}
	return true
}

// truth is "1" or "0" for TRUE or FALSE, written so or as a Boolean cell, in a column of truth values:
// TINYINT(1), which is MySQL's BOOLEAN, and BIT(1).
func (c *Column) truth(cell Cell) (byte, bool) {
	isTruth := c.Type == Bit && c.Bits == 1 ||
		c.Type == Integer && strings.HasPrefix(strings.ToLower(c.SQLType), "tinyint(1)")
	if !isTruth {
		return 0, false
	}
	switch cell.Kind {
	case Bool:
		return cell.Text[0], true
	case Text:
		s := trimBlanks(cell.Text)
		if bytes.EqualFold(s, []byte("TRUE")) {
			return '1', true
		}
		return '0', bytes.EqualFold(s, []byte("FALSE"))
	}
	return 0, false
}

// holds says whether v is in the column's range.
func (c *Column) holds(v int64) bool {
	if v < 0 {
		return v >= c.leastInteger()
	}
	return uint64(v) <= c.mostInteger()
}

func (c *Column) leastInteger() int64 {
	if c.Unsigned {
		return 0
	}
	return -1 << (c.Bits - 1)
}

func (c *Column) mostInteger() uint64 {
	if c.Unsigned {
		return math.MaxUint64 >> (64 - c.Bits)
	}
	return math.MaxInt64 >> (64 - c.Bits)
}

func (c *Column) integers() string {
	return fmt.Sprintf("a whole number from %d to %d", c.leastInteger(), c.mostInteger())
}

func (c *Column) appendBit(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	if digit, ok := c.truth(cell); ok {
		return AppendText(row, []byte{digit}), nil
	}
	most := uint64(math.MaxUint64) >> (64 - c.Bits)
	takes := func() string { return "a whole number from 0 to " + strconv.FormatUint(most, 10) }
	var buf [64]byte
	n, wrong := exactNumber(buf[:0], cell)
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, takes())
	}
	m, ok := n.magnitude()
	if !ok || n.negative || !n.isWhole() || m > most {
		return row, c.mismatch(cell, o, takes(), "write the bits as a decimal number in this range")
	}
	var text [20]byte
	return AppendText(row, strconv.AppendUint(text[:0], m, 10)), nil
}

// years are those that a YEAR column holds (https://dev.mysql.com/doc/refman/8.0/en/year.html).
const years = "a year from 1901 to 2155, or 0"

func (c *Column) appendYear(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	var buf [64]byte
	n, wrong := exactNumber(buf[:0], cell)
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, years)
	}
	m, ok := n.magnitude()
	if !ok || !n.isWhole() || m != 0 && (n.negative || m < 1901 || m > 2155) {
		return row, c.mismatch(cell, o, years, "write the year with its four digits")
	}
	return appendYearValue(row, m), nil
}

// appendYearValue appends a year as the server prints it, with four digits.
func appendYearValue(row []byte, year uint64) []byte {
	return AppendText(row, []byte{byte('0' + year/1000%10), byte('0' + year/100%10), byte('0' + year/10%10), byte('0' + year%10)})
}
