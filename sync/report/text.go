package report

import (
	"io"
	"slices"

	"liveops/datasheets"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// TextOptions says how text is written.
type TextOptions struct {
	Color bool // with the escape sequences of a terminal
	Width int  // cells of a line, by which wide tables are narrowed; 0 for 120
}

// pageRows is how many rows of a table are laid out together, under column names of their own.
const pageRows = 500

// narrowest is the width below which lines are no longer narrowed.
const narrowest = 40

// Text writes problems, then for each environment what changes, with every row. Rows that change alike in an
// earlier environment are not repeated.
func Text(w io.Writer, plans []*release.Plan, problems []datasheets.Problem, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 120
	}
	o.Width = max(o.Width, narrowest)
	t := &terminal{color: o.Color}
	fs := findings(problems, plans)
	t.findings(fs)
	if len(fs) > 0 && len(plans) > 0 {
		t.line("")
	}
	vs := views(plans)
	for i, p := range plans {
		if i > 0 {
			t.line("")
		}
		t.environment(p)
		for j := range vs {
			if !slices.Contains(vs[j].environments, p.Environment) {
				continue
			}
			if vs[j].environments[0] == p.Environment {
				t.line("")
			}
			t.table(&vs[j], p)
			if vs[j].environments[0] != p.Environment {
				continue
			}
			if err := t.pages(w, &vs[j], o.Width); err != nil {
				return err
			}
		}
	}
	t.blanks(vs)
	return t.flush(w)
}

// environment writes the line of an environment, and its hold.
func (t *terminal) environment(p *release.Plan) {
	s, besides := t.paint(bold, literal(p.Environment, 64))+": ", purgeCount(p)
	if campaigns := campaignCount(p); besides != "" && campaigns != "" {
		besides += ", " + campaigns
	} else {
		besides += campaigns
	}
	switch n := len(p.Changed()); {
	case n > 0:
		s += t.counts(p.Count()) + " in " + several(n, "table")
	case len(p.Problems) > 0:
		s += several(len(p.Problems), "problem")
	case besides == "":
		s += nothing
	}
	if besides != "" && (len(p.Changed()) > 0 || len(p.Problems) > 0) {
		besides = ", " + besides
	}
	s += besides
	if p.Digest != "" && !p.Idle() {
		s += t.paint(dim, "  plan "+release.ShortDigest(p.Digest))
	}
	t.line(s)
	for _, l := range partly([]*release.Plan{p}, func(s string) string { return literal(s, 64) }) {
		t.line("  " + l)
	}
	t.rehearsal(p)
	if h := p.Base.Hold; h != nil {
		t.line(t.paint(yellow, "  on hold since "+instant(h.Since)+" by "+literal(h.By, 60)+": "+literal(h.Reason, 1000)))
	}
	t.purges(p)
	t.campaigns(p)
	var waiting plan.Count
	for _, table := range p.Pending {
		waiting = waiting.Add(table.Count())
	}
	if n := waiting.Total(); n > 0 {
		t.line("  " + grouped(n) + " of them merged already, waiting for a release")
	}
}

// table writes the line of a table: its counts and sheets, or the environment that shows its rows.
func (t *terminal) table(v *tableView, p *release.Plan) {
	s := t.paint(bold, literal(v.table.Schema.Name, 64)) + " " + t.counts(v.count())
	if i := slices.IndexFunc(p.Tables, func(here *plan.Table) bool { return here.Schema.Name == v.table.Schema.Name }); i >= 0 {
		s += unowned(p.Tables[i])
	}
	if v.environments[0] != p.Environment {
		t.line(s + t.paint(dim, "  as in "+v.environments[0]))
		return
	}
	t.line(s + t.paint(dim, "  "+sheets(v.table.Sources, len(v.table.Sources), literal)))
}

// pages writes all rows of a table, page by page.
func (t *terminal) pages(w io.Writer, v *tableView, width int) error {
	for _, part := range []struct {
		title   string
		changes []plan.Change
	}{
		{v.table.Schema.Name, v.own},
		{v.table.Schema.Name + ": merged already, waiting for a release", v.pending},
	} {
		for rows := range slices.Chunk(part.changes, pageRows) {
			h := newHunk(part.title, rows, pageRows)
			t.rows(h.lines(v.table, width))
			if err := t.flush(w); err != nil {
				return err
			}
		}
	}
	return nil
}
