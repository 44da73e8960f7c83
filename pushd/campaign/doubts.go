package campaign

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// meetsItself tells of runs of the campaign that begin before the one before them has ended.
func (p *Preview) meetsItself() []string {
	for i := 1; i < len(p.Times); i++ {
		if between := p.Times[i].UTC.Sub(p.Times[i-1].Last); p.Takes > between && between > 0 {
			return []string{fmt.Sprintf("A run takes %s, and the next one comes after %s: both would send at once.", short(p.Takes.Round(time.Second)), short(between))}
		}
	}
	return nil
}

var offsetZone = regexp.MustCompile(`\AEtc/GMT([+-])([0-9]{1,2})\z`)

// doubts are what a campaign says that may be meant or not, a sentence each, for who reviews it.
func (c *Campaign) doubts() []string {
	var all []string
	if c.cron != nil && eitherDay(c.cron) {
		fields := strings.Fields(c.Cron)
		all = append(all, fmt.Sprintf("%s is due on the days %s of the month and, besides, on the days %s of the week: cron takes a day that either names, not only one that both do.",
			quoted(c.Cron), quoted(fields[2]), quoted(fields[4])))
	}
	zone := c.Zone.String()
	if m := offsetZone.FindStringSubmatch(zone); m != nil && m[2] != "0" {
		side := map[string]string{"+": "behind", "-": "ahead of"}[m[1]]
		all = append(all, fmt.Sprintf("The time zone %s is %s hours %s Greenwich: in these names the sign is the other way around. A city's zone, such as `Asia/Seoul`, says it plainly.", quoted(zone), m[2], side))
	}
	if city := cityOf(zone); city != "" {
		all = append(all, fmt.Sprintf("The time zone %s is an abbreviation, and does not say whose clocks; a city's zone, such as `%s`, does.", quoted(zone), city))
	}
	for _, written := range slices.Sorted(slices.Values(c.Audience.Languages)) {
		if l, is := languageOfCountry(written); is {
			all = append(all, fmt.Sprintf("The audience's language %s is %s; the language of the country is `%s`.", quoted(written), l.own, l.tag))
		}
	}
	return all
}
