package runs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
	Failed:    {Running, Paused},
}

// Wish moves a run to Running, Paused or Canceling, as anybody may. A run that is there already is left as it is; a *StateError
// says that it cannot be. Nobody need lead.
func (s *Store) Wish(ctx context.Context, id int64, to State, reason string) (Run, error) {
	if to != Running && to != Paused && to != Canceling {
		return Run{}, fmt.Errorf("a run cannot be wished to be %s", to)
	}
	err := s.transact(ctx, func(tx *sql.Tx) error { return move(ctx, tx, id, to, reason, time.Time{}) })
	if err != nil {
		return Run{}, err
	}
	return s.Run(ctx, id)
}

// Wait moves a test whose messages are sent to Waiting.
func (s *Store) Wait(ctx context.Context, own Epoch, id int64) error {
	return s.led(ctx, own, func(tx *sql.Tx) error { return move(ctx, tx, id, Waiting, "", time.Time{}) })
}

// Explain gives a run that is paused another reason for that; of one that is not it changes nothing.
func (s *Store) Explain(ctx context.Context, own Epoch, id int64, reason string) error {
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE liveops_push_runs SET reason = ? WHERE id = ? AND state IN (?, ?)", reason, id, string(Paused), ofTest+string(Paused))
		return err
	})
	if err != nil {
		return fmt.Errorf("say why run %d is paused: %w", id, err)
	}
	return nil
}

// End moves a run to an end, and forgets its batches. Where a test of a run is Canceled, its run is so from then on, too.
func (s *Store) End(ctx context.Context, own Epoch, id int64, to State, reason string, at time.Time) error {
	if !to.Ended() {
		return fmt.Errorf("%s is no end of a run", to)
	}
	return s.led(ctx, own, func(tx *sql.Tx) error {
		if err := move(ctx, tx, id, to, reason, at); err != nil {
			return err
		}
		if to == Canceled {
			if err := cancelFollowing(ctx, tx, id, reason, at); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM liveops_push_batches WHERE run_id = ?", id)
		return err
	})
}

// move changes a run's state within a transaction. finished is zero where it has not.
func move(ctx context.Context, tx *sql.Tx, id int64, to State, reason string, finished time.Time) error {
	e := &StateError{Wanted: to}
	var due string
	err := tx.QueryRowContext(ctx, "SELECT campaign, CAST(due AS CHAR), state FROM liveops_push_runs WHERE id = ? FOR UPDATE", id).Scan(&e.Campaign, &due, &e.State)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoRun
	}
	if err == nil {
		e.Time, err = parse(due)
	}
	if err != nil {
		return fmt.Errorf("read the state of run %d: %w", id, err)
	}
	if e.State == to {
		return nil
	}
	if !slices.Contains(from[to], e.State) {
		return e
	}
	var at any
	if !finished.IsZero() {
		at = text(finished)
	}
	if _, err := tx.ExecContext(ctx, "UPDATE liveops_push_runs SET state = CONCAT(IF(test = '', '', '"+ofTest+"'), ?), reason = ?, finished = ? WHERE id = ?", string(to), reason, at, id); err != nil {
		return fmt.Errorf("make run %d %s: %w", id, to, err)
	}
	return nil
}
