package datasheets

import (
	"bytes"
	"time"
)

// moment is a date and time of day as a calendar and a clock show it.
type moment struct {
	year, month, day             int
	hour, minute, second, millis int
	micros                       int // below millis: 0 to 999
	offset                       int // seconds east of UTC, where the text says so
	hasOffset                    bool
}

// isMidnight says whether the time of day is 00:00:00.
func (m *moment) isMidnight() bool { return m.hour|m.minute|m.second|m.millis|m.micros == 0 }

// fraction is the fraction of the second in microseconds.
func (m *moment) fraction() int { return m.millis*1000 + m.micros }

// parseMoment reads 2006-01-02 with an optional time after a blank or T: 15:04, 15:04:05 or 15:04:05.999999,
// and after that an optional Z or ±07:00 (ISO 8601, extended format).
func parseMoment(s []byte) (m moment, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return m, false
	}
	var ok1, ok2, ok3 bool
	m.year, ok1 = parseDigits(s[:4])
	m.month, ok2 = parseDigits(s[5:7])
	m.day, ok3 = parseDigits(s[8:10])
	if !ok1 || !ok2 || !ok3 || m.year == 0 || m.month < 1 || m.month > 12 || m.day < 1 || m.day > daysIn(m.year, m.month) {
		return m, false
	}
	if s = s[10:]; len(s) == 0 {
		return m, true
	}
	if s[0] != ' ' && s[0] != 'T' {
		return m, false
	}
	if s, ok = m.cutOffset(s[1:]); !ok {
		return m, false
	}
	clock, ok := parseClock(s)
	m.hour, m.minute, m.second, m.millis, m.micros = clock.hour, clock.minute, clock.second, clock.millis, clock.micros
	return m, ok && clock.hour < 24 && s[2] == ':'
}

// cutOffset reads the offset from UTC at the end of a time.
func (m *moment) cutOffset(s []byte) (rest []byte, ok bool) {
	if rest, ok := bytes.CutSuffix(s, []byte("Z")); ok {
		m.hasOffset = true
		return rest, true
	}
	i := bytes.LastIndexAny(s, "+-")
	if i < 0 {
		return s, true
	}
	zone := s[i+1:]
	if len(zone) != 5 || zone[2] != ':' {
		return s, false
	}
	h, ok1 := parseDigits(zone[:2])
	min, ok2 := parseDigits(zone[3:])
	m.hasOffset, m.offset = true, h*3600+min*60
	if s[i] == '-' {
		m.offset = -m.offset
	}
	return bytes.TrimRight(s[:i], " "), ok1 && ok2 && h <= 14 && min < 60
}

// parseClock reads 15:04, 15:04:05 or 15:04:05.999999 into the time fields of a moment; the hours may have one
// to three digits.
func parseClock(s []byte) (m moment, ok bool) {
	colon := bytes.IndexByte(s, ':')
	if colon < 1 || colon > 3 || len(s) < colon+3 {
		return m, false
	}
	var ok1, ok2, ok3 bool
	m.hour, ok1 = parseDigits(s[:colon])
	m.minute, ok2 = parseDigits(s[colon+1 : colon+3])
	if !ok1 || !ok2 || m.minute > 59 {
		return m, false
	}
	if s = s[colon+3:]; len(s) == 0 {
		return m, true
	}
	if len(s) < 3 || s[0] != ':' {
		return m, false
	}
	m.second, ok3 = parseDigits(s[1:3])
	if !ok3 || m.second > 59 {
		return m, false
	}
	if s = s[3:]; len(s) == 0 {
		return m, true
	}
	return m, s[0] == '.' && m.setFraction(s[1:])
}

// setFraction reads the digits of a second's fraction: one to six, and zeros after them.
func (m *moment) setFraction(s []byte) bool {
	micros, unit := 0, 100_000
	for _, ch := range s {
		if ch < '0' || ch > '9' || unit == 0 && ch != '0' {
			return false
		}
		micros += unit * int(ch-'0')
		unit /= 10
	}
	m.millis, m.micros = micros/1000, micros%1000
	return len(s) > 0
}

// parseDigits reads a number of decimal digits only.
func parseDigits(s []byte) (n int, ok bool) {
	for _, ch := range s {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		n = n*10 + int(ch-'0')
	}
	return n, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// setDay sets the date to a day counted from 1970-01-01.
func (m *moment) setDay(day int64) {
	year, month, d := time.Unix(day*86400, 0).UTC().Date()
	m.year, m.month, m.day = year, int(month), d
}

// setMillis sets the time of day, in milliseconds; more than a day counts on in hours.
func (m *moment) setMillis(ms int64) {
	m.millis, m.micros = int(ms%1000), 0
	m.second = int(ms / 1000 % 60)
	m.minute = int(ms / 60_000 % 60)
	m.hour = int(ms / 3_600_000)
}

func (m *moment) appendDate(dst []byte) []byte {
	dst = append(appendTwo(appendTwo(dst, m.year/100), m.year%100), '-')
	return appendTwo(append(appendTwo(dst, m.month), '-'), m.day)
}

// appendClock appends the time with so many digits of the second's fraction, 0 to 6.
func (m *moment) appendClock(dst []byte, scale int) []byte {
	if m.hour > 99 {
		dst = append(dst, byte('0'+m.hour/100))
	}
	dst = append(appendTwo(dst, m.hour%100), ':')
	dst = appendTwo(append(appendTwo(dst, m.minute), ':'), m.second)
	if scale <= 0 {
		return dst
	}
	dst = append(dst, '.')
	unit := 100_000
	for range scale {
		dst = append(dst, byte('0'+m.fraction()/unit%10))
		unit /= 10
	}
	return dst
}

func (m *moment) appendDateTime(dst []byte, scale int) []byte {
	return m.appendClock(append(m.appendDate(dst), ' '), scale)
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// fitsScale says whether the fraction of the second has no more than so many digits.
func (m *moment) fitsScale(scale int) bool {
	unit := 1_000_000
	for range scale {
		unit /= 10
	}
	return m.fraction()%max(unit, 1) == 0
}
