package report

import (
	"strings"

	"liveops/pushd/campaign"
)

const (
	phoneWidth = 44 // cells of a phone's line
	phoneLines = 8  // of a message's text
)

// cards are a campaign's messages as a phone would show them.
func cards(p *campaign.Preview) []line {
	var all []line
	for _, c := range p.Cards {
		head := c.Language
		if p.Counted {
			head += ", " + several(c.Tokens, "phone")
		}
		all = append(all, line{titleLine, "@@ " + literal(head+", "+grouped(c.Bytes)+" of "+grouped(campaign.MostPayload)+" bytes", lineWidth-6) + " @@"})
		if c.Text.Title != "" {
			all = append(all, wrapped("┃ ", c.Text.Title, 2)...)
		}
		all = append(all, wrapped("┃ ", c.Text.Body, phoneLines)...)
		if c.Text.Image != "" {
			all = append(all, line{plainLine, "image " + literal(c.Text.Image, lineWidth-8)})
		}
		if c.Text.DeepLink != "" {
			all = append(all, line{plainLine, "opens " + literal(c.Text.DeepLink, lineWidth-8)})
		}
	}
	return all
}

// wrapped is a text in lines of a phone's width, each behind a mark, at blanks where there are some; most of them at most.
func wrapped(mark, text string, most int) []line {
	var all []line
	for _, paragraph := range strings.Split(text, "\n") {
		for first := true; first || paragraph != ""; first = false {
			var l string
			l, paragraph = oneLine(paragraph)
			if len(all) == most {
				all[most-1].text = mark + "…"
				return all
			}
			all = append(all, line{plainLine, mark + l})
		}
	}
	return all
}

// oneLine splits a phone's line off a text.
func oneLine(text string) (l, rest string) {
	width, blank := 0, 0
	for at := text; at != ""; {
		g, after := nextGlyph(at)
		if width+g.width > phoneWidth {
			end := len(text) - len(at)
			if blank > 0 {
				end = blank
			}
			return literal(strings.TrimRight(text[:end], " "), phoneWidth), strings.TrimLeft(text[end:], " ")
		}
		width += g.width
		if at[0] == ' ' {
			blank = len(text) - len(after)
		}
		at = after
	}
	return literal(text, phoneWidth), ""
}
