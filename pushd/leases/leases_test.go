package leases_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/pushd/capacity"
	"liveops/pushd/capacity/ledgertest"
	"liveops/pushd/leases"
	"liveops/sandbox/mariadb"
	embedded "liveops/sandbox/mysql"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

// database opens a database as a process does.
func database(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c.Params = map[string]string{"time_zone": "'+00:00'", "sql_mode": "'STRICT_ALL_TABLES'"}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func open(t *testing.T, dsn string) *leases.Ledger {
	t.Helper()
	l := leases.New(database(t, dsn))
	for range 2 { // the second time the tables are there
		if err := l.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestLedger(t *testing.T) {
	t.Run("MariaDB", func(t *testing.T) {
		ledgertest.Run(t, func(t *testing.T) capacity.Ledger { return open(t, mariadb.NewDatabase(t)) })
	})
	t.Run("embedded", func(t *testing.T) {
		ledgertest.Run(t, func(t *testing.T) capacity.Ledger {
			s, err := embedded.Start(t.Context(), "game")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return open(t, s.DSN("game"))
		})
	})
}

// Fractions of a second are kept, and a time in any zone is the same time.
func TestTimes(t *testing.T) {
	l := open(t, mariadb.NewDatabase(t))
	until := time.Date(2026, 12, 24, 19, 0, 0, 120_000_000, time.FixedZone("KST", 9*3600))
	if err := l.Save(t.Context(), capacity.Lease{Environment: "production", Run: "a", Call: 1, State: capacity.Wanted, Until: until, Changed: until.Add(time.Microsecond)}); err != nil {
		t.Fatal(err)
	}
	got, err := l.Leases(t.Context(), "production")
	if err != nil || len(got) != 1 || !got[0].Until.Equal(until) || !got[0].Changed.Equal(until.Add(time.Microsecond)) {
		t.Errorf("%+v, %v", got, err)
	}
}

// Two processes that share nothing but the database take turns.
func TestProcessesTakeTurns(t *testing.T) {
	dsn := mariadb.NewDatabase(t)
	one, two := open(t, dsn), open(t, dsn)
	in, out, second := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		<-in
		second <- two.Exclusively(t.Context(), "production", func(context.Context) error {
			select {
			case <-out:
				return nil
			default:
				return errors.New("the first was not out")
			}
		})
	}()
	err := one.Exclusively(t.Context(), "production", func(ctx context.Context) error {
		close(in)
		impatient, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		if err := two.Exclusively(impatient, "production", func(context.Context) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it was let in while the first was: %v", err)
		}
		close(out)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// Who has lost his turn, as one who was cut off for long, is told to stop.
func TestALostTurnEndsTheWork(t *testing.T) {
	dsn := mariadb.NewDatabase(t)
	l, db := open(t, dsn), database(t, dsn)
	err := l.Exclusively(t.Context(), "production", func(ctx context.Context) error {
		if _, err := db.Exec("UPDATE liveops_push_leases_turn SET holder = 'somebody', until = UTC_TIMESTAMP(6) + INTERVAL 1 SECOND"); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// The other's turn ends by itself, as that of one who died.
	if err := l.Exclusively(t.Context(), "production", func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}
