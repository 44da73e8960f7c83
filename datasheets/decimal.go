package datasheets

import (
	"fmt"
	"math"
	"strconv"
)

func (c *Column) appendDecimal(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	var buf [80]byte
	n, wrong := exactNumber(buf[:0], cell)
	if wrong == nil {
		wrong = c.fits(n)
	}
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, c.decimals())
	}
	var text [96]byte
	return AppendText(row, n.appendFixed(text[:0], c.Scale)), nil
}

// fits says why a column with Precision and Scale, or one that is unsigned, cannot hold n.
func (c *Column) fits(n number) *refusal {
	switch {
	case c.Unsigned && n.negative:
		return &refusal{mend: "write a number from 0 on"}
	case c.Scale >= 0 && n.decimals() > c.Scale:
		return &refusal{mend: mendRound}
	case c.Precision > 0 && n.exp > c.Precision-c.Scale:
		return &refusal{mend: "write a smaller number, or widen the column's type"}
	}
	return nil
}

// decimals says what a column with Precision and Scale takes.
func (c *Column) decimals() string {
	sign := "a number"
	if c.Unsigned {
		sign = "a number from 0 on"
	}
	if c.Precision <= 0 {
		return sign
	}
	return fmt.Sprintf("%s with at most %s before the point and %s after it", sign, digits(c.Precision-c.Scale), digits(c.Scale))
}

func digits(n int) string {
	switch n {
	case 0:
		return "none"
	case 1:
		return "1 digit"
	}
	return strconv.Itoa(n) + " digits"
}

// appendFloat converts to the nearest binary number. A whole number that the type cannot hold is refused; of a
// fraction, digits past the type's precision are left out, as they are everywhere in binary arithmetic.
func (c *Column) appendFloat(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	var buf [80]byte
	n, wrong := cellNumber(buf[:0], cell, c.Scale < 0)
	if wrong == nil {
		wrong = c.fits(n)
	}
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, c.decimals())
	}
	x, err := n.float(c.floatBits())
	if err != nil || x == 0 && !n.isZero() {
		return row, c.mismatch(cell, o, c.floats(), "write a number in this range")
	}
	var text [48]byte
	canonical := appendFloatText(text[:0], x, c.floatBits())
	if n.isWhole() && !equalNumber(n, canonical) {
		return row, c.mismatch(cell, o, "whole numbers of fewer digits: it would keep "+string(canonical),
			"round the number, or make the column an integer or a decimal")
	}
	return AppendText(row, canonical), nil
}

func (c *Column) floatBits() int {
	if c.Type == Float {
		return 32
	}
	return 64
}

func (c *Column) floats() string {
	if c.Type == Float {
		return "0 and numbers from ±1e-45 to ±3.4e+38"
	}
	return "0 and numbers from ±5e-324 to ±1.8e+308"
}

// equalNumber says whether a number in decimal form is n.
func equalNumber(n number, text []byte) bool {
	var buf [48]byte
	m, ok := parseNumber(buf[:0], text)
	return ok && m.negative == n.negative && m.exp == n.exp && string(m.digits) == string(n.digits)
}

// appendFloatText appends a binary number in its canonical form: the fewest digits that are read as the same number
// of so many bits, without an exponent from 1e-6 up to 1e21. -0 is 0.
func appendFloatText(dst []byte, x float64, bits int) []byte {
	if x == 0 {
		return append(dst, '0')
	}
	format := byte('e')
	if abs := math.Abs(x); abs >= 1e-6 && abs < 1e21 {
		format = 'f'
	}
	return strconv.AppendFloat(dst, x, format, -1, bits)
}
