package datasheets

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// AppendServer appends a value that the server returned for the column in its text protocol, packed and in
// canonical form, to row; raw is nil for NULL. The value must have been read by SelectExpr, with the session's
// time zone at +00:00. It fails on bytes that the server does not return for the column's type. By type,
// the canonical form is:
//
//	Integer, Bit         a decimal number without needless zeros
//	Year                 four digits
//	Decimal              with exactly Scale digits after the point; zero has no sign
//	Float, Double        the fewest digits that are read as the same number of 32 or 64 bits
//	DateType             2006-01-02
//	DateTime, Timestamp  2006-01-02 15:04:05 and Scale digits of a fraction; a Timestamp in UTC
//	Time                 [-]15:04:05 likewise, with two or three digits of hours
//	String, Enum         the text; without the blanks at its end where the column is a CHAR
//	Set                  the members in their order, joined by commas
//	JSON                 compact, object keys sorted, numbers and strings by value
//	Binary               0x and lower-case hexadecimal digits
func (c *Column) AppendServer(row, raw []byte) ([]byte, error) {
	if raw == nil {
		return AppendNull(row), nil
	}
	with, ok := row, true
	switch c.Type {
	case Integer, Bit, Year, Decimal, Float, Double:
		with, ok = c.appendServerNumber(row, raw)
	case DateType:
		raw = bytes.TrimSuffix(raw, []byte(" 00:00:00"))
		with, ok = AppendText(row, raw), len(raw) == len("2006-01-02")
	case DateTime, Timestamp, Time:
		with, ok = c.appendServerTime(row, raw)
	case String:
		with = AppendText(row, c.stored(raw))
	case JSON:
		canonical, fault := canonicalJSON(raw, c.jsonDepth())
		if fault != nil { // the server took it by rules of its own: the same bytes are the same value
			canonical = raw
		}
		with = AppendText(row, canonical)
	case Binary:
		with = c.appendHex(row, raw)
	default:
		with = AppendText(row, raw)
	}
	if !ok {
		return row, fmt.Errorf("the server returned %s for the column %s", quoted(string(raw)), c.describe())
	}
	return with, nil
}

func (c *Column) appendServerNumber(row, raw []byte) ([]byte, bool) {
	if c.Type == Integer && isCanonicalInteger(raw) {
		return AppendText(row, raw), true
	}
	var buf [96]byte
	n, ok := parseNumber(buf[:0], raw)
	if !ok {
		return row, false
	}
	var text [96]byte
	switch c.Type {
	case Float, Double:
		x, err := n.float(c.floatBits())
		return AppendText(row, appendFloatText(text[:0], x, c.floatBits())), err == nil
	case Decimal:
		ok = n.decimals() <= c.Scale && n.exp <= mostDecimalDigits
		if !ok {
			return row, false
		}
		return AppendText(row, n.appendFixed(text[:0], c.Scale)), true
	case Year:
		year, ok := n.magnitude()
		return appendYearValue(row, year), ok && n.isWhole() && !n.negative && year <= 9999
	}
	if !n.isWhole() || n.exp > 20 { // 64 bits have 20 digits
		return row, false
	}
	return AppendText(row, n.appendPlain(text[:0])), true
}

// mostDecimalDigits is how many digits a DECIMAL has at most
// (https://dev.mysql.com/doc/refman/8.0/en/precision-math-decimal-characteristics.html).
const mostDecimalDigits = 65

// appendServerTime gives a date and time, or a time, exactly Scale digits of a fraction.
func (c *Column) appendServerTime(row, raw []byte) ([]byte, bool) {
	whole, fraction, _ := bytes.Cut(raw, []byte("."))
	if c.Type == Time {
		if len(whole) < len("15:04:05") || len(whole) > len("-838:59:59") || whole[len(whole)-3] != ':' {
			return row, false
		}
	} else if len(whole) != len("2006-01-02 15:04:05") || whole[10] != ' ' {
		return row, false
	}
	if len(fraction) > c.Scale {
		if len(bytes.Trim(fraction[c.Scale:], "0")) > 0 {
			return row, false
		}
		fraction = fraction[:c.Scale]
	}
	var buf [32]byte
	text := append(buf[:0], whole...)
	if c.Scale > 0 {
		text = append(append(text, '.'), fraction...)
		text = append(text, "000000"[:c.Scale-len(fraction)]...)
	}
	return AppendText(row, text), true
}

// SelectExpr is the SQL expression that reads the column so that AppendServer gets all that it holds: its
// quoted name, but for a FLOAT, which the server prints with six digits, and a BIT, which it sends as bytes,
// an addition that makes numbers of them.
func (c *Column) SelectExpr() string {
	name := "`" + strings.ReplaceAll(c.Name, "`", "``") + "`"
	switch c.Type {
	case Float:
		return "(" + name + " + 0e0)"
	case Bit:
		return "(" + name + " + 0)"
	}
	return name
}

// Argument is what to pass to database/sql to write v or to compare the column with it: nil for NULL, int64 or
// uint64 for an Integer (a comparison with text may be one of rounded doubles), int64 for a Year, uint64 for a Bit,
// []byte for Binary, else a string. The server's default has no argument, and a text that is not canonical may
// have none.
func (c *Column) Argument(v Value) (any, error) {
	switch {
	case v.IsNull():
		return nil, nil
	case v.IsDefault():
		return nil, fmt.Errorf("the default of the column %s cannot be passed as a value", c.describe())
	}
	a, err := c.argument(v.Text())
	if err != nil {
		return nil, fmt.Errorf("pass a value of the column %s: %w", c.describe(), err)
	}
	return a, nil
}

func (c *Column) argument(text string) (any, error) {
	switch c.Type {
	case Year:
		return strconv.ParseInt(text, 10, 64)
	case Integer:
		if !c.Unsigned {
			return strconv.ParseInt(text, 10, 64)
		}
		return strconv.ParseUint(text, 10, 64)
	case Bit:
		return strconv.ParseUint(text, 10, 64)
	case Float: // in all digits of a double: the server goes by way of one
		x, err := strconv.ParseFloat(text, 32)
		return strconv.FormatFloat(x, 'g', -1, 64), err
	case Binary:
		raw, ok := decodeHex([]byte(text))
		if !ok {
			return nil, fmt.Errorf("%s is not hexadecimal", quoted(text))
		}
		return raw, nil
	}
	return text, nil
}
