package report

import (
	"html"
	"slices"
	"strings"
	"time"

	"liveops/sync/release"
)

// purgeLines is how many lines of a document's difference are shown.
const purgeLines = 60

// purged is what became of an environment in which no row was changed, and a purge was run.
const purged = "purged"

// purgeSection is what the new purges would do in each environment, and the difference of the first documents, folded;
// "" where there is none.
func purgeSection(plans []*release.Plan, d detail) string {
	var lines, examples strings.Builder
	for _, p := range plans {
		for i := range p.Purges {
			one := &p.Purges[i]
			lines.WriteString("- purge " + codeSpan(one.Purge.Name, 130) + " in " + name(p.Environment) + ": " + purgePhrase(one, "**") + "\n")
			examples.WriteString(purgeExamples(p.Environment, one, d))
		}
		for _, u := range p.Unpurged {
			lines.WriteString("- purge " + codeSpan(u.Name, 130) + " is **not planned** in " + name(p.Environment) + ", nor run: " + stop(prose(u.Reason)) + "\n")
		}
	}
	if lines.Len() == 0 {
		return ""
	}
	return lines.String() + "\n" + examples.String()
}

// purgePhrase says in a line what a purge would do: how many documents match, how many candidates do not, how long it
// takes, and whether that is more than its file allows. strong is what stands around words that must be seen.
func purgePhrase(one *release.PurgePlan, strong string) string {
	pl := one.Plan
	if pl == nil {
		return "its candidates were not read."
	}
	verb := "changed"
	if one.Purge.Delete {
		verb = "removed"
	}
	s := strong + "no document matches" + strong
	if pl.Matches > 0 {
		s = several(pl.Matches, "document") + " would be " + verb + ", in about " + inUnits(max(pl.Takes.Round(time.Second), time.Second))
	}
	s += "; " + several(pl.Candidates, "candidate") + " read"
	for _, c := range []struct {
		n    int
		what string
	}{{pl.Unmatched, "without a match"}, {pl.Unchanged, "matching without a change"}, {pl.Missing, "without a document"}, {pl.Before, "changed by it already"}, {pl.Failed, "cannot be judged"}} {
		if c.n > 0 {
			s += ", " + grouped(c.n) + " " + c.what
		}
	}
	s += "."
	if pl.OverBy > 0 {
		s += " " + strong + "That is " + grouped(pl.OverBy) + " more than its limit of " + grouped(one.Purge.Limit) + strong + ": it would stop there."
	}
	return s
}

// purgeExamples are the first documents that a purge would change, each with its difference, without personal fields.
func purgeExamples(environment string, one *release.PurgePlan, d detail) string {
	if one.Plan == nil || len(one.Plan.Examples) == 0 || d.rows == 0 {
		return ""
	}
	var lines []line
	for _, e := range one.Plan.Examples {
		lines = append(lines, line{titleLine, "@@ " + literal(e.ID, lineWidth-6) + " @@"})
		lines = append(lines, documentLines(one, e.Before, e.After, min(purgeLines, d.rows))...)
	}
	head := htmlCode(one.Purge.Name, 130) + " in " + html.EscapeString(literal(environment, 64)) + ": " + firstDocuments(one)
	return "<details><summary>" + head + "</summary>\n\n" + fenced(lines) + "\n</details>\n\n"
}

// firstDocuments says how many documents a plan shows.
func firstDocuments(one *release.PurgePlan) string {
	if n := len(one.Plan.Examples); n > 1 {
		return "the first " + several(n, "document")
	}
	return "the first document"
}

// documentLines are a document's difference.
func documentLines(one *release.PurgePlan, before, after []byte, most int) []line {
	diff, err := one.Purge.Diff(before, after, most)
	if err != nil {
		return []line{{plainLine, "it cannot be shown"}}
	}
	var lines []line
	for _, text := range diff {
		of := plainLine
		switch {
		case strings.HasPrefix(text, "- "):
			of = deletedLine
		case strings.HasPrefix(text, "+ "):
			of = insertedLine
		}
		if len(text) > 1 && text[1] == ' ' { // the sign, which the mark stands for
			text = text[2:]
		}
		lines = append(lines, line{of, literal(text, lineWidth)})
	}
	return lines
}

// purgeNames are the purges that are new to any of the environments, sorted.
func purgeNames(plans []*release.Plan) []string {
	var ns []string
	for _, p := range plans {
		for i := range p.Purges {
			ns = append(ns, p.Purges[i].Purge.Name)
		}
	}
	slices.Sort(ns)
	return slices.Compact(ns)
}

// purgeCount is what the purges of a plan would do, in a few words: "2 purges of 312 documents"; "" where there is none.
func purgeCount(p *release.Plan) string {
	if len(p.Purges) == 0 {
		return ""
	}
	n := 0
	for i := range p.Purges {
		if pl := p.Purges[i].Plan; pl != nil {
			n += pl.Matches
		}
	}
	return several(len(p.Purges), "purge") + " of " + several(n, "document")
}

// purges writes the purges of an environment.
func (t *terminal) purges(p *release.Plan) {
	for i := range p.Purges {
		one := &p.Purges[i]
		t.line("  purge " + literal(one.Purge.Name, 130) + ": " + purgePhrase(one, ""))
		if one.Plan == nil {
			continue
		}
		for _, e := range one.Plan.Examples {
			t.line("    " + literal(e.ID, 250))
			for _, l := range documentLines(one, e.Before, e.After, purgeLines) {
				t.line("    " + map[mark]string{plainLine: "  ", deletedLine: "- ", insertedLine: "+ "}[l.mark] + l.text)
			}
		}
	}
	for _, u := range p.Unpurged {
		t.line("  purge " + literal(u.Name, 130) + " is not planned, nor run: " + literal(u.Reason, 300))
	}
}

// purgeSteps is where the purges of a release stand; "" where it has none.
func purgeSteps(p *release.Progress) string {
	var b strings.Builder
	for i := range p.Steps {
		for _, one := range p.Steps[i].Purges {
			b.WriteString("- " + name(p.Steps[i].Environment) + ": " + purgeState(&one, func(s string) string { return codeSpan(s, 130) }) + "\n")
		}
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// purgeState is where a purge of a release stands, in a line. show shows its name.
func purgeState(one *release.PurgeStep, show func(string) string) string {
	state := string(one.Run.State)
	if state == "" {
		state = "begins"
	}
	return "purge " + show(one.Name) + " " + state + ", " + several(one.Run.Counts.Done, "document") + " changed"
}
