package report

import (
	"io"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/bookdiff"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// HTMLPull writes the plan of a pull request, with every problem and every row, as one self-contained HTML page.
// It is written as it is made and never whole in memory; an error is the writer's.
func HTMLPull(w io.Writer, p Pull) error {
	d := &document{Kind: "Plan"}
	d.addPlans(p.Plans, "")
	d.addPurges(p.Plans)
	d.addProblems(findings(p.Problems, p.Plans))
	d.Title = p.pageTitle(len(tableNames(views(p.Plans))), len(d.Problems))
	d.factsOf(&p)
	d.notice(p.Note, noteNotice)
	for _, u := range p.Unreachable {
		d.notice("Not planned: "+u.Environment+": "+u.Reason, badNotice)
	}
	d.addNotices(p.Plans, p.BaseName)
	d.addCampaigns(p.Plans, p.BaseName)
	return d.write(w)
}

// pageTitle is the heading in plain text.
func (p *Pull) pageTitle(tables, problems int) string {
	switch {
	case p.Fork:
		return "Not planned: it comes from a fork"
	case p.Conflict:
		return "Not planned: it conflicts with " + p.BaseName
	}
	return p.heading(tables, problems)
}

// HTMLMerge writes a release's way through the environments, with every row, as HTMLPull does a plan.
func HTMLMerge(w io.Writer, m Merge) error {
	p := m.Progress
	d := &document{Kind: "Release", Title: release.ShortDigest(p.Commit.ID) + " " + p.Commit.Subject}
	d.fact("commit", p.Commit.ID)
	d.fact("pull request", numbered(m.Number))
	d.fact("merged by", p.Actor)
	if !m.Now.IsZero() {
		d.fact("made", instant(m.Now))
	}
	d.notice(m.Note, noteNotice)
	if !p.Done() {
		d.notice(m.Retrying, badNotice)
	}
	d.addPlans(appliedPlans(p), "")
	d.addPurgeSteps(p)
	for i := range p.Steps {
		for _, c := range releasedCampaigns(&p.Steps[i]) {
			d.notice(p.Steps[i].Environment+": campaign `"+c.Name+"` "+campaignWord(&c), noteNotice)
		}
	}
	if s := p.Stopped(); s != nil {
		d.notice("Stopped at "+s.Environment+asItIs(s)+": "+stop(s.Reason)+" "+capital(s.Mend), badNotice)
		if h := s.Hold; h != nil {
			d.notice(holdLine(s.Environment, h.By, h.Reason, instant(h.Since)), badNotice)
		}
		d.addProblems(findings(s.Problems, nil))
		if stopped := stoppedPlan(p); stopped != nil {
			d.notice("The plan for "+s.Environment+" is not the one that was reviewed: it was "+release.ShortDigest(s.Reviewed)+
				", it is "+release.ShortDigest(stopped.Digest)+" now. What it would change now is shown; nothing of it was applied.", badNotice)
			d.addPlans([]*release.Plan{stopped}, ", not applied")
		}
	}
	var brings []release.Commit
	for i := range p.Steps {
		d.Steps = append(d.Steps, pageStep(m, &p.Steps[i]))
		if c := p.Steps[i].Commits; len(c) > len(brings) {
			brings = c
		}
	}
	if len(brings) > 1 {
		for _, c := range brings {
			d.Commits = append(d.Commits, commitLine{release.ShortDigest(c.ID), shown(c.Subject), shown(c.Author)})
		}
	}
	for i := range d.sections { // the page is of several environments, though each plan may be of one
		if s := &d.sections[i]; s.Where == "" && len(p.Steps) > 1 {
			s.Where = shown(s.Environments)
		}
	}
	return d.write(w)
}

// HTMLPlans writes plans and problems, as Text does, as a page such as HTMLPull's.
func HTMLPlans(w io.Writer, plans []*release.Plan, problems []datasheets.Problem) error {
	return HTMLPull(w, Pull{Plans: plans, Problems: problems, BaseName: "the default branch"})
}

// HTMLDiff writes what differs between two workbooks as a page such as HTMLPull's.
func HTMLDiff(w io.Writer, b *bookdiff.Diff) error {
	plain := func(s string, _ int) string { return shown(s) }
	minus := func(n plan.Count) string { return counts(n, "−") }
	d := &document{Kind: "Workbooks", Title: diffTitle(b, plain), Columns: []string{"rows"}, Totals: []string{minus(b.Count())}}
	d.notice(diffSummary(b, minus), noteNotice)
	for i := range b.Sheets {
		s := &b.Sheets[i]
		note := columnChanges(s, plain)
		if s.Note != "" {
			note = strings.TrimPrefix(note+". Its "+s.Note, ". ")
		}
		id := d.addSection(&tableView{table: s.Table, own: s.Table.Changes}, "", "", note)
		d.Summary = append(d.Summary, summaryLine{Name: shown(s.Name()), ID: id,
			Cells: []summaryCell{{strings.Join(diffParts(s, minus), ", "), id}}})
	}
	return d.write(w)
}

// factsOf says what was planned, of which commits, and when.
func (d *document) factsOf(p *Pull) {
	d.fact("pull request", numbered(p.Number))
	d.fact("commit", release.ShortDigest(p.Head))
	if p.Base != "" {
		d.fact("into", p.BaseName+" at "+release.ShortDigest(p.Base))
	}
	for _, e := range p.Plans {
		if e.Digest != "" {
			d.fact("plan for "+e.Environment, release.ShortDigest(e.Digest))
		}
	}
	if !p.When.IsZero() {
		d.fact("made", instant(p.When))
	}
}

// numbered is a pull request's number as people write it; "" for none.
func numbered(n int) string {
	if n == 0 {
		return ""
	}
	return "#" + strings.ReplaceAll(grouped(n), ",", "")
}

// appliedPlans are the plans that were carried out, or are being.
func appliedPlans(p *release.Progress) (plans []*release.Plan) {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Plan != nil && (s.State == release.Applied || s.State == release.Applying || s.State == release.Paused) {
			plans = append(plans, s.Plan)
		}
	}
	return plans
}

