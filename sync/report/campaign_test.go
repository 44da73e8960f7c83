package report

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/sync/release"
)

func crystals(change func(*campaign.Spec)) *campaign.Campaign {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		panic(err)
	}
	s := campaign.Spec{
		Name: "crystals", Path: "pushes/crystals.yaml", Description: "Crystals for everyone who comes back.",
		Cron: "3 19 * * FRI", Zone: seoul, Deadline: campaign.DefaultDeadline, Missed: campaign.SkipMissed, Jitter: 5 * time.Minute,
		Messages: map[string]campaign.Text{
			"default": {Title: "Come back!", Body: "Log in now for 100 crystals"},
			"ko": {Title: "돌아와요!", Body: "지금 접속하시면 크리스탈 100개를 드려요. 이번 주말까지만 드리니 서둘러 주세요!\n단, 한 번만.",
				Image: "https://cdn.example/ko.png"},
		},
		Push:     campaign.Push{DeepLink: "mygame://shop?tab=1", TimeToLive: time.Hour},
		Rate:     campaign.Rate{Count: 25_000, Per: time.Second},
		Capacity: &campaign.Capacity{Factor: 2, Lead: campaign.DefaultLead, Hold: campaign.DefaultHold, IfLate: campaign.HoldBack},
		Guard:    "game-health", Test: &campaign.Test{List: "qa", Before: 10 * time.Minute},
	}
	change(&s)
	c, problems := campaign.New(s)
	if len(problems) > 0 {
		panic(problems)
	}
	return c
}

// previews are the campaigns that the golden files show.
func previews() []campaign.Preview {
	g := campaign.Given{
		Environment: "production", Now: now,
		Audience: []campaign.Portion{
			{Platform: campaign.Android, Language: "ko", Tokens: 7_000_000}, {Platform: campaign.Android, Language: "en", Tokens: 3_000_000},
			{Platform: campaign.IOS, Language: "ko-KR", Tokens: 5_000_000},
		},
		Servers: &campaign.Servers{Now: 60, Max: 100},
	}
	gems := crystals(func(s *campaign.Spec) { s.Name, s.Cron, s.Jitter = "gems", "30 19 * * FRI", 0 })
	g.Others = []campaign.Other{{Campaign: gems, Audience: g.Audience}}
	all := []campaign.Preview{crystals(func(*campaign.Spec) {}).Preview(g)}
	g.Others, g.Servers = nil, nil
	g.Zones = map[string]int{"Asia/Seoul": 9, "America/New_York": 6}
	all = append(all, crystals(func(s *campaign.Spec) {
		s.EachUser, s.Rate, s.Guard, s.Description = true, campaign.Rate{}, "", ""
		s.Test = &campaign.Test{Tokens: []campaign.Token{{Platform: campaign.IOS, Token: "a"}, {Platform: campaign.IOS, Token: "b"}}}
	}).Preview(g))
	g.Environment, g.Audience, g.Servers = "staging", nil, &campaign.Servers{Now: 3, Max: 3}
	past := crystals(func(s *campaign.Spec) { s.Cron, s.At, s.Test = "", now.AddDate(0, 0, -1), nil }).Preview(g)
	uncounted := crystals(func(s *campaign.Spec) { s.Test, s.Cron = nil, "3 19 1-7 * FRI" }).Preview(g)
	return append(all, past, uncounted)
}

func TestCampaignGolden(t *testing.T) {
	golden(t, "campaign.md", CampaignMarkdown(previews()))
	for name, color := range map[string]bool{"campaign.txt": false, "campaign-color.txt": true} {
		var b bytes.Buffer
		if err := CampaignText(&b, previews(), TextOptions{Color: color}); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
	}
	var b bytes.Buffer
	if err := CampaignJSON(&b, previews(), problems()[:1]); err != nil {
		t.Fatal(err)
	}
	golden(t, "campaign.json", b.String())
	if err := check(CampaignMarkdown(previews())); err != nil {
		t.Error(err)
	}
}

