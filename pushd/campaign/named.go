package campaign

import (
	"slices"
	"time"

	"liveops/wallclock"
)

// Named is a time that a schedule names.
type Named struct {
	Face  time.Time // as a clock shows it, as if that were UTC
	First time.Time // the first instant at which it is due in any zone
}

// Key is the named time as it is recorded, in 15 characters: 20261127T190300.
func (n Named) Key() string { return n.Face.Format("20060102T150405") }

// Named are the times that the schedule names of which an instant is a wave, in order: none where it is no wave, and several where a wave of one falls
// together with another's, such as of one evening in Kiritimati and of the evening before in Honolulu. Times that are due first at one instant, as
// the clocks jump over them, are one: the earliest.
func (t *Timetable) Named(at time.Time) []Named {
	var all []Named
	for _, face := range t.facesDue(at) {
		n := t.namedOf(face)
		if !slices.ContainsFunc(all, func(known Named) bool { return known.Face.Equal(n.Face) }) {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b Named) int { return a.Face.Compare(b.Face) })
	return all
}

// namedOf is the named time that a face is of.
func (t *Timetable) namedOf(face time.Time) Named {
	first := t.firstOf(face)
	for _, earlier := range t.facesDue(first) {
		if t.firstOf(earlier).Equal(first) {
			return Named{earlier, first}
		}
	}
	return Named{face, first}
}

// firstOf is the first instant at which a face is due in any zone.
func (t *Timetable) firstOf(face time.Time) time.Time {
	var first time.Time
	for _, z := range t.zones {
		if due := wallclock.FirstInstant(face, z.place); first.IsZero() || due.Before(first) {
			first = due
		}
	}
	return first
}

// facesDue are the faces that the schedule names and that are due at an instant in any zone, in order, each once.
func (t *Timetable) facesDue(at time.Time) []time.Time {
	var all []time.Time
	for _, z := range t.zones {
		all = append(all, t.facesAt(at, z.place)...)
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// facesAt are those of one zone, in order.
func (t *Timetable) facesAt(at time.Time, place *time.Location) (all []time.Time) {
	if t.cron == nil {
		if wallclock.FirstInstant(t.at, place).Equal(at) {
			all = append(all, t.at)
		}
		return all
	}
	const longestJump = 25 * time.Hour // clocks that are put forward over a day's end skip that day
	now := wallclock.Face(at, place)
	for face := t.cron.Next(now.Add(-longestJump)); !face.IsZero() && !face.After(now); face = t.cron.Next(face) {
		if wallclock.FirstInstant(face, place).Equal(at) {
			all = append(all, face)
		}
	}
	return all
}
