package gateway

import (
	"math"
	"time"

	"liveops/pushd/gateway/h2"
)

// shedEvery is how often connections are ended that were not wanted at any time since.
const shedEvery = 10 * time.Second

// shed ends the newest connections where there are more than were wanted lately.
func (p *pool) shed(conns []*h2.Conn, want int, now time.Time) {
	p.most = max(p.most, want)
	if now.Sub(p.since) < shedEvery {
		return
	}
	drain(conns[min(p.most, len(conns)):])
	p.most, p.since = 0, now
}

func drain(conns []*h2.Conn) {
	for _, c := range conns {
		c.Drain()
	}
}

// streamsGuess and latencyGuess stand in for what no connection has told yet: FCM allows about 100 streams, and answers
// in about a tenth of a second.
const (
	streamsGuess = 100
	latencyGuess = 100 * time.Millisecond
	headroom     = 1.25
)

// wanted is how many connections there should be. With a rate, by Little's law: rate × latency messages are in flight.
func (p *pool) wanted(conns []*h2.Conn, now time.Time) int {
	seen := sight{have: len(conns), queued: p.s.queue.queued(), ended: p.s.ended.Load(), most: p.s.o.MaxConnections}
	streams, latency := 0, time.Duration(0)
	for _, c := range conns {
		limit, inFlight := c.Streams()
		seen.streams, seen.inFlight = seen.streams+limit, seen.inFlight+inFlight
		streams, latency = max(streams, limit), max(latency, c.Latency())
	}
	if p.rate > 0 && p.growth.rate >= 0.9*p.rate {
		seen.queued = 0 // they wait for no stream: as many are sent as are to be
	}
	grown := p.growth.wanted(seen, now)
	if p.rate <= 0 {
		return grown
	}
	if streams <= 1 { // APNs before the first answer
		streams = streamsGuess
	}
	if latency == 0 {
		latency = latencyGuess
	}
	n := int(math.Ceil(p.rate * latency.Seconds() / float64(streams) * headroom))
	return max(n, grown) // where the figures say that there are enough, and yet there are not
}
