package datasheets

import (
	"testing"
	"time"
	_ "time/tzdata" // the test's zones, on machines without them
)

func TestDateCells(t *testing.T) {
	runCells(t, nil, []cellCase{
		{"date", date("45292"), "2024-01-01"},
		{"date", date("1"), "1900-01-01"},
		{"date", date("59"), "1900-02-28"},
		{"date", date("60"), "!a day that never was"},
		{"date", date("61"), "1900-03-01"},
		{"date", date("2958465"), "9999-12-31"},
		{"date", date("2958466"), "!format the cell as a date"},
		{"date", date("0.5"), "!a time only"},
		{"date", date("-1"), "!no dates this early"},
		{"date", date("45292.5"), "!leave the time of day out"},
		{"date", date("45291.9999999999"), "2024-01-01"},
		{"date", date("1E999"), "!format the cell as a date"},
		{"date", text("2024-02-29"), "2024-02-29"},
		{"date", text(" 2024-02-29\u3000"), "2024-02-29"},
		{"date", text("2024-02-29 00:00"), "2024-02-29"},
		{"date", text("2024-02-29T09:30"), "!leave the time of day out"},
		{"date", text("2023-02-29"), "!such as 2024-01-31"},
		{"date", text("1900-02-29"), "!such as 2024-01-31"},
		{"date", text("2000-02-29"), "2000-02-29"},
		{"date", text("2024-13-01"), "!such as 2024-01-31"},
		{"date", text("2024-04-31"), "!such as 2024-01-31"},
		{"date", text("2024/01/02"), "!write the date as 2024-01-31"},
		{"date", text("24-01-02"), "!write the date as 2024-01-31"},
		{"date", text("2024-01-02x"), "!write the date as 2024-01-31"},
		{"date", text("2024-01-02T00:00Z"), "!without an offset"},
		{"date", text("0000-00-00"), "0000-00-00"},
		{"date", text("0000-01-01"), "!such as"},
		{"date", text("0001-01-01"), "0001-01-01"},
		{"date", num("45292"), "!found 45292, but v (date) takes a date such as 2024-01-31"},
		{"date", duration("1.5"), "!format the cell as a date"},
		{"date", truth(true), "!format the cell as a date"},
		{"date", isoDate("2024-01-02T00:00:00"), "2024-01-02"},
	})
	runCells(t, &Options{Date1904: true}, []cellCase{
		{"date", date("0"), "1904-01-01"},
		{"date", date("60"), "1904-03-01"},
		{"date", date("43830"), "2024-01-01"},
	})
}

