package release

import (
	"context"
	"errors"
	"time"

	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
)

// Unordered is what a purge waits for where it is run by itself, without a release: the environment before.
const Unordered WaitKind = "order"

// PurgeGate is a purge that somebody runs in an environment by itself, without a release, and what is asked of that.
type PurgeGate struct {
	Policy      *Policy
	Environment string
	Name        string
	Begun       bool               // it is gone on with: then only a freeze keeps it
	Before      *mysqlstore.Purges // the record of the environment before; nil where there is none, or it has no user documents
}

// Waits are what keeps the purge now, where a release would wait: a freeze, for approval, and the environment before, which
// must have done it.
func (g PurgeGate) Waits(ctx context.Context, now time.Time) (waits []Wait, err error) {
	asked := g.Policy.Environment(g.Environment)
	if wait, frozen := g.Policy.Frozen(g.Environment, now); frozen {
		waits = append(waits, wait)
	}
	if g.Begun {
		return waits, nil
	}
	if asked.Approval {
		waits = append(waits, Wait{Kind: Unapproved, Reason: g.Environment + " takes nothing without approval"})
	}
	if g.Before == nil {
		return waits, nil
	}
	run, err := g.Before.Purge(ctx, g.Name)
	none := errors.Is(err, mysqlstore.ErrNoPurge)
	switch {
	case err != nil && !none:
		return nil, err
	case none:
		waits = append(waits, Wait{Kind: Unordered, Reason: asked.After + " comes before " + g.Environment + ", and has not done purge `" + g.Name + "` yet"})
	case run.State != purge.Done && run.State != purge.Past:
		waits = append(waits, Wait{Kind: Unordered, Reason: asked.After + " comes before " + g.Environment + ", and purge `" + g.Name + "` is " + string(run.State) + " there"})
	}
	return waits, nil
}
