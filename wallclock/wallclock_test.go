package wallclock

import (
	"testing"
	"time"
)

// New York's clocks jump from 02:00 to 03:00 on 2026-03-08 and back from 02:00 to 01:00 on 2026-11-01.
func TestInstants(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ face, first, last string }{
		{"2026-07-01T12:00", "2026-07-01T16:00", "2026-07-01T16:00"},
		{"2026-03-08T02:30", "2026-03-08T07:00", "2026-03-08T07:00"},
		{"2026-03-08T03:00", "2026-03-08T07:00", "2026-03-08T07:00"},
		{"2026-11-01T01:30", "2026-11-01T05:30", "2026-11-01T06:30"},
		{"2026-11-01T02:00", "2026-11-01T07:00", "2026-11-01T07:00"},
	} {
		face, err := time.Parse("2006-01-02T15:04", test.face)
		if err != nil {
			t.Fatal(err)
		}
		if got := FirstInstant(face, zone).Format("2006-01-02T15:04"); got != test.first {
			t.Errorf("first %s: %s, want %s", test.face, got, test.first)
		}
		if got := LastInstant(face, zone).Format("2006-01-02T15:04"); got != test.last {
			t.Errorf("last %s: %s, want %s", test.face, got, test.last)
		}
	}
}

// FirstInstant undoes Face but in the second run of an hour that is shown twice, grows with the face, and is never after LastInstant.
func TestInstantsAndFaces(t *testing.T) {
	for _, name := range []string{"UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		var before time.Time
		for at := time.Date(2011, 11, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2013; at = at.Add(17 * time.Minute) {
			face := Face(at, zone)
			first := FirstInstant(face, zone)
			if first.After(at) || !Face(first, zone).Equal(face) || LastInstant(face, zone).Before(first) {
				t.Fatalf("%s: %s shows %s, first at %s", name, at, face, first)
			}
			if next := FirstInstant(face.Add(time.Minute), zone); next.Before(first) || first.Before(before) && face.After(Face(before, zone)) {
				t.Fatalf("%s: %s, then %s", name, first, next)
			}
			before = first
		}
	}
}
