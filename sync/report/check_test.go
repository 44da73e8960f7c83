package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
	"liveops/sync/release"
)

func TestPullCheck(t *testing.T) {
	tests := []struct {
		name       string
		conclusion string
		title      string
	}{
		{"story", "success", "staging +3 -1 ~4"},
		{"problems", "failure", "problems to fix"},
		{"unreachable", "action_required", "not planned: production"},
	}
	all := pulls()
	for _, tt := range tests {
		c := PullCheck(all[tt.name])
		if c.Conclusion != tt.conclusion || !strings.Contains(c.Title, tt.title) {
			t.Errorf("%s: %s, %q", tt.name, c.Conclusion, c.Title)
		}
		if !strings.HasPrefix(c.Summary, "### liveops: ") || length(c.Summary) > 65_535 {
			t.Errorf("%s: the summary begins with %.40q and has a length of %d", tt.name, c.Summary, length(c.Summary))
		}
	}
}

func TestAnnotations(t *testing.T) {
	problems := []datasheets.Problem{
		{At: datasheets.Position{Path: "liveops.yaml", Line: 3, Column: 5}, Text: "the key `freze` is unknown", Mend: "did you mean `freeze`?"},
		{At: datasheets.Position{Path: "datasheets/items.xlsx", Sheet: "Artifact", Cell: "D18"}, Text: `found "SS"`},
		{At: datasheets.Position{Path: "datasheets/items.xlsx", Sheet: "Artifact", Cell: "D18"}, Text: `found "SS"`},
	}
	want := []Annotation{
		{Path: "datasheets/items.xlsx", Line: 1, Title: "items.xlsx › Artifact › D18", Message: `found "SS".`},
		{Path: "liveops.yaml", Line: 3, Column: 5, Title: "liveops.yaml:3:5", Message: "the key `freze` is unknown. Did you mean `freeze`?"},
	}
	if diff := cmp.Diff(want, Annotations(problems)); diff != "" {
		t.Error(diff)
	}
	many := Pull{BaseName: "main"}
	for i := range 700 {
		many.Problems = append(many.Problems, datasheets.Problem{At: datasheets.Position{Path: "a", Line: i + 1}, Text: "x"})
	}
	if n := len(PullCheck(many).Annotations); n != mostAnnotations {
		t.Errorf("%d annotations", n)
	}
}

func TestMergeCheck(t *testing.T) {
	p := progress(release.Applied, release.Stopped)
	p.Steps[1].Problems = failedTests()
	c := MergeCheck(Merge{Progress: p, Now: now})
	if c.Conclusion != "failure" || len(c.Annotations) != len(failedTests()) {
		t.Errorf("%s with %d annotations", c.Conclusion, len(c.Annotations))
	}
	if c := MergeCheck(Merge{Progress: progress(release.Applied, release.Applying), Now: now}); c.Conclusion != "" {
		t.Errorf("under way, and yet %q", c.Conclusion)
	}
}
