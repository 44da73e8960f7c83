package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd"
	"liveops/pushd/runs"
)

// Wish asks that every run of a campaign that is under way be Running, Paused or Canceling, and gives them as they are then,
// by id. Of several, those whose state does not allow it are left as they are. An *IdleError says that none is under way; an
// *UnknownError, that there is no such campaign either; a *runs.StateError, that no run's state allows it. A run that awaits its
// test is not Running by it: it goes on by itself after the test, which is Running from then on if it was paused. What begins meanwhile is asked for, too.
func Wish(ctx context.Context, record *runs.Store, f Files, name string, to runs.State, reason string) ([]runs.Run, error) {
	live, err := Live(ctx, record, f, name)
	if err != nil {
		return nil, err
	}
	moved, refused := wishAll(ctx, record, live, to, reason)
	if refused != nil && !errors.As(refused, new(*runs.StateError)) {
		return nil, refused
	}
	all, err := record.Live(ctx) // a run may have begun while its test was looked at
	if err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(all, func(r runs.Run) bool {
		return r.Campaign != name || slices.ContainsFunc(live, func(known runs.Run) bool { return known.ID == r.ID })
	})
	more, err := wishAll(ctx, record, fresh, to, reason)
	if err != nil && !errors.As(err, new(*runs.StateError)) {
		return nil, err
	}
	if moved = append(moved, more...); len(moved) == 0 {
		return nil, refused
	}
	return moved, nil
}

// wishAll asks that runs be in a state, and gives those whose state allows it. Of the others, the last *runs.StateError is told.
func wishAll(ctx context.Context, record *runs.Store, all []runs.Run, to runs.State, reason string) (moved []runs.Run, refused error) {
	for _, r := range all {
		r, err := record.Wish(ctx, r.ID, to, reason)
		switch {
		case err == nil:
			moved = append(moved, r)
		case errors.As(err, new(*runs.StateError)):
			refused = err
		default:
			return nil, err
		}
	}
	return moved, refused
}

// Live are the runs of a campaign that are under way, by id; at least one. What was released is looked at only where there is
// none, so that files which cannot be read are in nobody's way who wants to stop a run.
func Live(ctx context.Context, record *runs.Store, f Files, name string) ([]runs.Run, error) {
	all, err := record.Live(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	var live []runs.Run
	for _, r := range all {
		if names = append(names, r.Campaign); r.Campaign == name {
			live = append(live, r)
		}
	}
	if len(live) > 0 {
		return live, nil
	}
	idle := &IdleError{Campaign: name, Environment: f.Environment()}
	released, err := Read(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("%w; which campaigns there are is not known: %w", idle, err)
	}
	if names = append(names, released.names()...); slices.Contains(names, name) {
		return nil, idle
	}
	return nil, &UnknownError{Campaign: name, Environment: f.Environment(), Near: datasheets.Nearest(name, names)}
}

// CancelWait is how long the answer to a cancel waits for all workers to stop; they do within a second or two.
const CancelWait = 30 * time.Second

// lookEvery is how often AwaitCanceled looks.
const lookEvery = 100 * time.Millisecond

// AwaitCanceled waits until runs that are canceling have come to their end, after which nothing of them is sent, and gives
// them as they are then. It looks every tenth of a second by wait, whose error ends it; the runs are then as they were seen last.
func AwaitCanceled(ctx context.Context, record *runs.Store, all []runs.Run, wait func(context.Context, time.Duration) error) ([]runs.Run, error) {
	seen := slices.Clone(all)
	for {
		i := slices.IndexFunc(seen, func(r runs.Run) bool { return r.State == runs.Canceling })
		if i < 0 {
			return seen, nil
		}
		if err := wait(ctx, lookEvery); err != nil {
			return seen, err
		}
		r, err := record.Run(ctx, seen[i].ID)
		if err != nil {
			return seen, err
		}
		seen[i] = r
	}
}

// Order begins a run of a released campaign besides its times, in the name of actor: at the second of now. begun is false
// where a run for that second is there; it is that one then. The record's tables are made where they are missing.
func Order(ctx context.Context, record *runs.Store, r *Release, c *Campaign, actor string, now time.Time) (_ runs.Run, begun bool, err error) {
	if err := record.Prepare(ctx); err != nil {
		return runs.Run{}, false, err
	}
	now = now.UTC()
	run := runs.Run{Campaign: c.Name, Time: now.Truncate(time.Second), Commit: r.Commit, File: c.File, Actor: actor, State: runs.Running, Started: now}
	servers := slices.ContainsFunc(r.Config.Environments, func(e datarepo.Environment) bool { return e.Name == r.Environment && e.Capacity != nil })
	return record.Order(ctx, pushd.Ordered(c.Campaign, run, servers))
}
