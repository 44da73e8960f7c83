package datasheets

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const mendShorter = "shorten the text, or widen the column's type"

func (c *Column) appendString(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	if isEmptyText(cell) {
		return AppendText(row, nil), nil
	}
	var buf [64]byte
	text, wrong := cellText(buf[:0], cell, o)
	if wrong == nil {
		text = c.stored(text)
		wrong = c.fitText(text)
	}
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, "text")
	}
	return AppendText(row, text), nil
}

// stored is what the column keeps of a text: a CHAR loses the blanks at its end.
func (c *Column) stored(text []byte) []byte {
	if c.Type == String && c.FixedLength {
		return bytes.TrimRight(text, " ")
	}
	return text
}

// cellText is the text that a cell stands for in a column of text: a number in its shortest form without an
// exponent, a date or time by ISO 8601, a Boolean as TRUE or FALSE. What is not a text already is put into buf.
func cellText(buf []byte, cell Cell, o *Options) ([]byte, *refusal) {
	switch cell.Kind {
	case Number:
		var digits [64]byte
		n, wrong := exactNumber(digits[:0], cell)
		if wrong != nil {
			return nil, wrong
		}
		return n.appendPlain(buf), nil
	case Bool:
		return append(buf, boolText(cell)...), nil
	case Date, Duration:
		return o.appendSerial(buf, cell)
	case ISODate:
		m, ok := parseMoment(cell.Text)
		switch {
		case !ok || m.hasOffset || m.micros != 0:
			return cell.Text, nil
		case m.isMidnight():
			return m.appendDate(buf), nil
		}
		return m.appendDateTime(buf, m.shortScale()), nil
	}
	return cell.Text, nil
}

// fitText says why the column cannot hold a text.
func (c *Column) fitText(text []byte) *refusal {
	characters, size := 0, 0
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		if r == utf8.RuneError && n == 1 {
			return &refusal{takes: "text that is valid UTF-8", mend: "write the text again"}
		}
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return &refusal{
				takes: "text without control characters, but this one has " + describeRune(r) + " as character " + strconv.Itoa(characters+1),
				mend:  "delete the invisible character, or write the text again",
			}
		}
		width, ok := charsetWidth(c.Charset, r, n)
		if !ok {
			return &refusal{
				takes: "text in " + c.Charset + ", which has no " + describeRune(r),
				mend:  "leave the character out, or make the column utf8mb4",
			}
		}
		i, characters, size = i+n, characters+1, size+width
	}
	switch {
	case c.Length > 0 && int64(characters) > c.Length:
		return &refusal{takes: fmt.Sprintf("at most %d characters, not %d", c.Length, characters), mend: mendShorter}
	case c.MaxBytes > 0 && int64(size) > c.MaxBytes:
		return &refusal{takes: fmt.Sprintf("at most %d bytes, not %d", c.MaxBytes, size), mend: mendShorter}
	}
	return nil
}

// describeRune shows a character with its code point, or only that where there is nothing to see.
func describeRune(r rune) string {
	if unicode.IsGraphic(r) {
		return fmt.Sprintf("“%c” (%U)", r, r)
	}
	return fmt.Sprintf("%U", r)
}

// charsetWidth is how many bytes a character takes in a charset of the server's, and whether the charset has it;
// size is its length in UTF-8. Of a charset that is not known here, the server itself must refuse what it lacks,
// and a character counts as one byte.
func charsetWidth(charset string, r rune, size int) (int, bool) {
	switch charset {
	case "utf8mb4", "":
		return size, true
	case "utf8", "utf8mb3":
		return size, r <= 0xFFFF
	case "ascii":
		return 1, r < utf8.RuneSelf
	case "latin1": // MySQL's latin1 is Windows-1252 (https://dev.mysql.com/doc/refman/8.0/en/charset-we-sets.html)
		_, ok := charmap.Windows1252.EncodeRune(r)
		return 1, ok
	case "ucs2":
		return 2, r <= 0xFFFF
	case "utf16", "utf16le":
		if r > 0xFFFF {
			return 4, true
		}
		return 2, true
	case "utf32":
		return 4, true
	}
	return 1, true
}
