package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/sync/release"
)

// Merge is what the comment of a merged pull request tells.
type Merge struct {
	Number   int
	Progress *release.Progress
	Note     string    // one line of prose
	Link     string    // of the page with all rows, shown where the comment leaves some out; "" for none
	Retrying string    // why the last try did not get through, where it is tried again: one line of prose
	Now      time.Time // of the comment
}

// MergeMarker is the first line of the comment of a commit's release, by which it is found again.
func MergeMarker(commit string) string { return "<!-- liveops:release " + hexOnly(commit) + " -->" }

// hexOnly keeps what a commit's id consists of, so that nothing can end the HTML comment it stands in.
func hexOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F' {
			return r
		}
		return -1
	}, s[:min(len(s), 64)])
}

// MergeComment is the comment of a merged pull request's way through the environments, to be edited as it
// proceeds. It is never longer than GitHub takes.
func MergeComment(m Merge) string {
	comment, _ := m.comment()
	return comment
}

// MergeLeavesOut reports whether the comment has no room for all rows and problems, as PullLeavesOut does.
func MergeLeavesOut(m Merge) bool {
	_, left := m.comment()
	return left.any()
}

func (m *Merge) comment() (string, leftOut) {
	p := m.Progress
	applied := appliedPlans(p)
	vs := views(applied)
	head := MergeMarker(p.Commit.ID) + "\n### liveops: " + mergeHeading(*m) + "\n\n"
	all, problems := vs, 0
	if stopped := stoppedPlan(p); stopped != nil {
		all = append(slices.Clone(vs), views([]*release.Plan{stopped})...)
	}
	if s := p.Stopped(); s != nil {
		problems = len(findings(s.Problems, nil))
	}
	var left leftOut
	last := head + "The report is too long for a comment.\n\n" + omitted(all, problems, detail{}).line(m.Link, "")
	comment := fitting(func(d detail) string {
		left = omitted(all, problems, d)
		var b strings.Builder
		b.WriteString(head)
		if m.Note != "" {
			b.WriteString("Note: " + stop(prose(m.Note)) + "\n\n")
		}
		if m.Retrying != "" && !p.Done() {
			b.WriteString("**Trying again:** " + stop(prose(m.Retrying)) + "\n\n")
		}
		b.WriteString(stoppedSection(p, d))
		b.WriteString(waitsSection(p, d.items))
		b.WriteString(stepTable(*m))
		b.WriteString(purgeSteps(p))
		b.WriteString(campaignSteps(p))
		b.WriteString(commitList(p, d.items))
		b.WriteString(left.line(m.Link, ""))
		b.WriteString(blocks(vs, len(applied), d, true))
		b.WriteString(partlyLines(applied))
		b.WriteString(mergeFooter(p))
		return b.String()
	}, last)
	if comment == last {
		left = omitted(all, problems, detail{})
	}
	return comment, left
}

// What headings are told apart by.
const (
	isLive         = " is live in "
	moreToCome     = ", more to come"
	waitsAt        = " waits at "
	stoppedAt      = " stopped at "
	changesNothing = " changes no row"
)

// MergeDone reports whether a comment is the last word on a commit's release: every environment has it. A later
// run must not write over it, since it does not know any more which rows were changed.
func MergeDone(commit, comment string) bool {
	heading, _, found := mergeParts(commit, comment)
	return found && (heading == changesNothing || strings.HasPrefix(heading, isLive) && !strings.HasSuffix(heading, moreToCome) && !strings.Contains(heading, waitsAt))
}

// mergeParts are what the heading of a release's comment says of the commit, and what follows it.
func mergeParts(commit, comment string) (heading, rest string, found bool) {
	told, found := strings.CutPrefix(comment, MergeMarker(commit)+"\n### liveops: "+codeSpan(release.ShortDigest(commit), 16))
	heading, rest, _ = strings.Cut(told, "\n\n")
	return heading, rest, found
}

// canceled begins what a comment says of a release that was canceled while it waited.
const canceled = "<!-- liveops:canceled -->\n"

// MergeRests reports whether a comment has told that a release was stopped, or canceled: it does not go on by itself.
func MergeRests(commit, comment string) bool {
	heading, rest, found := mergeParts(commit, comment)
	return found && (strings.HasPrefix(heading, stoppedAt) || strings.HasPrefix(rest, canceled))
}

// MergeSaysSo reports whether a comment says already of a release that it waits, where, and for what: it need not be
// written again each time that somebody looks.
func MergeSaysSo(m Merge, comment string) bool {
	p := m.Progress
	return len(p.Paused()) > 0 && strings.HasPrefix(comment, MergeMarker(p.Commit.ID)+"\n### liveops: "+mergeHeading(m)+"\n\n") &&
		strings.Contains(comment, waitsSection(p, details()[0].items))
}

// MergeCanceled is the comment of a release that waits, once somebody has canceled it; waits is false where it does not
// wait, or was canceled before. The next word on the release takes its place.
func MergeCanceled(commit, comment, by string) (_ string, waits bool) {
	heading, rest, found := mergeParts(commit, comment)
	if !found || !strings.Contains(heading, waitsAt) || strings.HasPrefix(rest, canceled) {
		return comment, false
	}
	head := strings.TrimSuffix(comment, rest)
	return head + canceled + "**Canceled** by " + codeSpan(by, 60) + ": it does not go on by itself. " + codeSpan("/liveops apply ENV", 100) +
		" takes it up again, and the next merge brings it too.\n\n" + rest, true
}

