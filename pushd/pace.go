package pushd

import (
	"time"

	"liveops/pushd/campaign"
)

// A pace lets through at most a rate's count in any of its periods, evenly. The zero pace lets all through.
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

// takeBoth gives as many of n as two paces allow, and no end of them where neither holds anything back.
func takeBoth(now time.Time, n int, a, b *pace) int {
	room := min(a.room(now), b.room(now))
	if room == endless {
		return endless
	}
	n = min(n, room)
	a.use(now, n)
	b.use(now, n)
	return n
}
