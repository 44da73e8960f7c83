package purgerun_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

// undo brings documents back, all where none is named, and says what became of it.
func (s *storm) undo(ids ...string) string {
	s.Helper()
	run := s.memory().takeUpFor()
	if len(ids) == 0 {
		run = s.takeUp()
	}
	var left []string
	r, err := purgerun.Undo(s.Context(), run, s.w, s.journal, purgerun.UndoOptions{IDs: ids, Options: s.options(), Left: func(l purgerun.Left) error {
		left = append(left, l.ID+" "+l.Why)
		return nil
	}})
	if err != nil {
		s.Fatal(err)
	}
	return fmt.Sprintf("%s, %d of %d back, %d now, %d earlier, left %s", r.Run.State, r.Run.Counts.Undone, r.Run.Counts.Done, r.Restored, r.Earlier, strings.Join(left, ", "))
}

func (s *storm) expect(what, got, want string) {
	s.Helper()
	if got != want {
		s.Errorf("%s: %s\nwant %s", what, got, want)
	}
}

// Single documents are brought back; the run and all others stay as they are, and an undo of all does the rest.
func TestUndoOfSingleDocuments(t *testing.T) {
	s := calm(t, takeCoins, 100, 200, 300, 5)
	s.run()
	s.expect("one", s.undo("user-1"), "done, 1 of 3 back, 1 now, 0 earlier, left ")
	s.expect("coins", s.coins(), "0 200 200 5")
	s.expect("the record", string(s.memory().run.State), "done")
	s.expect("with others", s.undo("user-1", "user-3", "nobody", "user-0", "user-0"), "done, 2 of 3 back, 1 now, 1 earlier, left nobody the purge did not change it, user-3 the purge did not change it")
	s.expect("coins", s.coins(), "100 200 200 5")
	if _, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, s.options()); !errors.As(err, new(*purge.OverError)) {
		t.Errorf("run again: %v", err)
	}
	s.w.docs["user-1"].body, s.w.docs["user-1"].cas = coinsBody(7), s.w.nextCAS() // the game goes on with what was brought back
	s.expect("all", s.undo(), "undone, 3 of 3 back, 1 now, 0 earlier, left ")
	s.expect("coins", s.coins(), "100 7 300 5")
}

// A run that was paused goes on after single documents were brought back, and leaves these alone, whatever became of them.
func TestUndoOfSingleDocumentsOfARunThatGoesOn(t *testing.T) {
	for name, spec := range map[string]purge.Spec{"changed": takeCoins, "removed": {Match: ".coins >= 100", Delete: true}} {
		t.Run(name, func(t *testing.T) {
			s := calm(t, spec, 100, 200, 300, 400)
			source := &hooked{Source: s.w, before: func(round int) {
				if round == 1 {
					s.memory().run.Wish = purge.WishPause
				}
			}}
			o := s.options()
			o.Batch, o.Parallel = 1, 1
			if r, err := purgerun.Run(t.Context(), s.p, source, s.w, s.journal, o); err != nil || r.Run.State != purge.Paused {
				t.Fatalf("%v %+v", err, r.Run)
			}
			var done []string
			for _, id := range slices.Sorted(maps.Keys(s.memory().images)) {
				if s.memory().images[id].State == purge.ImageDone {
					done = append(done, id)
				}
			}
			s.expect("single ones", s.undo(done...), fmt.Sprintf("paused, %d of %d back, %d now, 0 earlier, left ", len(done), len(done), len(done)))
			puts := maps.Clone(s.w.puts)
			s.run()
			for _, id := range done {
				if s.w.puts[id] != puts[id] {
					t.Errorf("%s was brought back, and changed again", id)
				}
			}
			if got := s.memory().run.Counts; got.Done != 4 || got.Undone != len(done) {
				t.Errorf("%+v", got)
			}
			s.expect("all", s.undo(), fmt.Sprintf("undone, 4 of 4 back, %d now, 0 earlier, left ", 4-len(done)))
			s.expect("coins", s.coins(), "100 200 300 400")
		})
	}
}

// A removal that got no answer is not brought back while the run may go on with it.
func TestUndoOfARemovalThatIsOpen(t *testing.T) {
	s := calm(t, purge.Spec{Match: ".coins >= 100", Delete: true}, 100)
	s.run()
	image := s.memory().images["user-0"]
	image.State = purge.ImagePending
	s.memory().images["user-0"], s.memory().run.State = image, purge.Paused
	s.expect("it", s.undo("user-0"), "paused, 0 of 1 back, 0 now, 0 earlier, left user-0 it is gone, and the run lost its connection there; run the purge to its end, or cancel it, first")
	s.run()
	s.expect("it, which is unsure", s.undo("user-0"), "done, 0 of 2 back, 0 now, 0 earlier, left user-0 it was gone when the run lost its connection, and the game may have removed it")
}

// deaf refuses to restore a document.
type deaf struct{ *world }

func (d deaf) Replace(ctx context.Context, doc purge.Document, run, mark string) error {
	return fmt.Errorf("%w: too long", purge.ErrRefused)
}

// What the server refuses was not brought back, and is not recorded as if it were.
func TestUndoThatIsRefused(t *testing.T) {
	s := calm(t, takeCoins, 100)
	s.run()
	_, err := purgerun.Undo(t.Context(), s.takeUp(), deaf{s.w}, s.journal, purgerun.UndoOptions{Options: s.options()})
	if !errors.Is(err, purge.ErrRefused) || s.memory().images["user-0"].State != purge.ImageDone || s.memory().run.State == purge.Undone {
		t.Errorf("%v, %+v", err, s.memory().run)
	}
	s.expect("again", s.undo(), "undone, 1 of 1 back, 1 now, 0 earlier, left ")
}

// Among the game's writes, failures and crashes, what is brought back singly in the middle of a run is not changed again.
func TestStormOfSingleUndos(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newStorm(t, seed, 40, purge.Spec{Match: ".coins >= 100", Update: ".coins -= 100"})
			s.w.mu.Lock()
			s.w.countdown = 60 + s.w.rand.IntN(150) // the run crashes in the middle
			s.w.mu.Unlock()
			if _, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, s.options()); err != nil && !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			var ids []string
			for id := range s.memory().images {
				if s.w.rand.IntN(2) == 0 {
					ids = append(ids, id)
				}
			}
			if len(ids) == 0 {
				return
			}
			s.crashes = s.w.rand.IntN(4)
			s.crashing("undo of some", func() error {
				_, err := purgerun.Undo(t.Context(), s.memory().takeUpFor(), s.w, s.journal, purgerun.UndoOptions{IDs: ids, Options: s.options()})
				return err
			})
			back, puts := []string{}, maps.Clone(s.w.puts)
			for id, image := range s.memory().images {
				if image.State == purge.ImageUndone {
					back = append(back, id)
				}
			}
			if got := s.memory().run.Counts.Undone; got != len(back) {
				t.Errorf("%d are counted as brought back, and %d are", got, len(back))
			}
			s.crashes = s.w.rand.IntN(4)
			if s.memory().run.State != purge.Done {
				s.run()
			}
			for _, id := range back {
				if s.w.puts[id] != puts[id] {
					t.Errorf("%s was brought back, and changed again", id)
				}
			}
			s.undoAndCheck()
		})
	}
}
