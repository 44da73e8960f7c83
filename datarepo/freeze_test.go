package datarepo

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func freezeOf(t *testing.T, zone, windows string) Freeze {
	t.Helper()
	config, problems := LoadConfig(configFS("timezone: " + zone + "\nenvironments: [{name: a, freeze: [" + windows + "]}]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return config.Environments[0].Freeze
}

// The clocks of Berlin go from 02:00 to 03:00 on 2026-03-29 at 01:00 UTC, and from 03:00 back to 02:00 on 2026-10-25 at
// 01:00 UTC. Those of Samoa never showed the 30th of December 2011.
func TestFreezeAt(t *testing.T) {
	const weekend = `{days: [fri, sat], from: "18:00", to: "09:00", reason: weekend}`
	tests := []struct {
		name, zone, windows string
		now, until          string // UTC; until "" for not frozen, "-" for no end in sight
		reason              string
	}{
		{"before it begins", "Asia/Seoul", weekend, "2026-11-27T08:59:59Z", "", ""},
		{"as it begins", "Asia/Seoul", weekend, "2026-11-27T09:00:00Z", "2026-11-28T00:00:00Z", "weekend"},
		{"the next morning", "Asia/Seoul", weekend, "2026-11-27T23:59:59Z", "2026-11-28T00:00:00Z", "weekend"},
		{"as it ends", "Asia/Seoul", weekend, "2026-11-28T00:00:00Z", "", ""},
		{"the day after the last that it begins on", "Asia/Seoul", weekend, "2026-11-28T20:00:00Z", "2026-11-29T00:00:00Z", "weekend"},
		{"in its own zone", "Asia/Seoul", `{days: [fri], from: "18:00", to: "20:00", timezone: America/New_York}`, "2026-11-27T23:30:00Z", "2026-11-28T01:00:00Z", ""},
		{"two that touch are one", "UTC", `{days: [fri], from: "18:00", to: "24:00", reason: a}, {days: [sat], from: "00:00", to: "10:00", reason: b}`, "2026-11-27T19:00:00Z", "2026-11-28T10:00:00Z", "a"},
		{"two that overlap are one", "UTC", `{days: [fri], from: "18:00", to: "22:00", reason: a}, {from: 2026-11-27T20:00, to: 2026-11-30T00:00, reason: b}`, "2026-11-27T21:00:00Z", "2026-11-30T00:00:00Z", "a"},
		{"a gap of a minute parts them", "UTC", `{days: [fri], from: "18:00", to: "23:59"}, {days: [sat], from: "00:00", to: "10:00"}`, "2026-11-27T19:00:00Z", "2026-11-27T23:59:00Z", ""},
		{"from equal to to is a whole day", "UTC", `{days: [fri], from: "18:00", to: "18:00"}`, "2026-11-28T17:59:00Z", "2026-11-28T18:00:00Z", ""},
		{"dated", "Asia/Seoul", `{from: 2026-12-24T00:00, to: 2027-01-02T09:00, reason: winter}`, "2026-12-23T15:00:00Z", "2027-01-02T00:00:00Z", "winter"},
		{"dated, over", "Asia/Seoul", `{from: 2026-12-24T00:00, to: 2027-01-02T09:00}`, "2027-01-02T00:00:00Z", "", ""},
		{"always", "UTC", `{days: [sun, mon, tue, wed, thu, fri, sat], from: "00:00", to: "24:00", reason: closed}`, "2026-11-27T19:00:00Z", "-", "closed"},

		{"begins in the hour that is skipped", "Europe/Berlin", `{days: [sun], from: "02:30", to: "05:00"}`, "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z", ""},
		{"not before the skip", "Europe/Berlin", `{days: [sun], from: "02:30", to: "05:00"}`, "2026-03-29T00:59:59Z", "", ""},
		{"ends in the hour that is skipped", "Europe/Berlin", `{days: [sun], from: "00:30", to: "02:30"}`, "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", ""},
		{"wholly within the hour that is skipped", "Europe/Berlin", `{days: [sun], from: "02:10", to: "02:50"}`, "2026-03-29T01:00:00Z", "", ""},
		{"begins in the hour that comes twice: the first time", "Europe/Berlin", `{days: [sun], from: "02:30", to: "05:00"}`, "2026-10-25T00:30:00Z", "2026-10-25T04:00:00Z", ""},
		{"ends in the hour that comes twice: the second time", "Europe/Berlin", `{days: [sun], from: "00:30", to: "02:30"}`, "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z", ""},
		{"a night over the change is an hour longer", "Europe/Berlin", `{days: [sat], from: "22:00", to: "08:00"}`, "2026-10-24T20:00:00Z", "2026-10-25T07:00:00Z", ""},
		{"a night over the change is an hour shorter", "Europe/Berlin", `{days: [sat], from: "22:00", to: "08:00"}`, "2026-03-28T21:00:00Z", "2026-03-29T06:00:00Z", ""},
		{"a day that never was", "Pacific/Apia", `{days: [fri], from: "08:00", to: "20:00"}`, "2011-12-30T10:00:00Z", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			window, until, frozen := freezeOf(t, tt.zone, tt.windows).At(utc(t, tt.now))
			got := ""
			switch {
			case frozen && until.IsZero():
				got = "-"
			case frozen:
				got = until.Format(time.RFC3339)
			}
			if got != tt.until || window.Reason != tt.reason {
				t.Errorf("until %q (%q), want %q (%q)", got, window.Reason, tt.until, tt.reason)
			}
		})
	}
}

func utc(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestFreezeNext(t *testing.T) {
	const weekend = `{days: [fri], from: "18:00", to: "09:00", reason: weekend}`
	const winter = `{from: 2026-12-24T00:00, to: 2027-01-02T09:00, reason: winter}`
	for _, tt := range []struct{ name, zone, windows, now, begins, reason string }{
		{"this week", "Asia/Seoul", weekend + "," + winter, "2026-11-25T00:00:00Z", "2026-11-27T09:00:00Z", "weekend"},
		{"not the one that begins just now", "Asia/Seoul", weekend, "2026-11-27T09:00:00Z", "2026-12-04T09:00:00Z", "weekend"},
		{"the dated one comes first", "UTC", weekend + "," + winter, "2026-12-20T00:00:00Z", "2026-12-24T00:00:00Z", "winter"},
		{"none any more", "UTC", winter, "2027-01-01T00:00:00Z", "", ""},
		{"not within a year", "UTC", `{from: 2030-12-24T00:00, to: 2031-01-02T09:00}`, "2027-01-01T00:00:00Z", "", ""},
		{"a Friday that never was is passed over", "Pacific/Apia", `{days: [fri], from: "08:00", to: "20:00"}`, "2011-12-25T00:00:00Z", "2012-01-05T18:00:00Z", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			window, begins, ok := freezeOf(t, tt.zone, tt.windows).Next(utc(t, tt.now))
			if got := begins.Format(time.RFC3339); ok != (tt.begins != "") || ok && got != tt.begins || window.Reason != tt.reason {
				t.Errorf("begins %s (%q, %t), want %q (%q)", got, window.Reason, ok, tt.begins, tt.reason)
			}
		})
	}
	if _, _, ok := Freeze(nil).Next(utc(t, "2026-11-25T00:00:00Z")); ok {
		t.Error("no window begins")
	}
}

// Windows drawn at random, around the days on which clocks change, freeze just those minutes that the words say: from
// the first at which the clock shows the begin or later, until the last at which it shows a time before the end.
func TestFreezeAgreesWithTheClock(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2026))
	changes := []struct{ zone, day string }{
		{"Europe/Berlin", "2026-03-29"}, {"Europe/Berlin", "2026-10-25"}, {"America/New_York", "2026-11-01"}, {"America/New_York", "2026-03-08"},
		{"Australia/Lord_Howe", "2026-04-05"}, {"Australia/Lord_Howe", "2026-10-04"}, {"Pacific/Apia", "2011-12-30"}, {"America/Sao_Paulo", "2018-11-04"},
		{"Asia/Seoul", "2026-11-25"}, {"Asia/Kathmandu", "2026-11-25"}, {"Africa/Casablanca", "2026-02-15"},
	}
	rounds := 6
	if testing.Short() {
		rounds = 1
	}
	for _, change := range changes {
		zone := zoneOf(t, change.zone)
		day := utc(t, change.day+"T00:00:00Z")
		for range rounds {
			var f Freeze
			for range 1 + random.IntN(3) {
				f = append(f, randomWindow(random, zone, day))
			}
			checkAgainstClock(t, f, zone, day)
		}
	}
}

