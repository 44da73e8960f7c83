package campaign

import (
	"testing"
	"time"
)

func TestCronProblems(t *testing.T) {
	const weekdays = "it takes 0 to 6, or SUN, MON, TUE, WED, THU, FRI, SAT; Sunday is 0"
	const hours = "it takes 0 to 23; midnight is 0 and begins the day"
	for _, test := range []struct{ schedule, problem, mend string }{
		{"0 9 * * 7", "`7` is not right for the day of the week, the last of the five fields", "write `0 9 * * 0`: " + weekdays},
		{"0 9 * * 5-7", "`5-7` is not right for the day of the week, the last of the five fields", "write `0 9 * * 5-SAT,SUN`: " + weekdays},
		{"0 9 * * FRIDAY", "`FRIDAY` is not right for the day of the week, the last of the five fields", "write `0 9 * * FRI`: " + weekdays},
		{"0 9 * * Sat,Sunday", "`Sat,Sunday` is not right for the day of the week, the last of the five fields", "write `0 9 * * SAT,SUN`: " + weekdays},
		{"0 9 * * FRI-SUN", "`FRI-SUN` is not right for the day of the week, the last of the five fields", "write `0 9 * * FRI-SAT,SUN`: " + weekdays},
		{"0 9 * * FRI-MON", "`FRI-MON` is not right for the day of the week, the last of the five fields", "write `0 9 * * FRI-SAT,SUN-MON`: " + weekdays},
		{"0 9 * * 금", "`금` is not right for the day of the week, the last of the five fields", weekdays},
		{"0 24 * * *", "`24` is not right for the hour, the second of the five fields", hours},
		{"0 9pm * * *", "`9pm` is not right for the hour, the second of the five fields", hours},
		{"60 9 * * *", "`60` is not right for the minute, the first of the five fields", "it takes 0 to 59"},
		{"0 9 0 * *", "`0` is not right for the day of the month, the third of the five fields", "it takes 1 to 31"},
		{"0 9 L * *", "`L` is not right for the day of the month, the third of the five fields", "it takes 1 to 31"},
		{"0 9 1 December *", "`December` is not right for the month, the fourth of the five fields", "write `0 9 1 DEC *`: it takes 1 to 12, or JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC"},
		{"9 * * *", "`9 * * *` is not a schedule", useFiveFields},
		{"0 9 31 2 *", "`0 9 31 2 *` never comes", "name a day that comes: the 30th and 31st are not in every month"},
		{"0 9 * * 0,6", "", ""},
	} {
		if _, problem, mend := ParseCron(test.schedule); problem != test.problem || mend != test.mend {
			t.Errorf("%s: %q, %q\nwant %q, %q", test.schedule, problem, mend, test.problem, test.mend)
		}
	}
}

func TestNearestTimes(t *testing.T) {
	for _, test := range []struct {
		schedule string
		times    int
		apart    time.Duration
	}{
		{"3 19 * * FRI", 1, 24 * time.Hour},
		{"* 19 * * FRI", 60, time.Minute},
		{"0 * * * *", 24, time.Hour},
		{"*/45 9 * * *", 2, 45 * time.Minute},
		{"59 9 * * *", 1, 24 * time.Hour},
		{"10,30 0,23 * * *", 4, 20 * time.Minute},
		{"50 22,0 * * *", 2, 2 * time.Hour},
		{"0,30 0-23/23 * * *", 4, 30 * time.Minute},
		{"0 0,23 * * FRI", 2, 23 * time.Hour},
		{"0 0,23 * * *", 2, time.Hour},
		{"0 0,23 28-29 2 *", 2, time.Hour},
		{"0 0,23 29 2 *", 2, 23 * time.Hour},
	} {
		s, problem, _ := ParseCron(test.schedule)
		if problem != "" {
			t.Fatal(problem)
		}
		if times, apart := nearestTimes(s); times != test.times || apart != test.apart {
			t.Errorf("%s: %d times, %s apart, want %d and %s", test.schedule, times, apart, test.times, test.apart)
		}
	}
}
