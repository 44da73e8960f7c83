package report

import (
	"strings"

	"liveops/sync/purge"
	"liveops/sync/purgerun"
	"liveops/sync/release"
)

// PurgeRun is where a purge stands in an environment, in a sentence.
func PurgeRun(r purge.Run) string {
	s := "purge " + codeSpan(r.Name, 130) + " is " + string(r.State) + ", " + several(r.Counts.Done, "document") + " changed"
	if r.Counts.Undone > 0 {
		s += ", " + grouped(r.Counts.Undone) + " brought back"
	}
	if r.Counts.Skipped > 0 {
		s += ", " + grouped(r.Counts.Skipped) + " left since the game was quicker"
	}
	if r.Wish != purge.WishNone {
		s += "; it was asked to " + string(r.Wish)
	}
	if r.Actor != "" {
		s += ", by " + codeSpan(r.Actor, 60)
	}
	if r.State == purge.Failed { // its error may quote what no report shows
		s += ": " + several(r.Counts.Failed, "document") + " could not be judged or changed"
	} else if r.Error != "" {
		s += ": " + prose(r.Error)
	}
	return capital(stop(s))
}

// PurgePlanMarkdown is what the purges of a plan would do.
func PurgePlanMarkdown(p *release.Plan) string { return purgeSection([]*release.Plan{p}, details()[0]) }

// PurgeUndone is what an undo did, with the documents that it left as they are: what the purge found, and what they
// are now. one is the purge's file, which says what is personal; nil leaves the forms out.
func PurgeUndone(environment string, one *purge.Purge, r purgerun.UndoResult, left []purgerun.Left) string {
	var b strings.Builder
	b.WriteString("Purge " + codeSpan(r.Run.Name, 130) + " in " + name(environment) + ": " + several(r.Restored, "document") + " brought back, " + grouped(r.Left) + " left as they are")
	if r.Earlier > 0 {
		b.WriteString(", " + grouped(r.Earlier) + " brought back before")
	}
	b.WriteString(". The purge is " + string(r.Run.State) + " there.\n\n")
	var lines []line
	for _, l := range left {
		b.WriteString("- " + codeSpan(l.ID, 250) + ": " + prose(l.Why) + "\n")
		if one != nil && l.Before != nil { // all of one that is gone goes
			lines = append(lines, line{titleLine, "@@ " + literal(l.ID, lineWidth-6) + " @@"})
			lines = append(lines, documentLines(&release.PurgePlan{Purge: one}, l.Before, l.Now, purgeLines/2)...)
		}
	}
	if n := r.Left - len(left); n > 0 {
		b.WriteString("- … and " + grouped(n) + " more\n")
	}
	if len(lines) > 0 {
		b.WriteString("\n<details><summary>as the purge found them, and as they are now</summary>\n\n" + fenced(lines) + "\n</details>\n")
	}
	return b.String()
}
