package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Missed is what became due since one instant (not included) up to now (included) while nobody looked: the waves that are
// still to be sent, oldest first, and the times that are not.
//
// Of each zone's missed times only the newest counts, so that no phone is sent several at once. It is sent where it is
// at most deadline late, or a week where policy is SendMissed. skipped has 100 at most, the oldest; nothing before the last week is in it.
func (t *Timetable) Missed(since, now time.Time, deadline time.Duration, policy Missed) (send []Wave, skipped []time.Time) {
	if policy == SendMissed {
		deadline = longestLate
	}
	if week := now.Add(-longestLate); since.Before(week) {
		since = week.Add(-time.Nanosecond)
	}
	for _, z := range t.zones {
		last, ok := t.lastIn(z.place, since, now)
		if !ok || now.Sub(last) > deadline {
			continue
		}
		if i := slices.IndexFunc(send, func(w Wave) bool { return w.Time.Equal(last) }); i >= 0 {
			send[i].Zones, send[i].Others = append(send[i].Zones, z.names...), send[i].Others || z.others
			continue
		}
		send = append(send, t.wave(last, z))
	}
	slices.SortFunc(send, func(a, b Wave) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	for i := range send {
		slices.Sort(send[i].Zones)
	}
	for at, ok := t.Next(since); ok && !at.After(now) && len(skipped) < mostSkipped; at, ok = t.Next(at) {
		if !slices.ContainsFunc(send, func(w Wave) bool { return w.Time.Equal(at) }) {
			skipped = append(skipped, at)
		}
	}
	return send, skipped
}

// TooLate says why a run is not sent by itself so long after its start; "" where it is.
func (c *Campaign) TooLate(late time.Duration) string {
	most := c.Deadline
	if c.Missed == SendMissed {
		most = longestLate
	}
	if late <= most {
		return ""
	}
	return fmt.Sprintf("it is %s late, and is sent by itself up to %s late", short(late.Round(time.Second)), short(most))
}

const (
	longestLate = 7 * 24 * time.Hour
	mostSkipped = 100
)

// lastIn is the last instant of (since, now] at which the campaign is due in a zone.
func (t *Timetable) lastIn(place *time.Location, since, now time.Time) (last time.Time, ok bool) {
	for _, back := range []time.Duration{time.Hour, 26 * time.Hour, longestLate + time.Hour} { // a schedule of every minute is not gone through from the week's beginning
		from := now.Add(-back)
		if from.Before(since) {
			from = since
		}
		for at, has := t.nextIn(place, from); has && !at.After(now); at, has = t.nextIn(place, at) {
			last, ok = at, true
		}
		if ok || from.Equal(since) {
			break
		}
	}
	return last, ok
}
