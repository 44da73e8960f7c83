package datasheets

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

func (c *Column) appendJSON(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	const takes = "one JSON value"
	switch cell.Kind {
	case Bool:
		return AppendText(row, []byte(strings.ToLower(boolText(cell)))), nil
	case Number:
		var buf [64]byte
		n, wrong := exactNumber(buf[:0], cell)
		if wrong != nil {
			return row, c.refuse(cell, o, wrong, takes)
		}
		var text [64]byte
		return AppendText(row, n.appendShortest(text[:0])), nil
	case Text:
	default:
		return row, c.mismatch(cell, o, takes, "write it as text, a date in double quotes")
	}
	canonical, fault := canonicalJSON(cell.Text, c.jsonDepth())
	switch {
	case fault == nil && c.MaxBytes > 0 && int64(len(canonical)) > c.MaxBytes:
		return row, c.mismatch(cell, o, fmt.Sprintf("at most %d bytes", c.MaxBytes), mendShorter)
	case fault == nil:
		return AppendText(row, canonical), nil
	case fault.offset == 0 && !bytes.ContainsAny(cell.Text[:1], `{["`):
		return row, c.mismatch(cell, o, takes, "put a text in double quotes")
	}
	at := utf8.RuneCount(cell.Text[:fault.offset]) + 1
	return row, c.mismatch(cell, o, takes, fmt.Sprintf("character %d: %s", at, fault.what))
}

// jsonDepth is how deeply the server lets values stand in each other: MySQL 100
// (https://dev.mysql.com/doc/refman/8.0/en/json.html), MariaDB, whose JSON is a LONGTEXT, 31 (JSON_DEPTH_LIMIT is 32).
func (c *Column) jsonDepth() int {
	if strings.EqualFold(c.SQLType, "json") {
		return 100
	}
	return 31
}
