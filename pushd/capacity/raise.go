package capacity

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Raised is what came of a run's wish.
type Raised struct {
	Run string
	// Base is how many servers there were without those that liveops had added, Wanted the factor times that, and Need
	// what is left of it within the maximum.
	Base, Wanted, Need int
	// From and To are how many there were in all, and are asked for now.
	From, To int
	// Missing is how many AWS has no room for now; Reconcile tries again.
	Missing int
	DryRun  bool
}

// String says it in a line.
func (r Raised) String() string {
	does := fmt.Sprintf("servers from %d to %d", r.From, r.To)
	switch {
	case r.To == r.From && r.Missing == 0:
		does = fmt.Sprintf("%d servers are enough, none is added", r.From)
	case r.DryRun:
		does = "would bring " + does + " (dry run)"
	}
	does += fmt.Sprintf(": %d run without liveops's", r.Base)
	if r.Need < r.Wanted {
		does += fmt.Sprintf(", %d are wanted, but at most %d allowed", r.Wanted, r.Need)
	}
	if r.Missing > 0 {
		does += fmt.Sprintf("; for %d there is no room now", r.Missing)
	}
	return does
}

// Raise has servers added for a run, so that there are as many as it wants, and returns when they are asked for, which is
// before they are in service: see Await. It records a lease first. A run that asks again gets no more than before; only its
// Until may become later. What fails is tried again by the next Raise for the run, and by Reconcile.
//
// For plain EC2 it returns when the launched instances are seen, which takes AWS some seconds.
func (k *Keeper) Raise(ctx context.Context, w Want) (r Raised, err error) {
	if err := w.check(); err != nil {
		return Raised{Run: w.Run}, fmt.Errorf("servers for %s: %w", w.Run, err)
	}
	if k.options.DryRun {
		r, err = k.wouldRaise(ctx, w)
	} else {
		err = k.exclusively(ctx, func(ctx context.Context, leases *book) error {
			r, err = k.raiseFor(ctx, w, leases)
			return err
		})
	}
	if err != nil {
		return r, fmt.Errorf("servers for %s: %w", w.Run, err)
	}
	return r, nil
}

// raiseFor finds the run's lease, or makes one, and raises for it.
func (k *Keeper) raiseFor(ctx context.Context, w Want, leases *book) (Raised, error) {
	l, known := leases.find(w.Run)
	if known && l.State == Returning {
		return Raised{Run: w.Run}, ErrReturning
	}
	if known && w.Until.After(l.Until) {
		l.Until = w.Until.UTC()
		if err := k.save(ctx, leases, l); err != nil {
			return Raised{Run: w.Run}, err
		}
	}
	if err := k.settle(ctx, leases); err != nil {
		return Raised{Run: w.Run}, err
	}
	s, err := k.look(ctx, *leases)
	if err != nil {
		return Raised{Run: w.Run}, err
	}
	if l, known = leases.find(w.Run); !known {
		if l, err = k.lease(w, s); err != nil {
			return Raised{Run: w.Run}, err
		}
	}
	r, err := k.raise(ctx, l, s, leases)
	r.Wanted = needs(l.Base, w.Factor)
	return r, err
}

// lease is that of a run which asks for the first time.
func (k *Keeper) lease(w Want, s standing) (Lease, error) {
	if s.own == 0 {
		return Lease{}, ErrNoServers
	}
	need := min(needs(s.own, w.Factor), w.Max, s.most)
	return Lease{Environment: k.options.Environment, Run: w.Run, Base: s.own, Need: need, State: Wanted, Until: w.Until.UTC()}, nil
}

