package gateway

import (
	"math"
	"time"
)

// How a pool without a rate grows: it is looked at so often, and grows when messages wait and so much of its streams is in use. One
// step is half as many connections again. A step after which they still wait, and that brought less than a tenth more messages a
// second, is undone: the gateway takes no more. The next is tried after a pause, twice as long each time.
const (
	growEvery    = 200 * time.Millisecond
	growFull     = 0.75
	growGain     = 1.10
	growPause    = 30 * time.Second
	growPauseMax = 10 * time.Minute
)

// shrinkLooks is after so many looks, a minute's while messages are sent, how many connections would have been enough is seen.
const shrinkLooks = int(time.Minute / growEvery)

// A sight is what is seen of a pool.
type sight struct {
	have              int   // connections that take messages
	streams, inFlight int   // of these
	queued            int   // messages that none of them has taken
	ended             int64 // messages so far
	most              int   // how many connections there may be
}

// full says whether it is streams that lack.
func (s sight) full() bool {
	return s.queued > 0 && s.streams > 0 && float64(s.inFlight) >= growFull*float64(s.streams)
}

// enough is how many connections would be enough for what is in flight.
func (s sight) enough() int {
	if s.streams == 0 {
		return s.have
	}
	return int(math.Ceil(headroom * float64(s.inFlight) * float64(s.have) / float64(s.streams)))
}

// A growth decides how many connections make it as fast as possible.
type growth struct {
	looked time.Time
	count  int64   // of messages ended when it was looked at last
	rate   float64 // messages a second between the last two looks
	want   int

	from   int     // how many there were before the step that is on trial; 0 for none
	before float64 // the rate then
	stood  bool    // its connections stood when it was looked at last
	until  time.Time
	pause  time.Duration

	looks int // since there was last seen what is enough
	need  int // the most that was enough
}

// wanted is how many connections there should be.
func (g *growth) wanted(s sight, now time.Time) int {
	g.want = max(g.want, 1)
	g.need = max(g.need, s.enough())
	passed := now.Sub(g.looked)
	if passed < growEvery {
		return g.want
	}
	g.rate = float64(s.ended-g.count) / passed.Seconds()
	first := g.looked.IsZero()
	g.looked, g.count = now, s.ended
	switch {
	case first || s.have < g.want:
		g.stood = false
	case g.from > 0 && !g.stood: // what was seen is in part from before
		g.stood = true
	case g.from > 0 && !g.gained(s):
		g.want, g.from = g.from, 0
		g.pause = min(max(2*g.pause, growPause), growPauseMax)
		g.until = now.Add(g.pause)
	case s.full() && !now.Before(g.until):
		g.step(s)
	default:
		g.shrink()
	}
	return g.want
}

// gained says whether the step on trial was worth it, and ends the trial if so.
func (g *growth) gained(s sight) bool {
	if s.full() && g.rate < growGain*g.before {
		return false
	}
	g.from, g.pause = 0, 0
	return true
}

// step adds connections.
func (g *growth) step(s sight) {
	base := max(g.want, s.have)
	if base >= s.most {
		return
	}
	g.from, g.before, g.stood = base, g.rate, false
	g.want = min(base+max(1, base/2), s.most)
}

// shrink gives up connections that nothing was in flight on at the same time.
func (g *growth) shrink() {
	if g.looks++; g.looks >= shrinkLooks {
		g.want = max(1, min(g.want, g.need))
		g.looks, g.need = 0, 0
	}
}
