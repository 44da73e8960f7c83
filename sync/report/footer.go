package report

import (
	"strings"

	"liveops/sync/release"
)

// footer says what happens on merge, how much was looked at, which plan it would be, and what to do.
func (p *Pull) footer(problems int, booksCut bool) string {
	var ls []string
	if p.planned() {
		ls = append(ls, p.onMerge(problems))
	}
	if booksCut {
		ls = append(ls, "To see every row, compare a workbook of both branches with "+codeSpan("liveops diff", 100)+".")
	}
	ls = append(ls, partly(p.Plans, name)...)
	if s := p.provenance(); s != "" {
		ls = append(ls, s)
	}
	if p.planned() {
		ls = append(ls, "Something wrong? Push a fix to this branch; this comment is written anew with every push.")
	}
	return strings.Join(ls, "\n") + "\n"
}

func (p *Pull) onMerge(problems int) string {
	var order []*release.Plan
	for _, e := range p.Plans {
		if !e.Idle() && e.Base.Hold == nil {
			order = append(order, e)
		}
	}
	draft := ""
	if p.Draft {
		draft = " It is a draft: it can be merged once it is ready for review."
	}
	switch {
	case problems > 0:
		return "On merge: nothing is applied while there is a problem." + draft
	case len(p.Unreachable) > 0:
		return "On merge: every environment is planned anew; nothing is applied where that fails." + draft
	case held(p.Plans):
		return "On merge: nothing is applied to an environment on hold, nor to those after it, until the hold is lifted." + draft
	case len(order) == 0:
		return "On merge: no row changes." + draft
	default:
		return "On merge: " + p.inOrder(order) + "." + draft
	}
}

// held says whether an environment is on hold, and stays so after the merge.
func held(plans []*release.Plan) bool {
	for _, p := range plans {
		if p.Base.Hold != nil && !endsHold(p) {
			return true
		}
	}
	return false
}

// provenance says which plans these are, of which commits, and when they were made.
func (p *Pull) provenance() string {
	var plans []string
	for _, e := range p.Plans {
		if e.Digest != "" {
			plans = append(plans, codeSpan(release.ShortDigest(e.Digest), 16)+" ("+name(e.Environment)+")")
		}
	}
	var parts []string
	switch {
	case len(plans) == 1:
		parts = append(parts, "Plan "+plans[0])
	case len(plans) > 1:
		parts = append(parts, "Plans "+list(plans))
	}
	if p.Head != "" {
		parts = append(parts, commitOf(p))
	}
	if parts == nil {
		return ""
	}
	s := strings.Join(parts, " of ")
	if !p.When.IsZero() {
		s += ", " + instant(p.When)
	}
	if p.Took > 0 {
		s += ", in " + lasting(p.Took)
	}
	return s + "."
}

func commitOf(p *Pull) string {
	s := codeSpan(release.ShortDigest(p.Head), 16)
	if len(p.Plans) == 0 || p.Plans[0].Digest == "" {
		s = "Commit " + s
	}
	if p.Base != "" {
		s += " into " + codeSpan(p.BaseName, 60) + " at " + codeSpan(release.ShortDigest(p.Base), 16)
	}
	return s
}

// cut reports whether rows are left out at this detail.
func cut(vs []tableView, d detail) bool {
	for i := range vs {
		if i >= d.tables || vs[i].count().Total() > d.rows {
			return true
		}
	}
	return false
}
