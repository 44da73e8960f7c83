package campaign

import (
	"bytes"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"liveops/datasheets"
)

// DefaultApart is the least time between two times of a schedule, unless the file names a shorter one: nobody wants a message of one campaign
// twice in an hour, and `* 19 * * FRI` for `0 19 * * FRI` would send it sixty times.
const DefaultApart = time.Hour

// Mistakes are what a campaign says that could be run and is surely not meant, sorted, each problem at its place. Whoever sends what was released
// does not ask: it was reviewed as it is.
func (c *Campaign) Mistakes() []datasheets.Problem {
	r := &rules{c: c}
	r.times()
	r.abbreviations()
	r.countries()
	r.nobodyAndEverybody()
	return datasheets.SortProblems(r.problems)
}

// times looks for a schedule that comes more often than is meant.
func (r *rules) times() {
	c := r.c
	if c.cron == nil {
		return
	}
	if part, f := tooFar(c.Cron); part != "" {
		r.add("schedule", fmt.Sprintf("use a step of %d at most, and name the times in the fields behind it, such as `0 */2 * * *` for every second hour", f.most-f.least+1),
			"%s counts anew after the %s %d, so its step never takes place", quoted(part), f.name, f.most)
		return
	}
	least := c.Apart
	if least == 0 {
		least = DefaultApart
	}
	times, apart := nearestTimes(c.cron)
	if apart >= least {
		return
	}
	mend := fmt.Sprintf("name fewer times or, if so many are meant, add `apart: %s`", short(apart))
	if fields := strings.Fields(c.Cron); strings.HasPrefix(fields[0], "*") {
		fields[0] = "0"
		mend = fmt.Sprintf("did you mean `%s`? If so many are meant, add `apart: %s`", strings.Join(fields, " "), short(apart))
	}
	r.add("schedule", mend, "%s comes %d times a day, some of them %s apart, and %s is the least", quoted(c.Cron), times, short(apart), short(least))
}

// abbreviations looks for a zone that is named by an abbreviation in the file.
func (r *rules) abbreviations() {
	key := "timezone"
	if r.c.EachUser {
		key = "fallbackTimezone"
	}
	if _, named := r.c.Places[key]; named {
		if city := cityOf(r.c.Zone.String()); city != "" {
			r.add(key, "name a city's zone, such as `"+city+"`", "%s is an abbreviation, and does not say whose clocks", quoted(r.c.Zone.String()))
		}
	}
}

// cityOf is a city with the clocks that an abbreviation is taken for which the IANA database has as a zone
// (https://data.iana.org/time-zones/theory.html#naming); "" for other names.
func cityOf(zone string) string {
	return map[string]string{
		"EST": "America/New_York", "EST5EDT": "America/New_York", "CST6CDT": "America/Chicago", "MST": "America/Denver", "MST7MDT": "America/Denver",
		"PST8PDT": "America/Los_Angeles", "HST": "Pacific/Honolulu", "CET": "Europe/Berlin", "MET": "Europe/Berlin", "EET": "Europe/Athens", "WET": "Europe/Lisbon",
	}[zone]
}

// countries looks for messages that have a country's code in place of a language's.
func (r *rules) countries() {
	for written := range r.c.Messages {
		if l, is := languageOfCountry(written); is && l.own != "" {
			r.add("message."+written, fmt.Sprintf("write `%s`, or `%s` if %s is meant", l.tag, l.long, l.own), "%s is %s; the language of the country is `%s`", quoted(written), l.own, l.tag)
		}
	}
}

// nobodyAndEverybody looks for an audience that is empty or, by a slip, everyone.
func (r *rules) nobodyAndEverybody() {
	a := &r.c.Audience
	if _, written := r.c.Places["audience"]; written && !a.hasConditions() && a.SQL == "" && a.SQLPP == "" {
		r.add("audience", "add a condition or, if everyone is meant, remove `audience`", "the audience has no condition, and would be everyone")
	}
	for _, condition := range a.Columns {
		if condition.Min != nil && condition.Max != nil && isAbove(condition.Min, condition.Max) {
			r.add("audience.columns."+condition.Column, "exchange the two", "`min` is above `max`, so nobody is in the audience")
		}
	}
}

func (a *Audience) hasConditions() bool {
	return len(a.Platforms)+len(a.Countries)+len(a.Languages)+len(a.Segments)+len(a.Columns) > 0 || a.Within > 0 || a.NotWithin > 0
}

var datePattern = regexp.MustCompile(`\A[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]+)?\z`)

// isAbove says whether a bound is above another one, of two numbers or two dates; how other texts compare, only their column knows.
func isAbove(a, b *datasheets.Cell) bool {
	if a.Kind == datasheets.Text && b.Kind == datasheets.Text && datePattern.Match(a.Text) && datePattern.Match(b.Text) && len(a.Text) == len(b.Text) {
		return bytes.Compare(a.Text, b.Text) > 0
	}
	if a.Kind != datasheets.Number || b.Kind != datasheets.Number || len(a.Text)+len(b.Text) > 60 || bytes.ContainsAny(a.Text, "eE") || bytes.ContainsAny(b.Text, "eE") {
		return false
	}
	x, okX := new(big.Rat).SetString(string(a.Text))
	y, okY := new(big.Rat).SetString(string(b.Text))
	return okX && okY && x.Cmp(y) > 0
}
