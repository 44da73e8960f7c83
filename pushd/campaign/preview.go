package campaign

import (
	"cmp"
	"math"
	"slices"
	"time"

	"liveops/wallclock"
)

// previewTimes is how many of the next times are shown.
const previewTimes = 5

// FCMQuota is how many messages a project may send unless Google gave it more
// (https://firebase.google.com/docs/cloud-messaging/throttling-and-quotas). Apple names no quota.
func FCMQuota() Rate { return Rate{600_000, time.Minute} }

// Given is what a preview of a campaign in an environment is made from: whoever makes one has asked.
type Given struct {
	Environment string
	Now         time.Time
	Audience    []Portion            // each platform and language once; nil where nobody has counted
	Zones       map[string]int       // tokens by the zone in their column; read only where each user's own zone counts
	Gateways    map[Platform]Gateway // nil is Android's by FCM and iOS's by APNs
	Quotas      map[Gateway]Rate     // a gateway that it lacks has none but FCM, which has FCMQuota
	Servers     *Servers             // nil where nobody has asked, or none can be added
	Others      []Other              // the environment's other campaigns; the campaign itself among them does not count
	Uncounted   string               // why nobody has counted, a line of prose; "" where somebody has, or nobody says
	Reading     string               // what reading the audience costs beyond reading it once, a line of prose; "" for nothing, or where that is not known
	Only        []string             // the lists that alone get anything in the environment; nil for everyone
}

// Counted is what was counted of an audience.
type Counted struct {
	Audience []Portion      // not nil
	Zones    map[string]int // as Given has them; nil where they do not count
	Reading  string         // as Given has it
}

// Portion is a part of an audience.
type Portion struct {
	Platform Platform
	Language string // as the tokens have it; which message that is, Language says
	Tokens   int
}

// Servers are the game's, and how many there may be.
type Servers struct{ Now, Max int }

// Preview is what a campaign would do in an environment. It is a value, sorted, the same for the same Given.
type Preview struct {
	Campaign    string
	Description string
	Environment string
	Zone        string // in which the times are named; of users without one where EachUser
	EachUser    bool
	Times       []Firing // the next five; none where the campaign's time is past
	Past        bool     // it had one time, and that is over: it is no problem once it was run

	Counted   bool   // the audience was counted; what is below is 0 otherwise
	Uncounted string // why it was not, a line of prose; "" where it was, or nobody says
	Reading   string // what reading it costs, as Given has it
	Only      []string
	Tokens    int
	Late      int       // of Tokens, those in whose zones the one time is over; 0 for a schedule, which comes again
	Zoneless  int       // of Tokens, those without a zone that is one, who get it by Zone; 0 but where EachUser
	Platforms []Count   // largest first
	Languages []Count   // by message, largest first; messages that nobody gets are there with 0
	Portions  []Portion // by platform and message, sorted by both

	AtRate, Takes time.Duration // at the campaign's own rate (0 where it has none), and with the gateways' quotas
	Slower        []Gateway     // whose quota makes the run longer than its rate does

	Servers *Growth // nil where none are added
	Guard   string
	Test    *Test

	Cards    []Card
	Overlaps []Overlap
	Doubts   []string `json:",omitempty"` // what may not be meant, a sentence each
}

// Firing is one time that the schedule names.
type Firing struct {
	Local time.Time // in the campaign's zone
	UTC   time.Time // the same; where each user's own zone counts, when the first of those has it that is still to come
	Start time.Time // when the run of UTC begins, with jitter; in UTC
	Last  time.Time // when the last zone has it, in UTC; UTC where all have one zone
	Waves int       // how many runs that makes; 1 where all have one zone
	// PastWaves are those that are over where each user's own zone counts, and PastTokens the tokens of their zones. Whatever is released now
	// does not send to them any more.
	PastWaves, PastTokens int
}

// Count is how many tokens one thing has.
type Count struct {
	Name   string
	Tokens int
}

// Growth is how many servers are added for a run.
type Growth struct {
	Known           bool // whether Now and Max are
	Now, Added, Max int
	Wanted          int // by the factor alone: above Now+Added where Max is in the way
	Factor          float64
	Lead, Hold      time.Duration
	IfLate          Late
}

// Card is a message as a phone would show it.
type Card struct {
	Language string // Default, or a tag
	Text     Text   // with the image and deep link that all share, where it has none
	Tokens   int
	Bytes    int // of MostPayload, by the gateway that counts most
}

