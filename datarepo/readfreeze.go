package datarepo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// window reads one window of `freeze`.
func (p policyReader) window(v value) (w Window, ok bool) {
	w = Window{Reason: v.fields["reason"].text, Zone: p.zone}
	if zone, is := v.fields["timezone"]; is {
		w.Zone = readZone(zone, p.report)
	}
	if v.spoilt {
		return w, false
	}
	from, to := v.fields["from"], v.fields["to"]
	before := len(p.report.problems)
	if days, weekly := v.fields["days"]; weekly {
		for _, d := range days.items {
			w.Days = append(w.Days, time.Weekday(slices.Index(strings.Split(dayPattern, "|"), d.text)))
		}
		slices.Sort(w.Days)
		w.Days = slices.Compact(w.Days)
		w.From, w.To = p.clock(from), p.clock(to)
		if w.From == 24*60 {
			p.report.add(from.at, "use `00:00` and the next day", "a window cannot begin at the end of a day")
		}
	} else {
		w.Begin, w.End = p.moment(from), p.moment(to)
		if len(p.report.problems) == before && !w.End.After(w.Begin) {
			p.report.add(to.at, "", "`to` is not after `from`")
		}
	}
	return w, len(p.report.problems) == before && w.Zone != nil
}

// clock is a time of day in minutes.
func (p policyReader) clock(v value) int {
	var hour, minute int
	if n, err := fmt.Sscanf(v.text, "%d:%d", &hour, &minute); n != 2 || err != nil || len(v.text) != 5 {
		p.report.add(v.at, "use a time such as `18:00`, or remove `days`", "a weekly window has times of day, not %s", quoted(v.text))
		return 0
	}
	return hour*60 + minute
}

// moment is a date and a time as a clock shows them.
func (p policyReader) moment(v value) time.Time {
	if len(v.text) == len("18:00") {
		p.report.add(v.at, "use a date and a time such as `2026-12-24T18:00`, or add `days: [fri, sat]`", "%s has no date, and the window no `days`", quoted(v.text))
		return time.Time{}
	}
	t, err := time.Parse("2006-01-02T15:04", v.text)
	if err != nil {
		p.report.add(v.at, "", "%s is not a date of the calendar", quoted(v.text))
	}
	return t
}
