package report

import (
	"strings"

	"liveops/sync/release"
)

// stoppedSection says why a release stopped, what to do, and how its plan differs from the reviewed one; ""
// where it has not.
func stoppedSection(p *release.Progress, d detail) string {
	s := p.Stopped()
	if s == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("**Stopped** at " + name(s.Environment) + asItIs(s) + ": " + sentence(s.Reason, s.Mend) + "\n\n")
	if h := s.Hold; h != nil {
		b.WriteString("**On hold:** " + name(s.Environment) + " takes no release since " + instant(h.Since) + ", by " + codeSpan(h.By, 60) +
			". Reason: " + stop(prose(h.Reason)) + "\n\n")
	}
	b.WriteString(problemSection(findings(s.Problems, nil), d.problems))
	if stoppedPlan(p) != nil {
		b.WriteString("The plan is not the one that was reviewed: it was " + codeSpan(release.ShortDigest(s.Reviewed), 16) + ", it is " +
			codeSpan(release.ShortDigest(s.Plan.Digest), 16) + " now. This is what would change in " + name(s.Environment) + " now:\n\n")
		plans := []*release.Plan{s.Plan}
		vs := views(plans)
		b.WriteString(summary(plans, vs, d) + campaignSection(plans, "the default branch", d) + blocks(vs, 1, d, false))
	}
	return b.String()
}

// asItIs says what a step that stopped has changed.
func asItIs(s *release.Step) string {
	if len(s.Purges) > 0 {
		return ", which has the rows"
	}
	return ", which is as it was"
}

// commitList names the commits of a release that brings more than its own.
func commitList(p *release.Progress, most int) string {
	var longest []release.Commit
	for i := range p.Steps {
		if c := p.Steps[i].Commits; len(c) > len(longest) {
			longest = c
		}
	}
	if len(longest) < 2 {
		return ""
	}
	var b strings.Builder
	b.WriteString("It brings " + several(len(longest), "commit") + ":\n\n")
	for _, c := range longest[:min(len(longest), most)] {
		b.WriteString("- " + codeSpan(release.ShortDigest(c.ID), 16) + " " + codeSpan(c.Subject, 72))
		if c.Author != "" {
			b.WriteString(" by " + codeSpan(c.Author, 60))
		}
		b.WriteString("\n")
	}
	if n := len(longest) - most; n > 0 {
		b.WriteString("- … and " + grouped(n) + " more\n")
	}
	return b.String() + "\n"
}

// mergeFooter says what happens next and what to do if something is wrong.
func mergeFooter(p *release.Progress) string {
	by := ""
	if p.Actor != "" {
		by = "Merged by " + codeSpan(p.Actor, 60) + ". "
	}
	if s := p.Stopped(); s != nil && s.Hold == nil {
		return by + "Nothing goes on until this is settled; the next release brings all that waits.\n"
	} else if s != nil {
		return by + "Nothing goes on until this is settled: lift the hold with " + codeSpan("/liveops unlock "+s.Environment, 100) +
			", then merge a fix, which brings all that waits, or take this with " + codeSpan("/liveops apply "+s.Environment, 100) + ".\n"
	}
	if !p.Done() || len(p.Paused()) > 0 {
		return by + "This comment follows the release until every environment is done.\n"
	}
	if ways := waysBack(p); len(ways) > 0 {
		return by + "Something wrong? Merge a fix, or put " + strings.Join(ways, ", ") + ".\n"
	}
	if len(p.Steps) == 0 {
		return by + "No environment was touched.\n"
	}
	if campaignSteps(p) != "" {
		return by + "What is due from now on goes by these campaigns. Something wrong? Merge a fix.\n"
	}
	return by + "Every environment had these rows already.\n"
}

// waysBack are the commands that take a release back in the last environment that it changed: its rows, and what its
// purges changed.
func waysBack(p *release.Progress) (ways []string) {
	for i := len(p.Steps) - 1; i >= 0; i-- {
		s := &p.Steps[i]
		if s.State == release.Applied {
			ways = append(ways, "the rows back with "+codeSpan("/liveops rollback "+s.Environment, 100))
		}
		for _, one := range s.Purges {
			if one.Run.Counts.Done > one.Run.Counts.Undone {
				ways = append(ways, "its documents back with "+codeSpan("/liveops purge undo "+one.Name+" "+s.Environment, 250))
			}
		}
		if len(ways) > 0 {
			return ways
		}
	}
	return nil
}
