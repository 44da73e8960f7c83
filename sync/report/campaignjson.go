package report

import (
	"io"
	"time"

	"liveops/datasheets"
	"liveops/pushd/campaign"
	"liveops/sync/release"
)

// CampaignJSON writes what campaigns would do for programs, and the problems of their files. Its shape is stable: keys may be
// added, none changes.
//
//	problems[]                  {at: {path, line, column}, text, mend}
//	campaigns[]                 each in each environment
//	  name, environment, description
//	  timezone, eachUser
//	  past                      its one time is over
//	  times[]                   {local, utc, begins, last, runs}: RFC 3339; with past, {runs, tokens}, where some zones' turn is over
//	  tokens                    null where nobody has counted; else {all, platforms: {}, languages: {}}; with late, of them those whose one time is
//	                            over, and withoutZone, those without a zone that is one, where there are such
//	  uncounted, reading        why nobody has, and what reading the tokens costs; left out where there is nothing to say
//	  only[]                    the lists that alone get anything in the environment; left out where everybody may
//	  seconds                   {atRate, takes}; slower: the gateways whose quota is in the way
//	  test                      left out where nobody gets it first; else {list, tokens, before}: a list's name or "", how many tokens besides, seconds
//	  servers                   null, or {now, added, max, wanted}; these are null where they are not known
//	  messages[]                {language, title, body, image, deepLink, tokens, bytes}
//	  overlaps[]                {time, campaign, at, sending, servers}
func CampaignJSON(w io.Writer, previews []campaign.Preview, problems []datasheets.Problem) error {
	all := []jsonCampaign{}
	for i := range previews {
		all = append(all, campaignOf(&previews[i]))
	}
	return writeJSON(w, map[string]any{"problems": some(problems), "campaigns": all})
}

type jsonCampaign struct {
	Name        string             `json:"name"`
	Environment string             `json:"environment"`
	Description string             `json:"description"`
	Timezone    string             `json:"timezone"`
	EachUser    bool               `json:"eachUser"`
	Past        bool               `json:"past"`
	Times       []jsonFiring       `json:"times"`
	Tokens      *jsonTokens        `json:"tokens"`
	Uncounted   string             `json:"uncounted,omitempty"`
	Reading     string             `json:"reading,omitempty"`
	Only        []string           `json:"only,omitempty"`
	Seconds     jsonSeconds        `json:"seconds"`
	Slower      []campaign.Gateway `json:"slower"`
	Test        *jsonTest          `json:"test,omitempty"`
	Servers     *jsonServers       `json:"servers"`
	Messages    []jsonMessage      `json:"messages"`
	Overlaps    []jsonOverlap      `json:"overlaps"`
	Doubts      []string           `json:"doubts,omitempty"`
}

// jsonCampaignChange is a campaign that a plan changes.
type jsonCampaignChange struct {
	Name    string        `json:"name"`
	Change  string        `json:"change"`
	Pending bool          `json:"pending,omitempty"`
	Preview *jsonCampaign `json:"preview"`
}

// campaignsOf are the campaigns that a plan changes.
func campaignsOf(p *release.Plan) (all []jsonCampaignChange) {
	for i := range p.Campaigns {
		c := &p.Campaigns[i]
		one := jsonCampaignChange{Name: c.Name, Change: campaignWord(c), Pending: c.Pending}
		if c.Preview != nil {
			preview := campaignOf(c.Preview)
			one.Preview = &preview
		}
		all = append(all, one)
	}
	return all
}

type jsonFiring struct {
	Local  time.Time `json:"local"`
	UTC    time.Time `json:"utc"`
	Begins time.Time `json:"begins"`
	Last   time.Time `json:"last"`
	Runs   int       `json:"runs"`
	Past   *jsonPast `json:"past,omitempty"`
}

type jsonPast struct {
	Runs   int `json:"runs"`
	Tokens int `json:"tokens"`
}

type jsonTokens struct {
	All       int            `json:"all"`
	Platforms map[string]int `json:"platforms"`
	Languages map[string]int `json:"languages"`

	Late        int `json:"late,omitempty"`
	WithoutZone int `json:"withoutZone,omitempty"`
}

type jsonSeconds struct {
	AtRate float64 `json:"atRate"`
	Takes  float64 `json:"takes"`
}

type jsonTest struct {
	List   string  `json:"list"`
	Tokens int     `json:"tokens"`
	Before float64 `json:"before"`
}

type jsonServers struct {
	Now    *int `json:"now"`
	Added  *int `json:"added"`
	Max    *int `json:"max"`
	Wanted *int `json:"wanted"`
}

type jsonMessage struct {
	Language string `json:"language"`
	Title    string `json:"title"`
	Body     string `json:"body"`
	Image    string `json:"image"`
	DeepLink string `json:"deepLink"`
	Tokens   int    `json:"tokens"`
	Bytes    int    `json:"bytes"`
}

type jsonOverlap struct {
	Time     time.Time `json:"time"`
	Campaign string    `json:"campaign"`
	At       time.Time `json:"at"`
	Sending  bool      `json:"sending"`
	Servers  bool      `json:"servers"`
}

func campaignOf(p *campaign.Preview) jsonCampaign {
	c := jsonCampaign{
		Name: p.Campaign, Environment: p.Environment, Description: p.Description, Timezone: p.Zone, EachUser: p.EachUser, Past: p.Past,
		Uncounted: p.Uncounted, Reading: p.Reading, Only: p.Only, Times: []jsonFiring{}, Seconds: jsonSeconds{p.AtRate.Seconds(), p.Takes.Seconds()}, Slower: some(p.Slower), Messages: []jsonMessage{}, Overlaps: []jsonOverlap{}, Doubts: p.Doubts,
	}
	for _, f := range p.Times {
		one := jsonFiring{Local: f.Local, UTC: f.UTC, Begins: f.Start, Last: f.Last, Runs: f.Waves}
		if f.PastWaves > 0 {
			one.Past = &jsonPast{f.PastWaves, f.PastTokens}
		}
		c.Times = append(c.Times, one)
	}
	if p.Counted {
		c.Tokens = &jsonTokens{p.Tokens, countsOf(p.Platforms), countsOf(p.Languages), p.Late, p.Zoneless}
	}
	if t := p.Test; t != nil {
		c.Test = &jsonTest{t.List, len(t.Tokens), t.Before.Seconds()}
	}
	if g := p.Servers; g != nil {
		c.Servers = &jsonServers{}
		if g.Known {
			c.Servers = &jsonServers{&g.Now, &g.Added, &g.Max, &g.Wanted}
		}
	}
	for _, m := range p.Cards {
		c.Messages = append(c.Messages, jsonMessage{m.Language, m.Text.Title, m.Text.Body, m.Text.Image, m.Text.DeepLink, m.Tokens, m.Bytes})
	}
	for _, o := range p.Overlaps {
		c.Overlaps = append(c.Overlaps, jsonOverlap{o.Time, o.Other, o.At, o.Sending, o.Capacity})
	}
	return c
}

func countsOf(counts []campaign.Count) map[string]int {
	all := map[string]int{}
	for _, c := range counts {
		all[c.Name] = c.Tokens
	}
	return all
}
