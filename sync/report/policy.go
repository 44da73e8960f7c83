package report

import (
	"strings"
	"time"

	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// soonFrozen is how long before a freeze begins a pull request tells of it.
const soonFrozen = 24 * time.Hour

// outlook is what an environment's policy has a plan wait for, before it is merged.
type outlook struct {
	frozen    string // why and until when; "" where it is not
	soon      string // why and from when it will be frozen; "" where it won't be within a day
	excesses  []release.Excess
	confirmed *mysqlstore.Confirmation // of the excesses; nil for not
	changed   *mysqlstore.Confirmation // of a plan that is not this one any more, or of fewer documents
	fewer     bool                     // which of these
	after     []string                 // the conditions on which it is applied after the merge, as phrases
}

// outlook looks at one plan; nothing is asked of one that changes nothing.
func (p *Pull) outlook(plan *release.Plan) (o outlook) {
	if p.Policy == nil || plan.Idle() {
		return o
	}
	asked, zone := p.Policy.Environment(plan.Environment), p.Policy.Zone()
	why := func(reason string) string {
		if reason == "" {
			return ""
		}
		return " (" + prose(reason) + ")"
	}
	if window, until, is := asked.Freeze.At(p.When); is {
		o.frozen = why(window.Reason) + " for more than a year"
		if !until.IsZero() {
			o.frozen = why(window.Reason) + " until " + moment(until, zone)
		}
		o.after = append(o.after, "once its freeze is over")
	} else if window, begins, ok := asked.Freeze.Next(p.When); ok && begins.Sub(p.When) <= soonFrozen {
		o.soon = why(window.Reason) + " from " + moment(begins, zone)
	}
	if asked.Soak > 0 {
		o.after = append(o.after, inUnits(asked.Soak)+" after "+name(asked.After))
	}
	if asked.Approval {
		o.after = append(o.after, "after a second person comments "+codeSpan("/liveops apply "+plan.Environment, 100))
	}
	if o.excesses = p.Policy.Excesses(plan); len(o.excesses) > 0 {
		o.confirmed, o.changed = p.Policy.Confirmed(p.Confirmations[plan.Environment], plan)
		o.fewer = o.changed != nil && o.changed.Digest == plan.Digest
		if o.confirmed == nil {
			o.after = append(o.after, "after a second person comments "+codeSpan("/liveops confirm", 100))
		}
	}
	if asked.Guard != "" {
		o.after = append(o.after, "while "+codeSpan(asked.Guard, 60)+" is healthy")
	}
	return o
}

// inUnits is a duration in words: "1 h 30 min".
func inUnits(d time.Duration) string {
	words := []string{}
	for _, u := range []struct {
		unit time.Duration
		word string
	}{{time.Hour, " h"}, {time.Minute, " min"}, {time.Second, " s"}} {
		if n := d / u.unit; n > 0 {
			words = append(words, grouped(int(n))+u.word)
		}
		d %= u.unit
	}
	return strings.Join(words, " ")
}

// policies says which environments are frozen, and where limits are passed and who may say that it is meant. What is true
// of several environments alike is said once.
func (p *Pull) policies() string {
	var b strings.Builder
	var past []string                // how limits are passed, each way once
	passing := map[string][]string{} // the environments whose plans do
	for _, plan := range p.Plans {
		o := p.outlook(plan)
		environment := name(plan.Environment)
		if o.frozen != "" {
			b.WriteString("**Frozen:** " + environment + " takes no release" + o.frozen + ". What is merged waits until then.\n\n")
		}
		if o.soon != "" {
			b.WriteString("**Soon frozen:** " + environment + " takes no release" + o.soon + " on.\n\n")
		}
		if len(o.excesses) > 0 {
			how := pastLimit(o, p.Policy.Grants("confirm"))
			if passing[how] == nil {
				past = append(past, how)
			}
			passing[how] = append(passing[how], environment)
		}
	}
	for _, how := range past {
		which := "the plan for "
		if len(passing[how]) > 1 {
			which = "each of the plans for "
		}
		b.WriteString("**Past a limit:** " + which + list(passing[how]) + " " + how)
	}
	return b.String()
}

// pastLimit says how far a plan goes past limits, and whether a second person has agreed.
func pastLimit(o outlook, grants []string) string {
	var past []string
	for _, e := range o.excesses {
		past = append(past, prose(e.String()))
	}
	s := strings.Join(past, ", and ") + ". "
	switch {
	case o.confirmed != nil:
		return s + "Confirmed by " + codeSpan(o.confirmed.By, 60) + ", " + instant(o.confirmed.At) + ".\n\n"
	case o.changed != nil && o.fewer:
		s += "What " + codeSpan(o.changed.By, 60) + " confirmed was " + several(o.changed.Purged, "user document") + ". "
	case o.changed != nil:
		s += "What " + codeSpan(o.changed.By, 60) + " confirmed was another plan (" + codeSpan(release.ShortDigest(o.changed.Digest), 16) + "), it has changed since. "
	}
	var may []string
	for _, g := range grants {
		may = append(may, codeSpan(g, 60))
	}
	return s + "It is applied once it is confirmed: someone allowed (" + strings.Join(may, ", ") + ") who is not the author comments " + codeSpan("/liveops confirm", 100) + ".\n\n"
}

// inOrder says which environments follow in which way: "staging at once, then production after …".
func (p *Pull) inOrder(plans []*release.Plan) string {
	var ways []string
	for i, plan := range plans {
		way := name(plan.Environment)
		if after := p.outlook(plan).after; len(after) > 0 {
			way += " " + list(after)
		} else if i == 0 {
			way += " at once"
		}
		ways = append(ways, way)
	}
	if len(ways) == 1 {
		return ways[0]
	}
	return ways[0] + ", then " + list(ways[1:])
}

// notes are the words that a status adds to an environment's counts: " (frozen, past a limit)".
func (p *Pull) notes(plan *release.Plan) string {
	var words []string
	if plan.Base.Hold != nil {
		words = append(words, "on hold")
	}
	o := p.outlook(plan)
	if o.frozen != "" {
		words = append(words, "frozen")
	}
	if len(o.excesses) > 0 && o.confirmed == nil {
		words = append(words, "past a limit")
	}
	if words == nil {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}
