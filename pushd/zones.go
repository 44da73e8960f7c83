package pushd

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// zones are the time zones that users have, as a term knows them. They are asked for beside the look: a large table takes its time. l.mu must be
// held.
type zones struct {
	wanted bool      // a campaign that was released goes by them, or a run
	asking bool      // they are asked for now
	asked  time.Time // when that was begun last
	all    []string
	known  bool
	came   bool // they are others than the campaigns were read with
}

// askZones has the zones asked for that are wanted, as often as what was released is read.
func (l *leader) askZones(ctx context.Context) error {
	now := l.o.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	z := &l.zones
	if l.o.Zones == nil || !z.wanted || z.asking || now.Sub(z.asked) < l.o.ReadEvery {
		return nil
	}
	z.asking, z.asked = true, now
	l.asking.Go(func() {
		all, err := l.o.Zones(ctx)
		l.mu.Lock()
		defer l.mu.Unlock()
		z.asking = false
		if err != nil {
			z.asked = l.o.Clock.Now().Add(readAgain - l.o.ReadEvery)
			if ctx.Err() == nil {
				l.o.Log.Warn("push: the time zones of users", "environment", l.o.Environment, "err", err)
			}
			return
		}
		z.came = z.came || !z.known || !slices.Equal(z.all, all)
		z.all, z.known = all, true
	})
	return nil
}

// zonesCame says, once, that there are others than the campaigns were read with.
func (l *leader) zonesCame() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	came := l.zones.came
	l.zones.came = false
	return came
}

// releasedZones are the zones that the campaigns go by which were released, if any does; known is false until there are some.
func (l *leader) releasedZones(eachUser bool) (all []string, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.zones.wanted = eachUser
	return l.zones.all, l.zones.known || !eachUser || l.o.Zones == nil
}

// knowsZones says whether the zones are known; where they are not, they are wanted from now on.
func (l *leader) knowsZones() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.zones.known || l.o.Zones == nil {
		return true
	}
	l.zones.wanted = true
	return false
}

// userZones are the zones that users have, as far as is known, or as somebody beside the look finds out.
func (l *leader) userZones(ctx context.Context) ([]string, error) {
	l.mu.Lock()
	zones, known := l.zones.all, l.zones.known
	l.mu.Unlock()
	if known || l.o.Zones == nil {
		return zones, nil
	}
	zones, err := l.o.Zones(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the time zones of users: %w", err)
	}
	return zones, nil
}
