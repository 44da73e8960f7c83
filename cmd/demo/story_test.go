package main

import (
	"strings"
	"testing"
)

// The story comes to its end, and tells in this order what it is about.
func TestStory(t *testing.T) {
	if testing.Short() {
		t.Skip("plays the whole story")
	}
	var out strings.Builder
	w, err := newWorld(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.out = &out
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.play(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	rest := out.String()
	for _, phrase := range []string{
		"`items.xlsx › Artifact › F4`**: found \"SS\"", "Past a limit:", "edited in place",
		"👀, then 😕", "`mina` opened this pull request; someone else must confirm it", "👀, then 🚀", "Confirmed for staging", "Confirmed by `jun`",
		"is live in staging, waits at production", "production is frozen", "17          18\n", "is live in staging and production", "17          17\n",
		"`mina` has the role write; rollback needs maintain", "Did you mean `/liveops rollback`?", "**Release `2` of production is taken back:**",
		"opened #2: Take back release 2 of production", "on hold                   no         yes\n", "its merge lifts the hold by itself",
		"jun merged #2", "18          18\n", "on hold                   no          no\n",
		"opened the issue #3: liveops: production differs from its commit", "price: 1 → 5400", "The issue #3 is closed",
		"santa_cookie             300         300\n", "by_item, key: santa_cookie", "in production: 300 documents would be changed", "jun unfolds", "@@ user-00066 @@", "-       \"item\": \"santa_cookie\"",
		"Confirmed for staging", "staging: purge `2013-12-santa-cookie` running", "✓ purged", "production: purge `2013-12-santa-cookie` done, 300 documents changed", "santa_cookie               0           0\n",
		"1 document brought back", "is done, 300 documents changed, 1 brought back", "santa_cookie               0           1\n",
		"capacity: {factor: 2, lead: 10m, hold: 30m}", "to 100,000 phones in about", "| all | 100,000 | 50,000 | 25,000 | 25,000 |", "FCM's quota makes it longer", "돌아와요!",
		"campaign `crystals` added", "19:03 Asia/Seoul", "| never sent |", "18:52                      4           4\n18:53                      8           4\n18:57                      8           8\n",
		"100,000 of 100,000", " accepted", "got it twice               0           0\n", "of the dead tokens are taken out; 1 stays",
		"| **done** | 100,000 of 100,000 (100 %) | ", "19:33                      8           8\n19:40                      4           4\n", "The end.",
	} {
		_, after, found := strings.Cut(rest, phrase)
		if !found {
			t.Fatalf("%q is not told, or not then:\n%s", phrase, out.String())
		}
		rest = after
	}
	for _, hidden := range []string{"<!--", "<details", "\x1b", "@example.com"} {
		if strings.Contains(out.String(), hidden) {
			t.Errorf("%q is shown", hidden)
		}
	}
}

func TestChanged(t *testing.T) {
	before := []string{"### two tables", "", "| a | 1 |", "| b | 2 |", "the end"}
	for _, tt := range []struct{ name, now, want string }{
		{"nothing", "### two tables\n\n| a | 1 |\n| b | 2 |\nthe end", ""},
		{"a line in the middle", "### two tables\n\n| a | 1 |\n| b | 3 |\nthe end", "| b | 3 |"},
		{"two with others between", "### three tables\n\n| a | 1 |\n| b | 2 |\n| c | 3 |\nthe end", "### three tables\n⋮\n| c | 3 |"},
		{"frames and what is folded", "### two tables\n```diff\n+ c\n```\n▸ `a`\nthe end", "+ c"},
	} {
		if got := strings.Join(changed(strings.Split(tt.now, "\n"), before), "\n"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
