package xlsx

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"liveops/datasheets"
)

const (
	maxText   = 32_767 // UTF-16 units in a cell (Excel specifications and limits)
	maxDigits = 15     // significant digits that Excel keeps of a number that someone enters
)

// cell is a value as it is written: a number's literal, a text or "1" or "0". An empty text is an empty cell.
type cell struct {
	kind  cellType
	style int
	text  string
}

// newCell is the cell of a value of Sheet.Rows.
func newCell(value any) (cell, error) {
	switch v := value.(type) {
	case nil:
		return cell{}, nil
	case string:
		return textOf(v)
	case headed:
		c, err := textOf(v.text)
		c.style = styleHeader
		return c, err
	case bool:
		return cell{kind: boolCell, text: map[bool]string{true: "1", false: "0"}[v]}, nil
	case Number:
		return numberOf(string(v), significant(string(v)) <= maxDigits)
	case float64:
		return numberOf(strconv.FormatFloat(v, 'g', -1, 64), true)
	case float32:
		return numberOf(strconv.FormatFloat(float64(v), 'g', -1, 32), true)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return numberOf(fmt.Sprint(v), true)
	case time.Time:
		return timeOf(v), nil
	case time.Duration:
		return durationOf(v), nil
	case datasheets.Cell:
		return copyOf(v)
	}
	return cell{}, fmt.Errorf("a value of type %T cannot be written", value)
}

// copyOf is a cell as the reader gives it.
func copyOf(c datasheets.Cell) (cell, error) {
	text := string(c.Text)
	switch c.Kind {
	case datasheets.Empty:
		return cell{}, nil
	case datasheets.Text:
		return textOf(text)
	case datasheets.Number:
		return numberOf(text, significant(text) <= maxDigits)
	case datasheets.Bool:
		return cell{kind: boolCell, text: text}, nil
	case datasheets.Date, datasheets.Duration:
		days, err := strconv.ParseFloat(text, 64)
		if err != nil || !isNumber([]byte(text)) || days < 0 || days >= endOfDays {
			return cell{}, fmt.Errorf("%.60q is not a number of days that a sheet can show", text)
		}
		return cell{kind: numberCell, style: serialStyle(c.Kind, days), text: text}, nil
	}
	return cell{}, errors.New("an error value, or a formula without a value, cannot be written")
}

// endOfDays is the serial number of 10000-01-01.
const endOfDays = 2_958_466

// serialStyle is how a number of days is shown.
func serialStyle(kind datasheets.Kind, days float64) int {
	ms := int64(math.Round(days * float64(day/time.Millisecond)))
	whole := ms%1000 == 0
	switch {
	case kind == datasheets.Duration && whole:
		return styleDuration
	case kind == datasheets.Duration:
		return styleDurationMillis
	case !whole:
		return styleMillis
	case ms%int64(day/time.Millisecond) != 0:
		return styleDateTime
	}
	return styleDate
}

func textOf(text string) (cell, error) {
	if !utf8.ValidString(text) {
		return cell{}, fmt.Errorf("the text %.60q is not valid UTF-8", text)
	}
	if n := utf16Len(text); n > maxText {
		return cell{}, fmt.Errorf("the text has %d characters: a cell holds %d", n, maxText)
	}
	return textCellOf(text), nil
}

func textCellOf(text string) cell {
	c := cell{kind: inlineCell, text: text}
	if isNumber(trimSpace([]byte(text))) {
		c.style = styleText
	}
	return c
}

// numberOf is a number, or a text where Excel cannot hold it or exact is false. Excel's range is 1E-307 to
// 9.99999999999999E+307, either sign.
func numberOf(literal string, exact bool) (cell, error) {
	if !isNumber([]byte(literal)) {
		return cell{}, fmt.Errorf("%.60q is not a number", literal)
	}
	f, _ := strconv.ParseFloat(literal, 64) // infinite or zero where the literal is out of range
	size := math.Abs(f)
	whole := size >= 1e15 // and what has a fraction at that size is not exact either
	if !exact || whole || size < 1e-307 && significant(literal) > 0 {
		return textCellOf(literal), nil
	}
	return cell{kind: numberCell, text: strings.TrimPrefix(literal, "+")}, nil
}

// significant is how many digits a literal has between its first and its last that is not zero.
func significant(literal string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(literal), "e")
	digits := strings.TrimLeft(strings.ReplaceAll(mantissa, ".", ""), "+-0")
	return len(strings.TrimRight(digits, "0"))
}

const day = 24 * time.Hour

// timeOf is a date as Excel counts it: days since 1899-12-30, right from 1900-03-01 on (before that Excel
// counts a day that was none).
func timeOf(t time.Time) cell {
	t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).Round(time.Millisecond)
	first, end := time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	if t.Before(first) || !t.Before(end) {
		return textCellOf(t.Format("2006-01-02T15:04:05.999"))
	}
	const firstSerial = 61
	days := (t.Unix() - first.Unix()) / int64(day/time.Second)
	clock := t.Sub(t.Truncate(day))
	style := styleDateTime
	switch {
	case clock == 0:
		style = styleDate
	case clock%time.Second != 0:
		style = styleMillis
	}
	return cell{kind: numberCell, style: style, text: serial(firstSerial+days, clock)}
}

// durationOf is an elapsed time in days. Excel shows no negative one.
func durationOf(d time.Duration) cell {
	d = d.Round(time.Millisecond)
	if d < 0 {
		return textCellOf("-" + clockText(uint64(-d)))
	}
	return cell{kind: numberCell, style: styleDuration, text: serial(int64(d/day), d%day)}
}

// clockText writes nanoseconds as hours, minutes and seconds, "838:59:59.5".
func clockText(ns uint64) string {
	const second = uint64(time.Second)
	text := fmt.Sprintf("%02d:%02d:%02d", ns/(3600*second), ns/(60*second)%60, ns/second%60)
	if fraction := ns % second; fraction > 0 {
		text += strings.TrimRight(fmt.Sprintf(".%09d", fraction), "0")
	}
	return text
}

// serial is a number of days and a time of day as the one number that a cell holds: ten digits after the
// point are a hundredth of a millisecond.
func serial(days int64, clock time.Duration) string {
	s := strconv.FormatFloat(float64(days)+float64(clock)/float64(day), 'f', 10, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
