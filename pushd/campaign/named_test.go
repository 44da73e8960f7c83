package campaign

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// everyUsers is when something is due in each user's own zone, and in Seoul for others.
func everyUsers(t *testing.T, when string, eachUser bool, zones ...string) *Timetable {
	t.Helper()
	s := crystals()
	s.Cron, s.Zone, s.EachUser = when, zoneOf("Asia/Seoul"), eachUser
	if at, err := time.Parse("2006-01-02T15:04", when); err == nil {
		s.Cron, s.At = "", at
	}
	return made(t, s).Timetable(zones)
}

// The waves of one named time are its, and have one first; a wave may be of several.
func TestNamed(t *testing.T) {
	all := []string{"Asia/Seoul", "Pacific/Auckland", "Europe/Berlin", "America/New_York"}
	apart := []string{"Pacific/Kiritimati", "Pacific/Honolulu"} // by a day
	const friday = "27T19:03 from 27T06:03"
	for _, test := range []struct {
		name     string
		when     string
		eachUser bool
		zones    []string
		at, want string
	}{
		{"one zone", "3 19 * * FRI", false, all, "2026-11-27T10:03:00Z", "27T19:03 from 27T10:03"},
		{"the first wave", "3 19 * * FRI", true, all, "2026-11-27T06:03:00Z", friday},
		{"the second", "3 19 * * FRI", true, all, "2026-11-27T10:03:00Z", friday},
		{"the last", "3 19 * * FRI", true, all, "2026-11-28T00:03:00Z", friday},
		{"one time", "2026-11-27T19:03", true, all, "2026-11-28T00:03:00Z", friday},
		{"in the gap of New York", "30 2 * * *", true, all, "2026-03-08T07:00:00Z", "08T02:30 from 07T13:30"},
		{"two in the gap of New York, which were apart before", "15,30 2 * * *", true, all, "2026-03-08T07:00:00Z", "08T02:15 from 07T13:15, 08T02:30 from 07T13:30"},
		{"no wave", "3 19 * * FRI", true, all, "2026-11-27T10:04:00Z", ""},
		{"an evening, and the one before", "0 19 * * *", true, apart, "2026-11-27T05:00:00Z", "26T19:00 from 26T05:00, 27T19:00 from 27T05:00"},
		{"an evening elsewhere", "0 19 * * *", true, apart, "2026-11-27T10:00:00Z", "27T19:00 from 27T05:00"},
		{"noon, and eight o'clock", "0 12,20 * * *", true, []string{"Asia/Seoul", "Europe/Berlin"}, "2026-11-27T11:00:00Z", "27T12:00 from 27T03:00, 27T20:00 from 27T11:00"},
		{"eight o'clock there", "0 12,20 * * *", true, []string{"Asia/Seoul", "Europe/Berlin"}, "2026-11-27T19:00:00Z", "27T20:00 from 27T11:00"},
	} {
		var words []string
		for _, n := range everyUsers(t, test.when, test.eachUser, test.zones...).Named(moment(test.at)) {
			words = append(words, n.Face.Format("02T15:04")+" from "+n.First.UTC().Format("02T15:04"))
		}
		if got := strings.Join(words, ", "); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// Times that the clocks jump over together where they are due first are one, also where they are due apart.
func TestNamedInAGap(t *testing.T) {
	s := crystals()
	s.Cron, s.Zone, s.EachUser = "15,30 2 * * *", zoneOf("America/New_York"), true
	table := made(t, s).Timetable([]string{"America/Los_Angeles", "America/Bogota"}) // in Bogota no clock jumps
	var words []string
	for _, w := range table.Waves(moment("2026-03-08T06:00:00Z"), 4) {
		for _, n := range table.Named(w.Time) {
			words = append(words, w.Time.Format("15:04")+" of "+n.Key())
		}
	}
	want := []string{"07:00 of 20260308T021500", "07:15 of 20260308T021500", "07:30 of 20260308T021500", "10:00 of 20260308T021500"}
	if !slices.Equal(words, want) {
		t.Errorf("%q, want %q", words, want)
	}
}

// Every wave is of a named time, and the first of each is a wave.
func TestEachWaveIsNamed(t *testing.T) {
	for _, when := range []string{"0 19 * * *", "0 12,20 * * *", "*/20 2 * * *"} {
		table := everyUsers(t, when, true, "Pacific/Kiritimati", "Pacific/Honolulu", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
		waves := table.Waves(moment("2026-03-05T00:00:00Z"), 200)
		var began []string
		for i, w := range waves {
			named := table.Named(w.Time)
			if len(named) == 0 {
				t.Errorf("%s: %s is of nothing", when, w.Time)
			}
			for _, n := range named {
				switch known := slices.Contains(began, n.Key()); {
				case n.First.Equal(w.Time) && known:
					t.Errorf("%s: %s begins twice", when, n.Key())
				case n.First.Equal(w.Time):
					began = append(began, n.Key())
				case !known && n.First.After(waves[0].Time.Add(-time.Second)):
					t.Errorf("%s: %s is due at %s before its first, wave %d", when, n.Key(), w.Time, i)
				}
			}
		}
	}
}
