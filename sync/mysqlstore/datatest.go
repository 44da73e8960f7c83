package mysqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/datasheets"
	"liveops/sync/check"
)

// The limits of data tests. All rows that a release changes are locked while they run.
const (
	testTime     = 5 * time.Second  // for one of them; Options.TestTime
	allTestsTime = 30 * time.Second // for all of them together
	testGrace    = 2 * time.Second  // after which a server that does not end a SELECT by itself is left
	testRows     = 100              // rows read of what one finds; more are not counted
)

// runTests runs the data tests of a request, all of them, on the transaction that has made the changes.
//
// Their rows are told where sheets describe every row of all that a test reads. Of other tables, which may hold what players
// would rather keep to themselves, only the number of rows is: whoever may open a pull request is not, by that,
// allowed to read the database.
func (s *Store) runTests(ctx context.Context, tx *transaction, q Request) error {
	if len(q.Tests) == 0 {
		return nil
	}
	t := &testRun{Store: s, tx: tx, owned: map[string]bool{}, deadline: time.Now().Add(allTestsTime)}
	for _, w := range q.Tables {
		t.owned[w.Schema.Name] = !w.Partial && (w.Owned == nil || w.Unowned == 0)
	}
	var version string
	if err := tx.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return fmt.Errorf("run the data tests on %s: %w", s.environment, err)
	}
	t.mariaDB = strings.Contains(version, "MariaDB")
	for i := range q.Tests {
		if goesOn, err := t.run(ctx, &q.Tests[i]); err != nil {
			return err
		} else if !goesOn {
			break
		}
	}
	if len(t.problems) > 0 {
		return &TestsFailedError{datasheets.SortProblems(t.problems)}
	}
	return t.limit(ctx, 0)
}

// testRun is the running of data tests.
type testRun struct {
	*Store
	tx       *transaction
	mariaDB  bool
	owned    map[string]bool // the tables of which the sheets describe every row
	deadline time.Time
	problems []datasheets.Problem
}

func (t *testRun) fail(test *check.Test, mend, format string, args ...any) {
	t.problems = append(t.problems, datasheets.Problem{At: datasheets.Position{Path: test.Path, Line: test.Line},
		Text: fmt.Sprintf("the data test %q ", test.Title) + fmt.Sprintf(format, args...), Mend: mend})
}

const mendTime = "write it so that an index helps, or split it"

// run runs one test. goesOn is false where the connection is of no use to the next one.
func (t *testRun) run(ctx context.Context, test *check.Test) (goesOn bool, err error) {
	limit := min(t.testTime, time.Until(t.deadline))
	if limit < time.Millisecond {
		t.fail(test, "make the tests before it faster", "was not run: those before it took %s", allTestsTime)
		return false, nil
	}
	if err := t.limit(ctx, limit); err != nil {
		return false, err
	}
	limited, cancel := context.WithTimeout(ctx, limit+testGrace)
	defer cancel()
	found, err := findRows(limited, t.tx, test.SQL)
	var refusal *mysql.MySQLError
	switch err = refused(err); {
	case err == nil && found.count == 0:
		return true, nil
	case err == nil:
		return true, t.failByRows(ctx, test, found)
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, ErrBusy):
		return false, err
	case limited.Err() != nil:
		t.fail(test, mendTime, "took longer than %s", limit.Round(time.Millisecond))
		return false, nil
	case errors.As(err, &refusal) && isTimeout(refusal):
		t.fail(test, mendTime, "took longer than %s", limit.Round(time.Millisecond))
		return true, nil
	case errors.As(err, &refusal) && !endsSession(refusal):
		return true, t.failByServer(ctx, test, refusal)
	default:
		return false, fmt.Errorf("run the data test %s on %s: %w", test.Path, t.environment, err)
	}
}

// limit has the server end every SELECT after so long, and after more rows than are counted; 0 lifts both
// (https://mariadb.com/kb/en/server-system-variables/#max_statement_time,
// https://dev.mysql.com/doc/refman/8.0/en/server-system-variables.html#sysvar_max_execution_time).
func (t *testRun) limit(ctx context.Context, d time.Duration) error {
	set := fmt.Sprintf("SET SESSION max_execution_time = %d", d.Milliseconds())
	if t.mariaDB {
		set = fmt.Sprintf("SET SESSION max_statement_time = %.3f", d.Seconds())
	}
	rows := "DEFAULT"
	if d > 0 {
		rows = fmt.Sprint(testRows + 1)
	}
	if _, err := t.tx.ExecContext(ctx, set+", SESSION sql_select_limit = "+rows); err != nil {
		return fmt.Errorf("limit the data tests on %s: %w", t.environment, err)
	}
	return nil
}

func (t *testRun) failByRows(ctx context.Context, test *check.Test, found foundRows) error {
	text := fmt.Sprintf("finds %d rows where there must be none", found.count)
	switch {
	case found.count == 1:
		text = "finds 1 row where there must be none"
	case found.count > testRows:
		text = fmt.Sprintf("finds %d rows or more where there must be none", testRows)
	}
	open, err := t.mayTell(ctx, test)
	if err != nil {
		return err
	}
	if open {
		text += ": " + strings.Join(found.few, "; ")
	} else {
		text += "; they are not shown, since it reads more than the tables of the sheets"
	}
	t.fail(test, "mend the sheets or, where it is the test that is wrong, the test", "%s", text)
	return nil
}

// failByServer tells of a test that the server does not run. Its errors of names and grammar (SQLSTATE 42…)
// quote the test; others may quote what it reads.
func (t *testRun) failByServer(ctx context.Context, test *check.Test, refusal *mysql.MySQLError) error {
	open, err := t.mayTell(ctx, test)
	if err != nil {
		return err
	}
	message := fmt.Sprintf("error %d", refusal.Number)
	if open || refusal.Number == noSuchTable || strings.HasPrefix(string(refusal.SQLState[:]), "42") {
		message = refusal.Message
	}
	t.fail(test, "mend the test", "is refused by the database: %s", message)
	return nil
}

// mayTell says whether the sheets describe all that a test reads.
func (t *testRun) mayTell(ctx context.Context, test *check.Test) (bool, error) {
	if slices.ContainsFunc(test.Tables, func(name string) bool { return !t.owned[name] }) {
		return false, nil
	}
	// A name of WITH hides the table of that name in one place of the SELECT and not in another.
	for _, name := range test.Names {
		var n int
		if err := t.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
			AND LOWER(TABLE_NAME) = LOWER(?)`, name).Scan(&n); err != nil {
			return false, fmt.Errorf("look for a table %s on %s: %w", name, t.environment, err)
		}
		if n > 0 {
			return false, nil
		}
	}
	return true, nil
}

// isTimeout: ER_STATEMENT_TIMEOUT (MariaDB), ER_QUERY_TIMEOUT (MySQL).
func isTimeout(e *mysql.MySQLError) bool { return e.Number == 1969 || e.Number == 3024 }

// endsSession tells errors of the connection from those of the statement: SQLSTATE 08…, ER_SERVER_SHUTDOWN,
// ER_QUERY_INTERRUPTED, ER_CONNECTION_KILLED.
func endsSession(e *mysql.MySQLError) bool {
	return strings.HasPrefix(string(e.SQLState[:]), "08") || e.Number == 1053 || e.Number == 1317 || e.Number == 1927
}
