package datasheets

import (
	"time"
)

const mendDate = "format the cell as a date, or write the date as 2024-01-31"

// appendMoment converts to a DateType, DateTime or Timestamp.
func (c *Column) appendMoment(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	if zero, ok := c.zeroDate(cell); ok {
		return AppendText(row, zero), nil
	}
	m, wrong := c.cellMoment(cell, o)
	if wrong == nil {
		wrong = c.fitMoment(&m, o)
	}
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, c.moments(o))
	}
	var text [32]byte
	if c.Type == DateType {
		return AppendText(row, m.appendDate(text[:0])), nil
	}
	return AppendText(row, m.appendDateTime(text[:0], c.Scale)), nil
}

// zeroDate is the canonical form of MySQL's zero date, 0000-00-00, which a DATE and a DATETIME can hold.
func (c *Column) zeroDate(cell Cell) ([]byte, bool) {
	if cell.Kind != Text || cell.Text[0] != '0' && cell.Text[0] < 0x80 && cell.Text[0] > ' ' || c.Type == Timestamp {
		return nil, false
	}
	const zero = "0000-00-00 00:00:00.000000"
	s := string(trimBlanks(cell.Text))
	if s != zero[:10] && s != zero[:19] && !(len(s) > 20 && len(s) <= len(zero) && s == zero[:len(s)]) {
		return nil, false
	}
	switch {
	case c.Type == DateType:
		return []byte(zero[:10]), true
	case c.Scale > 0:
		return []byte(zero[:20+c.Scale]), true
	}
	return []byte(zero[:19]), true
}

// cellMoment reads the date and time that a cell tells.
func (c *Column) cellMoment(cell Cell, o *Options) (m moment, wrong *refusal) {
	switch cell.Kind {
	case Date:
		scale := c.Scale
		if c.Type == DateType {
			scale = 3
		}
		m, wrong = o.serialMoment(cell.Text, scale)
		if wrong == nil && m.year == 0 {
			wrong = &refusal{mend: "the cell holds a time only: write the date too"}
		}
		return m, wrong
	case Text, ISODate:
		m, ok := parseMoment(trimBlanks(cell.Text))
		if !ok {
			return m, &refusal{mend: mendDate}
		}
		return m, nil
	default:
		return m, &refusal{mend: mendDate}
	}
}

// fitMoment checks that the column can hold m and turns a Timestamp into UTC.
func (c *Column) fitMoment(m *moment, o *Options) *refusal {
	switch {
	case c.Type != Timestamp && m.hasOffset:
		return &refusal{mend: "write the time without an offset: the column keeps it as it is written"}
	case c.Type == DateType && !m.isMidnight():
		return &refusal{mend: "leave the time of day out"}
	case c.Type == DateType:
		return nil
	case !m.fitsScale(c.Scale):
		return &refusal{mend: "round the time to what the column keeps"}
	case c.Type == Timestamp:
		return m.toUTC(o.location())
	}
	return nil
}

// The times that a TIMESTAMP holds (https://dev.mysql.com/doc/refman/8.0/en/datetime.html), in seconds
// since 1970; both are inside.
const (
	firstTimestamp = 1
	lastTimestamp  = 1<<31 - 1
)

// toUTC turns a time in its own offset, or in loc where it has none, into UTC. Where the clocks of loc are put
// forward, some times never are, and where they are put back, some are twice: both are refused.
func (m *moment) toUTC(loc *time.Location) *refusal {
	wall := time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, 0, time.UTC)
	offset := m.offset
	if !m.hasOffset && loc != time.UTC {
		var wrong *refusal
		if offset, wrong = offsetAt(wall, loc); wrong != nil {
			return wrong
		}
	}
	instant := wall.Add(-time.Duration(offset) * time.Second)
	if s := instant.Unix(); s < firstTimestamp || s > lastTimestamp {
		return &refusal{mend: "write a time in this range, or make the column a DATETIME"}
	}
	year, month, day := instant.Date()
	m.year, m.month, m.day = year, int(month), day
	m.hour, m.minute, m.second = instant.Clock()
	m.offset, m.hasOffset = 0, true
	return nil
}

