package report

import (
	"bytes"
	"html"
	"slices"
	"strings"

	"liveops/sync/release"
)

// cardRows is the detail below which a comment shows no messages any more: they stand in the page.
const cardRows = 20

// campaignSection is which campaigns change in each environment, and the previews of those that come with this change, folded;
// "" where none changes. base is the default branch.
func campaignSection(plans []*release.Plan, base string, d detail) string {
	var lines []string
	var shown strings.Builder
	cardsIn := map[string]string{} // the environment that shows a campaign's messages, by what the campaign is
	for _, p := range plans {
		for i := range p.Campaigns {
			c := &p.Campaigns[i]
			lines = append(lines, "- "+campaignLine(p.Environment, c, base, func(s string) string { return codeSpan(s, 130) }))
			if c.Preview != nil && d.rows > 0 {
				shown.WriteString(campaignPreview(p.Environment, c, cardsIn, d))
			}
		}
	}
	if len(lines) == 0 {
		return ""
	}
	if more := len(lines) - d.items; more > 0 {
		lines = append(lines[:d.items], "- … and "+several(more, "more campaign"))
	}
	if n := previewsOmitted(plans, d); n > 0 {
		shown.WriteString("The " + map[bool]string{true: "preview is", false: "previews are"}[n == 1] + " too long for a comment.\n\n")
	}
	return strings.Join(lines, "\n") + "\n\n" + shown.String()
}

// previewsOmitted is how many previews a comment has no room for, whole or in part.
func previewsOmitted(plans []*release.Plan, d detail) int {
	n := 0
	for _, p := range plans {
		for i := range p.Campaigns {
			if p.Campaigns[i].Preview != nil && d.rows < cardRows {
				n++
			}
		}
	}
	return n
}

// campaignLine says in a line what becomes of a campaign in an environment. show shows a name.
func campaignLine(environment string, c *release.CampaignChange, base string, show func(string) string) string {
	s := "campaign " + show(c.Name)
	in := show(environment)
	switch {
	case c.After == "":
		s += " is removed from " + in + ": no more of its pushes are begun"
	case c.Before == "":
		s += " is added in " + in
	default:
		s += " changes in " + in
	}
	switch p := c.Preview; {
	case c.Pending:
		return s + ". It is on " + show(base) + " already, and waits for a release."
	case p == nil:
		return s + "."
	case p.Past:
		return s + "; its time is past, and nothing is sent."
	default:
		if len(p.Times) > 0 {
			s += "; next " + p.Times[0].UTC.Format(campaignFormat) + " UTC"
		}
		if !p.Counted {
			return s + ", to how many phones was not counted."
		}
		return s + ", to " + phonesPhrase(p) + "."
	}
}

// campaignPreview is the preview of a campaign, folded. Messages are shown once for all environments that get the same.
func campaignPreview(environment string, c *release.CampaignChange, cardsIn map[string]string, d detail) string {
	p := c.Preview
	head := htmlCode(c.Name, 130) + " in " + html.EscapeString(literal(environment, 64)) + ": times, audience, " + several(len(p.Cards), "message")
	var b strings.Builder
	b.WriteString("<details><summary>" + head + "</summary>\n\n")
	if p.Description != "" {
		b.WriteString("What it is for: " + stop(prose(p.Description)) + "\n\n")
	}
	b.WriteString(campaignBody(p) + "\n")
	key := c.Name + " " + c.After
	switch first := cardsIn[key]; {
	case d.rows < cardRows:
	case first != "":
		b.WriteString("Its messages are as in " + name(first) + ".\n")
	default:
		cardsIn[key] = environment
		b.WriteString(fenced(cards(p)))
	}
	return b.String() + "\n</details>\n\n"
}

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
