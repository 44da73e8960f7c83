package campaign

import (
	"cmp"
	"slices"
	"time"
)

// Span is when one run is at work: from Begin to End it sends, from Lease to Release it has servers (both zero where it has none).
type Span struct {
	Campaign       string
	Time           time.Time // the run's
	Begin, End     time.Time
	Lease, Release time.Time
}

// Overlap is two runs that are at work at once.
type Overlap struct {
	Time  time.Time // of the campaign's run
	Other string    // the other campaign
	At    time.Time // of its run

	Sending  bool // they share the gateways' quotas, and each takes longer
	Capacity bool // servers are added for the larger need, not for both
}

// Spans are when the campaign's next n runs are at work. Where each user's own zone counts, a wave is as large as its zones.
func (c *Campaign) Spans(g Given, n int) []Span {
	total, inZones := 0, 0
	for _, part := range g.Audience {
		total += part.Tokens
	}
	for _, tokens := range g.Zones {
		inZones += tokens
	}
	var all []Span
	for _, w := range c.timetable(g).Waves(g.Now, n) {
		tokens := total
		if c.EachUser && inZones > 0 {
			turn := 0
			for _, z := range w.Zones {
				turn += g.Zones[z]
			}
			tokens = int(float64(total) * float64(turn) / float64(inZones))
		}
		begin := Run{g.Environment, c.Name, w.Time}.Start(c.Jitter)
		_, takes, _ := c.takes(g, tokens)
		s := Span{Campaign: c.Name, Time: w.Time, Begin: begin, End: begin.Add(takes)}
		if k := c.Capacity; k != nil {
			s.Lease, s.Release = begin.Add(-k.Lead), s.End.Add(k.Hold)
		}
		all = append(all, s)
	}
	return all
}

// Overlaps are the runs of a campaign that are at work while runs of others are, by time, then by the other's name. Spans of
// the campaign itself among the others do not count.
func Overlaps(of, others []Span) []Overlap {
	var all []Overlap
	for _, a := range of {
		for _, b := range others {
			o := Overlap{Time: a.Time, Other: b.Campaign, At: b.Time}
			o.Sending = meet(a.Begin, a.End, b.Begin, b.End)
			o.Capacity = !a.Lease.IsZero() && !b.Lease.IsZero() && meet(a.Lease, a.Release, b.Lease, b.Release)
			if a.Campaign != b.Campaign && (o.Sending || o.Capacity) {
				all = append(all, o)
			}
		}
	}
	slices.SortFunc(all, func(a, b Overlap) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Other, b.Other), a.At.Compare(b.At))
	})
	return slices.Compact(all)
}

// meet says whether two times have an instant in common, their ends included: two runs of one instant meet, also where nobody has counted how
// long they take.
func meet(begin, end, otherBegin, otherEnd time.Time) bool {
	return !begin.After(otherEnd) && !otherBegin.After(end)
}
