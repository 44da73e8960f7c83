package datasheets

import (
	"encoding/binary"
	"fmt"
)

// Value is one column's value in the canonical text of the column's type (see Column.AppendServer), or NULL,
// or "whatever the server's default gives" (of an expression default, for a cell left empty).
// Two values of one column are the same exactly when they are equal by ==. The zero Value is NULL.
type Value struct {
	state state
	text  string
}

type state uint8

const (
	isNull state = iota
	isDefault
	isText
)

// Null and ServerDefault are the two values without text.
var (
	Null          = Value{}
	ServerDefault = Value{state: isDefault}
)

// NewValue is a value by its canonical text.
func NewValue(text string) Value { return Value{isText, text} }

// Text is the canonical text; "" for NULL and for the server's default.
func (v Value) Text() string { return v.text }

// IsNull reports whether v is NULL.
func (v Value) IsNull() bool { return v.state == isNull }

// IsDefault reports whether v stands for the server's default.
func (v Value) IsDefault() bool { return v.state == isDefault }

// A packed row is its values one after another, each a uvarint (0 for NULL, 1 for the server's default, else
// 2 + the text's length) and the text. Equal rows are equal bytes, and the first n values are a prefix.

// AppendNull, AppendDefault and AppendText add one value to a packed row.
func AppendNull(row []byte) []byte { return append(row, 0) }

// AppendDefault adds the server's default to a packed row.
func AppendDefault(row []byte) []byte { return append(row, 1) }

// AppendText adds a value by its canonical text to a packed row.
func AppendText(row, text []byte) []byte {
	return append(binary.AppendUvarint(row, uint64(len(text))+2), text...)
}

// AppendValue adds v to a packed row.
func AppendValue(row []byte, v Value) []byte {
	switch v.state {
	case isNull:
		return append(row, 0)
	case isDefault:
		return append(row, 1)
	default:
		return append(binary.AppendUvarint(row, uint64(len(v.text))+2), v.text...)
	}
}

// Unpack returns the values of a packed row. It fails on bytes that AppendValue did not write.
func Unpack(row []byte) ([]Value, error) {
	n := 0
	for rest := row; len(rest) > 0; n++ {
		var err error
		if _, _, rest, err = next(rest); err != nil {
			return nil, err
		}
	}
	all := string(row) // of which each value's text is a part: one piece of memory a row
	vs := make([]Value, 0, n)
	for rest := row; len(rest) > 0; {
		text, state, after, err := next(rest)
		if err != nil {
			return nil, err
		}
		end := len(row) - len(after)
		vs = append(vs, Value{state, all[end-len(text) : end]})
		rest = after
	}
	return vs, nil
}

// Prefix is the part of a packed row that holds its first n values.
func Prefix(row []byte, n int) ([]byte, error) {
	rest := row
	for range n {
		var err error
		if _, _, rest, err = next(rest); err != nil {
			return nil, err
		}
	}
	return row[:len(row)-len(rest)], nil
}

func next(row []byte) (text []byte, s state, rest []byte, err error) {
	n, w := binary.Uvarint(row)
	if w <= 0 || n > uint64(len(row)-w)+2 {
		return nil, 0, nil, fmt.Errorf("packed row of %d bytes is cut short", len(row))
	}
	rest = row[w:]
	if n < 2 {
		return nil, state(n), rest, nil
	}
	return rest[:n-2], isText, rest[n-2:], nil
}
