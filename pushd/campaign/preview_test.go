package campaign

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// given is 15 million tokens, a third of them on iOS, and 60 servers.
func given() Given {
	return Given{
		Environment: "production", Now: moment("2026-11-25T09:00:00Z"),
		Audience: []Portion{
			{Android, "ko", 6_000_000}, {Android, "en-US", 3_000_000}, {Android, "zh_TW", 1_000_000},
			{IOS, "ko-KR", 3_000_000}, {IOS, "", 2_000_000},
		},
		Servers: &Servers{Now: 60, Max: 100},
	}
}

func TestPreviewGolden(t *testing.T) {
	s := crystals()
	s.Jitter = 5 * time.Minute
	g := given()
	other := crystals()
	other.Name, other.Cron = "gems", "30 19 * * FRI"
	g.Others = []Other{{Campaign: made(t, other), Audience: g.Audience}, {Campaign: made(t, s)}}
	b, err := json.MarshalIndent(made(t, s).Preview(g), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "preview.json", string(b)+"\n")
}

func TestHowLongItTakes(t *testing.T) {
	for _, test := range []struct {
		name          string
		rate          Rate
		change        func(*Given)
		atRate, takes time.Duration
		slower        []Gateway
	}{
		{"at its rate", Rate{10_000, time.Second}, func(*Given) {}, 25 * time.Minute, 25 * time.Minute, nil},
		{"FCM has two thirds: 10 million at 600,000 a minute", Rate{25_000, time.Second}, func(*Given) {}, 10 * time.Minute, 16*time.Minute + 40*time.Second, []Gateway{FCM}},
		{"a greater quota", Rate{25_000, time.Second}, func(g *Given) { g.Quotas = map[Gateway]Rate{FCM: {2_000_000, time.Minute}} }, 10 * time.Minute, 10 * time.Minute, nil},
		{"all by FCM", Rate{25_000, time.Second}, func(g *Given) { g.Gateways = map[Platform]Gateway{IOS: FCM} }, 10 * time.Minute, 25 * time.Minute, []Gateway{FCM}},
		{"both quotas", Rate{25_000, time.Second}, func(g *Given) { g.Quotas = map[Gateway]Rate{FCM: FCMQuota(), APNs: {5_000, time.Second}} },
			10 * time.Minute, 16*time.Minute + 40*time.Second, []Gateway{APNs, FCM}},
		{"without a rate", Rate{}, func(*Given) {}, 0, 16*time.Minute + 40*time.Second, nil},
		{"by the minute", Rate{600_000, time.Minute}, func(*Given) {}, 25 * time.Minute, 25 * time.Minute, nil},
		{"nobody", Rate{25_000, time.Second}, func(g *Given) { g.Audience = []Portion{} }, 0, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, g := crystals(), given()
			s.Rate = test.rate
			test.change(&g)
			p := made(t, s).Preview(g)
			if diff := cmp.Diff([]any{test.atRate, test.takes, test.slower}, []any{p.AtRate, p.Takes, p.Slower}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestServersThatAreAdded(t *testing.T) {
	for _, test := range []struct {
		factor        float64
		now, max      int
		added, wanted int
	}{
		{2, 60, 400, 60, 120}, {2, 60, 100, 40, 120}, {2, 60, 50, 0, 120}, {1.5, 3, 400, 2, 5}, {1.1, 10, 400, 1, 11}, {2, 0, 400, 0, 0},
	} {
		k := Capacity{Factor: test.factor}
		got := k.growth(&Servers{test.now, test.max})
		if got.Added != test.added || got.Wanted != test.wanted || !got.Known {
			t.Errorf("%+v: %+v", test, got)
		}
	}
	if got := (&Capacity{Factor: 2}).growth(nil); got.Known || got.Added != 0 {
		t.Errorf("%+v", got)
	}
}

func TestPreviewOfUsersZones(t *testing.T) {
	g := given()
	g.Zones = map[string]int{"Asia/Seoul": 9_000_000, "America/New_York": 5_000_000, "": 1_000_000}
	g.Now = moment("2026-11-27T12:00:00Z") // Seoul's Friday evening is over, New York's is to come
	c := eachUser(t, "0 19 * * FRI")
	p := c.Preview(g)
	want := []Firing{
		{UTC: moment("2026-11-28T00:00:00Z"), Last: moment("2026-11-28T00:00:00Z"), Waves: 1, PastWaves: 1, PastTokens: 10_000_000},
		{UTC: moment("2026-12-04T10:00:00Z"), Last: moment("2026-12-05T00:00:00Z"), Waves: 2},
	}
	for i, w := range want {
		got := p.Times[i]
		if !got.UTC.Equal(w.UTC) || !got.Last.Equal(w.Last) || got.Waves != w.Waves || got.PastWaves != w.PastWaves || got.PastTokens != w.PastTokens || got.Local.Format("Mon 15:04") != "Fri 19:00" {
			t.Errorf("%d: %+v, want %+v", i, got, w)
		}
	}
	spans := c.Spans(g, g.Now, g.Now.AddDate(0, 0, 8))
	if took := spans[0].End.Sub(spans[0].Begin); took != time.Duration(float64(p.Takes)/3).Round(time.Millisecond) && (took < p.Takes/3-time.Second || took > p.Takes/3+time.Second) {
		t.Errorf("a third of the tokens takes %s of %s", took, p.Takes)
	}
}

// A preview tells how many have no zone, and for how many the one time is over.
func TestPreviewOfNoZone(t *testing.T) {
	g := given()
	g.Zones = map[string]int{"Asia/Seoul": 3_000_000, "America/New_York": 5_000_000, "": 4_000_000, "Mars": 2_000_000, "Local": 1_000_000}
	s := crystals()
	s.Cron, s.At, s.EachUser = "", moment("2026-11-27T19:00:00Z"), true
	for now, want := range map[string][3]int{"2026-11-26T00:00:00Z": {0, 0, 2}, "2026-11-27T12:00:00Z": {10_000_000, 1, 1}, "2026-11-28T12:00:00Z": {0, 0, 0}} {
		g.Now = moment(now)
		p, waves := made(t, s).Preview(g), [2]int{}
		for _, f := range p.Times {
			waves = [2]int{f.PastWaves, f.Waves}
		}
		if got := [3]int{p.Late, waves[0], waves[1]}; got != want || p.Zoneless != 7_000_000 || p.Past != (want[2] == 0) {
			t.Errorf("%s: late, past and coming %v, want %v; without a zone %d", now, got, want, p.Zoneless)
		}
		if p.Late > 0 && (p.AtRate != 200*time.Second || p.Tokens != 15_000_000) {
			t.Errorf("a third takes %s", p.AtRate)
		}
	}
	g.Audience = nil
	if p := made(t, s).Preview(g); p.Zoneless+p.Late != 0 {
		t.Errorf("where nobody counted: %+v", p)
	}
	g = given()
	g.Zones = map[string]int{"": 5}
	if p := made(t, crystals()).Preview(g); p.Zoneless != 0 || p.Times[0].PastTokens != 0 {
		t.Errorf("where the campaign has one zone: %+v", p)
	}
}

func TestPreviewOfWhatIsPast(t *testing.T) {
	s := crystals()
	s.Cron, s.At = "", moment("2026-11-25T17:00:00Z") // 08:00 UTC
	g := given()
	if p := made(t, s).Preview(g); !p.Past || p.Times != nil {
		t.Errorf("%+v", p)
	}
	g.Now = g.Now.Add(-2 * time.Hour)
	if p := made(t, s).Preview(g); p.Past || len(p.Times) != 1 {
		t.Errorf("%+v", p)
	}
	g.Audience = nil
	if p := made(t, s).Preview(g); p.Counted || p.Tokens != 0 || len(p.Cards) != 3 {
		t.Errorf("%+v", p)
	}
}

func TestOverlaps(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 27, hour, minute, 0, 0, time.UTC) }
	mine := Span{Campaign: "a", Time: at(10, 0), Begin: at(10, 0), End: at(10, 20), Lease: at(9, 50), Release: at(10, 50)}
	for _, test := range []struct {
		name              string
		other             Span
		sending, capacity bool
	}{
		{"before", Span{Begin: at(9, 0), End: at(9, 30)}, false, false},
		{"sending", Span{Begin: at(9, 50), End: at(10, 1)}, true, false},
		{"right behind", Span{Begin: at(10, 20), End: at(10, 30)}, true, false},
		{"servers only", Span{Begin: at(11, 0), End: at(11, 10), Lease: at(10, 50), Release: at(11, 40)}, false, true},
		{"both", Span{Begin: at(10, 5), End: at(10, 10), Lease: at(9, 55), Release: at(10, 40)}, true, true},
		{"after", Span{Begin: at(11, 0), End: at(11, 10), Lease: at(10, 51), Release: at(11, 40)}, false, false},
		{"at one instant, uncounted", Span{Begin: at(10, 0), End: at(10, 0)}, true, false},
	} {
		test.other.Campaign, test.other.Time = "b", test.other.Begin
		got := overlapsOf(mine, []Span{test.other})
		if !test.sending && !test.capacity {
			if got != nil {
				t.Errorf("%s: %+v", test.name, got)
			}
			continue
		}
		want := []Overlap{{Time: mine.Time, Other: "b", At: test.other.Time, Sending: test.sending, Capacity: test.capacity}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// What overlaps is found wherever the other run stands: as many as when all pairs are compared.
func TestOverlapsAreAllFound(t *testing.T) {
	mine := crystals()
	mine.Cron, mine.Jitter = "0 * * * *", 10*time.Minute
	other := crystals()
	other.Name, other.Cron = "gems", "*/50 19-22 * * *"
	c, o := made(t, mine), made(t, other)
	g := given()
	small := []Portion{{Android, "ko", 900_000}}
	g.Others = []Other{{Campaign: o, Audience: small}}
	p := c.Preview(g)
	theirs := g
	theirs.Audience = small
	until := p.Times[len(p.Times)-1].Last
	var want []Overlap
	for _, s := range c.Spans(g, g.Now, until) {
		want = append(want, overlapsOf(s, o.Spans(theirs, g.Now.AddDate(0, 0, -2), until.AddDate(0, 0, 2)))...)
	}
	if diff := cmp.Diff(want, p.Overlaps); diff != "" || len(want) < 5 {
		t.Errorf("%d overlaps: %s", len(want), diff)
	}
}
