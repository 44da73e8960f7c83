package pushd

import (
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
)

// A pace lets a rate through, evenly: never more than it comes to since the pace was asked first, and at most its count in any
// of its periods, besides what comes together within evenly where the period is not counted. The zero pace lets all through.
type pace struct {
	rate   campaign.Rate
	last   time.Time // when it was asked last
	saved  float64   // what has come together since and was not asked for
	given  []gift    // within the last period, for periods long enough to be counted
	within int       // their sum
}

type gift struct {
	at time.Time
	n  int
}

// evenly is how much may come together, so that a pause is not made up for by a rush.
const evenly = 100 * time.Millisecond

// counted is from what period on what was given in it is counted too: a quota of a minute is held to in every minute.
const counted = 10 * time.Second

// endless is so many messages that a worker never has to ask for more.
const endless = 1 << 40

// room is how many may be sent now.
func (p *pace) room(now time.Time) int {
	perSecond := p.rate.PerSecond()
	if perSecond == 0 {
		return endless
	}
	if p.last.IsZero() {
		p.last = now
	}
	if passed := now.Sub(p.last); passed > 0 {
		p.saved = min(p.saved+perSecond*passed.Seconds(), max(2, perSecond*evenly.Seconds()))
		p.last = now
	}
	room := int(p.saved)
	if p.rate.Per >= counted {
		for len(p.given) > 0 && now.Sub(p.given[0].at) >= p.rate.Per {
			p.within -= p.given[0].n
			p.given = p.given[1:]
		}
		room = min(room, p.rate.Count-p.within)
	}
	return max(room, 0)
}

// use counts n as sent, which room allowed.
func (p *pace) use(now time.Time, n int) {
	if p.rate.PerSecond() == 0 || n == 0 {
		return
	}
	p.saved -= float64(n)
	if p.rate.Per >= counted {
		p.given = append(p.given, gift{now, n})
		p.within += n
	}
}

// most is how much leave may lie unused with one worker: what is sent at a time, and what comes together besides. A gateway that
// is slow for a while is not sent what came together meanwhile.
func (p *pace) most() int {
	perSecond := p.rate.PerSecond()
	if perSecond == 0 {
		return endless
	}
	return gateway.Piece + int(perSecond*evenly.Seconds())
}

// takeBoth gives as many of n as two paces allow to a worker that has leave for some already, and no end of them where neither
// holds anything back.
func takeBoth(now time.Time, n, has int, a, b *pace) int {
	room := min(a.room(now), b.room(now))
	if room == endless {
		return endless
	}
	n = min(n, room, max(0, min(a.most(), b.most())-has))
	a.use(now, n)
	b.use(now, n)
	return n
}
