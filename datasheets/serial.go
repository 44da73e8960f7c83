package datasheets

import (
	"math"
	"strconv"
)

// Days of the two date systems, counted from 1970-01-01
// (https://support.microsoft.com/office/date-systems-in-excel-e7fe7167-48a9-4b96-bb53-5612a800b487).
// The system of 1900 has a day too many, 1900-02-29, with the serial number 60: days from 61 on count from
// 1899-12-30, those before from 1899-12-31.
const (
	epoch1900 = -25569
	epoch1904 = -24107
	leapDay   = 60
	lastDay   = 2932896 // 9999-12-31
)

const dayMillis = 86_400_000

// serialMillis reads a serial number, in days, to the millisecond: the finest that a spreadsheet shows. With
// fewer digits of a second's fraction, scale, it must be within half a millisecond of what they can say.
func serialMillis(literal []byte, scale int) (int64, *refusal) {
	days, err := strconv.ParseFloat(string(literal), 64)
	if err != nil || math.Abs(days) > 3_000_000 || math.IsNaN(days) {
		return 0, &refusal{mend: mendDate}
	}
	grid := 1.0
	for i := scale; i < 3; i++ {
		grid *= 10
	}
	ms := days * dayMillis
	near := math.Round(ms/grid) * grid
	if math.Abs(ms-near) > 0.5 {
		return 0, &refusal{mend: "the cell's time has a fraction of a second that the column does not keep: round it, or write the time as text"}
	}
	return int64(near), nil
}

// serialMoment is the date and time that a Date cell shows. A serial number below 1 is a time without a date in
// the system of 1900: then m.year is 0.
func (o *Options) serialMoment(literal []byte, scale int) (m moment, wrong *refusal) {
	ms, wrong := serialMillis(literal, scale)
	if wrong != nil {
		return m, wrong
	}
	if ms < 0 {
		return m, &refusal{mend: "a spreadsheet has no dates this early: write the date as text"}
	}
	day := ms / dayMillis
	m.setMillis(ms % dayMillis)
	switch {
	case o.Date1904:
		day += epoch1904
	case day == 0:
		return m, nil
	case day == leapDay:
		return m, &refusal{mend: "the spreadsheet shows it as 1900-02-29, a day that never was: write the date as text"}
	case day < leapDay:
		day += epoch1900 + 1
	default:
		day += epoch1900
	}
	if day > lastDay {
		return m, &refusal{mend: mendDate}
	}
	m.setDay(day)
	return m, nil
}

// appendSerial appends what a Date or Duration cell says as ISO 8601 text: a date, a date and time, or a time,
// with milliseconds where there are any.
func (o *Options) appendSerial(dst []byte, cell Cell) ([]byte, *refusal) {
	if cell.Kind == Duration {
		ms, wrong := serialMillis(cell.Text, 3)
		if wrong != nil {
			return dst, wrong
		}
		if ms < 0 {
			dst, ms = append(dst, '-'), -ms
		}
		var m moment
		m.setMillis(ms)
		if m.hour > 999 {
			return dst, &refusal{mend: "write the duration as text"}
		}
		return m.appendClock(dst, m.shortScale()), nil
	}
	m, wrong := o.serialMoment(cell.Text, 3)
	switch {
	case wrong != nil:
		return dst, wrong
	case m.year == 0:
		return m.appendClock(dst, m.shortScale()), nil
	case m.isMidnight():
		return m.appendDate(dst), nil
	}
	return m.appendDateTime(dst, m.shortScale()), nil
}

// shortScale is 0 for a whole second, else 3.
func (m *moment) shortScale() int {
	if m.fraction() == 0 {
		return 0
	}
	return 3
}
