package report

import (
	"bytes"
	"slices"
	"strings"

	"liveops/sync/release"
)

// campaignNames are the campaigns that change in any of the environments, sorted.
func campaignNames(plans []*release.Plan) []string {
	var ns []string
	for _, p := range plans {
		for i := range p.Campaigns {
			ns = append(ns, p.Campaigns[i].Name)
		}
	}
	slices.Sort(ns)
	return slices.Compact(ns)
}

// campaignCount is how many campaigns change, in words; "" where none does.
func campaignCount(p *release.Plan) string {
	if len(p.Campaigns) == 0 {
		return ""
	}
	return several(len(p.Campaigns), "campaign")
}

// planCounts is what a plan would do, in a few words: "+3 −1 ~4, 1 purge of 312 documents, 1 campaign".
func planCounts(p *release.Plan) string {
	var parts []string
	if p.Count().Total() > 0 {
		parts = append(parts, counts(p.Count(), "−"))
	}
	for _, besides := range []string{purgeCount(p), campaignCount(p)} {
		if besides != "" {
			parts = append(parts, besides)
		}
	}
	if parts == nil {
		return nothing
	}
	return strings.Join(parts, ", ")
}

// campaigns writes the campaigns that change in an environment.
func (t *terminal) campaigns(p *release.Plan) {
	for i := range p.Campaigns {
		c := &p.Campaigns[i]
		t.line("  " + campaignLine(p.Environment, c, "the default branch", func(s string) string { return literal(s, 130) }))
	}
	for i := range p.Campaigns {
		if preview := p.Campaigns[i].Preview; preview != nil {
			t.line("")
			t.preview(preview)
		}
	}
}

// campaignSteps is which campaigns a release has changed, where; "" where it has none.
func campaignSteps(p *release.Progress) string {
	var b strings.Builder
	for i := range p.Steps {
		for _, c := range releasedCampaigns(&p.Steps[i]) {
			b.WriteString("- " + name(p.Steps[i].Environment) + ": campaign " + codeSpan(c.Name, 130) + " " + campaignWord(&c) + "\n")
		}
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// campaignWord is what became of a campaign.
func campaignWord(c *release.CampaignChange) string {
	switch {
	case c.After == "":
		return "removed"
	case c.Before == "":
		return "added"
	}
	return "changed"
}

// releasedCampaigns are those that a step has changed.
func releasedCampaigns(s *release.Step) []release.CampaignChange {
	if s.Plan == nil || s.State != release.Applied && s.State != release.Same && s.State != release.Purging {
		return nil
	}
	return s.Plan.Campaigns
}

// addCampaigns adds what campaigns would do, as the terminal shows it.
func (d *document) addCampaigns(plans []*release.Plan, base string) {
	for _, p := range plans {
		for i := range p.Campaigns {
			c := &p.Campaigns[i]
			one := campaignPart{Line: capital(campaignLine(p.Environment, c, base, shown))}
			if c.Preview != nil {
				t := &terminal{}
				t.preview(c.Preview)
				var b bytes.Buffer
				if t.flush(&b) == nil { // a buffer takes all
					one.Text = b.String()
				}
			}
			d.Campaigns = append(d.Campaigns, one)
		}
	}
}

// campaignPart is a campaign in a page: what becomes of it in a line, and what it would do; "" where that is not known.
type campaignPart struct{ Line, Text string }
