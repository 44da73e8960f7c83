package report

import (
	"html"
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
