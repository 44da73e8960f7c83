package leases

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	// turnTime is how long a turn lasts that is not made longer, renewEvery how often it is, and giveUp how long before its
	// end he stops who could not make it longer.
	turnTime   = 10 * time.Second
	renewEvery = 2 * time.Second
	giveUp     = 2 * time.Second
	// askFirst and askAtMost are how long one waits who asks for his turn again.
	askFirst  = 20 * time.Millisecond
	askAtMost = 500 * time.Millisecond
)

// errLost says that somebody else has the turn: this one was over.
var errLost = errors.New("the turn to work on servers is over")

// Exclusively is that of capacity.Ledger. The context that do gets ends two seconds before anybody else can have a turn.
func (l *Ledger) Exclusively(ctx context.Context, environment string, do func(context.Context) error) error {
	t := turn{l, environment, rand.Text()}
	since, err := t.await(ctx)
	if err != nil {
		return fmt.Errorf("wait for the turn to work on the servers of %s: %w", environment, err)
	}
	working, stop := context.WithCancelCause(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { stop(t.keep(working, since)) })
	err = do(working)
	if lost := context.Cause(working); err != nil && ctx.Err() == nil && lost != nil {
		err = errors.Join(err, lost)
	}
	stop(nil)
	keeping.Wait()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
	defer cancel()
	_ = t.set(ending, `UPDATE liveops_push_leases_turn SET holder = '', until = '1970-01-02' WHERE environment = ? AND holder = ?`, environment, t.holder) // else it ends by itself
	return err
}

// turn is one caller's.
type turn struct {
	*Ledger
	environment, holder string
}

// await waits until nobody has the turn, and takes it. since is when it began at the latest.
func (t turn) await(ctx context.Context) (since time.Time, err error) {
	err = t.set(ctx, `INSERT IGNORE INTO liveops_push_leases_turn (environment, holder, until) VALUES (?, '', '1970-01-02')`, t.environment)
	if err != nil && !errors.Is(err, errLost) { // it is there already
		return time.Time{}, err
	}
	for pause := askFirst; ; pause = min(2*pause, askAtMost) {
		since = time.Now()
		err = t.set(ctx, `UPDATE liveops_push_leases_turn SET holder = ?, until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
			WHERE environment = ? AND until < UTC_TIMESTAMP(6)`, t.holder, turnTime.Microseconds(), t.environment)
		if err == nil || !errors.Is(err, errLost) {
			return since, err
		}
		if err := wait(ctx, pause); err != nil {
			return since, err
		}
	}
}

// keep makes the turn longer until ctx ends, and says why that cannot be done any more.
func (t turn) keep(ctx context.Context, since time.Time) error {
	for {
		if err := wait(ctx, renewEvery); err != nil {
			return err
		}
		began := time.Now()
		asking, cancel := context.WithDeadline(ctx, since.Add(turnTime-giveUp))
		err := t.set(asking, `UPDATE liveops_push_leases_turn SET until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
			WHERE environment = ? AND holder = ?`, turnTime.Microseconds(), t.environment, t.holder)
		cancel()
		switch {
		case err == nil:
			since = began
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errLost), time.Since(since) >= turnTime-giveUp-renewEvery:
			return err
		}
	}
}

// set runs a statement that is to change one row; errLost says that it changed none, or that others are in its way.
func (t turn) set(ctx context.Context, statement string, args ...any) error {
	res, err := t.db.ExecContext(ctx, statement, args...)
	var refusal *mysql.MySQLError
	if errors.As(err, &refusal) && (refusal.Number == 1205 || refusal.Number == 1213) { // a lock waited for too long, a deadlock
		return errLost
	}
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = errLost
	}
	return err
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
