package datasheets

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// mends of numbers.
const (
	mendNumber    = "write the number with digits only"
	mendFormat    = "format the cell as a number"
	mendBool      = "write 1 for TRUE and 0 for FALSE"
	mendRound     = "round it, in a formula with ROUND"
	mendSeparator = "leave the thousands separators out: "
	mendPercent   = "write it as a fraction: "
)

// cellNumber reads the number that a cell holds: a number cell by its literal, a text cell if it parses exactly,
// with blanks around it and full-width digits allowed. noise says whether a literal's noise stays (see
// parseLiteral). The digits are put into buf.
func cellNumber(buf []byte, cell Cell, noise bool) (number, *refusal) {
	switch cell.Kind {
	case Number:
		var n number
		var ok bool
		if noise {
			n, ok = parseNumber(buf, cell.Text)
		} else {
			n, ok = parseLiteral(buf, cell.Text)
		}
		if !ok {
			return number{}, &refusal{mend: mendNumber}
		}
		return n, nil
	case Text:
		var ascii [64]byte
		s := halfWidth(ascii[:0], trimBlanks(cell.Text))
		if n, ok := parseNumber(buf, s); ok {
			return n, nil
		}
		return number{}, &refusal{mend: mendText(s)}
	case Bool:
		return number{}, &refusal{mend: mendBool}
	default:
		return number{}, &refusal{mend: mendFormat}
	}
}

// exactNumber is cellNumber for types that keep every digit: of a whole number from 10^15 on, the spreadsheet
// may have lost digits, so it must stand as text.
func exactNumber(buf []byte, cell Cell) (number, *refusal) {
	n, wrong := cellNumber(buf, cell, false)
	if wrong == nil && cell.Kind == Number && n.exp > spreadsheetDigits {
		wrong = &refusal{
			takes: "a number this long as text only: a spreadsheet keeps no more than 15 digits of a number",
			mend:  "format the cell as text and write all digits again; the workbook has " + shorten(string(n.appendPlain(nil))),
		}
	}
	return n, wrong
}

// halfWidth turns the full-width digits and signs of East Asian keyboards into ASCII. A text that has none is
// given back as it is, else the new one is put into buf.
func halfWidth(buf, s []byte) []byte {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	if i == len(s) {
		return s
	}
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		switch {
		case r >= '０' && r <= '９':
			buf = append(buf, byte('0'+r-'０'))
		case r == '＋':
			buf = append(buf, '+')
		case r == '－' || r == '−':
			buf = append(buf, '-')
		case r == '．':
			buf = append(buf, '.')
		case r == '，':
			buf = append(buf, ',')
		case r == '％':
			buf = append(buf, '%')
		default:
			buf = append(buf, s[:size]...)
		}
		s = s[size:]
	}
	return buf
}

// mendText says how to mend a text that is not a number.
func mendText(s []byte) string {
	if rest, ok := bytes.CutSuffix(s, []byte("%")); ok {
		if n, ok := parseNumber(nil, trimBlanks(rest)); ok && n.exp < 100 && n.exp > -100 {
			n.exp -= 2
			if n.isZero() {
				n.exp = 0
			}
			return mendPercent + string(n.appendPlain(nil))
		}
	}
	if bytes.IndexByte(s, ',') > 0 {
		plain := strings.ReplaceAll(string(s), ",", "")
		if _, ok := parseNumber(nil, []byte(plain)); ok {
			return mendSeparator + shorten(plain)
		}
	}
	return mendNumber
}
