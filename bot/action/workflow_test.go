package action

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"liveops/bot"
	"liveops/engine"
	"liveops/sync/report"
)

func TestCommand(t *testing.T) {
	for _, test := range []struct {
		name       string
		properties []property
		message    string
		want       string
	}{
		{"debug", nil, "", "::debug::"},
		{"error", nil, "all well", "::error::all well"},
		{"error", []property{{"file", "a.xlsx"}, {"line", "1"}}, "bad", "::error file=a.xlsx,line=1::bad"},
		{"error", []property{{"file", ""}, {"line", "1"}, {"col", ""}}, "bad", "::error line=1::bad"},
		{"error", nil, "50%\r\nof: a, b", "::error::50%25%0D%0Aof: a, b"},
		{"error", []property{{"title", "50%, a:\r\nb"}}, "x", "::error title=50%25%2C a%3A%0D%0Ab::x"},
		{"error", []property{{"file", "데이터/상점.xlsx"}}, "값이 없다", "::error file=데이터/상점.xlsx::값이 없다"},
		{"error", nil, "%0A::add-mask::x\n::stop-commands::y", "::error::%250A::add-mask::x%0A::stop-commands::y"},
	} {
		var b bytes.Buffer
		workflow{&b}.command(test.name, test.properties, test.message)
		if got := b.String(); got != test.want+"\n" {
			t.Errorf("%q %q: %q, want %q", test.properties, test.message, got, test.want)
		}
	}
}

// What stands in a group is no command, whatever cells say, and ends by a word that differs each time.
func TestGroup(t *testing.T) {
	words := map[string]bool{}
	for range 2 {
		var b bytes.Buffer
		f := workflow{&b}
		end := f.group("Plan\n::error::of %")
		f.text("a\n::set-output name=x::y\n\x1b[31mred\x1b[0m\u202e\n")
		end()
		m := regexp.MustCompile(`^::group::Plan ::error::of %25\n::stop-commands::([0-9a-f]{32})\na\n::set-output name=x::y\n\[31mred\[0m\n::([0-9a-f]{32})::\n::endgroup::\n$`).FindStringSubmatch(b.String())
		if m == nil || m[1] != m[2] || words[m[1]] {
			t.Fatalf("it wrote %q", b.String())
		}
		words[m[1]] = true
	}
}

func TestAnnotate(t *testing.T) {
	var all []annotation
	for i := range 12 {
		all = append(all, annotation{"error", report.Annotation{Path: "a.xlsx", Line: 1, Title: fmt.Sprint("E", i), Message: "bad"}})
	}
	all = append(all, annotation{"warning", report.Annotation{Title: "W", Message: "waits"}})
	var b bytes.Buffer
	if n := annotate(workflow{&b}, all); n != 2 {
		t.Errorf("%d are not shown, want 2", n)
	}
	for want, n := range map[string]int{"::error file=a.xlsx,line=1,title=E": 10, "::warning title=W::waits\n": 1, "::group::2 more problems\n": 1, "\nE10: bad\nE11: bad\n": 1} {
		if got := strings.Count(b.String(), want); got != n {
			t.Errorf("%q is there %d times, want %d:\n%s", want, got, n, b.String())
		}
	}
}

// A summary ends before GitHub's limit, with whole reports only, and says how many are left out.
func TestSummaryIsTruncated(t *testing.T) {
	r := &record{}
	for i := range 40 {
		r.hear(bot.Told{Number: i + 1, Marker: "m", Comment: fmt.Sprintf("<!-- m -->\n### report %d\n%s\nend %d\n", i, strings.Repeat("글", 20_000), i)})
	}
	s := r.summary(nil, 0, nil, maxSummary)
	whole := strings.Count(s, "\nend ")
	if len(s) > maxSummary || len(s) < maxSummary-70_000 || strings.Count(s, "### report") != whole || strings.Contains(s, "<!--") {
		t.Errorf("%d bytes with %d whole reports", len(s), whole)
	}
	if last := fmt.Sprintf("\n%d reports are left out", 40-whole); !strings.Contains(s, last) {
		t.Errorf("it ends with %q, want %q", s[len(s)-200:], last)
	}
	for _, most := range []int{0, 10, 400, 70_000} {
		if s := r.summary(nil, 0, nil, most); len(s) > most {
			t.Errorf("%d bytes where there is room for %d", len(s), most)
		}
	}
}

func TestSummary(t *testing.T) {
	r := &record{number: 1}
	r.hear(bot.Told{Number: 1, Marker: "m", Comment: "<!-- m -->\nfirst\n"})
	r.hear(bot.Told{Number: 2, Marker: report.PullMarker, Comment: "<!-- m -->\nother\n", Pull: &report.Pull{Number: 2}})
	r.hear(bot.Told{Marker: "n", Note: "staging has *it*"})
	r.hear(bot.Told{Number: 1, Marker: "m", Comment: "<!-- m -->\nsecond\n"})
	r.hear(bot.Told{Marker: "job-1", Failed: "no answer"})
	got := r.summary([]engine.Parked{{Job: engine.Job{ID: "job-1", About: "studio/data#1"}}, {Job: engine.Job{ID: "x", About: "a`b"}}}, 3, []string{"plan-1.html"}, maxSummary)
	want := "**Not done** (`studio/data#1`): No answer.\n\n**Not done** (`ab`): The event could not be read.\n\n" +
		"second\n\nStaging has `*it*`.\n\nPlanned anew, since the branch or an environment moved: #2.\n\n" +
		"3 more problems have no annotation: GitHub shows 10 of a step. The log has all of them.\n\nIn the artifact: `plan-1.html`.\n\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := (&record{}).summary(nil, 0, nil, maxSummary); got != "### liveops: nothing to do\n\n" {
		t.Errorf("of nothing: %q", got)
	}
}

func TestShelf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	s := &shelf{dir: dir}
	for _, name := range []string{"b.txt", "datasheets/shop/items.xlsx", "b.txt"} {
		if err := s.put(name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(s.names, " "); got != "b.txt datasheets/shop/items.xlsx" {
		t.Errorf("names: %s", got)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "datasheets", "shop", "items.xlsx")); err != nil || string(b) != "datasheets/shop/items.xlsx" {
		t.Errorf("%q, %v", b, err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../a", "/a", "a/../../b", "", "out/a"} {
		if err := s.put(name, nil); err == nil {
			t.Errorf("%q was written", name)
		}
	}
}
