package report

import (
	"fmt"
	"strings"
	"time"

	"liveops/sync/release"
)

// Work is a job of the bot as the status shows it.
type Work struct {
	What, About, State string
	Since              time.Time // zero for none
	Reason             string
}

// WorkMarkdown is what waits, is in hand or was given up; "" where there is nothing.
func WorkMarkdown(all []Work) string {
	if len(all) == 0 {
		return ""
	}
	const most = 50
	var b strings.Builder
	b.WriteString("| job | of | state | since | reason |\n| --- | --- | --- | --- | --- |\n")
	for _, w := range all[:min(len(all), most)] {
		since := ""
		if !w.Since.IsZero() {
			since = instant(w.Since)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", tableCell(prose(w.What)), tableCell(codeSpan(w.About, 100)), tableCell(prose(w.State)), since, tableCell(prose(w.Reason)))
	}
	if n := len(all) - most; n > 0 {
		b.WriteString("| … and " + several(n, "more job") + " |  |  |  |  |\n")
	}
	return b.String() + "\n"
}

// StepSentence is where a release has come to in one environment, and what lets it go on.
func StepSentence(s *release.Step, zone *time.Location) string {
	e := name(s.Environment)
	switch s.State {
	case release.Applied:
		return fmt.Sprintf("%s has it: %s, release `%d`.", e, counts(s.Count, "−"), s.Release)
	case release.Same:
		return e + " has it; no row changed."
	case release.Stopped:
		return e + strings.TrimPrefix(asItIs(s), ", which") + ": " + sentence(s.Reason, s.Mend)
	case release.Paused:
		var b strings.Builder
		b.WriteString(e + strings.TrimPrefix(asItIs(s), ", which") + "; it waits.\n\n")
		for _, w := range s.Waits {
			b.WriteString("- " + leading(stop(prose(w.Reason))) + " " + wayOn(s, w, zone) + "\n")
		}
		return b.String()
	default:
		return e + " is as it was: " + sentence(orElse(s.Reason, "an environment before it has not taken the commit"), "")
	}
}
