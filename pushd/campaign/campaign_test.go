package campaign

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
)

var update = flag.Bool("update", false, "write the golden files anew")

// crystals is a campaign that says something of everything.
func crystals() Spec {
	badge := 1
	return Spec{
		Name: "crystals", Path: "pushes/crystals.yaml", Description: "Friday's crystals",
		Cron: "3 19 * * FRI", Zone: zoneOf("Asia/Seoul"), Deadline: DefaultDeadline, Missed: SkipMissed,
		Audience: Audience{Countries: []string{"KR", "JP"}},
		Messages: map[string]Text{
			Default: {Title: "Come back!", Body: "Log in now for 100 crystals & a <chest>"},
			"ko":    {Title: "돌아와요!", Body: "지금 접속하시면 크리스탈 100개를 드려요"},
			"zh-TW": {Body: "回來吧", Image: "https://cdn.example/tw.png"},
		},
		Push: Push{
			Data: map[string]string{"event": "friday", "amount": "100"}, Image: "https://cdn.example/c.png", DeepLink: "mygame://shop?tab=1&x=2",
			TimeToLive: 6 * time.Hour, Sound: "bell.caf", Badge: &badge, Channel: "events",
		},
		Rate: Rate{25_000, time.Second}, Guard: "game-health",
		Capacity: &Capacity{Factor: 2, Lead: DefaultLead, Hold: DefaultHold, IfLate: Proceed},
		Places:   Places{"": {Path: "pushes/crystals.yaml", Line: 1, Column: 1}},
	}
}

func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func made(t testing.TB, s Spec) *Campaign {
	t.Helper()
	c, problems := New(s)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	return c
}

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it anew):\n%s", name, diff)
	}
}

// told are problems in short: their line of text, each with the key that it stands at.
func told(problems []datasheets.Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Text)
	}
	return all
}
