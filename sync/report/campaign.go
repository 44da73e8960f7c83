package report

import (
	"io"
	"strconv"
	"strings"
	"time"

	"liveops/pushd/campaign"
)

// campaignFormat is how a time of a campaign is written; the zone stands in the column's head.
const campaignFormat = "Mon 2006-01-02 15:04"

// CampaignMarkdown is what a campaign would do, in each of the environments that previews are of.
func CampaignMarkdown(previews []campaign.Preview) string {
	var b strings.Builder
	show := func(s string) string { return codeSpan(s, 130) }
	for i := range previews {
		p := &previews[i]
		b.WriteString("**" + capital(campaignTitle(p, show)) + "**")
		if p.Description != "" {
			b.WriteString(" — " + prose(p.Description))
		}
		b.WriteString("\n\n" + campaignBody(p))
		b.WriteString("\n<details><summary>" + htmlCode(p.Campaign, 130) + ": " + several(len(p.Cards), "message") + " as phones show them</summary>\n\n" + fenced(cards(p)) + "\n</details>\n\n")
	}
	return b.String()
}

// campaignBody is what a campaign would do, in Markdown, without its messages.
func campaignBody(p *campaign.Preview) string {
	var b strings.Builder
	show := func(s string) string { return codeSpan(s, 130) }
	if len(p.Times) > 0 {
		b.WriteString(markdownTable(campaignTimes(p, show)) + "\n")
	}
	if len(p.Portions) > 0 {
		b.WriteString(markdownTable(campaignAudience(p, show)) + "\n")
	}
	for _, s := range campaignPhrases(p, "**", show, prose) {
		b.WriteString("- " + s + "\n")
	}
	return b.String()
}

// CampaignText writes the same for a terminal.
func CampaignText(w io.Writer, previews []campaign.Preview, o TextOptions) error {
	t := &terminal{color: o.Color}
	for i := range previews {
		if i > 0 {
			t.line("")
		}
		t.preview(&previews[i])
	}
	return t.flush(w)
}

// preview writes what a campaign would do.
func (t *terminal) preview(p *campaign.Preview) {
	show := func(s string) string { return literal(s, 130) }
	t.line(t.paint(bold, capital(campaignTitle(p, show))))
	if p.Description != "" {
		t.line(literal(p.Description, longestProse))
	}
	for _, rows := range [][][]string{campaignTimes(p, show), campaignAudience(p, show)} {
		if len(rows) > 1 {
			t.line("")
			t.aligned(rows)
		}
	}
	t.line("")
	for _, s := range campaignPhrases(p, "", show, func(s string) string { return literal(s, longestProse) }) {
		t.line("- " + s)
	}
	t.line("")
	t.rows(cards(p))
}

// aligned writes rows of a table, the first of them its heads.
func (t *terminal) aligned(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, s := range row {
			widths[i] = max(widths[i], cells(s))
		}
	}
	for i, row := range rows {
		var b strings.Builder
		for j, s := range row {
			_, err := strconv.Atoi(strings.ReplaceAll(s, ",", ""))
			b.WriteString(pad(s, widths[j], err == nil) + gap)
		}
		line := strings.TrimRight(b.String(), " ")
		if i == 0 {
			line = t.paint(bold, line)
		}
		t.line("  " + line)
	}
}

// markdownTable is rows of Markdown as a table, the first of them its heads.
func markdownTable(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("|")
		for _, s := range row {
			b.WriteString(" " + tableCell(s) + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	return b.String()
}

// campaignTitle is a campaign in a line. show shows its name.
func campaignTitle(p *campaign.Preview, show func(string) string) string {
	s := "campaign " + show(p.Campaign) + " in " + show(p.Environment) + ": "
	switch {
	case p.Past:
		return s + "its time is past, and nothing is sent"
	case !p.Counted:
		return s + "its audience was not counted"
	case p.Tokens == 0:
		return s + "nobody is in its audience"
	}
	return s + phonesPhrase(p)
}

// phonesPhrase is how many phones get it, and in which time.
func phonesPhrase(p *campaign.Preview) string {
	s := several(p.Tokens, "phone")
	if p.Late > 0 {
		s = grouped(p.Tokens-p.Late) + " of " + s
	}
	if p.Takes > 0 {
		s += " in about " + inUnits(max(p.Takes.Round(time.Second), time.Second))
	}
	return s
}

// campaignTimes are the next times, below their heads.
func campaignTimes(p *campaign.Preview, show func(string) string) [][]string {
	rows := [][]string{{"due", "in " + show(p.Zone), "UTC", "begins (UTC)"}}
	if p.EachUser {
		rows = [][]string{{"due", "in each user's zone", "first (UTC)", "last (UTC)", "runs"}}
	}
	for i, f := range p.Times {
		row := []string{strconv.Itoa(i + 1), f.Local.Format(campaignFormat), f.UTC.Format(campaignFormat)}
		if p.EachUser {
			row = append(row, f.Last.Format(campaignFormat), grouped(f.Waves))
		} else {
			row[1] += " " + f.Local.Format("-07:00")
			row = append(row, show(f.Start.Format("15:04:05")))
		}
		rows = append(rows, row)
	}
	return rows
}

// campaignAudience is how many phones there are of each platform, by message.
func campaignAudience(p *campaign.Preview, show func(string) string) [][]string {
	head := []string{"phones", "all"}
	for _, l := range p.Languages {
		head = append(head, show(l.Name))
	}
	rows := [][]string{head}
	for _, platform := range p.Platforms {
		row := []string{platform.Name, grouped(platform.Tokens)}
		for _, l := range p.Languages {
			n := 0
			for _, part := range p.Portions {
				if string(part.Platform) == platform.Name && part.Language == l.Name {
					n = part.Tokens
				}
			}
			row = append(row, grouped(n))
		}
		rows = append(rows, row)
	}
	if len(p.Platforms) > 1 {
		row := []string{"all", grouped(p.Tokens)}
		for _, l := range p.Languages {
			row = append(row, grouped(l.Tokens))
		}
		rows = append(rows, row)
	}
	return rows
}