// Preview says what the campaign would do.
func (c *Campaign) Preview(g Given) Preview {
	p := Preview{
		Campaign: c.Name, Description: c.Description, Environment: g.Environment, Zone: c.Zone.String(), EachUser: c.EachUser,
		Guard: c.Guard, Test: c.Test, Counted: g.Audience != nil, Uncounted: g.Uncounted, Reading: g.Reading, Only: g.Only,
	}
	p.Times = c.firings(g)
	p.Past = len(p.Times) == 0 && c.cron == nil
	p.count(c, g)
	p.zones(c, g)
	p.AtRate, p.Takes, p.Slower = c.takes(g, p.Tokens-p.Late)
	if k := c.Capacity; k != nil {
		p.Servers = k.growth(g.Servers)
	}
	for _, l := range c.Languages() {
		card := Card{Language: l, Text: c.text(l), Bytes: c.Sizes(l, g.Gateways)[0].Bytes}
		for _, of := range p.Languages {
			if of.Name == l {
				card.Tokens = of.Tokens
			}
		}
		p.Cards = append(p.Cards, card)
	}
	p.Doubts = append(c.doubts(), p.meetsItself()...)
	if n := len(p.Times); n > 0 {
		p.Overlaps = c.overlaps(g, p.Times[n-1].Last)
	}
	return p
}

// firings are the next times that the schedule names, each with its waves.
func (c *Campaign) firings(g Given) []Firing {
	var all []Firing
	for _, f := range c.timetable(g).faces(g.Now, previewTimes) {
		first := f.instants[0]
		late := 0
		for _, name := range f.names {
			late += g.Zones[name]
		}
		all = append(all, Firing{
			PastWaves: len(f.past), PastTokens: late,
			Local: wallclock.FirstInstant(f.face, c.Zone).In(c.Zone), UTC: first, Start: Run{g.Environment, c.Name, first}.Start(c.Jitter).UTC(),
			Last: f.instants[len(f.instants)-1], Waves: len(f.instants),
		})
	}
	return all
}

func (c *Campaign) timetable(g Given) *Timetable {
	var zones []string
	for z := range g.Zones {
		zones = append(zones, z)
	}
	return c.Timetable(zones)
}

// count adds the audience up by platform, by message, and by both.
func (p *Preview) count(c *Campaign, g Given) {
	platforms, languages, both := map[string]int{}, map[string]int{}, map[Portion]int{}
	for _, l := range c.Languages() {
		languages[l] = 0
	}
	for _, part := range g.Audience {
		l := c.Language(part.Language)
		p.Tokens += part.Tokens
		platforms[string(part.Platform)] += part.Tokens
		languages[l] += part.Tokens
		both[Portion{Platform: part.Platform, Language: l}] += part.Tokens
	}
	p.Platforms, p.Languages = largestFirst(platforms), largestFirst(languages)
	for part, n := range both {
		part.Tokens = n
		p.Portions = append(p.Portions, part)
	}
	slices.SortFunc(p.Portions, func(a, b Portion) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Language, b.Language))
	})
}

// zones counts who has no zone, and for whom the one time is over.
func (p *Preview) zones(c *Campaign, g Given) {
	if !p.EachUser || !p.Counted {
		return
	}
	for name, n := range g.Zones {
		if _, known := placeOf(name); !known {
			p.Zoneless += n
		}
	}
	if c.cron == nil && len(p.Times) > 0 {
		p.Late = min(p.Times[0].PastTokens, p.Tokens)
	}
}

func largestFirst(counts map[string]int) []Count {
	var all []Count
	for name, n := range counts {
		all = append(all, Count{name, n})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Tokens, a.Tokens), cmp.Compare(a.Name, b.Name)) })
	return all
}

// takes is how long tokens take, spread over platforms as the audience is: at the campaign's rate alone, and with the gateways'
// quotas, each of which holds back its own share only.
func (c *Campaign) takes(g Given, tokens int) (atRate, takes time.Duration, slower []Gateway) {
	atRate = c.Rate.Takes(tokens)
	takes = atRate
	all, share := 0, map[Gateway]int{}
	for _, part := range g.Audience {
		all += part.Tokens
		share[gatewayOf(part.Platform, g.Gateways)] += part.Tokens
	}
	for _, by := range []Gateway{APNs, FCM} {
		if all == 0 || share[by] == 0 {
			continue
		}
		quota := g.quota(by).Takes(int(math.Round(float64(tokens) * float64(share[by]) / float64(all))))
		takes = max(takes, quota)
		if atRate > 0 && quota > atRate {
			slower = append(slower, by)
		}
	}
	return atRate, takes, slower
}

func (g Given) quota(by Gateway) Rate {
	if q, ok := g.Quotas[by]; ok {
		return q
	}
	if by == FCM {
		return FCMQuota()
	}
	return Rate{}
}

func (k *Capacity) growth(s *Servers) *Growth {
	g := &Growth{Factor: k.Factor, Lead: k.Lead, Hold: k.Hold, IfLate: k.IfLate}
	if s == nil {
		return g
	}
	g.Known, g.Now, g.Max = true, s.Now, s.Max
	g.Wanted = k.Wants(s.Now)
	g.Added = max(min(g.Wanted, s.Max)-s.Now, 0)
	return g
}

// Wants is how many servers there are to be where so many run now, before any maximum: a part of a server is one.
func (k *Capacity) Wants(now int) int { return int(math.Ceil(float64(now)*k.Factor - 1e-9)) }
