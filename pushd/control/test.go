package control

import (
	"context"
	"errors"
	"time"

	"liveops/pushd"
	"liveops/pushd/runs"
)

// ErrNoTest is a campaign that is for no test list.
var ErrNoTest = errors.New("the campaign names no test list")

// Test begins a test of a released campaign in the name of actor: to a list of the environment or, where list is "", to the
// campaign's own test. It is no run of it. Its time is the second of now: begun is false where a test of that second, to the same list, is there; it is that one then. A
// *datarepo.NoListError says that there is no such list, ErrNoTest that the campaign has no test of its own.
func Test(ctx context.Context, record *runs.Store, r *Release, c *Campaign, list, actor string, now time.Time) (_ runs.Run, begun bool, err error) {
	push, err := r.Push()
	if err != nil {
		return runs.Run{}, false, err
	}
	if list == "" && c.Test == nil {
		return runs.Run{}, false, ErrNoTest
	}
	if err := push.CheckList(list); err != nil {
		return runs.Run{}, false, err
	}
	if err := record.Prepare(ctx); err != nil {
		return runs.Run{}, false, err
	}
	now = now.UTC()
	return record.Order(ctx, runs.Run{Campaign: c.Name, Time: now.Truncate(time.Second), Commit: r.Commit, File: c.File, Actor: actor,
		State: runs.Running, Started: now, Test: runs.Asked(list)})
}

// AskedWait is how long whoever asks for a test waits for its end, after which the leader cancels it.
const AskedWait = pushd.AskedWait

// AwaitTest waits until a test that was asked for has come to its end, and gives it as it is then. One that was stopped, and one that
// is not waited for any more since wait fails, is canceled: nobody would expect it later.
func AwaitTest(ctx context.Context, record *runs.Store, r runs.Run, wait func(context.Context, time.Duration) error) (runs.Run, error) {
	for !r.State.Ended() {
		if r.State == runs.Paused {
			if _, err := record.Wish(ctx, r.ID, runs.Canceling, r.Reason); err != nil {
				return r, err
			}
		}
		if err := wait(ctx, lookEvery); err != nil {
			_, wished := record.Wish(context.WithoutCancel(ctx), r.ID, runs.Canceling, "nobody waited for it any more")
			if no := (*runs.StateError)(nil); errors.As(wished, &no) { // it has just ended
				wished = nil
			}
			return r, errors.Join(err, wished)
		}
		now, err := record.Run(ctx, r.ID)
		if err != nil {
			return r, err
		}
		r = now
	}
	return r, nil
}
