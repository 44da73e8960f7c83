package pushd

import (
	"context"
	"slices"
	"time"

	"liveops/pushd/runs"
)

// endQueuesEvery is how often queues that no run has any more are removed.
const endQueuesEvery = time.Hour

// endQueues removes, as the term begins and now and then, the queues of runs that have ended: whoever ended one may have died, or the engine
// been away, before its queue was removed. Queues are made by what else this goroutine does alone.
func (l *leader) endQueues(ctx context.Context) error {
	now := l.o.Clock.Now()
	if !l.cleared.IsZero() && now.Sub(l.cleared) < endQueuesEvery {
		return nil
	}
	queues, err := l.o.Batches.Runs(ctx)
	if err != nil {
		return err
	}
	live, err := l.o.Runs.Live(ctx)
	if err != nil {
		return err
	}
	for _, run := range queues {
		if slices.ContainsFunc(live, func(r runs.Run) bool { return r.ID == run }) {
			continue
		}
		if err := l.o.Batches.End(ctx, run); err != nil {
			return err
		}
	}
	l.cleared = now
	return nil
}
