package report

import (
	"strings"
	"time"

	"liveops/sync/release"
)

// moment is a time that someone waits for, in a zone and in UTC; a part of a minute counts as one.
func moment(t time.Time, zone *time.Location) string {
	if whole := t.Truncate(time.Minute); whole.Before(t) {
		t = whole.Add(time.Minute)
	}
	if zone == nil || zone == time.UTC {
		return t.UTC().Format("Mon ") + instant(t)
	}
	return t.In(zone).Format("Mon 2006-01-02 15:04 ") + zone.String() + " (" + instant(t) + ")"
}

// waitsSection says of each environment that waits what it waits for, until when, and what lets it go on; "" where
// none does.
func waitsSection(p *release.Progress, most int) string {
	var b strings.Builder
	for _, s := range p.Paused() {
		b.WriteString("**Waiting:** " + name(s.Environment) + " is as it was.\n\n")
		for _, w := range s.Waits[:min(len(s.Waits), most)] {
			b.WriteString("- " + leading(stop(prose(w.Reason))) + " " + wayOn(s, w, p.Zone) + "\n")
		}
		if s.Plan != nil && s.Plan.Digest != "" {
			b.WriteString("- What waits is plan " + codeSpan(release.ShortDigest(s.Plan.Digest), 16) + ": " + planCounts(s.Plan) + ".\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// leading begins a line of prose with a capital letter, where it begins with a word of ours.
func leading(s string) string {
	if strings.HasPrefix(s, "the ") {
		return "T" + s[1:]
	}
	return s
}

// wayOn says until when something is waited for, or who lets the release go on and how.
func wayOn(s *release.Step, w release.Wait, zone *time.Location) string {
	switch w.Kind {
	case release.Unapproved:
		return byComment("/liveops apply " + s.Environment)
	case release.Unconfirmed:
		return byComment("/liveops confirm")
	case release.Unhealthy:
		return "It goes on by itself once the guard is healthy."
	}
	return "It goes on by itself " + whenOver(w, zone) + "."
}

func byComment(command string) string {
	return "Someone allowed who is not the author comments " + codeSpan(command, 100) + "."
}

// whenOver is when a wait is over: "on Mon 2026-11-30 09:00 UTC".
func whenOver(w release.Wait, zone *time.Location) string {
	if w.Until.IsZero() {
		return "once the freeze is over, which is not within a year"
	}
	return "on " + moment(w.Until, zone)
}

// pausedEnvironments are those that wait.
func pausedEnvironments(p *release.Progress) []string {
	var es []string
	for _, s := range p.Paused() {
		es = append(es, s.Environment)
	}
	return es
}

// waitsText writes what an environment waits for, and which flags of the command line let it go on.
func (t *terminal) waitsText(s *release.Step, zone *time.Location) {
	t.line(t.paint(bold, literal(s.Environment, 64)) + ": " + t.paint(yellow, "waits, nothing was changed"))
	again := "liveops apply --env " + literal(s.Environment, 64)
	for _, w := range s.Waits {
		t.line("    " + literal(w.Reason, 1000))
		switch w.Kind {
		case release.Unapproved, release.Unconfirmed:
			digest := ""
			if s.Plan != nil {
				digest = " --confirm " + literal(release.ShortDigest(s.Plan.Digest), 8)
			}
			t.line("      " + again + digest)
		case release.Unhealthy:
			t.line("      " + again + ", once it is; or now with --despite-guard REASON")
		default:
			t.line("      " + again + ", " + whenOver(w, zone) + "; or now with --despite-" + string(w.Kind) + " REASON")
		}
	}
}
