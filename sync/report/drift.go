package report

import (
	"fmt"
	"strings"
	"time"

	"liveops/sync/release"
)

// Drift is how an environment stands to the commit that it was released from.
type Drift struct {
	Environment string
	Plan        *release.Plan // what would bring it back to its commit: nothing, where it does not differ
	When        time.Time
	Since       time.Time // when it was first seen to differ; zero where it is seen now for the first time
}

// Gone says whether the environment is as its commit.
func (d *Drift) Gone() bool { return d.Plan.Count().Total() == 0 && len(d.Plan.Problems) == 0 }

// DriftMarker is the first line of the issue about an environment's drift, by which it is found again.
func DriftMarker(environment string) string { return "<!-- liveops:drift " + environment + " -->" }

// DriftTitle is the title of that issue.
func DriftTitle(environment string) string {
	return "liveops: " + environment + " differs from its commit"
}

// DriftIssue is its text: what differs, since when, and what to do.
func DriftIssue(d Drift) string {
	plans := []*release.Plan{d.Plan}
	since := ""
	if !d.Since.IsZero() {
		since = ", since " + instant(d.Since)
	}
	head := DriftMarker(d.Environment) + "\nRows of " + name(d.Environment) + " are not what its commit " + codeSpan(short(d.Plan.Base.Commit), 16) + " says" + since +
		". Someone changed them besides the data repo. Looked at " + instant(d.When) + ".\n\n"
	tail := "The rows show what would bring " + name(d.Environment) + " back to its commit. Where the change was right, bring it into the sheets: " +
		codeSpan("/liveops export "+d.Environment+" TABLE…", 100) + ". Where it was wrong, release a new commit that touches these tables, or run " +
		codeSpan("liveops apply --env "+d.Environment, 100) + " on a checkout. This issue closes by itself once nothing differs.\n"
	vs, fs := views(plans), findings(nil, plans)
	return fitting(func(at detail) string {
		return head + problemSection(fs, at.problems) + summary(plans, vs, at) + blocks(vs, 1, at, false) + tail
	}, head+"The report is too long for an issue.\n\n"+tail)
}

// DriftGone is the comment with which the issue is closed.
func DriftGone(d Drift) string {
	return name(d.Environment) + " is as its commit " + codeSpan(short(d.Plan.Base.Commit), 16) + " says again, " + instant(d.When) + ".\n"
}

// DriftMarkdown is the answer to whoever asks for it now. issues are the numbers of the open issues, by environment.
func DriftMarkdown(all []Drift, issues map[string]int, failed map[string]string) string {
	var b strings.Builder
	b.WriteString("| environment | commit | differs | issue |\n| --- | --- | --- | --- |\n")
	for i := range all {
		d := &all[i]
		differs, issue := "nothing", ""
		if !d.Gone() {
			differs = counts(d.Plan.Count(), "−")
			if n := len(d.Plan.Problems); n > 0 {
				differs += ", " + several(n, "problem")
			}
		}
		if n := issues[d.Environment]; n > 0 {
			issue = fmt.Sprintf("#%d", n)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", tableCell(name(d.Environment)), tableCell(codeSpan(short(d.Plan.Base.Commit), 16)), differs, issue)
	}
	b.WriteString("\n")
	for _, e := range sortedKeys(failed) {
		b.WriteString("**" + name(e) + " cannot be asked:** " + stop(prose(failed[e])) + "\n\n")
	}
	return b.String()
}
