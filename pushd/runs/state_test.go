package runs_test

import (
	"fmt"
	"testing"
	"time"

	"liveops/pushd/runs"
)

// A person's pause takes the place of one that would end by itself: the leader, who saw that one, does not let the run go on. A person's
// resume does; but a run that awaits its test goes on awaiting it.
func TestAPersonsPause(t *testing.T) {
	const test = "its test comes first"
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		for i, tt := range []struct {
			reason, paused string
			leads          bool // the leader, as it saw the run, may move it all the same
			resumed        runs.State
			then           string // the reason
		}{
			{reason: "the guard game-health: 503", paused: "by jun", resumed: runs.Running},
			{reason: "the servers are not in service: of 20 servers, 10 are", paused: "by jun", resumed: runs.Running},
			{reason: test, paused: "by jun; its test comes first", resumed: runs.Paused, then: test},
			{reason: test + ", and that is paused: by mina", paused: "by jun; its test comes first", resumed: runs.Paused, then: test},
			{reason: "its test did not arrive: 2 to android rejected", paused: "its test did not arrive: 2 to android rejected", leads: true, resumed: runs.Running},
			{reason: "SENDER_ID_MISMATCH: check the account", paused: "SENDER_ID_MISMATCH: check the account", leads: true, resumed: runs.Running},
			{reason: "by mina", paused: "by mina", leads: true, resumed: runs.Running},
		} {
			seen, _, err := s.Begin(t.Context(), own, runs.Run{Campaign: fmt.Sprint("c", i), Time: due, State: runs.Paused, Reason: tt.reason, Started: due})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // said twice, it is the same
				if r, err := s.Wish(t.Context(), seen.ID, runs.Paused, "by jun"); err != nil || r.State != runs.Paused || r.Reason != tt.paused {
					t.Errorf("%s: paused %+v, %v", tt.reason, r, err)
				}
			}
			if !tt.leads {
				for _, to := range []runs.State{runs.Running, runs.Paused} {
					if moved, err := s.Move(t.Context(), own, seen, to, "the leader's"); err != nil || moved {
						t.Errorf("%s: the leader overrides the pause: %v, %v", tt.reason, moved, err)
					}
				}
			}
			for range 2 {
				if r, err := s.Wish(t.Context(), seen.ID, runs.Running, ""); err != nil || r.State != tt.resumed || r.Reason != tt.then {
					t.Errorf("%s: resumed %+v, %v", tt.reason, r, err)
				}
			}
		}
	})
}

// The leader moves a run from the state and the reason that it saw, and from no others.
func TestTheLeaderMovesWhatItSaw(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		seen, _, err := s.Begin(t.Context(), own, runs.Run{Campaign: "crystals", Time: due, State: runs.Paused, Reason: runs.UntilTested, Started: due})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			to     runs.State
			reason string
			moved  bool
		}{
			{runs.Paused, "the guard game-health: 503", true}, // another reason
			{runs.Running, "", false},                         // it is another one than was seen
		} {
			if moved, err := s.Move(t.Context(), own, seen, step.to, step.reason); err != nil || moved != step.moved {
				t.Errorf("%s: %v, %v", step.to, moved, err)
			}
		}
		if seen, err = s.Run(t.Context(), seen.ID); err != nil || seen.State != runs.Paused || seen.Reason != "the guard game-health: 503" {
			t.Errorf("%+v, %v", seen, err)
		}
		if moved, err := s.Move(t.Context(), own, seen, runs.Running, "late"); err != nil || !moved {
			t.Error(moved, err)
		}
		if moved, err := s.Move(t.Context(), own, seen, runs.Running, ""); err != nil || moved {
			t.Errorf("moved twice: %v, %v", moved, err)
		}
		if seen, err = s.Run(t.Context(), seen.ID); err != nil || seen.State != runs.Running || seen.Reason != "late" {
			t.Errorf("%+v, %v", seen, err)
		}
		if err := s.End(t.Context(), own, seen.ID, runs.Done, "", due.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if seen, err = s.Run(t.Context(), seen.ID); err != nil {
			t.Fatal(err)
		}
		if moved, err := s.Move(t.Context(), own, seen, runs.Running, ""); err == nil || moved {
			t.Errorf("one that has ended: %v, %v", moved, err)
		}
	})
}

// What must not go on is paused, whatever else it waits for; and not once more where somebody has paused it.
func TestTheLeaderPauses(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		for i, tt := range []struct {
			state        runs.State
			reason, want string
		}{
			{runs.Running, "it began before its servers were in service", "wrong credentials"},
			{runs.Paused, "the guard game-health: 503", "wrong credentials"},
			{runs.Paused, "by jun", "by jun"},
		} {
			r, _, err := s.Begin(t.Context(), own, runs.Run{Campaign: fmt.Sprint("c", i), Time: due, State: tt.state, Reason: tt.reason, Started: due})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Pause(t.Context(), own, r.ID, "wrong credentials"); err != nil {
				t.Fatal(err)
			}
			if r, err = s.Run(t.Context(), r.ID); err != nil || r.State != runs.Paused || r.Reason != tt.want {
				t.Errorf("%s: %+v, %v", tt.reason, r, err)
			}
		}
	})
}
