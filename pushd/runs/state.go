package runs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// from says from which states a run may come to one.
var from = map[State][]State{
	Running:   {Paused},
	Paused:    {Running, Waiting},
	Waiting:   {Running},
	Canceling: {Running, Paused, Waiting},
	Canceled:  {Canceling},
	Done:      {Running, Waiting},
	Failed:    {Running, Paused, Waiting},
}

// Wish moves a run to Running, Paused or Canceling, as anybody may. A run that is there already is left as it is; a *StateError
// says that it cannot be. Nobody need lead.
//
// A pause that would end by itself does not any more once somebody wishes for one: the reason is then theirs. A run that awaits its test
// is not Running by a wish, but stays Paused until that is over. With the test of a run, that run is canceled: whether
// it is under way or is yet to begin, and also where the campaign is edited until then.
func (s *Store) Wish(ctx context.Context, id int64, to State, reason string) (Run, error) {
	if to != Running && to != Paused && to != Canceling {
		return Run{}, fmt.Errorf("a run cannot be wished to be %s", to)
	}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		r, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		return r.wish(ctx, tx, to, reason)
	})
	if err != nil {
		return Run{}, err
	}
	return s.Run(ctx, id)
}

// Pause pauses a run that must not go on until somebody has looked, as Wish does.
func (s *Store) Pause(ctx context.Context, own Epoch, id int64, reason string) error {
	return s.led(ctx, own, func(tx *sql.Tx) error {
		r, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		return r.wish(ctx, tx, Paused, reason)
	})
}

// Move moves a run as its leader does, or gives it another reason for the state that it is in: only where its state and its reason
// are still those that were seen. moved is false where they are not, since somebody has wished otherwise meanwhile.
func (s *Store) Move(ctx context.Context, own Epoch, seen Run, to State, reason string) (moved bool, err error) {
	err = s.led(ctx, own, func(tx *sql.Tx) error {
		r, err := lock(ctx, tx, seen.ID)
		if err != nil || r.state != seen.State || r.reason != seen.Reason {
			return err
		}
		moved = true
		if r.state == to {
			return r.set(ctx, tx, to, reason, time.Time{})
		}
		return r.move(ctx, tx, to, reason, time.Time{})
	})
	return moved && err == nil, err
}

// Wait moves a test whose messages are sent to Waiting.
func (s *Store) Wait(ctx context.Context, own Epoch, id int64) error {
	return s.led(ctx, own, func(tx *sql.Tx) error {
		r, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		return r.move(ctx, tx, Waiting, "", time.Time{})
	})
}

// End moves a run to an end, and forgets its batches.
func (s *Store) End(ctx context.Context, own Epoch, id int64, to State, reason string, at time.Time) error {
	if !to.Ended() {
		return fmt.Errorf("%s is no end of a run", to)
	}
	return s.led(ctx, own, func(tx *sql.Tx) error {
		r, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := r.move(ctx, tx, to, reason, at); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM liveops_push_batches WHERE run_id = ?", id)
		return err
	})
}

// standing is how a run stands while a transaction changes that, in which nobody else does.
type standing struct {
	id       int64
	campaign string
	due      time.Time
	state    State
	test     bool // it is a test
	reason   string
}

// lock reads how a run stands; ErrNoRun where there is none.
func lock(ctx context.Context, tx *sql.Tx, id int64) (standing, error) {
	r := standing{id: id}
	var due, state string
	err := tx.QueryRowContext(ctx, "SELECT campaign, CAST(due AS CHAR), state, reason FROM liveops_push_runs WHERE id = ? FOR UPDATE", id).Scan(&r.campaign, &due, &state, &r.reason)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNoRun
	}
	state, r.test = strings.CutPrefix(state, ofTest)
	r.state = State(state)
	if err == nil {
		r.due, err = parse(due)
	}
	if err != nil {
		return r, fmt.Errorf("read the state of run %d: %w", id, err)
	}
	return r, nil
}

// wish is Wish within a transaction.
func (r standing) wish(ctx context.Context, tx *sql.Tx, to State, reason string) error {
	paused := r.state == Paused
	switch {
	case to == Paused && paused && endsByItself(r.reason):
		if untested(r.reason) {
			reason += stillUntested
		}
		return r.set(ctx, tx, Paused, reason, time.Time{})
	case to == Paused && paused && r.test && strings.HasPrefix(reason, By) && !strings.HasPrefix(r.reason, By): // an edit would let it go on
		return r.set(ctx, tx, Paused, reason+"; "+r.reason, time.Time{})
	case to == Running && paused && untested(r.reason):
		return r.set(ctx, tx, Paused, UntilTested, time.Time{})
	case to == Canceling && r.state != Canceling:
		if err := r.move(ctx, tx, Canceling, reason, time.Time{}); err != nil {
			return err
		}
		return r.cancelFollowing(ctx, tx, reason)
	}
	return r.move(ctx, tx, to, reason, time.Time{})
}

// move changes a run's state where from allows it. One that has it is left as it is. finished is zero where it has not.
func (r standing) move(ctx context.Context, tx *sql.Tx, to State, reason string, finished time.Time) error {
	if r.state == to {
		return nil
	}
	if !slices.Contains(from[to], r.state) {
		return r.refuse(to)
	}
	return r.set(ctx, tx, to, reason, finished)
}

// refuse says that a run cannot be moved to a state.
func (r standing) refuse(to State) error {
	return &StateError{Campaign: r.campaign, Time: r.due, State: r.state, Wanted: to}
}

func (r standing) set(ctx context.Context, tx *sql.Tx, to State, reason string, finished time.Time) error {
	state := string(to)
	if r.test {
		state = ofTest + state
	}
	_, err := tx.ExecContext(ctx, "UPDATE liveops_push_runs SET state = ?, reason = ?, finished = ? WHERE id = ?", state, reason, textOrNull(finished), r.id)
	if err != nil {
		return fmt.Errorf("make run %d %s: %w", r.id, to, err)
	}
	return nil
}
