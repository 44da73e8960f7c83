package datarepo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
	"liveops/pushd/campaign"
)

func campaignsFS(files ...string) fstest.MapFS {
	f := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		f["pushes/"+files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return f
}

const littleCampaign = "at: 2026-12-24T19:00\nmessage:\n  default: {body: x}\n"

func TestCampaigns(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	everything, err := os.ReadFile(filepath.Join("..", "docs", "crystals.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got, problems, err := Campaigns(campaignsFS("z/crystals.yaml", string(everything), "a.yml", littleCampaign, ".hidden.yaml", "{", "note.txt", "x"), seoul)
	if err != nil || len(problems) > 0 || len(got) != 2 {
		t.Fatalf("%v %v %v", got, problems, err)
	}
	number := func(s string) datasheets.Cell { return datasheets.Cell{Kind: datasheets.Number, Text: []byte(s)} }
	three, badge := number("3"), 1
	want := campaign.Spec{
		Name: "crystals", Path: "pushes/z/crystals.yaml", Description: "Crystals for everyone who comes back on Friday evening.",
		Cron: "3 19 * * FRI", Zone: seoul, Deadline: 20 * time.Minute, Missed: campaign.SkipMissed, Jitter: 5 * time.Minute, Apart: time.Hour,
		Audience: campaign.Audience{
			Platforms: []campaign.Platform{"ios", "android"}, Countries: []string{"KR", "JP", "TH"}, Languages: []string{"ko", "ja", "en"}, Segments: []string{"lapsed"},
			Within: 90 * 24 * time.Hour, NotWithin: 7 * 24 * time.Hour,
			Columns: []campaign.Condition{{Column: "level", Min: &three}, {Column: "server", In: []datasheets.Cell{number("1"), number("2")}}},
		},
		Messages: map[string]campaign.Text{
			"default": {Title: "Come back!", Body: "Log in now for 100 crystals"},
			"ko":      {Title: "돌아와요!", Body: "지금 접속하시면 크리스탈 100개를 드려요", Image: "https://cdn.example/crystals-ko.png"},
		},
		Push: campaign.Push{
			Data: map[string]string{"event": "friday"}, Image: "https://cdn.example/crystals.png", DeepLink: "mygame://shop?tab=crystals", Collapse: "weekly-crystals",
			TimeToLive: 6 * time.Hour, Sound: "bell.caf", Badge: &badge, Channel: "events",
		},
		Rate:     campaign.Rate{Count: 25_000, Per: time.Second},
		Capacity: &campaign.Capacity{Factor: 2, Lead: 10 * time.Minute, Hold: 30 * time.Minute, IfLate: campaign.Proceed},
		Guard:    "game-health",
		Test:     &campaign.Test{List: "qa", Tokens: []campaign.Token{{Platform: campaign.Android, Token: "fJ3k:APA91bH"}}, Before: 10 * time.Minute},
	}
	spec := got[1].Spec
	places := spec.Places
	spec.Places = nil
	if diff := cmp.Diff(want, spec, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for key, line := range map[string]int{"schedule": 3, "message.ko": 24, "audience.columns.level": 19} {
		if places[key].Line != line || places[key].Path != spec.Path || places[key].Column == 0 {
			t.Errorf("%s stands at %s, want line %d", key, places[key], line)
		}
	}
	little := got[0].Spec
	if little.Name != "a" || little.Zone != seoul || !little.At.Equal(time.Date(2026, 12, 24, 19, 0, 0, 0, time.UTC)) || little.Deadline != campaign.DefaultDeadline ||
		little.Push.TimeToLive != campaign.DefaultTimeToLive || little.Capacity != nil || little.Test != nil || little.Rate != (campaign.Rate{}) {
		t.Errorf("%+v", little)
	}
	if none, problems, err := Campaigns(fstest.MapFS{}, nil); err != nil || len(none)+len(problems) > 0 {
		t.Errorf("of an empty repo: %v %v %v", none, problems, err)
	}
}

func TestCampaignOfEachUsersZone(t *testing.T) {
	got, problems, err := Campaigns(campaignsFS("a.yaml", littleCampaign+"timezone: user\nfallbackTimezone: Europe/Berlin\n", "b.yaml", littleCampaign+"timezone: user\n"), time.FixedZone("here", 3600))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %v", problems, err)
	}
	if a, b := got[0], got[1]; !a.EachUser || a.Zone.String() != "Europe/Berlin" || !b.EachUser || b.Zone.String() != "here" {
		t.Errorf("%v %s, %v %s", a.EachUser, a.Zone, b.EachUser, b.Zone)
	}
}

// wrongCampaign is a campaign's file with its problems.
type wrongCampaign struct {
	name, content string
	want          []string
}

func wrongCampaigns() []wrongCampaign {
	return []wrongCampaign{
		{"empty", "# nothing\n", []string{"the file is empty"}},
		{"nothing in it", "{}\n", []string{"1:1 the key `message` is missing"}},
		{"an unknown key", littleCampaign + "tile: x\n", []string{"4:1 unknown key `tile`"}},
		{"no time", "message: {default: {body: x}}\n", []string{"1:1 the file does not say when the campaign is due"}},
		{"no default", "at: 2026-12-24T19:00\nmessage: {ko: {body: x}}\n", []string{"2:10 the message has no `default`, for users of any other language"}},
		{"both times", littleCampaign + "schedule: 0 9 * * *\n", []string{"1:5 `schedule` and `at` exclude each other"}},
		{"never", "schedule: 0 9 30 2 *\nmessage: {default: {body: x}}\n", []string{"1:11 `0 9 30 2 *` never comes"}},
		{"no day", "at: 2026-02-30T19:00\nmessage: {default: {body: x}}\n", []string{"1:5 `2026-02-30T19:00` is no day of the calendar"}},
		{"a zone", littleCampaign + "timezone: Seoul\n", []string{"4:11 `Seoul` is not a time zone"}},
		{"a fallback alone", littleCampaign + "fallbackTimezone: Asia/Seoul\n", []string{"4:19 `fallbackTimezone` goes with each user's own time zone"}},
		{"a language", "at: 2026-12-24T19:00\nmessage:\n  default: {body: x}\n  korean!: {body: x}\n", []string{"4:3 `korean!` is not a language"}},
		{"no body", "at: 2026-12-24T19:00\nmessage:\n  default: {title: x}\n", []string{"3:12 the key `body` is missing"}},
		{"a number for a text", littleCampaign + "data: {amount: 100}\n", []string{"4:16 expected text, found a number"}},
		{"rate", littleCampaign + "rate: 25000\n", []string{"4:7 expected text, found a number"}},
		{"rate 0", littleCampaign + "rate: 0/s\n", []string{"4:7 at this rate nothing is ever sent"}},
		{"an hourly rate", littleCampaign + "rate: 100/h\n", []string{"4:7 `100/h` is not allowed here"}},
		{"time to live", littleCampaign + "timeToLive: 29d\n", []string{"4:13 expected a time from 0s to 28d, found 29d"}},
		{"a long time", littleCampaign + "timeToLive: 99999999999999d\n", []string{"4:13 expected a time of 400d at most, found `99999999999999d`"}},
		{"another long time", littleCampaign + "jitter: 99999999999999h\n", []string{"4:9 expected a time of 400d at most, found `99999999999999h`"}},
		{"collapse", littleCampaign + "collapse: " + strings.Repeat("a", 65) + "\n", []string{"4:11 a collapse id is 64 bytes at most, and this one is 65"}},
		{"image", littleCampaign + "image: http://cdn.example/a.png\n", []string{"4:8 `http://cdn.example/a.png` is not an address"}},
		{"deep link of a language", "at: 2026-12-24T19:00\nmessage:\n  default: {body: x, deepLink: 'javascript:x'}\n", []string{"3:32 `javascript:x` is not an address that opens the app"}},
		{"size", "at: 2026-12-24T19:00\nmessage:\n  default: {body: x}\n  ko: {body: " + strings.Repeat("가", 1400) + "}\n",
			[]string{"4:3 for android the push is 4323 bytes by FCM, and 4096 are taken"}},
		{"data", littleCampaign + "data: {aps: x}\n", []string{"4:8 `aps` is Apple's (https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification)"}},
		{"audience", littleCampaign + "audience:\n  platform: [ios, ios]\n  lastLogin: {within: 7d, notWithin: 30d}\n  columns: {level: {}, \"a b\": {min: 1}, c: {min: true}}\n", []string{
			"5:19 `ios` stands here a second time", "7:13 the condition is none", "7:24 `a b` is not a column's name", "7:50 `min` is a number or a text"}},
		{"everyone by a slip", littleCampaign + "audience: {}\n", []string{"4:11 the audience has no condition, and would be everyone"}},
		{"sixty times", "schedule: '* 19 * * FRI'\nmessage: {default: {body: x}}\n", []string{"1:11 `* 19 * * FRI` comes 60 times a day, some of them 1m apart, and 1h is the least"}},
		{"apart of one time", littleCampaign + "apart: 15m\n", []string{"4:8 `apart` goes with `schedule`"}},
		{"not apart", "schedule: 0 9 * * *\napart: 0s\nmessage: {default: {body: x}}\n", []string{"2:8 expected a time from 1m to 1d, found 0s"}},
		{"an abbreviation", littleCampaign + "timezone: EST\n", []string{"4:11 `EST` is an abbreviation, and does not say whose clocks"}},
		{"a country for a language", "at: 2026-12-24T19:00\nmessage: {default: {body: x}, kr: {body: x}}\n", []string{"2:31 `kr` is Kanuri; the language of the country is `ko`"}},
		{"a bound that is a flag", littleCampaign + "audience: {columns: {level: {max: true}}}\n", []string{"4:35 `max` is a number or a text"}},
		{"bounds", littleCampaign + "audience: {columns: {level: {min: 30, max: 3}}}\n", []string{"4:22 `min` is above `max`, so nobody is in the audience"}},
		{"a long span of the last login", littleCampaign + "audience:\n  lastLogin: {within: 500d}\n", []string{"5:23 expected a time of 400d at most, found `500d`"}},
		{"no condition", littleCampaign + "audience:\n  lastLogin: {}\n", []string{"5:14 the condition is none"}},
		{"login", littleCampaign + "audience:\n  lastLogin: {within: 7d, notWithin: 30d}\n", []string{"5:14 nobody's last login is within 7d and not within 30d"}},
		{"queries", littleCampaign + "audience: {sql: SELECT 1, country: [KR]}\n", []string{"4:11 a query stands alone: conditions on columns do not go with it"}},
		{"capacity", littleCampaign + "capacity: {factor: 1, lead: 3h, ifLate: panic}\n", []string{
			"4:41 `panic` is not allowed here"}},
		{"capacity's numbers", littleCampaign + "capacity: {factor: 1, lead: 3h}\n", []string{
			"4:20 expected a number above 1 and up to 20, found 1", "4:29 expected a time from 1s to 2h, found 3h"}},
		{"factor", littleCampaign + "capacity: {factor: 21}\n", []string{"4:20 expected a number from 1 to 20, found `21`"}},
		{"a test for nobody", littleCampaign + "test: {before: 10m}\n", []string{"4:7 the test is for nobody"}},
		{"a test long before", littleCampaign + "test: {list: qa, before: 2d}\n", []string{"4:26 expected a time from 0s to 1d, found 2d"}},
		{"a test's tokens", littleCampaign + "test: {tokens: [{platform: web, token: abc}]}\n", []string{"4:28 `web` is not allowed here"}},
	}
}

func TestCampaignProblems(t *testing.T) {
	for _, test := range wrongCampaigns() {
		t.Run(test.name, func(t *testing.T) {
			got, problems, err := Campaigns(campaignsFS("a.yaml", test.content), nil)
			if err != nil || len(got) > 0 {
				t.Fatalf("%v %v", got, err)
			}
			var told []string
			for _, p := range problems {
				at := strings.TrimPrefix(p.At.String(), "pushes/a.yaml")
				told = append(told, strings.TrimPrefix(strings.TrimPrefix(at, ":")+" ", " ")+p.Text)
			}
			if diff := cmp.Diff(test.want, told); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	_, problems, err := Campaigns(campaignsFS("a.yaml", littleCampaign, "b/a.yml", littleCampaign, "b/ä.yaml", littleCampaign), nil)
	if err != nil || len(problems) != 2 || !strings.Contains(problems[0].Text, "a campaign is known by its file's name, and pushes/a.yaml has this one, too") || !strings.Contains(problems[1].Text, "`ä`") {
		t.Errorf("%v %v", problems, err)
	}
}

func TestCampaignSchemaGolden(t *testing.T) {
	path := filepath.Join("testdata", "campaignschema.golden.json")
	if *update {
		if err := os.WriteFile(path, CampaignSchema(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(CampaignSchema())); diff != "" {
		t.Errorf("(-want +got; go test -update writes it anew):\n%s", diff)
	}
}

// FuzzCampaign: whatever a file holds, there is a campaign or a problem, each problem at a line of the file, and a campaign can be run.
func FuzzCampaign(f *testing.F) {
	everything, err := os.ReadFile(filepath.Join("..", "docs", "crystals.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(everything))
	f.Add(littleCampaign)
	f.Add(littleCampaign + "timezone: user\naudience: {sql: SELECT 1}\ntest: {tokens: [{platform: ios, token: a}]}\n")
	f.Fuzz(func(t *testing.T, content string) {
		got, problems, err := Campaigns(campaignsFS("a.yaml", content), nil)
		if err != nil || (len(got) == 0) == (len(problems) == 0) {
			t.Fatalf("%v %v %v", got, problems, err)
		}
		lines := strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(content), "\n") + 1
		for _, p := range problems {
			if p.At.Path != "pushes/a.yaml" || p.At.Line < 0 || p.At.Line > lines || p.Text == "" {
				t.Fatalf("%+v of %d lines", p, lines)
			}
		}
		for _, c := range got {
			now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
			p := c.Preview(campaign.Given{Environment: "production", Now: now})
			if !p.Past && len(p.Times) == 0 || len(p.Cards) == 0 {
				t.Fatalf("%+v", p)
			}
			for _, l := range c.Languages() {
				for _, s := range c.Sizes(l, nil) {
					if s.Bytes > campaign.MostPayload {
						t.Fatalf("%s: %+v", l, s)
					}
				}
			}
		}
	})
}
