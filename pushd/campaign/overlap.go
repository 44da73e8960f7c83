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

// Other is another campaign of the environment, with what was counted of it.
type Other struct {
	Campaign *Campaign
	Audience []Portion
	Zones    map[string]int
}

// mostSpans bounds the runs that are looked at around one run.
const mostSpans = 2000

// Spans are when the campaign's runs are at work that are due after one instant and up to another, 2,000 at most. Where each
// user's own zone counts, a wave is as large as its zones.
func (c *Campaign) Spans(g Given, after, until time.Time) []Span {
	total, inZones := 0, 0
	for _, part := range g.Audience {
		total += part.Tokens
	}
	for _, tokens := range g.Zones {
		inZones += tokens
	}
	var all []Span
	t := c.timetable(g)
	for w, ok := t.NextWave(after); ok && !w.Time.After(until) && len(all) < mostSpans; w, ok = t.NextWave(w.Time) {
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

// overlaps are the runs of a campaign, up to an instant, that are at work while runs of others are: by time, then by the other's name.
func (c *Campaign) overlaps(g Given, until time.Time) []Overlap {
	var all []Overlap
	for _, mine := range c.Spans(g, g.Now, until) {
		for _, o := range g.Others {
			if o.Campaign.Name == c.Name {
				continue
			}
			theirs := g
			theirs.Audience, theirs.Zones = o.Audience, o.Zones
			after, until := o.Campaign.around(theirs, mine)
			all = append(all, overlapsOf(mine, o.Campaign.Spans(theirs, after, until))...)
		}
	}
	slices.SortStableFunc(all, func(a, b Overlap) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Other, b.Other), a.At.Compare(b.At))
	})
	return all
}

// around is between which instants runs of a campaign are due that may be at work with another's.
func (c *Campaign) around(g Given, other Span) (after, until time.Time) {
	tokens := 0
	for _, part := range g.Audience {
		tokens += part.Tokens
	}
	_, takes, _ := c.takes(g, tokens)
	after, until = other.Begin.Add(-takes-c.Jitter), other.End
	if k := c.Capacity; k != nil && !other.Lease.IsZero() {
		after, until = other.Lease.Add(-takes-c.Jitter-k.Hold), other.Release.Add(k.Lead)
	}
	return after.Add(-time.Second), until
}

// overlapsOf are those of others that are at work with one run.
func overlapsOf(mine Span, others []Span) []Overlap {
	var all []Overlap
	for _, b := range others {
		o := Overlap{Time: mine.Time, Other: b.Campaign, At: b.Time}
		o.Sending = meet(mine.Begin, mine.End, b.Begin, b.End)
		o.Capacity = !mine.Lease.IsZero() && !b.Lease.IsZero() && meet(mine.Lease, mine.Release, b.Lease, b.Release)
		if o.Sending || o.Capacity {
			all = append(all, o)
		}
	}
	return all
}

// meet says whether two times have an instant in common, their ends included: two runs of one instant meet, also where nobody has counted how
// long they take.
func meet(begin, end, otherBegin, otherEnd time.Time) bool {
	return !begin.After(otherEnd) && !otherBegin.After(end)
}