// raise makes the call that a lease in the state Wanted asks for, recorded before it is made; for one that is Added, it only reports.
func (k *Keeper) raise(ctx context.Context, l Lease, s standing, leases *book) (Raised, error) {
	r := Raised{Run: l.Run, Base: l.Base, Wanted: l.Need, Need: l.Need, From: s.total, To: s.total}
	if l.State != Wanted {
		return r, nil
	}
	l.Call, l.From, l.To, l.Own, l.Floor = leases.next(), s.total, s.raiseTo(l), s.own, s.floor
	if l.To > l.From {
		if err := k.save(ctx, leases, l); err != nil {
			return r, err
		}
		added, err := k.launch(ctx, l)
		if err != nil {
			return r, err
		}
		l.To = l.From + added
	}
	if r.To = l.To; l.To >= l.Need {
		l.State = Added
	} else {
		r.Missing = l.Need - l.To
		l.From = l.To // the call is over
	}
	return r, k.save(ctx, leases, l)
}

// launch makes the recorded call of a lease, and waits until what it launched is seen: who counts sooner would add the same again.
func (k *Keeper) launch(ctx context.Context, l Lease) (added int, err error) {
	err = k.retry(ctx, func() error {
		added, err = k.group.raise(ctx, l)
		return err
	})
	if w, ok := k.group.(watcher); ok && err == nil {
		err = k.retry(ctx, func() error { return w.watch(ctx, l, added) })
	}
	return added, err
}

// settle finds out about calls for plain instances that were recorded and perhaps not made, before anybody counts to add some.
// One that still counts is made again, which launches nothing twice, unless there are more servers by now than it was recorded
// for. Of others it waits until what they launched must be seen. In an Auto Scaling group the number says it all.
func (k *Keeper) settle(ctx context.Context, leases *book) error {
	w, ok := k.group.(watcher)
	if !ok {
		return nil
	}
	for _, l := range slices.Clone(*leases) {
		if l.State != Wanted || !l.open() {
			continue
		}
		if !k.options.Now().Before(l.Until) {
			if err := k.watchOpen(ctx, l); err != nil {
				return fmt.Errorf("looking for what was begun for %s: %w", l.Run, err)
			}
		} else if err := k.launchAgain(ctx, w, l, leases); err != nil {
			return fmt.Errorf("finishing what was begun for %s: %w", l.Run, err)
		}
	}
	return nil
}

func (k *Keeper) launchAgain(ctx context.Context, w watcher, l Lease, leases *book) error {
	s, err := k.look(ctx, *leases)
	if err != nil {
		return err
	}
	if s.total <= l.From || w.watch(ctx, l, l.To-l.From) == nil {
		_, err = k.launch(ctx, l)
	} else {
		err = k.watchOpen(ctx, l)
	}
	if err != nil {
		return err
	}
	l.From = l.To // whatever it launched is seen from now on
	return k.save(ctx, leases, l)
}

// seenWithin is how long instances may take to be seen after they were launched. AWS names no bound
// (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html); it is usually within seconds.
const seenWithin = time.Minute

// watchOpen waits until all that a call was to launch is seen, or would have been by now.
func (k *Keeper) watchOpen(ctx context.Context, l Lease) error {
	w, ok := k.group.(watcher)
	for ok && k.options.Now().Before(l.Changed.Add(seenWithin)) {
		switch err := w.watch(ctx, l, l.To-l.From); {
		case err == nil:
			return nil
		case !transient(err):
			return err
		}
		if err := k.options.Wait(ctx, pollEvery); err != nil {
			return err
		}
	}
	return nil
}

// wouldRaise says what Raise would do.
func (k *Keeper) wouldRaise(ctx context.Context, w Want) (Raised, error) {
	leases, err := k.leases(ctx)
	if err != nil {
		return Raised{Run: w.Run}, err
	}
	s, err := k.look(ctx, leases)
	if err != nil {
		return Raised{Run: w.Run}, err
	}
	l, err := k.lease(w, s)
	if err != nil {
		return Raised{Run: w.Run}, err
	}
	return Raised{Run: w.Run, Base: l.Base, Wanted: needs(l.Base, w.Factor), Need: l.Need, From: s.total, To: s.raiseTo(l), DryRun: true}, nil
}
