// Package wallclock goes from what the clocks of a zone show to instants, where clocks are put forward and back. What a clock shows
// is a time whose fields are the clock's, as if they were UTC.
package wallclock

import "time"

// clockSlack is more than any zone is off UTC, on either side.
const clockSlack = 30 * time.Hour

// Face is what the clocks of a zone show at an instant.
func Face(at time.Time, zone *time.Location) time.Time {
	at = at.In(zone)
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
}

// FirstInstant is the first instant at which the clocks of a zone show wall or a later time, in UTC. It grows with wall.
func FirstInstant(wall time.Time, zone *time.Location) time.Time {
	for at := wall.Add(-clockSlack).In(zone); ; {
		start, end := at.ZoneBounds()
		t := instantAt(wall, at)
		if !start.IsZero() && t.Before(start) {
			t = start // the clock jumped over it
		}
		if end.IsZero() || t.Before(end) {
			return t.UTC()
		}
		at = end
	}
}

// LastInstant is the end of the time, itself not included, in which the clocks of a zone show an earlier time than wall.
func LastInstant(wall time.Time, zone *time.Location) time.Time {
	for at := wall.Add(clockSlack).In(zone); ; {
		start, end := at.ZoneBounds()
		t := instantAt(wall, at)
		if !end.IsZero() && t.After(end) {
			t = end
		}
		if start.IsZero() || t.After(start) {
			return t.UTC()
		}
		at = start.Add(-time.Nanosecond)
	}
}

// instantAt is when a clock shows wall that is off UTC as it is at an instant.
func instantAt(wall, at time.Time) time.Time {
	_, offset := at.Zone()
	return wall.Add(-time.Duration(offset) * time.Second)
}
