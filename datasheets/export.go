package datasheets

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf16"
)

// UnkeepableError is a value that no cell can hold so that it is read back as it is.
type UnkeepableError struct {
	Column string
	Value  string // its canonical text, cut short
	Why    string
}

// Error says which value it is and why no cell holds it.
func (e *UnkeepableError) Error() string {
	return fmt.Sprintf("the value %s of the column %s cannot be kept in a cell: %s", e.Value, e.Column, e.Why)
}

// mostCellText is how many characters (UTF-16 units) a cell holds (Excel specifications and limits).
const mostCellText = 32_767

// Cell is the cell that stands for a value of the column, and that AppendCell reads back as the same packed value
// under the same Options; Cell.Column is not set. By type:
//
//	Integer, Bit, Year            a Number, and a Text where it has more than the 15 digits that a spreadsheet keeps
//	Decimal, Float, Double        likewise; a Text also where a spreadsheet has no number that small or large
//	DateType, DateTime, Timestamp a Date; a Text (ISO 8601) before 1900-03-01, for a zero date and for microseconds,
//	                              and for a time that the clocks of Location show twice
//	Time                          a Duration; a Text where it is negative or has microseconds
//	all others                    a Text; an empty one is "", two quote characters; Binary is 0x…
//
// NULL is an empty cell. It fails with an *UnkeepableError for a value that no cell stands for, such as a text of
// more than 32,767 characters or with control characters, and NULL or the server's default in a column whose empty
// cell means something else. o may be nil.
func (c *Column) Cell(v Value, o *Options) (Cell, error) {
	if o == nil {
		o = &Options{}
	}
	if v.IsDefault() {
		return Cell{}, c.unkeepable(v, "only the server knows it")
	}
	wrong := ""
	for _, cell := range c.cells(v, o) {
		because := c.readsBack(v, cell, o)
		if because == "" {
			return cell, nil
		}
		wrong = because
	}
	return Cell{}, c.unkeepable(v, wrong)
}

// cells are the cells that a value could be, the best first; the last is a text. Whether one is exact, reading it back
// tells: a spreadsheet's number may not be.
func (c *Column) cells(v Value, o *Options) []Cell {
	if v.IsNull() {
		return []Cell{{}}
	}
	cell := c.cellOf(v.Text(), o)
	if cell.Kind == Text {
		return []Cell{cell}
	}
	return []Cell{cell, {Kind: Text, Text: []byte(c.wallText(v.Text(), o))}}
}

func (c *Column) unkeepable(v Value, why string) error {
	return &UnkeepableError{Column: c.Name, Value: quoted(v.Text()), Why: why}
}

// readsBack says why a cell is not read back as v; "" where it is.
func (c *Column) readsBack(v Value, cell Cell, o *Options) string {
	return readsBack(v, cell, func(cell Cell) ([]byte, *Mismatch) { return c.AppendCell(nil, cell, o) })
}

func readsBack(v Value, cell Cell, read func(Cell) ([]byte, *Mismatch)) string {
	units := 0
	for _, r := range string(cell.Text) {
		units += utf16.RuneLen(r)
	}
	if units > mostCellText {
		return fmt.Sprintf("it has %d characters, and a cell holds %d", units, mostCellText)
	}
	row, mismatch := read(cell)
	switch {
	case mismatch != nil:
		return mismatch.Text
	case string(row) != string(AppendValue(nil, v)):
		return "it would be read as another value"
	}
	return ""
}

// cellOf is the cell that a value should be. Whether it is exact, Cell finds out.
func (c *Column) cellOf(text string, o *Options) Cell {
	switch c.Type {
	case Integer, Bit, Year, Decimal, Float, Double:
		if literal, ok := spreadsheetNumber(text); ok {
			return Cell{Kind: Number, Text: literal}
		}
	case DateType, DateTime, Timestamp:
		text = c.wallText(text, o)
		if serial, ok := o.serialOf(text); ok {
			return Cell{Kind: Date, Text: serial}
		}
	case Time:
		if clock, ok := parseClock([]byte(text)); ok && clock.micros == 0 {
			return Cell{Kind: Duration, Text: appendSerialNumber(nil, 0, clock.clockMillis())}
		}
	case String, Enum, Set, Binary:
		if text == "" {
			text = `""`
		}
	}
	return Cell{Kind: Text, Text: []byte(text)}
}

// spreadsheetNumber is a number as a cell holds it; ok is false for one that a spreadsheet would change: of more than
// 15 digits, or beyond its range.
func spreadsheetNumber(text string) (literal []byte, ok bool) {
	const least = -306 // 1E-307 is the smallest number of a spreadsheet
	n, ok := parseNumber(nil, []byte(text))
	if !ok || len(n.digits) > spreadsheetDigits || n.exp > spreadsheetDigits || n.exp < least && !n.isZero() {
		return nil, false
	}
	return n.appendShortest(nil), true
}

// wallText is a Timestamp's canonical text, which is in UTC, as the clocks of Location show it; any other text is
// given back. A time that those clocks show twice gets its offset.
func (c *Column) wallText(text string, o *Options) string {
	if c.Type != Timestamp {
		return text
	}
	const layout = "2006-01-02 15:04:05"
	utc, err := time.Parse(layout, text)
	if err != nil {
		return text
	}
	local := utc.In(o.location())
	digits := layout
	if c.Scale > 0 {
		digits += "." + "000000"[:c.Scale]
	}
	_, offset := local.Zone()
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	if only, wrong := offsetAt(wall, o.location()); wrong != nil || only != offset {
		return local.Format(digits + "-07:00")
	}
	return local.Format(digits)
}

// serialOf is the serial number of a date, or date and time, from 1900-03-01 on, where milliseconds say all of it.
func (o *Options) serialOf(text string) ([]byte, bool) {
	m, ok := parseMoment([]byte(text))
	if !ok || m.hasOffset || m.micros != 0 {
		return nil, false
	}
	day := time.Date(m.year, time.Month(m.month), m.day, 0, 0, 0, 0, time.UTC).Unix() / 86400
	epoch := int64(epoch1900)
	if day-epoch <= leapDay {
		return nil, false
	}
	if o.Date1904 {
		epoch = epoch1904
	}
	if day < epoch {
		return nil, false
	}
	return appendSerialNumber(nil, day-epoch, m.clockMillis()), true
}

// clockMillis is the time of day, or the duration, in milliseconds.
func (m *moment) clockMillis() int64 {
	return int64(m.hour)*3_600_000 + int64(m.minute)*60_000 + int64(m.second)*1000 + int64(m.millis)
}

// appendSerialNumber appends days and milliseconds as one number of days, in the 15 digits that a spreadsheet keeps:
// with five before the point, ten after it are a hundredth of a millisecond.
func appendSerialNumber(dst []byte, days, millis int64) []byte {
	days, millis = days+millis/dayMillis, millis%dayMillis
	if millis == 0 {
		return strconv.AppendInt(dst, days, 10)
	}
	dst = strconv.AppendFloat(dst, float64(days)+float64(millis)/dayMillis, 'f', 10, 64)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}
