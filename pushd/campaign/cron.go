package campaign

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// cronField is one of the five fields of cron.
type cronField struct {
	name        string
	least, most int
	words       []string // the names that it takes, from the least on
}

func cronFields() [5]cronField {
	return [5]cronField{
		{"minute", 0, 59, nil},
		{"hour", 0, 23, nil},
		{"day of the month", 1, 31, nil},
		{"month", 1, 12, []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
		{"day of the week", 0, 6, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
	}
}

const (
	fieldOfHour, fieldOfWeekday = 1, 4
	useFiveFields               = "use five fields: minute, hour, day of month, month, day of week, such as `0 9 * * *`"
)

// ParseCron reads five fields of cron (minute, hour, day of month, month, day of week) into a schedule of what clocks show,
// as if that were UTC. problem and mend are "" where they are one that ever comes. As in every cron, a day
// matches where day of month and day of week are both given and either does.
func ParseCron(text string) (s cron.Schedule, problem, mend string) {
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		return nil, quoted(text) + " names a time zone", "remove it, and name it in `timezone`"
	}
	parsed, err := parseFields(text)
	if err != nil {
		fields := strings.Fields(text)
		if len(fields) != len(cronFields()) {
			return nil, quoted(text) + " is not a schedule", useFiveFields
		}
		return nil, fieldProblem(fields), fieldMend(fields)
	}
	if parsed.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() { // within five years, a leap year included
		return nil, quoted(text) + " never comes", "name a day that comes: the 30th and 31st are not in every month"
	}
	return parsed, "", ""
}

func parseFields(text string) (cron.Schedule, error) {
	return cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse("CRON_TZ=UTC " + text)
}

// wrongField is the first field of a schedule that is none of its kind.
func wrongField(fields []string) int {
	for i, field := range fields {
		alone := [5]string{"*", "*", "*", "*", "*"}
		alone[i] = field
		if _, err := parseFields(strings.Join(alone[:], " ")); err != nil {
			return i
		}
	}
	return 0
}

func fieldProblem(fields []string) string {
	i := wrongField(fields)
	return fmt.Sprintf("%s is not right for the %s, the %s of the five fields", quoted(fields[i]), cronFields()[i].name, [...]string{"first", "second", "third", "fourth", "last"}[i])
}

// fieldMend says what the field that is wrong takes and, where that is plain, what the schedule is meant to be.
func fieldMend(fields []string) string {
	i := wrongField(fields)
	f := cronFields()[i]
	takes := fmt.Sprintf("it takes %d to %d", f.least, f.most)
	switch {
	case i == fieldOfHour:
		takes += "; midnight is 0 and begins the day"
	case i == fieldOfWeekday:
		takes += ", or " + strings.Join(f.words, ", ") + "; Sunday is 0"
	case f.words != nil:
		takes += ", or " + strings.Join(f.words, ", ")
	}
	meant := slices.Clone(fields)
	meant[i] = f.meant(fields[i])
	if text := strings.Join(meant, " "); meant[i] != fields[i] {
		if _, err := parseFields(text); err == nil {
			return "write `" + text + "`: " + takes
		}
	}
	return takes
}

var wordOrNumber = regexp.MustCompile(`[A-Za-z]+|[0-9]+`)

// meant is a field with the names that it takes in place of longer ones, Sunday's 0 for 7, and a range past Saturday as two.
func (f cronField) meant(field string) string {
	var parts []string
	for _, part := range strings.Split(field, ",") {
		part = wordOrNumber.ReplaceAllStringFunc(part, func(word string) string {
			for _, short := range f.words {
				if len(word) >= len(short) && strings.EqualFold(word[:len(short)], short) {
					return short
				}
			}
			return word
		})
		if f.most == 6 {
			part = pastSaturday(part, f.words)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ",")
}

// pastSaturday is a part of the field for days of the week: with 0 for Sunday's 7, and what goes past Saturday as two parts.
func pastSaturday(part string, words []string) string {
	day := func(word string) int {
		if i := slices.Index(words, strings.ToUpper(word)); i >= 0 {
			return i
		}
		n, err := strconv.Atoi(word)
		if err != nil {
			return -1
		}
		return n
	}
	from, to, isRange := strings.Cut(part, "-")
	first, last := day(from), day(to)
	switch {
	case part == "7":
		return "0"
	case !isRange || first < 1 || first > 6 || last < 0 || last > 7 || last >= first && last < 7:
		return part
	case last == 0 || last == 7:
		return from + "-" + words[6] + "," + words[0]
	}
	return from + "-" + words[6] + "," + words[0] + "-" + to
}

// tooFar is the part of a schedule with a step that goes past the end of what its field counts, where it begins anew; "" for none.
func tooFar(text string) (part string, f cronField) {
	for i, field := range strings.Fields(text) {
		f = cronFields()[i]
		for _, part := range strings.Split(field, ",") {
			_, step, has := strings.Cut(part, "/")
			if n, err := strconv.Atoi(step); has && err == nil && n > f.most-f.least+1 {
				return part, f
			}
		}
	}
	return "", f
}

// eitherDay says whether a schedule names days of the month and days of the week, of which cron takes either.
func eitherDay(s cron.Schedule) bool {
	const star = 1 << 63 // as cron marks a field that is `*`
	spec, ok := s.(*cron.SpecSchedule)
	return ok && spec.Dom&star == 0 && spec.Dow&star == 0
}

// nearestTimes is how many times a day of a schedule has at most, and the least time between two of them, on one day or across
// midnight: 24h or more where there is one a day.
func nearestTimes(s cron.Schedule) (times int, apart time.Duration) {
	const day = 24 * time.Hour
	apart = day
	spec, ok := s.(*cron.SpecSchedule)
	if !ok {
		return 1, apart
	}
	first, last := time.Duration(-1), time.Duration(0)
	for minute := range 24 * 60 {
		if spec.Hour&(1<<(minute/60)) == 0 || spec.Minute&(1<<(minute%60)) == 0 {
			continue
		}
		at := time.Duration(minute) * time.Minute
		if times++; times == 1 {
			first = at
		} else {
			apart = min(apart, at-last)
		}
		last = at
	}
	if over := first + day - last; times > 1 && over < apart && onNextDay(s) {
		apart = over
	}
	return times, apart
}

// onNextDay says whether a schedule ever comes on two days in a row.
func onNextDay(s cron.Schedule) bool {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for at := s.Next(start.Add(-time.Second)); !at.IsZero() && at.Before(start.AddDate(5, 0, 0)); {
		ends := at.Truncate(24 * time.Hour).Add(24*time.Hour - time.Second)
		at = s.Next(ends)
		if at.Sub(ends) <= 24*time.Hour && !at.IsZero() {
			return true
		}
	}
	return false
}
