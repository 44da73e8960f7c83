package purgerun_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

// storm is a run among the game's writes, failures and crashes.
type storm struct {
	*testing.T
	w       *world
	journal purgerun.Archive
	takeUp  func() purge.Run
	p       *purge.Purge
	crashes int
}

func compiled(t testing.TB, s purge.Spec) *purge.Purge {
	t.Helper()
	s.Name = "coins"
	p, faults := purge.New(s)
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return p
}

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func newStorm(t *testing.T, seed uint64, documents int, spec purge.Spec) *storm {
	w := newWorld(seed)
	for i := range documents {
		w.put(fmt.Sprintf("user-%03d", i), w.rand.IntN(400))
	}
	w.view = seed%2 == 1
	w.writes, w.fail = 3*documents, w.rand.Float64()/4
	m := newMemory(w)
	return &storm{T: t, w: w, journal: m, takeUp: m.takeUp, p: compiled(t, spec)}
}

// options are small, so that there are many batches.
func (s *storm) options() purgerun.Options {
	return purgerun.Options{Parallel: 16, Batch: 7, Attempts: 1000, Wait: noWait, Progress: func(purge.Run) {}, Every: 1}
}

// crashing does something again and again, each time with a process that crashes at a random operation, and at last
// with one that does not.
func (s *storm) crashing(what string, do func() error) {
	s.Helper()
	for range 200 {
		s.w.mu.Lock()
		s.w.crashed = false
		s.w.countdown = 1 + s.w.rand.IntN(120)
		if s.crashes--; s.crashes < 0 {
			s.w.countdown = -1
		}
		s.w.mu.Unlock()
		err := do()
		if err == nil {
			return
		}
		if !errors.Is(err, errCrash) {
			s.Fatalf("%s: %v", what, err)
		}
	}
	s.Fatalf("%s does not come to an end", what)
}

// run runs the purge to its end: with the game at first, and once more when the game has gone silent and slow
// operations are through.
func (s *storm) run() purgerun.Result {
	s.Helper()
	var result purgerun.Result
	s.crashing("run", func() (err error) {
		result, err = purgerun.Run(s.Context(), s.p, s.w, s.w, s.journal, s.options())
		var over *purge.OverError
		if errors.As(err, &over) { // it crashed after the end was written
			result.Run, err = over.Run, nil
		}
		return err
	})
	if result.Run.State != purge.Done {
		s.Fatalf("the run is %s: %s %v", result.Run.State, result.Run.Error, result.Failures)
	}
	return result
}

// Every document that matches is changed exactly once and no write of the game is lost, though the change is not
// idempotent.
func TestStorm(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newStorm(t, seed, 40, purge.Spec{Match: ".coins >= 100", Update: ".coins -= 100"})
			s.crashes = s.w.rand.IntN(12)
			result := s.run()
			done := s.checkChanged()
			s.w.crashed, s.w.countdown = false, -1
			if left, err := s.journal.Page(t.Context(), result.Run, purge.ImagePending, "", 1); err != nil || len(left) > 0 {
				t.Errorf("the run is done, and this is pending: %v %v", left, err)
			}
			if !s.anyRemade() && result.Run.Counts.Done != done {
				t.Errorf("counted %d, changed %d", result.Run.Counts.Done, done)
			}
			s.undoAndCheck()
		})
	}
}

func (s *storm) anyRemade() bool {
	for _, d := range s.w.docs {
		if d.remade {
			return true
		}
	}
	return len(s.w.docs) < 40
}

func (s *storm) checkChanged() (done int) {
	for id, d := range s.w.docs {
		net := coinsOf(d.body) - d.start - d.game
		switch {
		case net != 0 && net != -100:
			s.Errorf("%s: %d coins too many", id, net)
		case net == -100 && d.found == nil:
			s.Errorf("%s was changed, and nobody did", id)
		case net == 0 && !d.remade && coinsOf(d.body) >= 100 && d.wrote <= s.w.selected:
			s.Errorf("%s matches and was not changed: %s", id, d.body)
		}
		if net == -100 {
			done++
		}
		if !d.remade && s.w.puts[id] > 1 {
			s.Errorf("%s was changed %d times", id, s.w.puts[id])
		}
	}
	return done
}

// undoAndCheck lets the game touch some documents, undoes the run, and looks at each.
func (s *storm) undoAndCheck() {
	s.Helper()
	s.w.late = nil // what is still on its way never arrives
	s.w.writes = 20
	s.crashes = s.w.rand.IntN(6)
	left := map[string]purgerun.Left{}
	s.crashing("undo", func() error {
		run := s.takeUp()
		if run.State == purge.Undone {
			return nil
		}
		_, err := purgerun.Undo(s.Context(), run, s.w, s.journal, purgerun.UndoOptions{Options: s.options(), Left: func(l purgerun.Left) error {
			left[l.ID] = l
			return nil
		}})
		return err
	})
	for id, d := range s.w.docs {
		_, isLeft := left[id]
		switch {
		case d.found == nil || d.remade:
		case !d.touched && string(d.body) != string(d.found):
			s.Errorf("%s is %s and was %s", id, d.body, d.found)
		case d.touched && !isLeft && string(d.body) != string(d.found) && coinsOf(d.body)-d.start-d.game != 0:
			s.Errorf("%s was touched by the game and is neither left nor brought back", id)
		}
	}
}

// Removed documents come back as they were, and no document is removed that the game made after.
func TestStormOfRemovals(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newStorm(t, seed, 30, purge.Spec{Match: ".coins >= 100", Delete: true})
			s.crashes = s.w.rand.IntN(12)
			s.run()
			for id, n := range s.w.puts {
				if n > 1 {
					t.Errorf("%s was removed %d times", id, n)
				}
			}
			for id, d := range s.w.docs {
				if coinsOf(d.body) >= 100 && !d.remade && d.wrote <= s.w.selected {
					t.Errorf("%s matches and was not removed", id)
				}
			}
			before := map[string]string{}
			for id, d := range s.w.docs {
				before[id] = string(d.body)
			}
			s.w.late, s.w.writes = nil, 0
			unsure := map[string]bool{}
			s.crashing("undo", func() error {
				run := s.takeUp()
				if run.State == purge.Undone {
					return nil
				}
				_, err := purgerun.Undo(t.Context(), run, s.w, s.journal, purgerun.UndoOptions{Options: s.options(), Left: func(l purgerun.Left) error {
					unsure[l.ID] = true
					return nil
				}})
				return err
			})
			for id, body := range before {
				if string(s.w.docs[id].body) != body {
					t.Errorf("%s was there, and is another", id)
				}
			}
			for id := range s.w.docs {
				if before[id] == "" && s.w.gone[id] == nil {
					t.Errorf("%s was removed by the game, and was brought back", id)
				}
			}
			for id, was := range s.w.gone {
				now := s.w.docs[id]
				switch {
				case before[id] != "":
				case now == nil && !unsure[id]:
					t.Errorf("%s was not brought back", id)
				case now != nil && (string(now.body) != string(was.body) || now.flags != was.flags || !now.expiry.Equal(was.expiry)):
					t.Errorf("%s came back as %s %d %s", id, now.body, now.flags, now.expiry)
				}
			}
		})
	}
}
