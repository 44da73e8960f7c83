package datarepo

import "time"

// A wall is what a clock shows, as a time of UTC.

// clockSlack is more than any zone is off UTC, on either side.
const clockSlack = 30 * time.Hour

// firstInstant is the first instant at which the clocks of a zone show wall or a later time.
func firstInstant(wall time.Time, zone *time.Location) time.Time {
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

// lastInstant is the end of the time, itself not included, in which the clocks of a zone show an earlier time than wall.
func lastInstant(wall time.Time, zone *time.Location) time.Time {
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
