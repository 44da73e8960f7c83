package report

import (
	"strings"

	"liveops/pushd/runs"
)

// CampaignTest tells what became of a test that somebody asked for, for a terminal: a line, and one for each way in which messages ended.
func CampaignTest(environment string, r runs.Run) []string {
	lines := []string{r.Campaign + " in " + environment + ": test " + testWords(r, func(s string) string { return s })}
	for _, o := range r.Outcomes {
		lines = append(lines, "  "+o.String())
	}
	return lines
}

// CampaignTestMarkdown is the same as Markdown.
func CampaignTestMarkdown(environment string, r runs.Run) string {
	s := "The test of campaign " + codeSpan(r.Campaign, 130) + " in " + name(environment)
	if to, _ := runs.AskedFor(r.Test); to != "" {
		s += ", to the list " + codeSpan(to, 64)
	}
	lines := []string{stop(s + ": " + testWords(r, prose))}
	for _, o := range r.Outcomes {
		line := grouped(o.N) + " to " + string(o.Platform) + " " + o.Became
		if o.Reason != "" {
			line += ": " + prose(o.Reason)
		}
		lines = append(lines, "- "+line)
	}
	if len(lines) > 1 {
		lines[0] += "\n"
	}
	return strings.Join(lines, "\n")
}

// testWords is a test in a few words: "3 of 4 messages were accepted", or why it has none. say shows a reason.
func testWords(r runs.Run, say func(string) string) string {
	switch {
	case r.State == runs.Done && r.Tokens == 0:
		return r.Trouble()
	case r.State == runs.Done:
		return grouped(int(r.Accepted)) + " of " + several(int(r.Tokens), "message") + " accepted"
	case r.Reason != "":
		return string(r.State) + " (" + say(r.Reason) + ")"
	}
	return string(r.State)
}
