package gateway

import "time"

// How a pool without a rate grows: it is looked at so often; one step is half as many connections again; a step that
// brought less than a tenth more messages a second was the last for a while.
const (
	growEvery = 200 * time.Millisecond
	growGain  = 1.10
	growPause = 10 * time.Second
)

// A growth decides how many connections make it as fast as possible.
type growth struct {
	looked time.Time
	count  int64   // of messages ended when it was looked at last
	rate   float64 // messages a second between the last two looks
	before float64 // that before the last step; 0 for no step
	until  time.Time
	want   int
}

// wanted is how many connections there should be, of those that there are, when somebody waited for streams or not, and
// so many messages have ended.
func (g *growth) wanted(have int, starved bool, ended int64, now time.Time) int {
	g.want = max(g.want, 1)
	passed := now.Sub(g.looked)
	if passed < growEvery {
		return g.want
	}
	g.rate = float64(ended-g.count) / passed.Seconds()
	first := g.looked.IsZero()
	g.looked, g.count = now, ended
	if first || !starved || have < g.want || now.Before(g.until) {
		return g.want
	}
	if g.before > 0 && g.rate < growGain*g.before {
		g.before, g.until = 0, now.Add(growPause)
		return g.want
	}
	g.before = g.rate
	g.want += max(1, g.want/2)
	return g.want
}
