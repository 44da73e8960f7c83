package report

import (
	"fmt"
	"strings"

	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// Answer is what the commands of one comment came to.
type Answer struct {
	Comment int64 // the comment's id
	Asker   string
	Replies []Reply // in the order of the commands
}

// Reply is what one command came to.
type Reply struct {
	Command string // as it was written
	State   ReplyState
	Text    string // Markdown, made by this package
}

// ReplyState is where a command stands.
type ReplyState int

// The states of a reply. The last three are final.
const (
	Working ReplyState = iota
	Done
	Refused // it is not allowed, not possible, or not understood: nothing was changed
	Failed  // it was begun, and something went wrong
)

// Finished reports whether every command has its final answer.
func (a Answer) Finished() bool {
	for _, r := range a.Replies {
		if r.State == Working {
			return false
		}
	}
	return true
}

// Well reports whether every command was done.
func (a Answer) Well() bool {
	for _, r := range a.Replies {
		if r.State != Done {
			return false
		}
	}
	return true
}

// AnswerMarker is the first line of the answer to a comment, by which it is found again.
func AnswerMarker(comment int64) string { return fmt.Sprintf("<!-- liveops:answer %d -->", comment) }

// finished ends an answer to which nothing will be added.
const finished = "<!-- liveops:finished -->"

// AnswerFinished reports whether the answer to a comment is the final one: the commands must not be run again.
func AnswerFinished(comment int64, body string) bool {
	return strings.HasPrefix(body, AnswerMarker(comment)+"\n") && strings.HasSuffix(strings.TrimSpace(body), finished)
}

// What the reply to a command that was not done begins with.
const (
	notDone = "**✗ Not done.** "
	failed  = "**✗ Failed.** "
)

// AnswerWell reports whether a final answer says that every command was done.
func AnswerWell(body string) bool {
	return !strings.Contains(body, "\n"+notDone) && !strings.Contains(body, "\n"+failed)
}

// AnswerComment is the answer to the commands of a comment: each as it was written, and what came of it. It is never
// longer than GitHub takes: of several long replies each gets its share.
func AnswerComment(a Answer) string {
	var b strings.Builder
	b.WriteString(AnswerMarker(a.Comment) + "\n")
	for i, r := range a.Replies {
		b.WriteString(replyHead(r) + "\n\n")
		text := strings.TrimSpace(r.Text)
		if !a.Whole(i) {
			text = a.beginning(text)
		}
		switch r.State {
		case Working:
			b.WriteString("⏳ " + orElse(text, "It is being worked on; this answer follows it."))
		case Refused:
			b.WriteString(notDone + text)
		case Failed:
			b.WriteString(failed + text)
		default:
			b.WriteString(orElse(text, "Done."))
		}
		b.WriteString("\n\n")
		if r.State != Working && !a.Finished() {
			b.WriteString(replyMarks()[r.State] + "\n\n")
		}
	}
	if a.Finished() {
		b.WriteString(finished + "\n")
	}
	return b.String()
}

// replyMarks end each final reply of an answer that is not finished: a line of its own, which no text of others makes.
func replyMarks() map[ReplyState]string {
	return map[ReplyState]string{Done: "<!-- liveops:done -->", Refused: "<!-- liveops:refused -->", Failed: "<!-- liveops:failed -->"}
}

// Resume takes over the final replies, from the first on, that an answer of an earlier try has in body: what was carried
// out is not carried out again.
func (a *Answer) Resume(body string) {
	body, ours := strings.CutPrefix(body, AnswerMarker(a.Comment)+"\n")
	for i := 0; ours && i < len(a.Replies); i++ {
		rest, found := strings.CutPrefix(body, replyHead(a.Replies[i])+"\n\n")
		if !found {
			return
		}
		at, state := len(rest), Working
		for s, mark := range replyMarks() {
			if k := strings.Index(rest, "\n\n"+mark+"\n\n"); k >= 0 && k < at {
				at, state = k, s
			}
		}
		if state == Working {
			return
		}
		text := strings.TrimPrefix(strings.TrimPrefix(rest[:at], notDone), failed)
		a.Replies[i].State, a.Replies[i].Text = state, text
		body = rest[at+len("\n\n"+replyMarks()[state]+"\n\n"):]
	}
}

func replyHead(r Reply) string { return "**" + codeSpan(r.Command, 200) + "**" }

// room is how many characters of a comment each reply has for its text.
func (a Answer) room() int { return longestComment/max(len(a.Replies), 1) - 400 }

// Whole reports whether the answer has room for all of a reply.
func (a Answer) Whole(i int) bool { return length(strings.TrimSpace(a.Replies[i].Text)) <= a.room() }

// beginning is the first paragraph of a text that is too long, if that has room.
func (a Answer) beginning(text string) string {
	const cut = "The answer is too long for a comment."
	first, _, _ := strings.Cut(text, "\n\n")
	if length(first)+length(cut)+2 > a.room() {
		return cut
	}
	return first + "\n\n" + cut
}

func orElse(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

// Sentence is a plain line, and what to do, as Markdown: words of others in it become inline code.
func Sentence(text, mend string) string { return sentence(capital(text), mend) }

// StatusMarkdown is where environments stand: a line for each, its hold, its newest releases, and the rows of their
// tables side by side.
func StatusMarkdown(environments []EnvironmentStatus) string {
	var b strings.Builder
	b.WriteString("| environment | commit | release | since | by | hold |\n| --- | --- | --- | --- | --- | --- |\n")
	for i := range environments {
		b.WriteString(statusLine(&environments[i]))
	}
	b.WriteString("\n")
	for i := range environments {
		e := &environments[i]
		if e.Error != "" {
			b.WriteString("**" + name(e.Name) + " cannot be asked:** " + stop(prose(e.Error)) + "\n\n")
		}
		if h := e.State.Hold; h != nil {
			b.WriteString("**On hold:** " + name(e.Name) + " since " + instant(h.Since) + ", by " + codeSpan(h.By, 60) + ". Reason: " + stop(prose(h.Reason)) + "\n\n")
		}
	}
	b.WriteString(statusReleases(environments))
	b.WriteString(statusTables(environments))
	return b.String()
}

func statusLine(e *EnvironmentStatus) string {
	if e.Error != "" {
		return fmt.Sprintf("| %s | ? |  |  |  |  |\n", tableCell(name(e.Name)))
	}
	since, by, hold := "", "", ""
	if len(e.Last) > 0 && e.State.Release > 0 {
		for _, r := range e.Last {
			if r.ID == e.State.Release {
				since, by = instant(r.Finished), tableCell(codeSpan(r.Actor, 40))
			}
		}
	}
	if e.State.Hold != nil {
		hold = "**on hold**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", tableCell(name(e.Name)), tableCell(codeSpan(short(e.State.Commit), 16)), releaseNumber(e.State.Release), since, by, hold)
}

func releaseNumber(id int64) string {
	if id == 0 {
		return "none"
	}
	return fmt.Sprintf("`%d`", id)
}

func statusReleases(environments []EnvironmentStatus) string {
	var b strings.Builder
	for i := range environments {
		e := &environments[i]
		if len(e.Last) == 0 {
			continue
		}
		fmt.Fprintf(&b, "<details><summary>%s newest releases</summary>\n\n| release | finished | what | commit | by | pull request | rows | result |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n", htmlCode(e.Name, 40))
		for k := range e.Last {
			b.WriteString(releaseLine(&e.Last[k]))
		}
		b.WriteString("\n</details>\n\n")
	}
	return b.String()
}

func releaseLine(r *mysqlstore.Release) string {
	what, pull, changed, result := string(r.Kind), "", "", string(r.State)
	if r.Undoes > 0 {
		what += fmt.Sprintf(" of `%d`", r.Undoes)
	}
	if r.Pull > 0 {
		pull = fmt.Sprintf("#%d", r.Pull)
	}
	if n := (plan.Count{Deleted: r.Deleted, Inserted: r.Inserted, Updated: r.Updated}); n.Total() > 0 {
		changed = counts(n, "−")
	}
	if r.Error != "" {
		result += ": " + prose(r.Error)
	}
	return fmt.Sprintf("| `%d` | %s | %s | %s | %s | %s | %s | %s |\n", r.ID, instant(r.Finished), what, tableCell(codeSpan(short(r.Commit), 16)),
		tableCell(codeSpan(r.Actor, 40)), pull, changed, tableCell(result))
}

// statusTables is the rows of every table in each environment that answered.
func statusTables(environments []EnvironmentStatus) string {
	grid := gridOf(environments)
	if len(grid.tables) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("<details><summary><code>tables</code> rows now, and in brackets what the sheets would change</summary>\n\n| table |")
	for _, e := range grid.environments {
		b.WriteString(" " + tableCell(name(e)) + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(grid.environments)) + "\n")
	const most = 200
	for _, table := range grid.tables[:min(len(grid.tables), most)] {
		b.WriteString("| " + tableCell(codeSpan(table, 64)) + " |")
		for _, e := range grid.environments {
			b.WriteString(" " + tableCell(grid.cells[table][e]) + " |")
		}
		b.WriteString("\n")
	}
	if n := len(grid.tables) - most; n > 0 {
		fmt.Fprintf(&b, "| … and %s |%s\n", several(n, "more table"), strings.Repeat("  |", len(grid.environments)))
	}
	return b.String() + "\n</details>\n\n"
}

// RollbackMarkdown tells what a rollback did, and what is left to do.
func RollbackMarkdown(environment string, r mysqlstore.Rollback) string {
	n := plan.Count{Deleted: r.Deleted, Inserted: r.Inserted, Updated: r.Updated}
	var b strings.Builder
	what := fmt.Sprintf("Release `%d` of %s is", r.Undoes, name(environment))
	if len(r.Undone) > 1 {
		what = fmt.Sprintf("Releases `%d` to `%d` of %s are", r.Undone[len(r.Undone)-1], r.Undone[0], name(environment))
	}
	fmt.Fprintf(&b, "**%s taken back:** %s, %s brought back, %s restored (release `%d`).\n\n", what,
		several(n.Deleted, "row")+" deleted", grouped(n.Inserted), grouped(n.Updated), r.ID)
	b.WriteString(ChangedRows(several(r.Kept.Count(), "row")+" changed since and left alone:", r.Kept))
	if r.Hold != (mysqlstore.Hold{}) {
		b.WriteString("**On hold:** " + name(environment) + " takes no release until Git and the database agree. Reason: " + stop(prose(r.Hold.Reason)) + "\n\n")
	}
	return b.String()
}

// ChangedRows names rows that a rollback cannot restore, or left alone, under a title: the first fifty, with who changed
// them; "" where there are none.
func ChangedRows(title string, changed mysqlstore.Changed) string {
	if changed.Count() == 0 {
		return ""
	}
	const most = 50
	var b strings.Builder
	b.WriteString(title + "\n\n")
	listed := 0
	for _, t := range changed {
		if t.Why != "" {
			listed += t.Count
			b.WriteString("- " + codeSpan(t.Table, 64) + ", " + several(t.Count, "row") + ": " + stop(prose(t.Why)) + "\n")
			continue
		}
		for _, row := range t.Rows[:min(len(t.Rows), max(0, most-listed))] {
			listed++
			b.WriteString("- " + codeSpan(row.String(), 300) + "\n")
		}
	}
	if n := changed.Count() - listed; n > 0 {
		b.WriteString("- … and " + grouped(n) + " more\n")
	}
	return b.String() + "\n"
}

// PlansMarkdown is what plans would change: the summary, problems, holds and rows, in at most half a comment.
func PlansMarkdown(plans []*release.Plan) string {
	vs, fs := views(plans), findings(nil, plans)
	for _, d := range details() {
		s := problemSection(fs, d.problems) + holds(plans) + summary(plans, vs, d) + purgeSection(plans, d) + campaignSection(plans, "the default branch", d) + blocks(vs, len(plans), d, false)
		if length(s) <= longestComment/2 {
			return s
		}
	}
	return totals(plans)
}
