package capacity

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Given is what came of giving back.
type Given struct {
	Run string
	// From and To are how many servers there were in all, and are now asked for.
	From, To int
	// Kept is how many of To are more than were there without liveops: since other runs need them, or since the group's
	// own policy set the number meanwhile.
	Kept   int
	DryRun bool
}

// String says it in a line.
func (g Given) String() string {
	does := fmt.Sprintf("servers from %d to %d", g.From, g.To)
	switch {
	case g.To == g.From:
		does = fmt.Sprintf("%d servers stay", g.From)
	case g.DryRun:
		does = "would bring " + does + " (dry run)"
	}
	if g.Kept > 0 {
		does += fmt.Sprintf(": %d more than without liveops, which other runs need or the group's own policy wants", g.Kept)
	}
	return does
}

// Report is what Reconcile did, in that order.
type Report struct {
	Given  []Given
	Raised []Raised
	// Swept is how many instances were terminated that liveops had launched and that no lease counted anymore.
	Swept int
}

// Return gives back what was added for a run. A run that has nothing is none to give back: not an error. What fails is
// tried again by the next Return for the run, and by Reconcile.
func (k *Keeper) Return(ctx context.Context, run string) (g Given, err error) {
	g.Run = run
	if k.options.DryRun {
		g, err = k.wouldReturn(ctx, run)
	} else {
		err = k.exclusively(ctx, func(ctx context.Context, leases *book) error {
			l, known := leases.find(run)
			if !known {
				return nil
			}
			g, err = k.giveBack(ctx, l, leases)
			return err
		})
	}
	if err != nil {
		return g, fmt.Errorf("giving back the servers of %s: %w", run, err)
	}
	return g, nil
}

// giveBack makes the call that is left to do when a lease ends, recorded before it is made.
func (k *Keeper) giveBack(ctx context.Context, l Lease, leases *book) (Given, error) {
	g := Given{Run: l.Run}
	if l.State == Wanted && l.open() {
		if err := k.watchOpen(ctx, l); err != nil {
			return g, err
		}
	}
	s, err := k.look(ctx, *leases)
	if err != nil {
		return g, err
	}
	remaining := leases.others(l.Run)
	l.Call, l.From, l.To, l.Own, l.Floor = leases.next(), s.total, s.lowerTo(remaining), s.own, s.floor
	g.From, g.To, g.Kept = l.From, l.To, l.To-s.own
	if l.To < l.From {
		l.State = Returning
		if err := k.save(ctx, leases, l); err != nil {
			return g, err
		}
		if err := k.retry(ctx, func() error { return k.group.lower(ctx, l, s.surplus(remaining)) }); err != nil {
			return g, err
		}
	}
	l.State = Returned
	return g, k.save(ctx, leases, l)
}

// Reconcile brings the servers to what the leases say: it gives back what is due, or was begun to be given back, tries again for
// runs that do not have their servers yet, and terminates instances that liveops launched and no lease counts. A daemon
// calls it when it starts, and every minute or so from then on. What fails does not keep the rest from being done.
func (k *Keeper) Reconcile(ctx context.Context) (r Report, err error) {
	if k.options.DryRun {
		return k.wouldReconcile(ctx)
	}
	err = k.exclusively(ctx, func(ctx context.Context, leases *book) error {
		var errs []error
		for _, l := range slices.Clone(*leases) {
			if l.live() && (l.State == Returning || !k.options.Now().Before(l.Until)) {
				g, err := k.giveBack(ctx, l, leases)
				r.Given, errs = append(r.Given, g), append(errs, err)
			}
		}
		errs = append(errs, k.settle(ctx, leases))
		for _, l := range slices.Clone(*leases) {
			if l.State == Wanted && k.options.Now().Before(l.Until) {
				raised, err := k.raiseAgain(ctx, l.Run, leases)
				r.Raised, errs = append(r.Raised, raised), append(errs, err)
			}
		}
		swept, err := k.sweep(ctx, *leases)
		r.Swept = swept
		return errors.Join(append(errs, err)...)
	})
	if err != nil {
		return r, fmt.Errorf("bringing the servers of %s to what the leases say: %w", k.options.Environment, err)
	}
	return r, nil
}

func (k *Keeper) raiseAgain(ctx context.Context, run string, leases *book) (Raised, error) {
	l, _ := leases.find(run)
	s, err := k.look(ctx, *leases)
	if err != nil {
		return Raised{Run: run}, err
	}
	return k.raise(ctx, l, s, leases)
}

// sweep terminates plain instances that were launched for a lease that is none anymore, and that were not seen when it ended.
func (k *Keeper) sweep(ctx context.Context, leases book) (int, error) {
	if _, plain := k.group.(watcher); !plain {
		return 0, nil
	}
	s, err := k.look(ctx, leases)
	if err != nil {
		return 0, err
	}
	live := leases.others("")
	l := Lease{Environment: k.options.Environment, From: s.total, To: s.lowerTo(live)}
	if l.To == l.From {
		return 0, nil
	}
	if err := k.retry(ctx, func() error { return k.group.lower(ctx, l, s.surplus(live)) }); err != nil {
		return 0, err
	}
	return l.From - l.To, nil
}

// wouldReturn says what Return would do.
func (k *Keeper) wouldReturn(ctx context.Context, run string) (Given, error) {
	g := Given{Run: run, DryRun: true}
	leases, err := k.leases(ctx)
	if err != nil {
		return g, err
	}
	if _, known := leases.find(run); !known {
		return g, nil
	}
	s, err := k.look(ctx, leases)
	if err != nil {
		return g, err
	}
	g.From, g.To = s.total, s.lowerTo(leases.others(run))
	g.Kept = g.To - s.own
	return g, nil
}

// wouldReconcile says what Reconcile would give back.
func (k *Keeper) wouldReconcile(ctx context.Context) (r Report, err error) {
	leases, err := k.leases(ctx)
	if err != nil {
		return r, err
	}
	for _, l := range leases {
		if l.live() && (l.State == Returning || !k.options.Now().Before(l.Until)) {
			g, err := k.wouldReturn(ctx, l.Run)
			if err != nil {
				return r, err
			}
			r.Given = append(r.Given, g)
		}
	}
	return r, nil
}
