package xlsx

import (
	"bytes"
	"unicode/utf8"

	"liveops/datasheets"
)

// Nearly every cell of nearly every workbook is written in one of these ways, letter by letter:
//
//	<c r="B7" s="1"/>
//	<c r="B7" s="1"><v>12.5</v></c>
//	<c r="B7" s="1" t="s"><v>42</v></c>      also t="n", "b" and "str"
//	<c r="B7" s="1" t="inlineStr"><is><t>sword</t></is></c>
//
// Such a plain cell, where it lies whole in the scanner's buffer, is read here in one go. Whatever differs in
// any way (another attribute, a formula, a blank, an entity, a line end, an escape) is left untouched for
// readCell, which knows all the rules: this is a shortcut and never decides anything by itself. FuzzSheet holds
// the two to the same, since a part that is read byte by byte has no cell whole in the buffer.

// plainCell is a plain cell as it is written. value is raw, in the scanner's buffer.
type plainCell struct {
	column, row int
	style       int
	kind        cellType
	value       []byte
}

// readPlain reads the plain cells that come next in the row and returns the column of the last one. after is the
// column of the cell before them, or 0.
func (r *sheetReader) readPlain(after int) (column int, err error) {
	for column = after; ; {
		var c plainCell
		size := c.parse(r.scan.unread())
		if size == 0 || len(c.value) > r.scan.max {
			return column, nil
		}
		r.scan.take(size)
		r.column = column + 1
		if err := r.place(c.column, c.row, column); err != nil {
			return 0, err
		}
		if err := r.addPlain(&c); err != nil {
			return 0, err
		}
		r.column, column = 0, c.column
	}
}

// addPlain appends the cell to the row, unless it is empty.
func (r *sheetReader) addPlain(c *plainCell) error {
	if len(c.value) == 0 {
		return nil
	}
	kind := datasheets.Text
	switch c.kind {
	case sharedCell:
		return r.addShared(rawCell{start: len(r.text)}, c.value)
	case numberCell:
		kind = r.book.numberKind(c.style)
	case boolCell:
		kind = datasheets.Bool
	}
	start := len(r.text)
	r.text = append(r.text, c.value...)
	r.add(kind, r.text[start:])
	return r.checkRow()
}

// parse reads the plain cell at the front of b and returns how long it is; 0 where there is none.
func (c *plainCell) parse(b []byte) int {
	i := c.parseName(b)
	if i == 0 {
		return 0
	}
	if at(b, i, ` s="`) {
		var ok bool
		if c.style, i, ok = digits(b, i+len(` s="`)); !ok || !at(b, i, `"`) {
			return 0
		}
		i++
	}
	switch {
	case at(b, i, `><v>`):
		i += len(`><v>`)
	case at(b, i, ` t="s"><v>`):
		c.kind, i = sharedCell, i+len(` t="s"><v>`)
	case at(b, i, ` t="inlineStr"><is><t>`):
		c.kind = inlineCell
		return c.parseText(b, i+len(` t="inlineStr"><is><t>`), `</t></is></c>`)
	case at(b, i, ` t="str"><v>`):
		c.kind = textCell
		return c.parseText(b, i+len(` t="str"><v>`), `</v></c>`)
	case at(b, i, ` t="b"><v>`):
		c.kind, i = boolCell, i+len(` t="b"><v>`)
	case at(b, i, ` t="n"><v>`):
		i += len(` t="n"><v>`)
	case at(b, i, `/>`):
		return i + len(`/>`)
	default:
		return 0
	}
	return c.parseNumber(b, i)
}

// parseName reads `<c r="B7"` and returns its length; 0 where b begins otherwise.
func (c *plainCell) parseName(b []byte) int {
	if !at(b, 0, `<c r="`) {
		return 0
	}
	i := len(`<c r="`)
	for n := 0; n < 3 && i < len(b) && b[i]-'A' < 26; n++ {
		c.column = c.column*26 + int(b[i]-'A') + 1
		i++
	}
	var ok bool
	if c.row, i, ok = digits(b, i); !ok || c.column == 0 || c.row == 0 || !at(b, i, `"`) {
		return 0
	}
	return i + 1
}

// parseNumber reads the rest of a cell whose value is a number, an index or a Boolean, from i on.
func (c *plainCell) parseNumber(b []byte, i int) int {
	n := bytes.IndexByte(b[i:], '<')
	if n <= 0 || !at(b, i+n, `</v></c>`) {
		return 0
	}
	c.value = b[i : i+n]
	var ok bool
	switch c.kind {
	case boolCell:
		ok = n == 1 && c.value[0]&^1 == '0'
	case sharedCell:
		_, ok = atoi(c.value)
	default:
		ok = isNumber(c.value)
	}
	if !ok {
		return 0
	}
	return i + n + len(`</v></c>`)
}

// parseText reads the rest of a cell whose value is a text that stands for itself, from i on.
func (c *plainCell) parseText(b []byte, i int, end string) int {
	n := plainText(b[i:])
	if n <= 0 || !at(b, i+n, end) {
		return 0
	}
	c.value = b[i : i+n]
	return i + n + len(end)
}

// notPlain are the bytes that a plain text does not have: what ends it, stands for something else, or may.
var notPlain = [256]bool{'<': true, '&': true, '\r': true, '_': true}

// plainText is the length of the text before the first '<' of b if it stands for itself: no blank at its edges,
// no reference, no escape, no carriage return, valid UTF-8. Otherwise, or without any '<', it is -1.
func plainText(b []byte) int {
	i := 0
	for ; ; i++ {
		for i < len(b) && !notPlain[b[i]] {
			i++
		}
		if i == len(b) || b[i] == '&' || b[i] == '\r' || b[i] == '_' && at(b, i+1, "x") {
			return -1
		}
		if b[i] == '<' {
			break
		}
	}
	if text := b[:i]; i > 0 && (isSpace(text[0]) || isSpace(text[i-1]) || !utf8.Valid(text)) {
		return -1
	}
	return i
}

// digits reads the number of one to nine digits at b[i:] and returns where it ends.
func digits(b []byte, i int) (n, end int, ok bool) {
	from := i
	for i < len(b) && b[i]-'0' < 10 {
		n = n*10 + int(b[i]-'0')
		i++
	}
	return n, i, i > from && i-from <= 9
}

// at says whether b[i:] begins with s.
func at(b []byte, i int, s string) bool {
	return len(b)-i >= len(s) && string(b[i:i+len(s)]) == s
}
