package datasheets

import (
	"math"
	"strconv"
)

// number is an exact decimal number, ±0.DIGITS × 10^exp. Its digits begin and end with another digit than 0;
// zero has none, no sign and no exponent.
type number struct {
	negative bool
	digits   []byte
	exp      int
}

// mostExponent bounds the exponents that are read, far beyond what any column holds.
const mostExponent = 99_999

// parseNumber reads a decimal number with an optional sign, point and exponent. The digits are put into buf.
func parseNumber(buf, s []byte) (number, bool) {
	n := number{digits: buf[:0]}
	i := 0
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		n.negative = s[0] == '-'
		i++
	}
	seen, point := false, false
	for ; i < len(s); i++ {
		ch := s[i]
		if ch == '.' && !point {
			point = true
			continue
		}
		if ch < '0' || ch > '9' {
			break
		}
		seen = true
		significant := len(n.digits) > 0 || ch != '0'
		if significant {
			n.digits = append(n.digits, ch)
		}
		if significant && !point {
			n.exp++
		} else if !significant && point {
			n.exp--
		}
	}
	if !seen {
		return number{}, false
	}
	if i < len(s) {
		e, ok := parseExponent(s[i:])
		if !ok {
			return number{}, false
		}
		n.exp += e
	}
	for len(n.digits) > 0 && n.digits[len(n.digits)-1] == '0' {
		n.digits = n.digits[:len(n.digits)-1]
	}
	if len(n.digits) == 0 {
		return number{digits: n.digits}, true
	}
	return n, n.exp <= mostExponent && n.exp > -mostExponent
}

// parseExponent reads "e-12".
func parseExponent(s []byte) (int, bool) {
	if s[0]|0x20 != 'e' {
		return 0, false
	}
	s = s[1:]
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if len(s) == 0 {
		return 0, false
	}
	e := 0
	for _, ch := range s {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		if e = e*10 + int(ch-'0'); e > mostExponent {
			return 0, false
		}
	}
	if negative {
		e = -e
	}
	return e, true
}

// spreadsheetDigits is how many significant digits a spreadsheet keeps of a number that is typed, and shows
// (https://learn.microsoft.com/office/troubleshoot/excel/last-digits-changed-to-zeros).
const spreadsheetDigits = 15

// parseLiteral reads a number as a workbook stores it and takes the noise of binary arithmetic off: a literal
// of more than 15 digits that is within some units in the last place of a number of 15 digits is that
// number, as the spreadsheet shows it: 0.30000000000000004 is 0.3. The noise is never more than 0.0001.
// ok is false for what a spreadsheet cannot hold as a number.
func parseLiteral(buf, literal []byte) (n number, ok bool) {
	n, ok = parseNumber(buf, literal)
	if !ok || n.exp > 309 || n.exp < -330 {
		return n, false
	}
	if len(n.digits) <= spreadsheetDigits {
		return n, true
	}
	x, err := strconv.ParseFloat(string(literal), 64)
	if err != nil {
		return n, false
	}
	var rounded [32]byte
	short := strconv.AppendFloat(rounded[:0], x, 'e', spreadsheetDigits-1, 64)
	near, err := strconv.ParseFloat(string(short), 64)
	if err != nil {
		return n, true
	}
	const units, most = 4, 1e-4
	unit := math.Nextafter(math.Abs(x), math.Inf(1)) - math.Abs(x)
	if off := math.Abs(x - near); off > units*unit || off > most {
		return n, true
	}
	return parseNumber(buf, short)
}

// isWhole says whether n has no fraction.
func (n number) isWhole() bool { return n.exp >= len(n.digits) }

// isZero says whether n is 0.
func (n number) isZero() bool { return len(n.digits) == 0 }

// decimals is how many digits n has after the point.
func (n number) decimals() int { return max(0, len(n.digits)-n.exp) }

// magnitude is |n| of a whole number; false where 64 bits cannot hold it.
func (n number) magnitude() (uint64, bool) {
	if n.exp > 20 {
		return 0, false
	}
	var m uint64
	for i := range n.exp {
		d := uint64(0)
		if i < len(n.digits) {
			d = uint64(n.digits[i] - '0')
		}
		if m > (math.MaxUint64-d)/10 {
			return 0, false
		}
		m = m*10 + d
	}
	return m, true
}

// appendFixed appends n with exactly scale digits after the point; n has no more of them.
func (n number) appendFixed(dst []byte, scale int) []byte {
	if n.negative {
		dst = append(dst, '-')
	}
	if n.exp <= 0 {
		dst = append(dst, '0')
	}
	for i := range n.exp {
		dst = append(dst, n.digit(i))
	}
	if scale > 0 {
		dst = append(dst, '.')
	}
	for i := range scale {
		dst = append(dst, n.digit(n.exp+i))
	}
	return dst
}

// digit is the digit at place i, counted from the first one; zeros stand before and after the digits.
func (n number) digit(i int) byte {
	if i < 0 || i >= len(n.digits) {
		return '0'
	}
	return n.digits[i]
}

// appendPlain appends n in its shortest form without an exponent.
func (n number) appendPlain(dst []byte) []byte { return n.appendFixed(dst, n.decimals()) }

// appendShortest appends n by its value, whatever form it was read in: without an exponent from 1e-6 up to
// 1e21, as JavaScript prints numbers, else as d.ddde±x.
func (n number) appendShortest(dst []byte) []byte {
	if n.isZero() || n.exp > -6 && n.exp <= 21 {
		return n.appendPlain(dst)
	}
	if n.negative {
		dst = append(dst, '-')
	}
	dst = append(dst, n.digits[0])
	if len(n.digits) > 1 {
		dst = append(append(dst, '.'), n.digits[1:]...)
	}
	dst = append(dst, 'e')
	if n.exp > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(n.exp-1), 10)
}

// float is the nearest binary number of 32 or 64 bits; an error where it is out of their range.
func (n number) float(bits int) (float64, error) {
	if n.isZero() {
		return 0, nil
	}
	var buf [48]byte
	s := buf[:0]
	if n.negative {
		s = append(s, '-')
	}
	s = append(append(append(s, "0."...), n.digits...), 'e')
	s = strconv.AppendInt(s, int64(n.exp), 10)
	return strconv.ParseFloat(string(s), bits)
}
