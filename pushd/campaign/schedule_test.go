package campaign

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/robfig/cron/v3"
)

// timetable is when a schedule in one zone, or one time, is due.
func timetable(t testing.TB, when, zone string) *Timetable {
	t.Helper()
	s := crystals()
	s.Cron, s.Zone = when, zoneOf(zone)
	if at, err := time.Parse("2006-01-02T15:04", when); err == nil {
		s.Cron, s.At = "", at
	}
	return made(t, s).Timetable(nil)
}

// New York's clocks jump from 02:00 to 03:00 on 2026-03-08 and back from 02:00 to 01:00 on 2026-11-01.
func TestTimes(t *testing.T) {
	const zone = "America/New_York"
	for _, test := range []struct {
		name, when, zone, after string
		want                    []string // in the zone
	}{
		{"every Friday", "3 19 * * FRI", "Asia/Seoul", "2026-11-25T00:00:00Z", []string{"2026-11-27 19:03 +09", "2026-12-04 19:03 +09"}},
		{"not the instant itself", "3 19 * * FRI", "Asia/Seoul", "2026-11-27T10:03:00Z", []string{"2026-12-04 19:03 +09"}},
		{"but the one just before it", "3 19 * * FRI", "Asia/Seoul", "2026-11-27T10:02:59.999999999Z", []string{"2026-11-27 19:03 +09"}},
		{"over the leap", "0 19 * * *", zone, "2026-03-07T12:00:00Z", []string{"2026-03-07 19:00 -05", "2026-03-08 19:00 -04"}},
		{"in the gap", "30 2 * * *", zone, "2026-03-07T12:00:00Z", []string{"2026-03-08 03:00 -04", "2026-03-09 02:30 -04"}},
		{"several in the gap", "*/20 * * * *", zone, "2026-03-08T06:30:00Z", []string{"2026-03-08 01:40 -05", "2026-03-08 03:00 -04", "2026-03-08 03:20 -04"}},
		{"at the gap's end", "0 3 * * *", zone, "2026-03-08T06:59:59Z", []string{"2026-03-08 03:00 -04", "2026-03-09 03:00 -04"}},
		{"twice on the clock", "30 1 * * *", zone, "2026-10-31T12:00:00Z", []string{"2026-11-01 01:30 -04", "2026-11-02 01:30 -05"}},
		{"asked between the two", "30 1 * * *", zone, "2026-11-01T06:00:00Z", []string{"2026-11-02 01:30 -05"}},
		{"every half hour of the repeated hour", "*/30 * * * *", zone, "2026-11-01T04:59:00Z",
			[]string{"2026-11-01 01:00 -04", "2026-11-01 01:30 -04", "2026-11-01 02:00 -05"}},
		{"a zone whose midnight is jumped over", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", []string{"2026-09-06 01:00 -03", "2026-09-07 00:00 -03"}},
		{"half an hour of summer time", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", []string{"2026-10-04 02:30 +11", "2026-10-05 02:15 +11"}},
		{"a leap day", "0 9 29 2 *", "UTC", "2026-11-25T00:00:00Z", []string{"2028-02-29 09:00 +00"}},
		{"a day of month or of week", "0 9 1 * FRI", "UTC", "2026-11-25T00:00:00Z", []string{"2026-11-27 09:00 +00", "2026-12-01 09:00 +00"}},
		{"one time", "2026-12-24T19:00", "Asia/Seoul", "2026-11-25T00:00:00Z", []string{"2026-12-24 19:00 +09"}},
		{"one time in the gap", "2026-03-08T02:30", zone, "2026-01-01T00:00:00Z", []string{"2026-03-08 03:00 -04"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := timetable(t, test.when, test.zone)
			var got []string
			for _, at := range table.Times(moment(test.after), len(test.want)) {
				got = append(got, at.In(zoneOf(test.zone)).Format("2006-01-02 15:04 -07"))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if at, ok := timetable(t, "2026-12-24T19:00", "Asia/Seoul").Next(moment("2026-12-24T10:00:00Z")); ok {
		t.Errorf("one time comes again: %s", at)
	}
}

// What robfig/cron does by itself, for which reason it is asked about clock faces only: it drops a time in the gap, and repeats one that the
// clock shows twice.
func TestWhatCronDoesAtLeaps(t *testing.T) {
	for _, test := range []struct {
		schedule, after string
		want            []string
	}{
		{"30 2 * * *", "2026-03-07T12:00:00Z", []string{"2026-03-09 02:30 -04"}},
		{"30 1 * * *", "2026-10-31T12:00:00Z", []string{"2026-11-01 01:30 -04", "2026-11-01 01:30 -05"}},
	} {
		s, err := cron.ParseStandard("CRON_TZ=America/New_York " + test.schedule)
		if err != nil {
			t.Fatal(err)
		}
		at := moment(test.after)
		for _, want := range test.want {
			at = s.Next(at)
			if got := at.In(zoneOf("America/New_York")).Format("2006-01-02 15:04 -07"); got != want {
				t.Errorf("%s: %s, want %s", test.schedule, got, want)
			}
		}
	}
}

func eachUser(t testing.TB, when string) *Campaign {
	s := crystals()
	s.Cron, s.EachUser = when, true
	if at, err := time.Parse("2006-01-02T15:04", when); err == nil {
		s.Cron, s.At = "", at
	}
	return made(t, s)
}

func TestWaves(t *testing.T) {
	zones := []string{"America/New_York", "Asia/Tokyo", "Europe/Berlin", "Asia/Seoul", "Asia/Nowhere", "", "Asia/Tokyo", "Local"}
	table := eachUser(t, "0 19 * * FRI").Timetable(zones)
	var got []string
	for _, w := range table.Waves(moment("2026-11-27T00:00:00Z"), 4) {
		line := w.Time.Format("01-02 15:04 ") + strings.Join(w.Zones, ",")
		if w.Others {
			line += " and others"
		}
		got = append(got, line)
	}
	want := []string{
		"11-27 10:00 ,Asia/Nowhere,Asia/Seoul,Asia/Tokyo,Local and others",
		"11-27 18:00 Europe/Berlin", "11-28 00:00 America/New_York", // Friday there
		"12-04 10:00 ,Asia/Nowhere,Asia/Seoul,Asia/Tokyo,Local and others",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every zone, known or not, has its turn once a week, whatever the waves are.
func TestEachZoneHasItsTurnOnce(t *testing.T) {
	zones := []string{"America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "rubbish", ""}
	waves := eachUser(t, "0 19 * * FRI").Timetable(zones).Waves(moment("2026-11-25T00:00:00Z"), 6)
	end := waves[0].Time.AddDate(0, 0, 7)
	for _, zone := range append(zones, "Europe/Paris", "new rubbish") {
		turns := 0
		for _, w := range waves {
			if w.Time.Before(end) && w.Has(zone) {
				turns++
			}
		}
		if turns != 1 {
			t.Errorf("%q has its turn %d times", zone, turns)
		}
	}
	if one := timetable(t, "0 19 * * FRI", "Asia/Seoul").Waves(moment("2026-11-25T00:00:00Z"), 1)[0]; !one.Has("anything") || one.Zones != nil {
		t.Errorf("%+v", one)
	}
}

func TestMissed(t *testing.T) {
	hourly := timetable(t, "5 * * * *", "UTC")
	for _, test := range []struct {
		name       string
		table      *Timetable
		since, now string
		policy     Missed
		send, skip []string
	}{
		{"nothing", hourly, "2026-11-25T10:05:00Z", "2026-11-25T11:04:59Z", SkipMissed, nil, nil},
		{"on the instant", hourly, "2026-11-25T10:05:00Z", "2026-11-25T11:05:00Z", SkipMissed, []string{"25 11:05"}, nil},
		{"in time", hourly, "2026-11-25T10:05:00Z", "2026-11-25T11:20:00Z", SkipMissed, []string{"25 11:05"}, nil},
		{"too late", hourly, "2026-11-25T10:05:00Z", "2026-11-25T11:20:01Z", SkipMissed, nil, []string{"25 11:05"}},
		{"too late but sent", hourly, "2026-11-25T10:05:00Z", "2026-11-25T11:20:01Z", SendMissed, []string{"25 11:05"}, nil},
		{"three, of which the newest", hourly, "2026-11-25T08:05:00Z", "2026-11-25T11:50:00Z", SendMissed, []string{"25 11:05"}, []string{"25 09:05", "25 10:05"}},
		{"three, none in time", hourly, "2026-11-25T08:05:00Z", "2026-11-25T11:50:00Z", SkipMissed, nil, []string{"25 09:05", "25 10:05", "25 11:05"}},
		{"weeks ago", timetable(t, "0 9 1 * *", "UTC"), "2026-10-15T00:00:00Z", "2026-11-25T11:50:00Z", SendMissed, nil, nil},
		{"a week ago", timetable(t, "0 9 18 * *", "UTC"), "2026-10-15T00:00:00Z", "2026-11-25T09:00:00Z", SendMissed, []string{"18 09:00"}, nil},
		{"one time", timetable(t, "2026-11-25T11:00", "UTC"), "2026-11-20T00:00:00Z", "2026-11-25T11:10:00Z", SkipMissed, []string{"25 11:00"}, nil},
		{"each zone's newest", eachUser(t, "0 19 * * *").Timetable([]string{"Asia/Seoul", "Europe/Berlin"}),
			"2026-11-24T00:00:00Z", "2026-11-25T12:00:00Z", SendMissed, []string{"24 18:00", "25 10:00"}, []string{"24 10:00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			waves, skipped := test.table.Missed(moment(test.since), moment(test.now), DefaultDeadline, test.policy)
			var send, skip []string
			for _, w := range waves {
				send = append(send, w.Time.Format("02 15:04"))
			}
			for _, at := range skipped {
				skip = append(skip, at.Format("02 15:04"))
			}
			if diff := cmp.Diff([][]string{test.send, test.skip}, [][]string{send, skip}); diff != "" {
				t.Error(diff)
			}
		})
	}
	_, skipped := timetable(t, "* * * * *", "UTC").Missed(moment("2026-01-01T00:00:00Z"), moment("2026-11-25T09:00:30Z"), DefaultDeadline, SkipMissed)
	if len(skipped) != 100 || !skipped[0].Equal(moment("2026-11-18T09:01:00Z")) {
		t.Errorf("%d skipped, from %s on", len(skipped), skipped[0])
	}
}

// FuzzNext: what is next comes after, at a whole minute or a leap of the clocks, is the same whoever asks from before it, and
// shows a face that the schedule names, or the end of the gap that took it.
func FuzzNext(f *testing.F) {
	zones := []string{"UTC", "America/New_York", "Europe/London", "Asia/Seoul", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago", "Asia/Kathmandu", "Africa/Casablanca"}
	f.Add("30 2 * * *", uint8(1), int64(1772953200), uint16(600))
	f.Add("30 1 * * *", uint8(1), int64(1793505600), uint16(1800))
	f.Add("*/7 1-3 * * SUN", uint8(4), int64(1793505600), uint16(1))
	f.Add("0 0 30 12 *", uint8(5), int64(1325000000), uint16(60))
	f.Fuzz(func(t *testing.T, schedule string, in uint8, seconds int64, step uint16) {
		parsed, problem, _ := ParseCron(schedule)
		if problem != "" || seconds < 0 || seconds > 4_000_000_000 {
			t.Skip()
		}
		place := zoneOf(zones[int(in)%len(zones)])
		table := &Timetable{cron: parsed, zones: []zone{{others: true, place: place}}}
		after := time.Unix(seconds, 0)
		next, ok := table.Next(after)
		if !ok {
			if parsed.Next(after.UTC()).IsZero() {
				return
			}
			t.Fatalf("%q has nothing after %s", schedule, after)
		}
		if !next.After(after) || next.Location() != time.UTC {
			t.Fatalf("%q after %s: %s", schedule, after, next)
		}
		between := after.Add(next.Sub(after) / time.Duration(int64(step)+2))
		if again, _ := table.Next(between); !again.Equal(next) {
			t.Fatalf("%q: from %s %s, from %s %s", schedule, after, next, between, again)
		}
		local := next.In(place)
		start, _ := local.ZoneBounds()
		face := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
		if named := parsed.Next(face.Add(-time.Second)).Equal(face) && local.Second() == 0; !named && !next.Equal(start) {
			t.Fatalf("%q is due at %s, which it does not name", schedule, local)
		}
		if times := table.Times(after, 3); !slices.IsSortedFunc(times, time.Time.Compare) || len(slices.CompactFunc(slices.Clone(times), time.Time.Equal)) != len(times) {
			t.Fatalf("%q: %v", schedule, times)
		}
	})
}