// randomWindow is near a day, and its times are near the hours at which clocks are changed.
func randomWindow(random *rand.Rand, zone *time.Location, day time.Time) Window {
	minute := func() int { return random.IntN(10) * 30 }
	if random.IntN(4) == 0 {
		begin := day.Add(time.Duration(random.IntN(48)*30-12*60) * time.Minute)
		return Window{Begin: begin, End: begin.Add(time.Duration(1+random.IntN(40)) * 30 * time.Minute), Zone: zone}
	}
	w := Window{From: minute(), To: minute(), Zone: zone}
	if random.IntN(3) == 0 {
		w.To = 24 * 60
	}
	for i := range 3 {
		if random.IntN(2) == 0 || i == 2 && w.Days == nil {
			w.Days = append(w.Days, day.AddDate(0, 0, i-1).Weekday())
		}
	}
	return w
}

func checkAgainstClock(t *testing.T, f Freeze, zone *time.Location, day time.Time) {
	t.Helper()
	const slack = 4 * 24 * 60
	start := day.Add(-slack * time.Minute)
	minutes := 2*slack + 24*60
	frozen := make([]bool, minutes)
	for _, w := range f {
		for _, o := range spelledOut(w, day) {
			first, last := -1, -1
			for i := range minutes {
				shown := shownBy(start.Add(time.Duration(i)*time.Minute), zone)
				if first < 0 && !shown.Before(o[0]) {
					first = i
				}
				if shown.Before(o[1]) {
					last = i
				}
			}
			for i := first; i >= 0 && i <= last; i++ {
				frozen[i] = true
			}
		}
	}
	for i := 24 * 60; i < minutes-2*24*60; i += 5 {
		now := start.Add(time.Duration(i) * time.Minute)
		_, until, is := f.At(now)
		if is != frozen[i] {
			t.Fatalf("%s at %s: frozen %t, want %t: %s", zone, now.Format(time.RFC3339), is, frozen[i], describeFreeze(f))
		}
		end := i
		for end < minutes && frozen[end] {
			end++
		}
		if is && end < minutes-24*60 && !until.Equal(start.Add(time.Duration(end)*time.Minute)) {
			t.Fatalf("%s at %s: until %s, want %s: %s", zone, now.Format(time.RFC3339), until.Format(time.RFC3339), start.Add(time.Duration(end)*time.Minute).Format(time.RFC3339), describeFreeze(f))
		}
	}
}

// spelledOut is what the clock shows at each begin and end of a window near a day.
func spelledOut(w Window, day time.Time) (all [][2]time.Time) {
	if w.Days == nil {
		return [][2]time.Time{{w.Begin, w.End}}
	}
	for i := -6; i <= 6; i++ {
		d := day.AddDate(0, 0, i)
		for _, on := range w.Days {
			if d.Weekday() != on {
				continue
			}
			end := d.Add(time.Duration(w.To) * time.Minute)
			if w.To <= w.From {
				end = end.AddDate(0, 0, 1)
			}
			all = append(all, [2]time.Time{d.Add(time.Duration(w.From) * time.Minute), end})
		}
	}
	return all
}

// shownBy is what a clock shows, as if it were UTC.
func shownBy(at time.Time, zone *time.Location) time.Time {
	l := at.In(zone)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
}

func describeFreeze(f Freeze) string {
	s := ""
	for _, w := range f {
		s += fmt.Sprintf("\n%v %02d:%02d-%02d:%02d %v %v", w.Days, w.From/60, w.From%60, w.To/60, w.To%60, w.Begin, w.End)
	}
	return s
}
