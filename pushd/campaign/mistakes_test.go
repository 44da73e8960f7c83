package campaign

import (
	"strings"
	"testing"
	"time"

	"liveops/datasheets"
)

func TestMistakes(t *testing.T) {
	cell := func(kind datasheets.Kind, s string) *datasheets.Cell {
		return &datasheets.Cell{Kind: kind, Text: []byte(s)}
	}
	between := func(kind datasheets.Kind, low, high string) func(*Spec) {
		return func(s *Spec) {
			s.Audience.Columns = []Condition{{Column: "level", Min: cell(kind, low), Max: cell(kind, high)}}
		}
	}
	zone := func(name string) func(*Spec) {
		return func(s *Spec) { s.Zone, s.Places["timezone"] = zoneOf(name), datasheets.Position{Path: s.Path, Line: 2} }
	}
	message := func(language string) func(*Spec) { return func(s *Spec) { s.Messages[language] = Text{Body: "x"} } }
	for _, test := range []struct {
		name       string
		change     func(*Spec)
		want, mend string // a part of the one problem and of its mend; "" for none
	}{
		{"as it is", func(*Spec) {}, "", ""},
		{"sixty times", func(s *Spec) { s.Cron = "* 19 * * FRI" }, "`* 19 * * FRI` comes 60 times a day, some of them 1m apart, and 1h is the least", "did you mean `0 19 * * FRI`? If so many are meant, add `apart: 1m`"},
		{"twice in half an hour", func(s *Spec) { s.Cron = "0,30 19 * * *" }, "comes 2 times a day, some of them 30m apart", "name fewer times or, if so many are meant, add `apart: 30m`"},
		{"as it says", func(s *Spec) { s.Cron, s.Apart = "*/15 * * * *", 15*time.Minute }, "", ""},
		{"closer than it says", func(s *Spec) { s.Cron, s.Apart = "*/10 * * * *", 15*time.Minute }, "10m apart, and 15m is the least", "`apart: 10m`"},
		{"every hour", func(s *Spec) { s.Cron = "0 * * * *" }, "", ""},
		{"90 minutes", func(s *Spec) { s.Cron = "*/90 * * * *" }, "`*/90` counts anew after the minute 59", "use a step of 60 at most"},
		{"36 hours", func(s *Spec) { s.Cron = "0 */36 * * *" }, "`*/36` counts anew after the hour 23", "24 at most"},
		{"every 60 minutes", func(s *Spec) { s.Cron = "*/60 * * * *" }, "", ""},
		{"EST", zone("EST"), "`EST` is an abbreviation", "`America/New_York`"},
		{"CET", zone("CET"), "`CET` is an abbreviation", "`Europe/Berlin`"},
		{"a city", zone("America/New_York"), "", ""},
		{"Korea's code", message("kr"), "`kr` is Kanuri; the language of the country is `ko`", "write `ko`, or `kau` if Kanuri is meant"},
		{"Korea's code twice", message("kr_KR"), "`kr_KR` is Kanuri", "write `ko`"},
		{"Kanuri", message("kau"), "", ""},
		{"Taiwan's code", message("tw"), "`tw` is Twi", "write `zh-Hant`"},
		{"Ukrainian", message("uk"), "", ""},
		{"min above max", between(datasheets.Number, "30", "3.5"), "`min` is above `max`", "exchange"},
		{"min as max", between(datasheets.Number, "3", "3.0"), "", ""},
		{"dates", between(datasheets.Text, "2026-12-24", "2026-02-01"), "`min` is above `max`", "exchange"},
		{"texts, which only the column can compare", between(datasheets.Text, "b", "A"), "", ""},
		{"a number too long to look at", between(datasheets.Number, "1e999999999", "1"), "", ""},
		{"nobody named", func(s *Spec) {
			s.Audience, s.Places["audience"] = Audience{}, datasheets.Position{Path: s.Path, Line: 3}
		}, "the audience has no condition, and would be everyone", "remove `audience`"},
		{"everybody", func(s *Spec) { s.Audience = Audience{} }, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := crystals()
			test.change(&s)
			problems := made(t, s).Mistakes()
			switch {
			case test.want == "" && len(problems) > 0:
				t.Errorf("%v", told(problems))
			case test.want != "" && (len(problems) != 1 || !strings.Contains(problems[0].Text, test.want) || !strings.Contains(problems[0].Mend, test.mend)):
				t.Errorf("%+v", problems)
			}
		})
	}
}

func TestCountriesThatAreNoLanguage(t *testing.T) {
	for written, want := range map[string]string{"jp": "`ja`", "cn": "`zh-Hans`", "vn": "`vi`", "JP-jp": "`ja`", "us": "`en-US`"} {
		s := crystals()
		s.Messages[written] = Text{Body: "x"}
		if _, problems := New(s); len(problems) != 1 || problems[0].Mend != "write "+want+": what stands here is a country's code" {
			t.Errorf("%s: %+v", written, problems)
		}
	}
}

func TestDoubts(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Spec)
		want   string
	}{
		"as it is":             {func(*Spec) {}, ""},
		"either day":           {func(s *Spec) { s.Cron = "0 9 1-7 * MON" }, "is due on the days `1-7` of the month and, besides, on the days `MON` of the week"},
		"a step is either too": {func(s *Spec) { s.Cron = "0 9 */2 * MON" }, "besides"},
		"any day of the month": {func(s *Spec) { s.Cron = "0 9 ? * MON" }, ""},
		"behind":               {func(s *Spec) { s.Zone = zoneOf("Etc/GMT+9") }, "`Etc/GMT+9` is 9 hours behind Greenwich"},
		"ahead":                {func(s *Spec) { s.Zone = zoneOf("Etc/GMT-9") }, "`Etc/GMT-9` is 9 hours ahead of Greenwich"},
		"of liveops.yaml":      {func(s *Spec) { s.Zone = zoneOf("EST") }, "`America/New_York`"},
		"an audience":          {func(s *Spec) { s.Audience.Languages = []string{"kr"} }, "`kr` is Kanuri; the language of the country is `ko`"},
		"its own next run":     {func(s *Spec) { s.Cron, s.Rate = "0 * * * *", Rate{1000, time.Second} }, "A run takes 4h10m, and the next one comes after 1h"},
	} {
		s := crystals()
		test.change(&s)
		got := strings.Join(made(t, s).Preview(given()).Doubts, " ")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
