package mysqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"

	"liveops/datasheets"
)

// ErrBusy is a lock that another release, or the game, holds. Nothing was changed; it is worth a retry.
var ErrBusy = errors.New("another release, or the game, holds a lock on these rows")

// HeldError is an environment that takes no release.
type HeldError struct {
	Environment string
	Hold        Hold
}

// Error says why it is held and by whom.
func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is on hold (%s, by %s)", e.Environment, e.Hold.Reason, e.Hold.By)
}

// MovedError is an environment that is no longer as it was when the plan was made. Nothing was changed.
type MovedError struct {
	Environment string
	Rows        []string // the rows that moved, at most a few; empty where the environment's state did
	Count       int      // all of them
}

// Error names the rows.
func (e *MovedError) Error() string {
	if e.Count == 0 {
		return e.Environment + " has changed since the plan was made"
	}
	return fmt.Sprintf("%d rows of %s have changed since the plan was made: %s", e.Count, e.Environment, few(e.Rows, e.Count))
}

// RefusedError is a plan that the database, or a check before the commit, does not take. Nothing was changed.
type RefusedError struct {
	Table  string
	Reason string
	Rows   []string // at most a few
	Count  int      // all of them; 0 where the reason is not about rows
	Err    error    // what the server said; nil where a check of liveops refused
}

// Error is the reason with the rows it is about.
func (e *RefusedError) Error() string {
	s := e.Table + ": " + e.Reason
	if len(e.Rows) > 0 {
		s += ": " + few(e.Rows, e.Count)
	}
	return s
}

// Unwrap is what the server said.
func (e *RefusedError) Unwrap() error { return e.Err }

// TestsFailedError is a plan after which data tests find rows, or which they could not be run on. Nothing was
// changed.
type TestsFailedError struct {
	Problems []datasheets.Problem // one for each test that failed, at its file, sorted
}

// Error counts the tests and tells of the first.
func (e *TestsFailedError) Error() string {
	first := e.Problems[0].At.Path + ": " + e.Problems[0].Text
	if len(e.Problems) == 1 {
		return "1 data test failed: " + first
	}
	return fmt.Sprintf("%d data tests failed, the first %s", len(e.Problems), first)
}

// fewRows is how many rows an error names.
const fewRows = 5

func few(rows []string, count int) string {
	s := strings.Join(rows, ", ")
	if more := count - len(rows); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// unanswered is an error of a read: an *UnreachableError where it is not the server that says it.
func (s *Store) unanswered(ctx context.Context, err error) error {
	var m *mysql.MySQLError
	if ctx.Err() != nil || errors.As(err, &m) {
		return err
	}
	return &UnreachableError{s.environment, err}
}

// refused turns the server's lock errors into ErrBusy: 1205 lock wait timeout, 1213 deadlock, 3572 NOWAIT
// (MySQL), 1020 changed since last read (MariaDB).
func refused(err error) error {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		switch m.Number {
		case 1205, 1213, 3572, 1020:
			return fmt.Errorf("%w: %w", ErrBusy, err)
		}
	}
	return err
}

// refusal is an error of a statement that changes a table: busy, the server's refusal, or a broken connection.
func refusal(table string, err error) error {
	if err = refused(err); errors.Is(err, ErrBusy) {
		return err
	}
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return &RefusedError{Table: table, Reason: "the database refuses: " + m.Message, Err: err}
	}
	return fmt.Errorf("%s: %w", table, err)
}