// stoppedPlan is the plan that a release stopped at since it is not the reviewed one; nil where there is none.
func stoppedPlan(p *release.Progress) *release.Plan {
	s := p.Stopped()
	if s == nil || s.Plan == nil || s.Reviewed == "" || s.Plan.Digest == "" || s.Plan.Digest == s.Reviewed {
		return nil
	}
	return s.Plan
}

// addPlans adds the lines and sections of plans. suffix is said after the environments' names.
func (d *document) addPlans(plans []*release.Plan, suffix string) {
	vs := views(plans)
	ids := make([]string, len(vs))
	for i := range vs {
		where := vs[i].where(len(plans))
		if suffix != "" {
			where = vs[i].environments[0] + suffix
		}
		ids[i] = d.addSection(&vs[i], where, strings.Join(vs[i].environments, " "), "")
	}
	from := len(d.Columns)
	for _, p := range plans {
		d.Columns = append(d.Columns, shown(p.Environment)+suffix)
		d.Totals = append(d.Totals, counts(p.Count(), "−"))
		if !slices.Contains(d.Environments, p.Environment) {
			d.Environments = append(d.Environments, p.Environment)
		}
	}
	for _, table := range tableNames(vs) {
		l := d.line(table)
		for i, p := range plans {
			c := summaryCell{Text: tableChange(p, table)}
			if v := slices.IndexFunc(vs, func(v tableView) bool {
				return v.table.Schema.Name == table && slices.Contains(v.environments, p.Environment)
			}); v >= 0 {
				c.ID = ids[v]
				if l.ID == "" {
					l.ID, l.Sheets = ids[v], sheetsOf(vs[v].table)
				}
			}
			l.set(from+i, c)
		}
	}
}

// addNotices says what holds, waits, and was rehearsed in each environment.
func (d *document) addNotices(plans []*release.Plan, base string) {
	for _, p := range plans {
		if h := p.Base.Hold; h != nil {
			d.notice(holdLine(p.Environment, h.By, h.Reason, instant(h.Since)), badNotice)
		}
		var waiting plan.Count
		for _, t := range p.Pending {
			waiting = waiting.Add(t.Count())
		}
		if n := waiting.Total(); n > 0 {
			d.notice(p.Environment+": "+grouped(n)+" of these changes are on "+base+" already and wait for a release ("+counts(waiting, "−")+"). They are marked “merged”.", noteNotice)
		}
		switch {
		case p.Rehearsal != nil:
			d.notice("Rehearsed on "+p.Environment+": "+rehearsed(p.Rehearsal)+".", goodNotice)
		case p.Unrehearsed != "":
			d.notice("Not rehearsed on "+p.Environment+": "+stop(p.Unrehearsed), noteNotice)
		}
	}
}

func holdLine(environment, by, reason, since string) string {
	return "On hold: " + environment + " takes no release since " + since + ", by " + by + ". Reason: " + stop(reason)
}
