package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"liveops/sync/purge"
)

// purgeSilence is after how long a run that writes nothing is taken for one whose process is gone. A run writes after
// each batch, which is small where its rate is: at the slowest, one document a minute.
const purgeSilence = 2 * time.Minute

// Wish asks a purge that is running to pause or to end; it does so after its current batch. One whose process is gone,
// or that is paused or failed, is in that state at once. It fails with ErrNoPurge, and with an *purge.OverError where
// nothing is left to stop.
func (p *Purges) Wish(ctx context.Context, name string, wish purge.Wish, actor string) (purge.Run, error) {
	state := map[purge.Wish]purge.RunState{purge.WishPause: purge.Paused, purge.WishCancel: purge.Canceled}[wish]
	return p.move(ctx, name, func(r *purge.Run) (string, error) {
		now := p.store.now()
		switch {
		case r.State.Over():
			return "", &purge.OverError{Run: *r}
		case r.State == purge.Running && now.Sub(r.Updated) < purgeSilence:
			r.Wish = wish
		case r.State == purge.Running || wish == purge.WishCancel:
			r.State, r.Wish = state, purge.WishNone
			r.Epoch++ // should its process live after all, it has lost the run
			if r.Updated = now; r.State.Over() {
				r.Finished = now
			}
		}
		r.Actor = actor
		return "asked to " + string(wish), nil
	})
}

// move changes a record under its lock; change says what the audit is told.
func (p *Purges) move(ctx context.Context, name string, change func(*purge.Run) (string, error)) (r purge.Run, err error) {
	err = p.in(ctx, "change purge "+name, func(tx *sql.Tx) error {
		runs, err := p.read(ctx, tx, "WHERE name = ? FOR UPDATE", name)
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			return ErrNoPurge
		}
		r = runs[0]
		what, err := change(&r)
		if err != nil {
			return err
		}
		if err := p.write(ctx, tx, r); err != nil {
			return err
		}
		return p.audit(ctx, tx, r, what)
	})
	return r, err
}

// Past records purges that are never to be run here, unless there is a record of them already: those that the data
// repo had before the environment's first release. It returns how many were written.
func (p *Purges) Past(ctx context.Context, all []*purge.Purge, actor, commit string) (written int, err error) {
	if err := p.store.Prepare(ctx); err != nil {
		return 0, err
	}
	err = p.in(ctx, "record past purges", func(tx *sql.Tx) error {
		for _, one := range all {
			now := p.store.now()
			r := purge.Run{Name: one.Name, Fingerprint: one.Fingerprint(), Scope: one.Scope, Collection: one.Collection, State: purge.Past, Actor: actor, Commit: commit, Started: now, Updated: now, Finished: now}
			inserted, err := p.insert(ctx, tx, "IGNORE", r)
			if err != nil {
				return fmt.Errorf("%s: %w", one.Name, err)
			}
			if inserted {
				written++
				if err := p.audit(ctx, tx, r, "past, and not run here"); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return written, err
}
