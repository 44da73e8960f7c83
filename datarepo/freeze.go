package datarepo

import (
	"time"

	"liveops/wallclock"
)

// Freeze is the windows of time in which nothing is applied to an environment.
type Freeze []Window

// Window is a stretch of time that liveops.yaml freezes: every week, or once. Its times are those of the clock in its
// zone. It lasts from the first instant at which the clock shows its begin, or later, to the last one before its end:
// an hour that the clock skips is not waited for, and one that it shows twice is in it twice.
type Window struct {
	Days     []time.Weekday // on which a weekly window begins; nil for a dated one
	From, To int            // weekly: minutes of the day; To is on the next day where it is not after From; 1440 is the day's end
	Begin    time.Time      // dated: what the clock shows, as if it were UTC
	End      time.Time
	Reason   string // "" for none given
	Zone     *time.Location
}

// horizon bounds how far ahead frozen stretches are looked for.
const horizon = 366 * 24 * time.Hour

// At is the window that freezes an environment now, the first of the file where several do, and when the whole
// frozen stretch ends: windows that overlap or touch are one. until is zero where it does not end within a year.
func (f Freeze) At(now time.Time) (window Window, until time.Time, frozen bool) {
	for until = now; until.Sub(now) <= horizon; {
		end := until
		for _, w := range f {
			if e, in := w.at(until); in {
				if !frozen {
					window, frozen = w, true
				}
				if e.After(end) {
					end = e
				}
			}
		}
		if end.Equal(until) {
			if !frozen {
				until = time.Time{}
			}
			return window, until, frozen
		}
		until = end
	}
	return window, time.Time{}, frozen
}

// Next is the next window that begins after now, and when; ok is false where none does within a year.
func (f Freeze) Next(now time.Time) (window Window, begins time.Time, ok bool) {
	for _, w := range f {
		if b, has := w.next(now); has && b.Sub(now) <= horizon && (!ok || b.Before(begins)) {
			window, begins, ok = w, b, true
		}
	}
	return window, begins, ok
}

// at says whether an instant is in the window, and when the window ends then.
func (w Window) at(now time.Time) (end time.Time, in bool) {
	for _, o := range w.around(now, 2) {
		if !now.Before(o[0]) && now.Before(o[1]) && o[1].After(end) {
			end, in = o[1], true
		}
	}
	return end, in
}

// next is when the window begins for the first time after now.
func (w Window) next(now time.Time) (begins time.Time, ok bool) {
	for _, o := range w.around(now, 9) { // a weekly window may lose a day that the clock skips, never two weeks in a row
		if o[0].After(now) && o[1].After(o[0]) && (!ok || o[0].Before(begins)) {
			begins, ok = o[0], true
		}
	}
	if !ok && w.Days != nil {
		for _, o := range w.around(now.AddDate(0, 0, 7), 9) {
			if o[0].After(now) && o[1].After(o[0]) && (!ok || o[0].Before(begins)) {
				begins, ok = o[0], true
			}
		}
	}
	return begins, ok
}

// around is the window's begins and ends of the days from two before to some after an instant, or its only one.
func (w Window) around(now time.Time, after int) (all [][2]time.Time) {
	if w.Days == nil {
		return [][2]time.Time{{wallclock.FirstInstant(w.Begin, w.Zone), wallclock.LastInstant(w.End, w.Zone)}}
	}
	y, m, d := now.In(w.Zone).Date()
	for i := -2; i <= after; i++ {
		day := time.Date(y, m, d+i, 0, 0, 0, 0, time.UTC)
		for _, begins := range w.Days {
			if day.Weekday() != begins {
				continue
			}
			to := w.To
			if to <= w.From {
				to += 24 * 60
			}
			all = append(all, [2]time.Time{
				wallclock.FirstInstant(day.Add(time.Duration(w.From)*time.Minute), w.Zone),
				wallclock.LastInstant(day.Add(time.Duration(to)*time.Minute), w.Zone)})
		}
	}
	return all
}
