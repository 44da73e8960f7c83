package report

import (
	"strconv"
	"strings"
	"time"

	"liveops/pushd/campaign"
)

// mostOverlaps is how many overlaps with other campaigns are told.
const mostOverlaps = 5

// campaignPhrases are what is to be known of a campaign beside its tables, a sentence each. strong is what stands around words that
// must be seen, and show shows a name.
func campaignPhrases(p *campaign.Preview, strong string, show, say func(string) string) []string {
	var all []string
	for _, d := range p.Doubts {
		all = append(all, strong+"Is this meant?"+strong+" "+say(d))
	}
	if p.Uncounted != "" {
		all = append(all, strong+"Not counted"+strong+": "+stop(say(p.Uncounted)))
	}
	if len(p.Only) > 0 {
		all = append(all, onlyPhrase(p.Only, show))
	}
	if p.Zoneless > 0 {
		all = append(all, strong+several(p.Zoneless, "phone")+" of "+grouped(p.Tokens)+" without a time zone"+strong+": the column has none for them, or none that is one. They get it by the clocks of "+show(p.Zone)+".")
	}
	if s := latePhrase(p, strong); s != "" {
		all = append(all, s)
	}
	if len(p.Slower) > 0 {
		all = append(all, strong+capital(gateways(p.Slower)+" quota makes it longer")+strong+": at its own rate it would take "+inUnits(max(p.AtRate.Round(time.Second), time.Second))+
			", with the quota it takes "+inUnits(p.Takes.Round(time.Second))+".")
	}
	if p.Servers != nil {
		all = append(all, serversPhrase(p.Servers, strong))
	}
	if p.Test != nil {
		all = append(all, testPhrase(p.Test, show))
	}
	if p.Guard != "" {
		all = append(all, "It pauses while the guard "+show(p.Guard)+" is not healthy.")
	}
	if p.Reading != "" {
		all = append(all, "Reading its tokens: "+stop(say(p.Reading)))
	}
	return append(all, overlapPhrases(p.Overlaps, strong, show)...)
}

// latePhrase says of which times the clocks of some zones are beyond already, and what becomes of the phones there; "" where of none.
func latePhrase(p *campaign.Preview, strong string) string {
	var first *campaign.Firing
	more := 0
	for i := range p.Times {
		switch f := &p.Times[i]; {
		case f.PastWaves == 0:
		case first == nil:
			first = f
		default:
			more++
		}
	}
	if first == nil {
		return ""
	}
	s := strong + "Partly past" + strong + ": where " + several(first.PastTokens, "phone") + map[bool]string{true: " is", false: " are"}[first.PastTokens == 1] +
		", clocks are beyond " + first.Local.Format(campaignFormat) + " already (" + several(first.PastWaves, "run") + "; " + grouped(first.Waves) + " to come)"
	if more > 0 {
		s += ", and beyond " + several(more, "more time") + " of those above"
	}
	s += ". A release does not make up for it"
	if p.Late > 0 {
		return s + ": who did not get it before gets nothing."
	}
	return s + ": who did not get it before gets it the next time."
}

// onlyPhrase says that nobody but those of some lists gets anything.
func onlyPhrase(lists []string, show func(string) string) string {
	var all []string
	for _, l := range lists {
		all = append(all, show(l))
	}
	if len(all) == 1 {
		return "Of its audience, only the list " + all[0] + " gets anything here."
	}
	return "Of its audience, only the lists " + list(all) + " get anything here."
}

// overlapPhrases are the overlaps with each other campaign, told once for each way in which they overlap.
func overlapPhrases(overlaps []campaign.Overlap, strong string, show func(string) string) []string {
	type way struct {
		other             string
		sending, capacity bool
	}
	times := map[way]int{}
	var first []campaign.Overlap
	for _, o := range overlaps {
		w := way{o.Other, o.Sending, o.Capacity}
		if times[w]++; times[w] == 1 {
			first = append(first, o)
		}
	}
	var all []string
	for i, o := range first {
		if i == mostOverlaps {
			return append(all, "… and "+several(len(first)-i, "more overlap")+".")
		}
		s := strong + "Overlap" + strong + " with " + show(o.Other) + " of " + o.At.UTC().Format(campaignFormat) + " UTC"
		if n := times[way{o.Other, o.Sending, o.Capacity}]; n > 1 {
			s += ", and " + several(n-1, "more time") + " among those above"
		}
		all = append(all, s+": "+overlapPhrase(o))
	}
	return all
}

func gateways(all []campaign.Gateway) string {
	var words []string
	for _, g := range all {
		words = append(words, map[campaign.Gateway]string{campaign.FCM: "FCM's", campaign.APNs: "the APNs"}[g])
	}
	return strings.Join(words, " and ")
}

func overlapPhrase(o campaign.Overlap) string {
	switch {
	case o.Sending && o.Capacity:
		return "both send at once and share the quotas, so each takes longer; servers are added for the larger need, not for both."
	case o.Sending:
		return "both send at once and share the quotas, so each takes longer."
	}
	return "servers are added for the larger need, not for both."
}

func testPhrase(t *campaign.Test, show func(string) string) string {
	var who []string
	if t.List != "" {
		who = append(who, "the list "+show(t.List))
	}
	if n := len(t.Tokens); n > 0 {
		who = append(who, several(n, "test phone"))
	}
	s := capital(strings.Join(who, " and "))
	verb := " gets"
	if len(t.Tokens) > 1 || len(who) > 1 {
		verb = " get"
	}
	const arrives = " The others get it when that has arrived."
	if t.Before == 0 {
		return s + verb + " each run first, right before the others." + arrives
	}
	return s + verb + " each run " + inUnits(t.Before) + " before the others." + arrives
}

// serversPhrase says how many servers are added, and when.
func serversPhrase(g *campaign.Growth, strong string) string {
	times := strconv.FormatFloat(g.Factor, 'f', -1, 64)
	var s string
	switch {
	case !g.Known:
		s = "Game servers: " + times + " times as many as run then; how many that is, is not known here."
	case g.Now == 0:
		s = strong + "No game server runs" + strong + ", so none is added."
	case g.Added == 0:
		s = strong + "No game server is added" + strong + ": " + grouped(g.Now) + " run, and " + grouped(g.Max) + " are the most."
	default:
		s = strong + several(g.Added, "game server") + " would be added" + strong + " to the " + grouped(g.Now) + " that run now, " + inUnits(g.Lead) + " before it begins"
		if g.Hold > 0 {
			s += ", until " + inUnits(g.Hold) + " after its end"
		}
		if g.Wanted > g.Now+g.Added {
			s += ". " + strong + "Fewer than asked for" + strong + ": " + times + " times would be " + grouped(g.Wanted) + ", and " + grouped(g.Max) + " are the most"
		}
		s += "."
	}
	switch {
	case g.Known && g.Added == 0:
	case g.IfLate == campaign.HoldBack:
		s += " If they are late, the run waits for them."
	default:
		s += " If they are late, the run begins all the same."
	}
	return s
}
