package release

import (
	"context"
	"fmt"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/health"
	"liveops/sync/mysqlstore"
)

// WaitKind is what a release waits for.
type WaitKind string

// What a release waits for. The first three pass by themselves.
const (
	Frozen      WaitKind = "freeze"   // the end of a freeze
	Soaking     WaitKind = "soak"     // the environment before has not had the commit for long enough
	Unhealthy   WaitKind = "guard"    // a guard that says the game is well
	Unapproved  WaitKind = "approval" // someone who is not the author
	Unconfirmed WaitKind = "limits"   // a second person, since a limit is passed
)

// Wait is one thing that a release waits for.
type Wait struct {
	Kind   WaitKind
	Reason string    // one line of plain prose that may quote liveops.yaml, without the time
	Until  time.Time // when it is over; zero where that is not known
}

// Guard says whether the game is well, so that releases may go on; *health.Guards asks it.
type Guard interface {
	// Healthy returns nil where the guard of that name is healthy, else why not, in a line.
	Healthy(ctx context.Context, name string) error
}

// pause ends a step that must wait: nothing was changed, there is no hold and no entry in the ledger, and the next
// run goes on from here. What passes with time is looked at before the plan is judged, so that nothing stops for good
// in a freeze; people are asked about a plan that would go, and the guard last, when all else is settled.
func (r *run) pause(ctx context.Context, s *Step, t Target) (paused bool, err error) {
	if len(s.Plan.Problems) == 0 && s.Plan.Idle() {
		return false, nil // only the commit is noted down
	}
	waits, err := r.timed(ctx, t)
	if err != nil {
		return false, err
	}
	if len(s.Plan.Problems) == 0 && r.notAsReviewed(s, t) == "" {
		people, err := r.people(ctx, s, t)
		if err != nil {
			return false, err
		}
		waits = append(waits, people...)
		if len(waits) == 0 {
			waits = r.guard(ctx, t)
		}
	}
	if len(waits) == 0 {
		return false, ctx.Err()
	}
	var reasons []string
	for _, w := range waits {
		reasons = append(reasons, w.Reason)
	}
	s.State, s.Waits, s.Reason = Paused, waits, strings.Join(reasons, "; ")
	r.Log.Info("release waits", "environment", t.Name, "commit", r.Commit.ID, "reason", s.Reason)
	return true, ctx.Err()
}

// timed is what is over at a time that is known: a freeze, and the soak.
func (r *run) timed(ctx context.Context, t Target) (waits []Wait, err error) {
	asked := r.Policy.Environment(t.Name)
	if wait, frozen := r.Policy.Frozen(t.Name, r.now()); frozen && r.Despite[Frozen] == "" {
		waits = append(waits, wait)
	}
	if asked.Soak == 0 || r.Despite[Soaking] != "" {
		return waits, nil
	}
	before := r.target(t.After)
	taken, err := r.taken(ctx, before)
	if err != nil {
		return nil, err
	}
	if until := taken.Add(asked.Soak); r.now().Before(until) {
		waits = append(waits, Wait{Kind: Soaking, Reason: fmt.Sprintf("%s must have had the commit for %s before %s takes it", before.Name, inWords(asked.Soak), t.Name), Until: until})
	}
	return waits, nil
}

// Frozen says whether an environment is in a freeze, and until when what waits for its end has to.
func (p *Policy) Frozen(environment string, now time.Time) (Wait, bool) {
	window, until, frozen := p.Environment(environment).Freeze.At(now)
	if !frozen {
		return Wait{}, false
	}
	return Wait{Kind: Frozen, Reason: frozenReason(environment, window), Until: until}, true
}

// frozenReason says that an environment is frozen, and why where the window says so.
func frozenReason(environment string, w datarepo.Window) string {
	s := environment + " is frozen"
	if w.Reason != "" {
		s += " (" + w.Reason + ")"
	}
	return s
}

