package datasheets

import (
	"time"
)

// Options are what converting needs to know besides the column.
type Options struct {
	Location *time.Location // where the times of TIMESTAMP columns are told; nil for UTC
	Date1904 bool           // serial dates count from 1904-01-01 (see Sheet)
}

func (o *Options) location() *time.Location {
	if o.Location == nil {
		return time.UTC
	}
	return o.Location
}

// AppendCell converts a cell by the column's type and appends the value, packed and in canonical form, to row.
// What it cannot convert exactly it refuses with a Mismatch and then gives row back as it was. o may be nil.
//
// The canonical form is what AppendServer makes of the value once it is stored, so that a cell and a stored
// value are the same exactly when their packed bytes are.
func (c *Column) AppendCell(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	if o == nil {
		o = &Options{}
	}
	switch cell.Kind {
	case Empty:
		return c.appendEmpty(row, o)
	case Text:
		if len(cell.Text) == 0 {
			return c.appendEmpty(row, o)
		}
	case Fault:
		return row, c.mismatch(cell, o, "a value", "mend the formula, or write the value itself")
	case Uncalculated:
		return row, c.mismatch(cell, o, "a value", "open the workbook in the spreadsheet program and save it, so that the result is stored")
	}
	switch c.Type {
	case Integer:
		return c.appendInteger(row, cell, o)
	case Decimal:
		return c.appendDecimal(row, cell, o)
	case Float, Double:
		return c.appendFloat(row, cell, o)
	case Bit:
		return c.appendBit(row, cell, o)
	case Year:
		return c.appendYear(row, cell, o)
	case DateType, DateTime, Timestamp:
		return c.appendMoment(row, cell, o)
	case Time:
		return c.appendTime(row, cell, o)
	case String:
		return c.appendString(row, cell, o)
	case Enum:
		return c.appendEnum(row, cell, o)
	case Set:
		return c.appendSet(row, cell, o)
	case JSON:
		return c.appendJSON(row, cell, o)
	case Binary:
		return c.appendBinary(row, cell, o)
	default:
		return row, c.mismatch(cell, o, "no value from a sheet", "take the column out of the sheet")
	}
}

// appendEmpty appends what an empty cell means: NULL where the column may be NULL, else its default, else the
// empty text of a text column.
func (c *Column) appendEmpty(row []byte, o *Options) ([]byte, *Mismatch) {
	switch {
	case c.Nullable:
		return AppendNull(row), nil
	case c.Default != nil:
		with, err := c.AppendServer(row, []byte(*c.Default))
		if err != nil { // a default in a form of the server's own: the server knows what it means
			return AppendDefault(row), nil
		}
		return with, nil
	case c.DefaultIsExpr || c.AutoIncrement:
		return AppendDefault(row), nil
	case c.Type == String:
		return AppendText(row, nil), nil
	default:
		return row, c.mismatch(Cell{}, o, "a value: it may not be NULL and has no default", "write a value")
	}
}

// isEmptyText says whether a cell is the text "" (two quote characters), which stands for an empty text.
func isEmptyText(cell Cell) bool {
	return cell.Kind == Text && string(cell.Text) == `""`
}
