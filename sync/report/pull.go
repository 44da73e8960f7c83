package report

import (
	"strings"
	"time"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// PullMarker is the first line of a pull request's comment, by which it is found again.
const PullMarker = "<!-- liveops:plan -->"

// Pull is what a pull request's comment tells.
type Pull struct {
	Number        int
	Base          string // the commit that the merge result is made of: the base's
	BaseName      string // the branch: "main"
	Head          string // the pull request's own commit
	Merge         string // the merge result
	Plans         []*release.Plan
	Problems      []datasheets.Problem // of the files themselves, before any environment is asked
	Unreachable   []Unreachable        // the environments that could not be planned
	Conflict      bool                 // there is no merge result: the branches conflict
	Fork          bool                 // from another repository: nothing is planned
	Draft         bool
	Note          string     // one line of prose
	Link          string     // of the page with the whole plan, shown where the comment leaves something out; "" for none
	PolicyMissing bool       // the base has no liveops.yaml
	Workbooks     []Workbook // what differs in the workbooks, by path, where no environment could be asked; else none
	MoreWorkbooks int        // how many more of them differ that were not compared
	Took          time.Duration
	When          time.Time

	Policy        *release.Policy                      // of the base; nil asks nothing
	Confirmations map[string][]mysqlstore.Confirmation // by environment
}

// Unreachable is an environment that could not be planned.
type Unreachable struct {
	Environment string
	Reason      string // one line of prose
	Retry       bool   // it is tried again without anyone doing anything
}

// PullComment is the comment of a pull request: what is wrong, what changes where, the rows, and what happens
// next. It is never longer than GitHub takes; what does not fit is counted.
func PullComment(p Pull) string {
	comment, _ := p.comment()
	return comment
}

// PullLeavesOut reports whether the comment has no room for all rows and problems: then a page should have them, and
// its address be Link.
func PullLeavesOut(p Pull) bool {
	_, left := p.comment()
	return left.any()
}

func (p *Pull) comment() (string, leftOut) {
	vs, fs, books := views(p.Plans), findings(p.Problems, p.Plans), p.workbookViews()
	look := blankSection(vs)
	heading := "### liveops: " + p.heading(len(tableNames(vs)), len(fs)) + "\n\n"
	var left leftOut
	hint := ""
	if len(p.Plans) > 0 {
		hint = "To see everything, check the branch out and run " + codeSpan("liveops plan --env "+p.Plans[0].Environment, 100) + "."
	}
	last := PullMarker + "\n" + heading + "The report is too long for a comment.\n\n" + omitted(vs, len(fs), detail{}).line(p.Link, hint)
	comment := fitting(func(d detail) string {
		left = omitted(vs, len(fs), d)
		left.previews = previewsOmitted(p.Plans, d)
		var b strings.Builder
		b.WriteString(PullMarker + "\n" + heading)
		if p.Note != "" {
			b.WriteString("Note: " + stop(prose(p.Note)) + "\n\n")
		}
		b.WriteString(p.obstacle())
		b.WriteString(problemSection(fs, d.problems))
		b.WriteString(p.unreachable(d.items))
		b.WriteString(holds(p.Plans))
		b.WriteString(p.policies())
		b.WriteString(summary(p.Plans, vs, d))
		b.WriteString(left.line(p.Link, hint))
		b.WriteString(pendings(p.Plans, p.BaseName))
		b.WriteString(purgeSection(p.Plans, d))
		b.WriteString(campaignSection(p.Plans, p.BaseName, d))
		b.WriteString(rehearsals(p.Plans))
		b.WriteString(look)
		b.WriteString(blocks(vs, len(p.Plans), d, false))
		b.WriteString(p.workbookSection(d))
		b.WriteString(blocks(books, 1, d, false))
		b.WriteString(p.footer(len(fs), cut(books, d)))
		return b.String()
	}, last)
	if comment == last {
		left = omitted(vs, len(fs), detail{})
		left.previews = previewsOmitted(p.Plans, detail{})
	}
	return comment, left
}

// planned says whether there was anything to plan.
func (p *Pull) planned() bool { return !p.Conflict && !p.Fork && !p.PolicyMissing }

func (p *Pull) heading(tables, problems int) string {
	switch {
	case p.Fork:
		return "not planned, it comes from a fork"
	case p.Conflict:
		return "not planned, it conflicts with " + codeSpan(p.BaseName, 60)
	}
	var parts []string
	switch {
	case tables == 1:
		parts = append(parts, "1 table changes")
	case tables > 1:
		parts = append(parts, grouped(tables)+" tables change")
	}
	if n := len(purgeNames(p.Plans)); n > 0 {
		parts = append(parts, several(n, "purge"))
	}
	if n := len(campaignNames(p.Plans)); n == 1 {
		parts = append(parts, "1 campaign changes")
	} else if n > 1 {
		parts = append(parts, grouped(n)+" campaigns change")
	}
	if n := len(p.Workbooks) + p.MoreWorkbooks; n == 1 {
		parts = append(parts, "1 workbook differs")
	} else if n > 1 {
		parts = append(parts, grouped(n)+" workbooks differ")
	}
	if problems > 0 {
		parts = append(parts, several(problems, "problem")+" to fix")
	}
	if len(p.Unreachable) > 0 {
		parts = append(parts, several(len(p.Unreachable), "environment")+" not planned")
	}
	if p.PolicyMissing && problems == 0 {
		parts = append(parts, "nothing is planned yet")
	}
	switch {
	case parts != nil:
		return strings.Join(parts, ", ")
	default:
		return nothing
	}
}

// obstacle says why there is no plan, and what to do.
func (p *Pull) obstacle() string {
	base := codeSpan(p.BaseName, 60)
	switch {
	case p.Fork:
		return "What comes from a fork is planned only when someone allowed comments `/liveops plan`, for the commit that it has then. " +
			"Or someone who may write here pushes the branch to this repository and opens the pull request from there.\n\n"
	case p.Conflict:
		return "Git cannot merge this branch into " + base + ", so there is no merge result to plan. " +
			"Merge " + base + " into the branch and push. Git does not merge workbooks: where both sides changed one, " +
			"take the workbook of " + base + " and make this branch's changes in it again.\n\n"
	case p.PolicyMissing:
		return "The branch " + base + " has no valid `liveops.yaml` yet. Which environments there are is read from there, never from the change itself: " +
			"nothing is planned or applied for this pull request. Once the file is merged, every later pull request is planned.\n\n"
	}
	return ""
}

func (p *Pull) unreachable(most int) string {
	var b strings.Builder
	for _, u := range p.Unreachable[:min(len(p.Unreachable), most)] {
		b.WriteString("**Not planned:** " + name(u.Environment) + ": " + stop(prose(u.Reason)))
		if u.Retry {
			b.WriteString(" It is tried again by itself; this comment follows.\n\n")
		} else {
			b.WriteString(" It is planned again with the next push.\n\n")
		}
	}
	if n := len(p.Unreachable) - most; n > 0 {
		b.WriteString("**Not planned:** " + several(n, "more environment") + ".\n\n")
	}
	return b.String()
}

// holds says which environments take no release now, why, and what lifts it.
func holds(plans []*release.Plan) string {
	var b strings.Builder
	for _, p := range plans {
		if endsHold(p) {
			b.WriteString("**On hold:** " + name(p.Environment) + " since " + instant(p.Base.Hold.Since) + ", by " + codeSpan(p.Base.Hold.By, 60) + ". Reason: " +
				stop(prose(p.Base.Hold.Reason)) + " This is the way back: its merge lifts the hold by itself, where nothing else differs.\n\n")
			continue
		}
		if h := p.Base.Hold; h != nil {
			b.WriteString("**On hold:** " + name(p.Environment) + " takes no release since " + instant(h.Since) +
				", by " + codeSpan(h.By, 60) + ". Reason: " + stop(prose(h.Reason)) +
				" What is merged waits until " + codeSpan("/liveops unlock "+p.Environment, 100) + ".\n\n")
		}
	}
	return b.String()
}

// endsHold says whether a plan is what the hold of its environment waits for: after a rollback, the state that the
// environment has (see release.LiftRollbackHold).
func endsHold(p *release.Plan) bool {
	h := p.Base.Hold
	return h != nil && h.Kind == mysqlstore.HeldByRollback && p.Digest != "" && len(p.Problems) == 0 && p.Count().Total() == 0 && len(p.Campaigns) == 0
}

// pendings says how many of the changes the default branch holds already.
func pendings(plans []*release.Plan, base string) string {
	var b strings.Builder
	for _, p := range plans {
		var n plan.Count
		for _, t := range p.Pending {
			n = n.Add(t.Count())
		}
		switch {
		case n.Total() == 0:
			continue
		case n.Total() == 1:
			b.WriteString("- " + name(p.Environment) + ": 1 of these changes is on ")
		default:
			b.WriteString("- " + name(p.Environment) + ": " + grouped(n.Total()) + " of these changes are on ")
		}
		b.WriteString(codeSpan(base, 60) + " already and wait for a release (" + counts(n, "−") + ")\n")
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}
