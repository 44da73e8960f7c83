package datasheets

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// appendBinary takes bytes as hexadecimal digits after 0x. A BINARY(n) is filled up with zero bytes, as the
// server does it.
func (c *Column) appendBinary(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	if isEmptyText(cell) {
		return c.appendHex(row, nil), nil
	}
	const takes = "bytes as hexadecimal digits after 0x"
	if cell.Kind != Text {
		return row, c.mismatch(cell, o, takes, "write the bytes as text, as in 0x1f8b")
	}
	s := trimBlanks(cell.Text)
	if !isHexText(s) {
		return row, c.mismatch(cell, o, takes, "to store this text itself, write 0x"+hex.EncodeToString(cell.Text[:min(len(cell.Text), 32)])+cut(cell.Text, 32))
	}
	raw, ok := decodeHex(s)
	if !ok {
		return row, c.mismatch(cell, o, takes, "write two digits, 0 to 9 and a to f, for each byte")
	}
	if c.MaxBytes > 0 && int64(len(raw)) > c.MaxBytes {
		return row, c.mismatch(cell, o, fmt.Sprintf("at most %d bytes, not %d", c.MaxBytes, len(raw)), "write fewer bytes, or widen the column's type")
	}
	return c.appendHex(row, raw), nil
}

func isHexText(s []byte) bool { return len(s) >= 2 && s[0] == '0' && s[1]|0x20 == 'x' }

// decodeHex is the bytes that 0x… stands for; not nil, which would be NULL, where there are none.
func decodeHex(s []byte) (raw []byte, ok bool) {
	if !isHexText(s) {
		return nil, false
	}
	raw, err := hex.AppendDecode([]byte{}, s[2:])
	return raw, err == nil
}

// cut marks a text that is longer than what is shown of it.
func cut(s []byte, shown int) string {
	if len(s) > shown {
		return "…"
	}
	return ""
}

// appendHex appends bytes, packed and in their canonical form, to row.
func (c *Column) appendHex(row, raw []byte) []byte {
	pad := 0
	if c.FixedLength {
		pad = max(0, int(c.Length)-len(raw))
	}
	size := uint64(2 + 2*(len(raw)+pad))
	row = append(binary.AppendUvarint(row, size+2), "0x"...)
	row = hex.AppendEncode(row, raw)
	for range pad {
		row = append(row, "00"...)
	}
	return row
}
