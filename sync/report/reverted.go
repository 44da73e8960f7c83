package report

import (
	"fmt"
	"strings"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// Reverted is what is to be done in Git after a rollback.
type Reverted struct {
	Environment string
	Release     int64
	Actor       string
	Pull        int // the pull request that does it; 0 where no file is to change
	Files       []RevertedFile
	Agrees      bool     // once that is merged, Git and the environment agree
	Differs     []string // what would still differ then, a line of prose each
}

// RevertedFile is one file of it.
type RevertedFile struct {
	Path string
	How  string // "earlier version", "rows exported", "cannot"
	Why  string // a line of prose; "" for none
}

// RevertMarkdown tells of the pull request that brings Git to where the rollback left the environment, and of what it
// cannot bring back.
func RevertMarkdown(r Reverted) string {
	var b strings.Builder
	switch {
	case r.Pull > 0:
		fmt.Fprintf(&b, "**Merge #%d next:** it brings Git to the same state", r.Pull)
		if r.Agrees {
			b.WriteString(", and its merge lifts the hold of " + name(r.Environment) + " by itself")
		}
		b.WriteString(".\n\n")
	case r.Agrees:
		b.WriteString("Git and " + name(r.Environment) + " agree: there is nothing to revert in the files.\n\n")
	default:
		b.WriteString("No file can be brought back by itself. Bring the default branch to what " + name(r.Environment) + " holds by hand, with " +
			codeSpan("/liveops export "+r.Environment+" TABLE…", 100) + " say.\n\n")
	}
	b.WriteString(r.files())
	if len(r.Differs) > 0 {
		b.WriteString("This would still differ then:\n\n")
		b.WriteString(proseList(r.Differs))
	}
	return b.String()
}

// RevertBody is the text of that pull request.
func RevertBody(r Reverted) string {
	return fmt.Sprintf("%s rolled back release `%d` of %s. This brings the files to the same state, so that the next merge does not bring the release back.\n\n",
		codeSpan(r.Actor, 60), r.Release, name(r.Environment)) + r.files()
}

func (r *Reverted) files() string {
	if len(r.Files) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| file | how |\n| --- | --- |\n")
	const most = 100
	for _, f := range r.Files[:min(len(r.Files), most)] {
		how := map[string]string{"earlier version": "as it was before the release", "rows exported": "the rows of " + name(r.Environment) + " written into it", "cannot": "**left as it is**"}[f.How]
		if f.Why != "" {
			how += ": " + prose(f.Why)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", tableCell(codeSpan(f.Path, 200)), tableCell(how))
	}
	if n := len(r.Files) - most; n > 0 {
		b.WriteString("| … and " + several(n, "more file") + " |  |\n")
	}
	return b.String() + "\n"
}

func proseList(lines []string) string {
	const most = 50
	var b strings.Builder
	for _, l := range lines[:min(len(lines), most)] {
		b.WriteString("- " + stop(prose(l)) + "\n")
	}
	if n := len(lines) - most; n > 0 {
		b.WriteString("- … and " + grouped(n) + " more\n")
	}
	return b.String() + "\n"
}

// ChangedText says why a rollback is refused: which rows have changed since, who changed them, and the command that
// would go on.
func ChangedText(e *mysqlstore.ChangedError) string {
	command := fmt.Sprintf("/liveops rollback %s %d %s", e.Environment, e.Release, strings.Join(e.Flags(), " "))
	return several(e.Changed.Count(), "row") + " of " + name(e.Environment) + " are not as the release left them, so that nothing was rolled back.\n\n" +
		ChangedRows("Changed since:", e.Changed) + "To go on all the same: " + codeSpan(strings.TrimSpace(command), 200) + "\n"
}

// Promoted tells of a promotion that the ledger has.
func Promoted(from, to string, r mysqlstore.Release) string {
	n := plan.Count{Deleted: r.Deleted, Inserted: r.Inserted, Updated: r.Updated}
	return fmt.Sprintf("**Promoted from %s to %s:** %s (release `%d`). To undo it: %s\n\n", name(from), name(to), counts(n, "−"), r.ID,
		codeSpan(fmt.Sprintf("/liveops rollback %s %d", to, r.ID), 100))
}

// ProposalBody is the text of a pull request with workbooks that somebody asked for.
func ProposalBody(actor string, number int, paths []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Asked for by %s in #%d. Only cells that differ are changed.\n\n", codeSpan(actor, 60), number)
	for _, p := range paths {
		b.WriteString("- " + codeSpan(p, 200) + "\n")
	}
	return b.String()
}

// Proposed tells of such a pull request.
func Proposed(number int, paths []string) string {
	return fmt.Sprintf("**#%d** has %s. Merge it, and the release brings the rows.\n\n", number, several(len(paths), "changed workbook"))
}

// Kept tells of workbooks that are an artifact of the workflow run.
func Kept(paths []string) string {
	var b strings.Builder
	b.WriteString(several(len(paths), "changed workbook") + ", as an artifact of this workflow run:\n\n")
	for _, p := range paths {
		b.WriteString("- " + codeSpan(p, 200) + "\n")
	}
	return b.String()
}

// Held tells of a hold. isNew is that it is what was just asked for, and no earlier one.
func Held(environment string, h mysqlstore.Hold, isNew bool) string {
	if isNew {
		return name(environment) + " takes no release until " + codeSpan("/liveops unlock "+environment, 100) + ". Reason: " + stop(prose(h.Reason)) + "\n"
	}
	return name(environment) + " was on hold already, since " + instant(h.Since) + ", by " + codeSpan(h.By, 60) + ". That hold stays. Reason: " + stop(prose(h.Reason)) + "\n"
}

// Lifted tells that a hold is lifted; h is nil where there was none.
func Lifted(environment string, h *mysqlstore.Hold) string {
	if h == nil {
		return name(environment) + " was not on hold.\n"
	}
	return "The hold of " + name(environment) + " by " + codeSpan(h.By, 60) + " is lifted; it was there since " + instant(h.Since) + ". Reason: " + stop(prose(h.Reason)) +
		" What waits is not released by that: the next merge brings it, or " + codeSpan("/liveops apply "+environment, 100) + " on its pull request.\n"
}

// ProblemsMarkdown is problems as a list.
func ProblemsMarkdown(problems []datasheets.Problem) string {
	return problemList(findings(problems, nil), 50)
}
