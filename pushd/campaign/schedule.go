package campaign

import (
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"liveops/wallclock"
)

// Timetable is when a campaign is due. It is safe for concurrent use.
//
// A schedule names what a clock shows. Each time so named is due once: at the first instant at which the clocks of the zone show it or a
// later one. So a time that a leap to summer time jumps over is due as the clocks jump (several of them once, together), and one that they
// show twice is due the first time. (robfig/cron's own Next drops the first and repeats the second, and is asked about clock faces only.)
type Timetable struct {
	cron  cron.Schedule // nil where there is one time
	at    time.Time     // that time, as a clock shows it
	zones []zone        // sorted by name; the campaign's own is last
	known map[string]bool
}

// zone is one in which a campaign is due.
type zone struct {
	names  []string // as the users' column has it; several where it has nonsense
	others bool     // users whose zone is not known
	place  *time.Location
}

// Wave is an instant at which a campaign is due, and for whom.
type Wave struct {
	Time   time.Time // UTC
	Zones  []string  // of the users whose turn it is, as their column has them, sorted; nil where all have one zone
	Others bool      // users too whose zone is not among those that the Timetable was made with, or is none

	known map[string]bool
}

// Has says whether it is the turn of users with this zone in their column. Each zone has its turn in just one wave of a time.
func (w Wave) Has(zone string) bool {
	if w.known == nil || w.Others && !w.known[zone] {
		return true
	}
	_, found := slices.BinarySearch(w.Zones, zone)
	return found
}

// Timetable is when the campaign is due. zones are those that users have, in any order; they count only where each
// user's own zone does. A name that the IANA database lacks, and "", is the campaign's own zone.
func (c *Campaign) Timetable(zones []string) *Timetable {
	t := &Timetable{cron: c.cron, at: c.At}
	own := zone{others: true, place: c.Zone}
	if c.EachUser {
		t.known = map[string]bool{}
		for _, name := range slices.Sorted(slices.Values(zones)) {
			if t.known[name] {
				continue
			}
			t.known[name] = true
			place, known := placeOf(name)
			if !known || place.String() == c.Zone.String() {
				own.names = append(own.names, name)
				continue
			}
			t.zones = append(t.zones, zone{names: []string{name}, place: place})
		}
	}
	t.zones = append(t.zones, own)
	return t
}

// placeOf is the time zone of a name, as the users' column has it; known is false for what is none.
func placeOf(name string) (place *time.Location, known bool) {
	place, err := time.LoadLocation(name)
	return place, err == nil && name != "" && name != "Local"
}

// Next is the first instant after one at which the campaign is due anywhere; ok is false where there is none.
func (t *Timetable) Next(after time.Time) (next time.Time, ok bool) {
	w, ok := t.NextWave(after)
	return w.Time, ok
}

// Times are the next n at most, in order.
func (t *Timetable) Times(after time.Time, n int) []time.Time {
	var all []time.Time
	for _, w := range t.Waves(after, n) {
		all = append(all, w.Time)
	}
	return all
}

// Waves are the next n at most, in order.
func (t *Timetable) Waves(after time.Time, n int) []Wave {
	var all []Wave
	for len(all) < n {
		w, ok := t.NextWave(after)
		if !ok {
			break
		}
		all, after = append(all, w), w.Time
	}
	return all
}

// NextWave is Next with whose turn it is.
func (t *Timetable) NextWave(after time.Time) (w Wave, ok bool) {
	for _, z := range t.zones {
		due, has := t.nextIn(z.place, after)
		if !has {
			continue
		}
		switch order := due.Compare(w.Time); {
		case !ok || order < 0:
			w, ok = t.wave(due, z), true
		case order == 0:
			w.Zones, w.Others = append(w.Zones, z.names...), w.Others || z.others
		}
	}
	slices.Sort(w.Zones)
	return w, ok
}

func (t *Timetable) wave(at time.Time, z zone) Wave {
	return Wave{Time: at, Zones: slices.Clone(z.names), Others: z.others, known: t.known}
}

// nextIn is the first instant after one at which the campaign is due in a zone.
func (t *Timetable) nextIn(place *time.Location, after time.Time) (time.Time, bool) {
	if t.cron == nil {
		at := wallclock.FirstInstant(t.at, place)
		return at, at.After(after)
	}
	// No face up to the present one is due after now, since FirstInstant grows with the face.
	for face := t.cron.Next(wallclock.Face(after, place)); !face.IsZero(); face = t.cron.Next(face) {
		if at := wallclock.FirstInstant(face, place); at.After(after) {
			return at, true
		}
	}
	return time.Time{}, false
}

// named is a time that the schedule names, with the instants at which zones have it, in order.
type named struct {
	face     time.Time // as a clock shows it
	instants []time.Time

	past  []time.Time // those that are over, in order
	names []string    // of the zones that had it then, as the users' column has them
}

// faces are the next n times, at most, that the schedule names and that a zone has after an instant; those of the zones
// that had one before are told apart.
func (t *Timetable) faces(after time.Time, n int) []named {
	face := wallclock.Face(after, t.zones[0].place) // the earliest that any zone's clocks show
	for _, z := range t.zones {
		if f := wallclock.Face(after, z.place); f.Before(face) {
			face = f
		}
	}
	var all []named
	for len(all) < n {
		if t.cron == nil {
			face = t.at
		} else if face = t.cron.Next(face); face.IsZero() {
			break
		}
		f := named{face: face}
		for _, z := range t.zones {
			if at := wallclock.FirstInstant(face, z.place); at.After(after) {
				f.instants = append(f.instants, at)
			} else {
				f.past, f.names = append(f.past, at), append(f.names, z.names...)
			}
		}
		for _, all := range []*[]time.Time{&f.instants, &f.past} {
			slices.SortFunc(*all, time.Time.Compare)
			*all = slices.Compact(*all)
		}
		if twice := len(all) > 0 && len(t.zones) == 1 && slices.Equal(f.instants, all[len(all)-1].instants); len(f.instants) > 0 && !twice {
			all = append(all, f)
		}
		if t.cron == nil {
			break
		}
	}
	return all
}