// offsetAt is the offset of loc, in seconds east of UTC, at a time that its clocks show exactly once. wall is that
// time as if it were of UTC.
func offsetAt(wall time.Time, loc *time.Location) (int, *refusal) {
	_, before := wall.Add(-24 * time.Hour).In(loc).Zone()
	_, after := wall.Add(24 * time.Hour).In(loc).Zone()
	isBefore, isAfter := hasOffset(wall, loc, before), hasOffset(wall, loc, after)
	switch {
	case isBefore && (before == after || !isAfter):
		return before, nil
	case isAfter && !isBefore:
		return after, nil
	case isBefore:
		return 0, &refusal{mend: "the clocks of " + loc.String() + " show this time twice that day: write it with its offset, as in 2024-01-31T09:30:00+09:00"}
	}
	return 0, &refusal{mend: "the clocks of " + loc.String() + " skip this time: write one that is, or add an offset, as in 2024-01-31T09:30:00+09:00"}
}

// hasOffset says whether the clocks of loc, when they are so many seconds ahead of UTC, show wall.
func hasOffset(wall time.Time, loc *time.Location, offset int) bool {
	_, actual := wall.Add(-time.Duration(offset) * time.Second).In(loc).Zone()
	return actual == offset
}

// moments says what the column takes.
func (c *Column) moments(o *Options) string {
	switch c.Type {
	case DateType:
		return "a date such as 2024-01-31"
	case DateTime:
		return "a date and time such as 2024-01-31 09:30:00" + c.fractions()
	}
	return "a time of " + o.location().String() + " such as 2024-01-31 09:30:00" + c.fractions() +
		", from 1970-01-01 00:00:01 to 2038-01-19 03:14:07 UTC"
}

func (c *Column) fractions() string {
	if c.Scale <= 0 {
		return ", in whole seconds"
	}
	return ", with at most " + digits(c.Scale) + " after the seconds"
}

// lastTime is the longest that a TIME column holds, 838:59:59 (https://dev.mysql.com/doc/refman/8.0/en/time.html),
// in seconds.
const lastTime = 838*3600 + 59*60 + 59

// appendTime converts to a Time, which is a time of day or a duration.
func (c *Column) appendTime(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	takes := func() string {
		return "a time or duration such as 09:30:00, from -838:59:59 to 838:59:59" + c.fractions()
	}
	m, negative, wrong := c.cellClock(cell, o)
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, takes())
	}
	seconds := m.hour*3600 + m.minute*60 + m.second
	if !m.fitsScale(c.Scale) || seconds > lastTime || seconds == lastTime && m.fraction() > 0 {
		return row, c.mismatch(cell, o, takes(), "write a time in this range")
	}
	var text [32]byte
	dst := text[:0]
	if negative && (seconds > 0 || m.fraction() > 0) {
		dst = append(dst, '-')
	}
	return AppendText(row, m.appendClock(dst, c.Scale)), nil
}

// cellClock reads the time that a cell tells.
func (c *Column) cellClock(cell Cell, o *Options) (m moment, negative bool, wrong *refusal) {
	switch cell.Kind {
	case Date, Duration:
		ms, wrong := serialMillis(cell.Text, c.Scale)
		if wrong != nil {
			return m, false, wrong
		}
		if cell.Kind == Date && (ms < 0 || ms >= dayMillis) {
			return m, false, &refusal{mend: "leave the date out, or format the cell as [h]:mm:ss where it is a duration"}
		}
		m.setMillis(max(ms, -ms))
		return m, ms < 0, nil
	case Text, ISODate:
		s := trimBlanks(cell.Text)
		if negative = len(s) > 0 && s[0] == '-'; negative {
			s = s[1:]
		}
		m, ok := parseClock(s)
		if !ok {
			return m, negative, &refusal{mend: "write the time as 09:30:00"}
		}
		return m, negative, nil
	default:
		return m, false, &refusal{mend: "format the cell as a time, or write the time as 09:30:00"}
	}
}