// What is read of a campaign by users' zones says who has none, and whose time is over.
func TestZonesInPhrases(t *testing.T) {
	g := campaign.Given{
		Environment: "production", Now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), // Seoul's Friday evening is over, New York's is to come
		Audience: []campaign.Portion{{Platform: campaign.IOS, Language: "ko", Tokens: 98}},
		Zones:    map[string]int{"America/New_York": 8, "": 80, "Mars/Olympus": 9, "Asia/Seoul": 1},
	}
	weekly := crystals(func(s *campaign.Spec) { s.EachUser, s.Capacity = true, nil }).Preview(g)
	hourly := crystals(func(s *campaign.Spec) { s.EachUser, s.Capacity, s.Cron = true, nil, "0 * * * *" }).Preview(g)
	once := crystals(func(s *campaign.Spec) {
		s.EachUser, s.Capacity, s.Cron, s.At = true, nil, "", time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	}).Preview(g)
	const zoneless = "- **89 phones of 98 without a time zone**: the column has none for them, or none that is one. They get it by the clocks of `Asia/Seoul`.\n"
	for text, want := range map[string][]string{
		CampaignMarkdown([]campaign.Preview{weekly}): {zoneless, ": 98 phones in about",
			"- **Partly past**: where 90 phones are, clocks are beyond Fri 2026-11-27 19:03 already (1 run; 1 to come). A release does not make up for it: who did not get it before gets it the next time.\n"},
		CampaignMarkdown([]campaign.Preview{hourly}): {zoneless, " 08:00 already (1 run; 1 to come), and beyond 4 more times of those above. A release"},
		CampaignMarkdown([]campaign.Preview{once}):   {zoneless, ": 8 of 98 phones in about", "(1 run; 1 to come). A release does not make up for it: who did not get it before gets nothing.\n"},
	} {
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("no %q in\n%s", w, text)
			}
		}
	}
	var b bytes.Buffer
	if err := CampaignJSON(&b, []campaign.Preview{once}, nil); err != nil || !strings.Contains(strings.Join(strings.Fields(b.String()), ""), `"past":{"runs":1,"tokens":90}`) ||
		!strings.Contains(strings.Join(strings.Fields(b.String()), ""), `"late":90,"withoutZone":89`) {
		t.Errorf("%v %s", err, b.String())
	}
}

// campaignChanges are what a pull request changes: a campaign that is new, one that is another one, one that is gone, and one
// that the default branch has already.
func campaignChanges(environment string) []release.CampaignChange {
	ps := previews()
	added, changed := ps[0], ps[1]
	if environment == "staging" {
		added = ps[3]
		added.Campaign, added.Uncounted, added.Only = "crystals", "LIVEOPS_STAGING_PUSH_DSN is not set", []string{"qa", "boss"}
	}
	added.Environment, changed.Environment, changed.Campaign = environment, environment, "gems"
	changed.Reading = "each page of 10,000 tokens reads and sorts the whole table; an index makes that unnecessary: CREATE INDEX push_order ON `push_tokens` (`platform`, `token`)"
	return []release.CampaignChange{
		{Name: "crystals", After: "a", Preview: &added}, {Name: "eve", Before: "a", After: "b", Pending: true},
		{Name: "gems", Before: "a", After: "b", Preview: &changed}, {Name: "summer", Before: "a"},
	}
}

// The page has every preview whole, and of a release what it has changed.
func TestCampaignsInPage(t *testing.T) {
	plan := written(t, func(w io.Writer) error { return HTMLPull(w, pulls()["many"]) })
	if n := strings.Count(plan, "┃ Come back!"); n != 60 || !strings.Contains(plan, `<h2 id="campaigns">Campaigns</h2>`) || strings.Contains(plan, "No row changes") {
		t.Errorf("%d messages in\n%s", n, plan)
	}
	if merge := written(t, func(w io.Writer) error { return HTMLMerge(w, merges()["campaigns"]) }); !strings.Contains(merge, "staging: campaign <code>crystals</code> added") {
		t.Error(merge)
	}
}

// hostileCampaign has a text wherever a campaign's file has one.
func hostileCampaign(s string) []campaign.Preview {
	p := previews()[0]
	p.Uncounted, p.Reading, p.Only = s, s, []string{s}
	p.Campaign, p.Description, p.Environment, p.Zone, p.Guard, p.Test = s, s, s, s, s, &campaign.Test{List: s}
	p.Cards = []campaign.Card{{Language: s, Text: campaign.Text{Title: s, Body: s, Image: s, DeepLink: s}}}
	p.Overlaps = []campaign.Overlap{{Other: s, Sending: true}}
	p.Languages = []campaign.Count{{Name: s, Tokens: 1}}
	return []campaign.Preview{p}
}

func TestMessagesAreWrapped(t *testing.T) {
	var got []string
	for _, l := range wrapped("┃ ", "one two "+strings.Repeat("가", 30)+" three\n\n"+strings.Repeat("x", 50), 8) {
		got = append(got, l.text)
	}
	want := []string{"┃ one two", "┃ " + strings.Repeat("가", 22), "┃ " + strings.Repeat("가", 8) + " three", "┃ ", "┃ " + strings.Repeat("x", 44), "┃ xxxxxx"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
	if long := wrapped("", strings.Repeat("x\n", 100), 8); len(long) != 8 || long[7].text != "…" {
		t.Errorf("%d lines", len(long))
	}
}