func TestDateTimeCells(t *testing.T) {
	runCells(t, nil, []cellCase{
		{"datetime", date("45292"), "2024-01-01 00:00:00"},
		{"datetime", date("45292.999988425926"), "2024-01-01 23:59:59"},
		{"datetime", date("45292.9999884259"), "2024-01-01 23:59:59"},
		{"datetime", date("45292.9999999999"), "2024-01-02 00:00:00"},
		{"datetime", date("45292.00001"), "!in whole seconds (the cell's time has a fraction of a second"},
		{"datetime(1)", date("45292.0000011574074"), "2024-01-01 00:00:00.1"},
		{"datetime(3)", date("45292.5000000116"), "2024-01-01 12:00:00.001"},
		{"datetime(6)", date("45292.5000000116"), "2024-01-01 12:00:00.001000"},
		{"datetime", text("2024-01-02"), "2024-01-02 00:00:00"},
		{"datetime", text("2024-01-02 03:04"), "2024-01-02 03:04:00"},
		{"datetime", text("2024-01-02T03:04:05"), "2024-01-02 03:04:05"},
		{"datetime", text("2024-01-02 03:04:05.000"), "2024-01-02 03:04:05"},
		{"datetime", text("2024-01-02 03:04:05.5"), "!in whole seconds"},
		{"datetime(3)", text("2024-01-02 03:04:05.5"), "2024-01-02 03:04:05.500"},
		{"datetime(3)", text("2024-01-02 03:04:05.1234"), "!at most 3 digits after the seconds"},
		{"datetime(6)", text("2024-01-02 03:04:05.123456"), "2024-01-02 03:04:05.123456"},
		{"datetime(6)", text("2024-01-02 03:04:05.1234567"), "!such as"},
		{"datetime(6)", text("2024-01-02 03:04:05.123456000"), "2024-01-02 03:04:05.123456"},
		{"datetime", text("2024-01-02 24:00:00"), "!such as"},
		{"datetime", text("2024-01-02 3:04"), "!such as"},
		{"datetime", text("2024-01-02 003:04"), "!such as"},
		{"datetime", text("2024-01-02 03:60"), "!such as"},
		{"datetime", text("2024-01-02 03:04:60"), "!such as"},
		{"datetime", text("2024-01-02 03:04:05."), "!such as"},
		{"datetime", text("2024-01-02 "), "2024-01-02 00:00:00"},
		{"datetime", text("2024-01-02Z"), "!such as"},
		{"datetime", text("2024-01-02 03:04:05+09:00"), "!without an offset"},
		{"datetime", text("0000-00-00"), "0000-00-00 00:00:00"},
		{"datetime(3)", text("0000-00-00 00:00:00"), "0000-00-00 00:00:00.000"},
		{"datetime", date("0.5"), "!a time only"},
		{"datetime", num("45292"), "!format the cell as a date"},
		{"datetime", duration("45292"), "!format the cell as a date"},
		{"datetime(3)", isoDate("2024-01-02T03:04:05.678"), "2024-01-02 03:04:05.678"},
	})
}

func TestTimestampCells(t *testing.T) {
	runCells(t, nil, []cellCase{
		{"timestamp", text("2024-01-02 03:04:05"), "2024-01-02 03:04:05"},
		{"timestamp", text("2024-01-02T03:04:05Z"), "2024-01-02 03:04:05"},
		{"timestamp", text("2024-01-02T03:04:05-05:30"), "2024-01-02 08:34:05"},
		{"timestamp", text("2024-01-02T03:04:05+24:00"), "!such as"},
		{"timestamp", text("2024-01-02T03:04:05+9"), "!such as"},
		{"timestamp", text("1970-01-01 00:00:00"), "!from 1970-01-01 00:00:01"},
		{"timestamp", text("1970-01-01 00:00:01"), "1970-01-01 00:00:01"},
		{"timestamp", text("2038-01-19 03:14:07"), "2038-01-19 03:14:07"},
		{"timestamp", text("2038-01-19 03:14:08"), "!to 2038-01-19 03:14:07 UTC"},
		{"timestamp", text("0000-00-00 00:00:00"), "!such as"},
		{"timestamp(6)", text("2024-01-02 03:04:05.25"), "2024-01-02 03:04:05.250000"},
	})
	runCells(t, &Options{Location: zone(t, "Asia/Seoul")}, []cellCase{
		{"timestamp", text("2024-01-01 08:59:59"), "2023-12-31 23:59:59"},
		{"timestamp", date("45292"), "2023-12-31 15:00:00"},
		{"timestamp", text("2024-01-01 09:00:00+00:00"), "2024-01-01 09:00:00"},
		{"timestamp", text("1970-01-01 09:00:01"), "1970-01-01 00:00:01"},
		{"timestamp", text("1970-01-01 09:00:00"), "!a time of Asia/Seoul"},
		{"datetime", text("2024-01-01 08:59:59"), "2024-01-01 08:59:59"},
	})
	runCells(t, &Options{Location: zone(t, "America/New_York")}, []cellCase{
		{"timestamp", text("2024-03-10 01:59:59"), "2024-03-10 06:59:59"},
		{"timestamp", text("2024-03-10 02:00:00"), "!skip this time"},
		{"timestamp", text("2024-03-10 02:59:59"), "!skip this time"},
		{"timestamp", text("2024-03-10 03:00:00"), "2024-03-10 07:00:00"},
		{"timestamp", text("2024-03-10 02:30:00-05:00"), "2024-03-10 07:30:00"},
		{"timestamp", text("2024-11-03 00:59:59"), "2024-11-03 04:59:59"},
		{"timestamp", text("2024-11-03 01:00:00"), "!show this time twice"},
		{"timestamp", text("2024-11-03 01:59:59"), "!show this time twice"},
		{"timestamp", text("2024-11-03 02:00:00"), "2024-11-03 07:00:00"},
	})
}

