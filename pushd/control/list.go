package control

import (
	"context"
	"slices"
	"time"

	"liveops/pushd/runs"
)

// Standing is a released campaign, and how it stands.
type Standing struct {
	Name   string
	Zone   *time.Location // in which its times are; where each user's own counts, that of users whose zone is not known
	Next   time.Time      // zero where it is not due any more; where each user's own zone counts, see Clocks
	Newest *runs.Run      // nil where it never ran
	Tests  []runs.Run     // that are ahead of runs of it, by id

	Clocks Clocks
	Until  time.Time // of OtherClocks where Next is zero: until when it may be due elsewhere, at the latest; else zero
}

// Runs are what there is to tell of it: the tests, and its newest run.
func (s *Standing) Runs() []runs.Run {
	if s.Newest == nil {
		return s.Tests
	}
	return append(slices.Clone(s.Tests), *s.Newest)
}

// Clocks are whose clocks say when a campaign is due.
type Clocks int

// Whose they are.
const (
	OneClock    Clocks = iota // one zone's, for all
	UserClocks                // each user's own; Next is the first of them
	OtherClocks               // each user's own, which are not known; Next is that of users whose zone is not known
)

// Zones are the time zones that users have.
type Zones struct {
	Names []string // as their column has them, in any order
	Known bool     // whether they were read: it costs a look through all tokens where their column has no index
}

// westernmost is where the last clocks of the world show a time.
const westernmost = "Etc/GMT+12"

// List gives the campaigns of a release with their next times after now, how their newest runs stand, and the tests that are
// ahead of any, by name. zones count only where each user's own does.
func List(ctx context.Context, record *runs.Store, r *Release, zones Zones, now time.Time) ([]Standing, error) {
	live, err := record.Live(ctx)
	if err != nil {
		return nil, err
	}
	var all []Standing
	for i := range r.Campaigns {
		s := r.Campaigns[i].standing(zones, now)
		newest, err := record.Newest(ctx, s.Name, 1)
		if err != nil {
			return nil, err
		}
		if len(newest) > 0 {
			s.Newest = &newest[0]
		}
		for _, test := range live {
			if test.Campaign == s.Name && test.Ahead() {
				s.Tests = append(s.Tests, test)
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// standing is a campaign with its next time.
func (c *Campaign) standing(zones Zones, now time.Time) Standing {
	s := Standing{Name: c.Name, Zone: c.Zone}
	s.Next, _ = c.Timetable(zones.Names).Next(now)
	switch {
	case c.EachUser && zones.Known:
		s.Clocks = UserClocks
	case c.EachUser:
		s.Clocks = OtherClocks
		if s.Next.IsZero() {
			s.Until, _ = c.Timetable([]string{westernmost}).Next(now)
		}
	}
	return s
}

// EachUser says whether a campaign of the release goes by each user's own time zone.
func (r *Release) EachUser() bool {
	for i := range r.Campaigns {
		if r.Campaigns[i].EachUser {
			return true
		}
	}
	return false
}