// inWords is a duration as liveops.yaml has it: 1h30m.
func inWords(d time.Duration) string {
	s := d.String()
	s = strings.TrimSuffix(s, "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// taken is when an environment took the commit of this run, or the later commit that brought it along; zero where its
// ledger does not tell.
func (r *run) taken(ctx context.Context, t Target) (time.Time, error) {
	releases, err := t.Store.Releases(ctx, mostSearched)
	if err != nil {
		return time.Time{}, err
	}
	var at time.Time
	for _, done := range releases {
		if done.Kind != mysqlstore.ApplyKind || done.State != mysqlstore.Applied {
			continue
		}
		if done.Commit == r.Commit.ID {
			return done.Finished, nil
		}
		relation, _, err := r.History.Between(ctx, done.Commit, r.Commit.ID)
		if err != nil {
			return time.Time{}, fmt.Errorf("find when %s took the commit: %w", t.Name, err)
		}
		if relation != datarepo.Behind {
			break
		}
		at = done.Finished
	}
	return at, nil
}

// mostSearched is how many releases are looked through for the one that brought a commit.
const mostSearched = 200

// people is whose agreement to the plan is missing.
func (r *run) people(ctx context.Context, s *Step, t Target) (waits []Wait, err error) {
	approval, excesses := r.Policy.Environment(t.Name).Approval, r.Policy.Excesses(s.Plan)
	if !approval && len(excesses) == 0 {
		return nil, nil
	}
	confirmations, err := t.Store.Confirmations(ctx, r.Repository, r.Pull)
	if err != nil {
		return nil, err
	}
	if approval {
		if by, changed := Confirmed(confirmations, mysqlstore.Approval, s.Plan.Digest); by == nil {
			waits = append(waits, Wait{Kind: Unapproved, Reason: t.Name + " takes it once someone who is not its author has approved it" + since(changed, "approved", s.Plan)})
		}
	}
	if len(excesses) > 0 {
		if by, changed := r.Policy.Confirmed(confirmations, s.Plan); by == nil {
			var past []string
			for _, e := range excesses {
				past = append(past, e.String())
			}
			waits = append(waits, Wait{Kind: Unconfirmed, Reason: "the plan " + strings.Join(past, ", and ") + ": a second person must confirm it" + since(changed, "confirmed", s.Plan)})
		}
	}
	return waits, nil
}

// since says that a confirmation was given to another plan, or to fewer documents.
func since(c *mysqlstore.Confirmation, did string, plan *Plan) string {
	switch {
	case c == nil:
		return ""
	case c.Digest == plan.Digest:
		return fmt.Sprintf("; what %s %s was %d user documents", c.By, did, c.Purged)
	}
	return fmt.Sprintf("; what %s %s was another plan (`%s`), it has changed since", c.By, did, ShortDigest(c.Digest))
}

// guard asks the environment's guard.
func (r *run) guard(ctx context.Context, t Target) []Wait {
	name := r.Policy.Environment(t.Name).Guard
	if name == "" || r.Despite[Unhealthy] != "" {
		return nil
	}
	guard := r.Guard
	if guard == nil {
		guard = health.New(r.Policy.config.Guards)
	}
	if err := guard.Healthy(ctx, name); err != nil {
		return []Wait{{Kind: Unhealthy, Reason: fmt.Sprintf("the guard `%s` is not healthy: %v", name, err)}}
	}
	return nil
}

// override says for the audit which gates are passed over and why; "" for none.
func (r *run) override(t Target) string {
	var passed []string
	asked := r.Policy.Environment(t.Name)
	_, _, frozen := asked.Freeze.At(r.now())
	for _, g := range []struct {
		kind  WaitKind
		there bool
	}{{Frozen, frozen}, {Soaking, asked.Soak > 0}, {Unhealthy, asked.Guard != ""}} {
		if reason := r.Despite[g.kind]; g.there && reason != "" {
			passed = append(passed, fmt.Sprintf("despite the %s: %s", g.kind, reason))
		}
	}
	return strings.Join(passed, "; ")
}