func TestTimeCells(t *testing.T) {
	runCells(t, nil, []cellCase{
		{"time", date("0"), "00:00:00"},
		{"time", date("0.5"), "12:00:00"},
		{"time", date("0.99998842592592595"), "23:59:59"},
		{"time", date("45292.5"), "!leave the date out"},
		{"time", duration("0.5"), "12:00:00"},
		{"time", duration("1.5"), "36:00:00"},
		{"time", duration("-0.5"), "-12:00:00"},
		{"time", duration("34.958321759259259"), "838:59:59"},
		{"time", duration("34.958333333333336"), "!to 838:59:59"},
		{"time", duration("0.500001"), "!fraction of a second"},
		{"time(2)", duration("0.50000289351851851"), "12:00:00.25"},
		{"time", text("9:30"), "09:30:00"},
		{"time", text("09:30:15"), "09:30:15"},
		{"time", text("-100:00"), "-100:00:00"},
		{"time", text("-00:00:00"), "00:00:00"},
		{"time(2)", text("-00:00:00.5"), "-00:00:00.50"},
		{"time", text("838:59:59"), "838:59:59"},
		{"time", text("839:00:00"), "!to 838:59:59"},
		{"time(1)", text("838:59:59.1"), "!to 838:59:59"},
		{"time(1)", text("00:00:00.12"), "!at most 1 digit after the seconds"},
		{"time", text("930"), "!write the time as 09:30:00"},
		{"time", text("1:2"), "!write the time as 09:30:00"},
		{"time", text("-"), "!write the time as 09:30:00"},
		{"time", text("2024-01-01 09:30"), "!write the time as 09:30:00"},
		{"time", num("0.5"), "!format the cell as a time"},
	})
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// Every day that a sheet can hold, as a serial number and as text, is the same date.
func TestSerialDaysAreCalendarDays(t *testing.T) {
	c := columnOf(t, "date")
	day := time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)
	for serial := 61; serial <= 2958465; serial += 13 {
		want := day.AddDate(0, 0, serial-61).Format(time.DateOnly)
		got, wrong := convert(t, c, date(itoa(serial)), nil)
		if wrong != nil || got.Text() != want {
			t.Fatalf("serial %d is %q, %v; want %s", serial, got.Text(), wrong, want)
		}
		again, wrong := convert(t, c, text(want), nil)
		if wrong != nil || again != got {
			t.Fatalf("text %s is %q, %v", want, again.Text(), wrong)
		}
	}
}

// Every second of a day, as the fraction that a spreadsheet stores with 15 or 17 digits, is that second.
func TestSerialSeconds(t *testing.T) {
	c := columnOf(t, "datetime")
	for second := 0; second < 86400; second += 7 {
		serial := 45292 + float64(second)/86400
		want := time.Date(2024, 1, 1, 0, 0, second, 0, time.UTC).Format(time.DateTime)
		for _, literal := range []string{ftoa(serial, 15), ftoa(serial, 17)} {
			if got, wrong := convert(t, c, date(literal), nil); wrong != nil || got.Text() != want {
				t.Fatalf("serial %s is %q, %v; want %s", literal, got.Text(), wrong, want)
			}
		}
	}
}
