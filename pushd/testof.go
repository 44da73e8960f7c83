package pushd

import (
	"context"
	"errors"
	"slices"
	"time"

	"liveops/pushd/runs"
)

// testsAhead are the tests that come before a time of a campaign, by Run.Test. Where each user's own zone counts, they are those of the named times
// of which it is the first wave.
func testsAhead(s *scheduled, at time.Time) (tests []string) {
	if !s.EachUser {
		return []string{s.Fingerprint()}
	}
	for _, named := range s.times.Named(at) {
		if named.First.Equal(at) {
			tests = append(tests, runs.TestOf(s.Fingerprint(), named.Key()))
		}
	}
	return tests
}

// testsOf are the tests of a run, and which it lacks, by Run.Test. A wave in which several named times fall together has a test of each.
func (l *leader) testsOf(ctx context.Context, d *led) (tests []runs.Run, missing []string, err error) {
	named, err := l.named(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	print := d.campaign.Fingerprint()
	if len(named) == 0 { // somebody asked for it, or all have one zone
		named = []string{""}
	}
	for _, name := range named {
		test, err := l.o.Runs.Test(ctx, d.Campaign, d.Time, runs.TestOf(print, name))
		switch {
		case errors.Is(err, runs.ErrNoRun):
			missing = append(missing, runs.TestOf(print, name))
		case err != nil:
			return nil, nil, err
		default:
			tests = append(tests, test)
		}
	}
	return tests, missing, nil
}

// named are the named times of which a run is a wave, by campaign.Named.Key; none where all have one zone.
func (l *leader) named(ctx context.Context, d *led) (keys []string, err error) {
	if !d.campaign.EachUser {
		return nil, nil
	}
	zones, err := l.userZones(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range d.campaign.Timetable(waveZones(l.seen(d), zones)).Named(d.Time) {
		keys = append(keys, n.Key())
	}
	return keys, nil
}

// waveZones are the zones that users have, with those of a run's own users, of whom there may be none now.
func waveZones(r runs.Run, zones []string) []string {
	if r.Others {
		return zones
	}
	return slices.Concat(zones, r.Zones)
}
