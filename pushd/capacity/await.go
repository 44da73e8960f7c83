package capacity

import (
	"context"
	"fmt"
	"time"
)

// Await asks every pollEvery at first, and each time half as long again later, up to pollAtMost; twice as long while AWS
// throttles.
const (
	pollEvery  = 5 * time.Second
	pollAtMost = 30 * time.Second
)

// Ready is how many servers are in service for a run.
type Ready struct {
	Run             string
	Need, InService int
	// Late says that they were not by the time that they had to be.
	Late bool
	// At is when that was known.
	At time.Time
	// Trouble is why AWS could not be asked at last, where it could not.
	Trouble error
	DryRun  bool
}

// String says it in a line.
func (r Ready) String() string {
	switch {
	case r.DryRun:
		return fmt.Sprintf("%d servers are in service; none is waited for (dry run)", r.InService)
	case r.Late && r.Trouble != nil:
		return fmt.Sprintf("late: of %d servers, %d were in service when AWS last answered", r.Need, r.InService)
	case r.Late:
		return fmt.Sprintf("late: of %d servers, %d are in service", r.Need, r.InService)
	}
	return fmt.Sprintf("%d servers are in service", r.InService)
}

// Await returns when as many servers are in service as the run needs, or when the time has come by which they had to
// be: then Late is set, and the caller decides whether to go on. In service is an instance that an Auto Scaling group
// calls InService, and a plain one that runs and whose status checks have passed (for those that liveops did not launch,
// that they run is enough). That AWS cannot be reached, or throttles, is no error but takes time.
func (k *Keeper) Await(ctx context.Context, run string, by time.Time) (Ready, error) {
	r := Ready{Run: run, DryRun: k.options.DryRun}
	leases, err := k.leases(ctx)
	if err != nil {
		return r, fmt.Errorf("waiting for the servers of %s: %w", run, err)
	}
	l, known := leases.find(run)
	if !known && !r.DryRun {
		return r, fmt.Errorf("waiting for the servers of %s: %w", run, ErrNoLease)
	}
	r.Need = l.Need
	for pause := pollEvery; ; pause = min(pause*3/2, pollAtMost) {
		s, err := k.group.look(ctx, leases)
		r.At = k.options.Now()
		switch r.Trouble = err; {
		case err == nil:
			r.InService = s.inService
		case ctx.Err() != nil || !transient(err):
			return r, fmt.Errorf("waiting for the servers of %s: %w", run, err)
		case throttled(err):
			pause *= 2
		default:
			pause = pollEvery // to know soon
		}
		if r.DryRun || err == nil && r.InService >= r.Need {
			return r, nil
		}
		left := by.Sub(r.At)
		if left <= 0 {
			r.Late = true
			return r, nil
		}
		if err := k.options.Wait(ctx, min(k.spread(pause), left)); err != nil {
			return r, fmt.Errorf("waiting for the servers of %s: %w", run, err)
		}
	}
}

// spread takes up to a fifth off a wait, so that several keepers do not ask at once.
func (k *Keeper) spread(d time.Duration) time.Duration {
	return d - time.Duration(k.options.Jitter()*float64(d)/5)
}
