package report

import (
	"strings"
	"testing"
	"time"

	"liveops/sync/purge"
	"liveops/sync/purgerun"
	"liveops/sync/release"
)

// purgeOf is a purge of cookies with a limit of 250 documents.
func purgeOf(name, description string) *purge.Purge {
	p, faults := purge.New(purge.Spec{Name: name, Path: "purges/" + name + ".yaml", Description: description, Select: purge.Select{IDs: []string{"user-1"}},
		Match: `any(.inventory[]; .item == "santa_cookie")`, Update: `del(.inventory[] | select(.item == "santa_cookie"))`,
		Scope: purge.DefaultName, Collection: purge.DefaultName, Limit: 250, Rate: 500, Mask: []string{".email"}})
	if len(faults) > 0 {
		panic(faults)
	}
	return p
}

// planned is what the purge would do to a few documents.
func planned(p *purge.Purge, ids ...string) release.PurgePlan {
	pl := &purgerun.Plan{Candidates: 20_000, Matches: 312, Unmatched: 19_680, Unchanged: 4, Missing: 3, Failed: 1, OverBy: 62, Takes: 700 * time.Millisecond}
	for _, id := range ids {
		pl.Examples = append(pl.Examples, purgerun.Example{ID: id,
			Before: []byte(`{"name":"` + id + ` <b>","email":"m@x.kr","inventory":[{"item":"santa_cookie","count":2},{"item":"sword","count":1}]}`),
			After:  []byte(`{"name":"` + id + ` <b>","email":"m@x.kr","inventory":[{"item":"sword","count":1}]}`)})
	}
	return release.PurgePlan{Purge: p, Plan: pl}
}

// purgingPull has two purges in staging, one of which production leaves out.
func purgingPull() Pull {
	cookie, coins := purgeOf("2013-12-santa-cookie", "Take the Santa cookie back from accounts that got it by abuse."), purgeOf("coins", "")
	staging, production := planOf("staging", digestA, stuff()), planOf("production", digestB, stuff())
	staging.Purges = []release.PurgePlan{planned(cookie, "user-00066", "user-00132"), {Purge: coins, Plan: &purgerun.Plan{Candidates: 7, Unmatched: 7}}}
	production.Purges = []release.PurgePlan{planned(cookie, "user-00007")}
	production.Unpurged = []release.Unpurged{{Name: "coins", Reason: "it expired on 2026-11-01 00:00 UTC"}}
	return pull(staging, production)
}

// purgedMerge changed no row: one purge is done in both environments.
func purgedMerge() Merge {
	p := progress(release.Same, release.Same)
	for i := range p.Steps {
		p.Steps[i].Purges = []release.PurgeStep{{Name: "2013-12-santa-cookie", Run: purge.Run{Name: "2013-12-santa-cookie", State: purge.Done, Counts: purge.Counts{Done: 312, Skipped: 2}}}}
	}
	return Merge{Number: 41, Progress: p, Now: now}
}

// purgingMerge is at work on the second environment.
func purgingMerge() Merge {
	m := purgedMerge()
	m.Progress.Steps[0].State, m.Progress.Steps[1].State = release.Applied, release.Purging
	m.Progress.Steps[1].Purges[0].Run.State, m.Progress.Steps[1].Purges[0].Run.Counts = purge.Running, purge.Counts{Done: 44}
	return m
}

// A release that only purged says so, and how to get the documents back.
func TestPurgedStatus(t *testing.T) {
	if state, description := MergeStatus(purgedMerge()); state != "success" || description != "staging purged, production purged" {
		t.Errorf("%s %s", state, description)
	}
	if _, description := StepDeployment(&purgedMerge().Progress.Steps[0]); description != "purged" {
		t.Errorf("the deployment says %s", description)
	}
	m := purgedMerge()
	m.Progress.Steps[1].Purges[0].Run.Counts.Undone = 312
	if c := MergeComment(m); !strings.Contains(c, "put its documents back with `/liveops purge undo 2013-12-santa-cookie staging`") {
		t.Error(c)
	}
}

// What an undo leaves is told with both forms, of which personal fields are masked; where the purge's file is gone, by its id alone.
func TestPurgeUndone(t *testing.T) {
	r := purgerun.UndoResult{Run: purge.Run{Name: "cookie", State: purge.Undone}, Restored: 309, Left: 4}
	left := []purgerun.Left{
		{ID: "user-1", Why: "it was changed since", Before: []byte(`{"email":"m@x.kr","coins":1}`), Now: []byte(`{"email":"n@x.kr","coins":2}`)},
		{ID: "user-2", Why: "it was removed since", Before: []byte(`{"email":"m@x.kr","coins":3}`)},
		{ID: "user-3", Why: "the purge did not change it"},
	}
	text := PurgeUndone("production", purgeOf("cookie", ""), r, left)
	for _, want := range []string{"309 documents brought back, 4 left as they are. The purge is undone there.", "- `user-2`: it was removed since\n", "… and 1 more",
		"-   \"coins\": 1\n", "+   \"coins\": 2\n", "-   \"coins\": 3\n", "@@ user-2 @@"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "x.kr") || strings.Contains(text, "@@ user-3") {
		t.Error(text)
	}
	if text := PurgeUndone("production", nil, r, left); strings.Contains(text, "coins") || !strings.Contains(text, "- `user-1`: it was changed since") {
		t.Error(text)
	}
}
