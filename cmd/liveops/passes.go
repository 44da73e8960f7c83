package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// passes are the flags by which a release goes past what its environment would wait for.
type passes struct {
	digests []string  // of plans that are agreed to
	reasons [3]string // for passing over what passable lists
}

// passable are what may be passed over with a reason.
func passable() [3]release.WaitKind {
	return [...]release.WaitKind{release.Frozen, release.Soaking, release.Unhealthy}
}

func (p *passes) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&p.digests, "confirm", nil, "approve the plan with this `digest`, or its first 8 digits, and confirm it past the limits; may be repeated")
	for i, about := range []string{"a freeze", "the soak", "a guard that is not healthy"} {
		c.Flags().StringVar(&p.reasons[i], "despite-"+string(passable()[i]), "", "go on despite "+about+", for this `reason`")
	}
}

// check refuses a gate passed over without a reason, and a digest too short to tell plans apart.
func (p *passes) check(c *cobra.Command) error {
	for i, kind := range passable() {
		if flag := "despite-" + string(kind); c.Flags().Changed(flag) && strings.TrimSpace(p.reasons[i]) == "" {
			return fmt.Errorf("say why: --%s REASON", flag)
		}
	}
	for _, d := range p.digests {
		if len(d) < shortDigest {
			return fmt.Errorf("--confirm %s is too short: the first %d digits at least, as the plan shows them", d, shortDigest)
		}
	}
	return nil
}

// shortDigest is how many digits of a digest are shown.
const shortDigest = 8

func (p *passes) despite() map[release.WaitKind]string {
	reasons := map[release.WaitKind]string{}
	for i, kind := range passable() {
		reasons[kind] = p.reasons[i]
	}
	return reasons
}

// agree has the person who runs the command agree to the plans that need it: by their digests, or asked one by one.
// A plan that is not agreed to where there is nobody to ask waits.
func (a *app) agree(ctx context.Context, policy *release.Policy, plans []*release.Plan, targets []release.Target, digests []string) error {
	if err := knownDigests(plans, digests); err != nil {
		return err
	}
	type agreement struct {
		store *mysqlstore.Store
		mysqlstore.Confirmation
	}
	var all []agreement
	for i, p := range plans { // of the targets, one for one
		needed, err := missing(ctx, policy, p, targets[i].Store)
		if err != nil {
			return err
		}
		if len(needed) == 0 {
			continue
		}
		if !hasDigest(digests, p.Digest) {
			if !isTerminal(a.in) {
				continue
			}
			if err := a.confirm(question(policy, p, needed)); err != nil {
				return err
			}
		}
		for _, kind := range needed {
			all = append(all, agreement{targets[i].Store, mysqlstore.Confirmation{Kind: kind, Digest: p.Digest, Purged: p.Purged(), By: actor()}})
		}
	}
	var failed error
	for _, g := range all {
		failed = errors.Join(failed, g.store.SaveConfirmation(ctx, g.Confirmation))
	}
	return failed
}

// missing is what a plan needs and nobody has given to it from the command line.
func missing(ctx context.Context, policy *release.Policy, p *release.Plan, store *mysqlstore.Store) (kinds []mysqlstore.ConfirmationKind, err error) {
	if p.Idle() {
		return nil, nil
	}
	given, err := store.Confirmations(ctx, "", 0)
	if err != nil {
		return nil, err
	}
	for _, n := range []struct {
		kind   mysqlstore.ConfirmationKind
		needed bool
	}{{mysqlstore.Approval, policy.Environment(p.Environment).Approval}, {mysqlstore.Limits, len(policy.Excesses(p)) > 0}} {
		by, _ := release.Confirmed(given, n.kind, p.Digest)
		if n.kind == mysqlstore.Limits {
			by, _ = policy.Confirmed(given, p)
		}
		if n.needed && by == nil {
			kinds = append(kinds, n.kind)
		}
	}
	return kinds, nil
}

// question asks about one plan, with the numbers by which it goes past a limit.
func question(policy *release.Policy, p *release.Plan, needed []mysqlstore.ConfirmationKind) string {
	var why []string
	for _, kind := range needed {
		if kind == mysqlstore.Approval {
			why = append(why, "needs approval")
			continue
		}
		for _, e := range policy.Excesses(p) {
			why = append(why, e.String())
		}
	}
	return printable(fmt.Sprintf("The plan %s for %s %s. Confirm it?", release.ShortDigest(p.Digest), p.Environment, strings.Join(why, ", and ")))
}

func hasDigest(digests []string, of string) bool {
	for _, d := range digests {
		if strings.HasPrefix(of, d) {
			return true
		}
	}
	return false
}

// knownDigests refuses a digest that is of no plan: what was agreed to has changed.
func knownDigests(plans []*release.Plan, digests []string) error {
	for _, d := range digests {
		var have []string
		found := false
		for _, p := range plans {
			found = found || strings.HasPrefix(p.Digest, d)
			have = append(have, release.ShortDigest(p.Digest)+" for "+p.Environment)
		}
		if !found {
			return fmt.Errorf("--confirm %s is of another plan, or of one that has changed since; the plans are %s", d, strings.Join(have, ", "))
		}
	}
	return nil
}