// mergeHeading says in one line where the release stands.
func mergeHeading(m Merge) string {
	p := m.Progress
	commit := codeSpan(release.ShortDigest(p.Commit.ID), 16)
	if len(p.Steps) == 0 {
		return commit + " was not applied"
	}
	if s := p.Stopped(); s != nil {
		return commit + stoppedAt + name(s.Environment)
	}
	var done []string
	changed := false
	for i := range p.Steps {
		changed = changed || len(p.Steps[i].Purges) > 0 || len(releasedCampaigns(&p.Steps[i])) > 0
		switch s := &p.Steps[i]; s.State {
		case release.Applied:
			changed = true
			done = append(done, s.Environment)
		case release.Same:
			done = append(done, s.Environment)
		}
	}
	waiting := names(pausedEnvironments(p))
	switch {
	case waiting != "" && len(done) > 0:
		return commit + isLive + names(done) + "," + waitsAt + waiting
	case waiting != "":
		return commit + waitsAt + waiting
	case p.Done() && !changed:
		return commit + changesNothing
	case p.Done():
		return commit + isLive + names(done)
	case m.Retrying != "":
		return commit + " is being tried again"
	case len(done) > 0:
		return commit + isLive + names(done) + moreToCome
	default:
		return commit + " is on its way"
	}
}

// stepTable is where each environment stands; "" where there is none.
func stepTable(m Merge) string {
	if len(m.Progress.Steps) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| environment | state | rows | release | time |\n| --- | --- | --- | --- | --- |\n")
	for i := range m.Progress.Steps {
		s := &m.Progress.Steps[i]
		rows, number := "", ""
		switch {
		case s.State == release.Applied: // an earlier run may have done it: then there is no plan
			rows = counts(s.Count, "−")
		case s.Plan != nil && s.State != release.Same && s.State != release.Skipped:
			rows = counts(s.Plan.Count(), "−")
		}
		if s.Release > 0 {
			number = fmt.Sprintf("`%d`", s.Release)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", tableCell(name(s.Environment)), stateWords(s), rows, number, stepTime(s, m.Now))
	}
	return b.String() + "\n"
}

func stateWords(s *release.Step) string {
	switch s.State {
	case release.Applied:
		return "✓ applied"
	case release.Same:
		switch {
		case len(s.Purges) > 0:
			return "✓ " + purged
		case len(releasedCampaigns(s)) > 0:
			return "✓ campaigns"
		}
		return "✓ " + nothing
	case release.Stopped:
		if len(s.Purges) > 0 {
			return "**✗ stopped at a purge**"
		}
		return "**✗ stopped, nothing changed**"
	case release.Purging:
		return "purging …"
	case release.Skipped:
		return "not reached"
	case release.Paused:
		return "**waits**"
	case release.Queued:
		return "waits for the one before it"
	case release.Planning:
		return "planning …"
	case release.Applying:
		return "applying …"
	default:
		return "waiting"
	}
}

// stepTime is how long a step took, or has been going on.
func stepTime(s *release.Step, now time.Time) string {
	switch {
	case s.Started.IsZero(), s.State == release.Paused:
		return ""
	case s.Finished.IsZero() && now.After(s.Started):
		return lasting(now.Sub(s.Started)) + " so far"
	case s.Finished.IsZero():
		return ""
	default:
		return lasting(s.Finished.Sub(s.Started))
	}
}

// MergeStatus is the commit status of a merge commit: pending until every environment is done, or while one waits,
// failure where one stopped. The description is plain text of at most 140 characters.
func MergeStatus(m Merge) (state, description string) {
	p := m.Progress
	if s := p.Stopped(); s != nil {
		return statusFailure, describe(s.Environment + " stopped: " + s.Reason)
	}
	if len(p.Steps) == 0 {
		return statusSuccess, describe(m.Note)
	}
	if paused := p.Paused(); len(paused) > 0 && m.Retrying == "" {
		s := paused[0]
		line := s.Environment + " waits"
		if until := s.Until(); !until.IsZero() {
			line += " until " + moment(until, nil)
		}
		return statusPending, describe(line + ": " + s.Reason)
	}
	var parts []string
	for i := range p.Steps {
		s := &p.Steps[i]
		word := string(s.State)
		switch {
		case s.State == release.Same && len(s.Purges) > 0:
			word = purged
		case s.State == release.Same && len(releasedCampaigns(s)) > 0:
			word = several(len(releasedCampaigns(s)), "campaign")
		case s.State == release.Same:
			word = nothing
		}
		parts = append(parts, s.Environment+" "+word)
	}
	line := strings.Join(parts, ", ")
	switch {
	case p.Done():
		return statusSuccess, describe(line)
	case m.Retrying != "":
		return statusPending, describe("trying again: " + m.Retrying)
	default:
		return statusPending, describe(line)
	}
}
