package report

import (
	"strings"
	"testing"

	"liveops/sync/release"
)

// A release that waits can be canceled, once; nothing else can.
func TestMergeCanceled(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	comment := func(states ...release.StepState) string {
		p := &release.Progress{Commit: release.Commit{ID: commit, Subject: "Winter"}}
		for i, s := range states {
			p.Steps = append(p.Steps, release.Step{Environment: []string{"staging", "production"}[i], State: s})
		}
		return MergeComment(Merge{Number: 1, Progress: p})
	}
	waits := comment(release.Applied, release.Paused)
	body, ok := MergeCanceled(commit, waits, "jun`s")
	if !ok || MergeRests(commit, waits) || !MergeRests(commit, body) || MergeDone(commit, body) || !strings.HasPrefix(body, MergeMarker(commit)+"\n### ") {
		t.Errorf("canceled %v:\n%s", ok, body)
	}
	if again, ok := MergeCanceled(commit, body, "mina"); ok || again != body {
		t.Errorf("canceled twice:\n%s", again)
	}
	for _, other := range []string{"", comment(release.Applied, release.Applied), comment(release.Applying, release.Waiting), comment(release.Stopped, release.Skipped)} {
		if _, ok := MergeCanceled(commit, other, "jun"); ok {
			t.Errorf("canceled:\n%s", other)
		}
	}
	if !MergeRests(commit, comment(release.Applied, release.Stopped)) || MergeRests(commit, comment(release.Applied, release.Applying)) || MergeRests("fedcba", waits) {
		t.Error("what was stopped rests, and nothing else")
	}
}
