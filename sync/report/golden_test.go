package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (write it anew with -update):\n%s", path, got)
	}
}

const reportLink = "https://liveops.example/report/AAECAwQFBgcICQoLDA0ODw?expires=1797931800&signature=x8_Yj0T2"

// pulls are the comments that the golden files show.
func pulls() map[string]Pull {
	held := story()
	held.Plans[1].Base.Hold = &mysqlstore.Hold{Reason: "release of 9e8d7c6b stopped: 1 data test failed", By: "liveops", Since: now.Add(-time.Hour)}
	wayBack := pull(planOf("staging", digestA, levels(2200), stuff()), planOf("production", digestB))
	wayBack.Plans[1].Base.Hold = &mysqlstore.Hold{Reason: "release 41 was rolled back; the default branch still has its changes", By: "dana", Since: now.Add(-time.Hour), Kind: mysqlstore.HeldByRollback, Release: 42}
	limited := story()
	limited.Policy = policy("limits: {deletedRows: 0}\npermissions: {confirm: [maintain]}\n")
	pending := story()
	waiting := *pending.Plans[0].Tables[1]
	waiting.Changes = waiting.Changes[:2]
	pending.Plans[0].Pending = []*plan.Table{&waiting}
	differing := pull(planOf("staging", digestA, levels(2200), stuff()), planOf("production", digestB, levels(2300), stuff()))
	stopped := pull(planOf("staging", "", stuff()), planOf("production", "", stuff()))
	stopped.Plans[1].Problems = problems()[:1]
	stopped.Problems = problems()[1:]
	hostilePull := hostilePull("</details> @octocat [x](https://evil.example) `a|b` #12\n\u202e```")
	filtered := pull(planOf("staging", digestA, stuff()), planOf("production", digestB, stuff()))
	filtered.Plans[0].Tables[0].Unowned, filtered.Plans[1].Tables[0].Unowned = 1, 1204
	unreachable := pull(planOf("staging", digestA, stuff()))
	unreachable.Unreachable = []Unreachable{{Environment: "production", Reason: "dial tcp 10.0.0.7:3306: connection refused", Retry: true}}
	rehearsed := story()
	rehearsed.Plans[0].Rehearsal = &mysqlstore.Rehearsal{Rows: rehearsed.Plans[0].Count(), Tests: 2, Took: 38 * time.Millisecond}
	rehearsed.Plans[1].Unrehearsed = "another release, or the game, holds a lock on these rows"
	failing := story()
	failing.Plans[0].Digest, failing.Plans[0].Problems = "", failedTests()
	part := story()
	part.Plans[0].Part = &release.Part{Compared: 2, Checked: 1, Of: 200, Release: 12, Commit: baseCommit}
	part.Plans[1].Part = &release.Part{Compared: 2, Checked: 1, Of: 200, Release: 9, Commit: baseCommit}
	lagging := story()
	lagging.Plans[0].Part = &release.Part{Of: 200, Release: 12, Commit: baseCommit}
	lagging.Plans[0].Tables = nil
	lagging.Plans[1].Part = &release.Part{Compared: 1, Of: 1204, Release: 9, Commit: headCommit}
	linked := pull(planOf("staging", digestA, huge(12_345)), planOf("production", digestB, huge(12_345)))
	linked.Link = reportLink
	wrong := pull()
	wrong.Link = reportLink
	for i := range 80 {
		problem := problems()[0]
		problem.At.Cell = datasheets.CellName(3, 18+i)
		wrong.Problems = append(wrong.Problems, problem)
	}
	under := func(file string, when time.Time) Pull {
		p := story()
		p.Policy, p.When = policy(file), when
		return p
	}
	frozen := under(`    freeze: [{days: [sun], from: "18:00", to: "09:00", reason: "no @octocat on Sundays"}]`, now)
	gated := under("    requires: [approval]\n    soak: 1h30m\n    guard: game-health\n    freeze: [{days: [mon], from: \"00:00\", to: \"24:00\"}]", now)
	past := under("limits: {deletedRows: 0, deletedShare: 0.001}", now)
	past.Confirmations = map[string][]mysqlstore.Confirmation{
		"staging":    {{Kind: mysqlstore.Limits, Digest: digestA, By: "jun", At: now}},
		"production": {{Kind: mysqlstore.Limits, Digest: digestA, By: "jun <b>", At: now}},
	}
	campaigns, alone, many := story(), pull(planOf("staging", digestA)), pull(planOf("production", digestA))
	for _, p := range campaigns.Plans {
		p.Campaigns = campaignChanges(p.Environment)
	}
	alone.Plans[0].Campaigns = campaignChanges("staging")[:1]
	for range 60 {
		many.Plans[0].Campaigns = append(many.Plans[0].Campaigns, campaignChanges("production")[0])
	}
	return map[string]Pull{
		"campaigns":     campaigns,
		"campaign":      alone,
		"many":          many,
		"workbooks":     workbookPull(),
		"workbooks-cut": manyWorkbooks(),
		"part":          part,
		"lagging":       lagging,
		"linked":        linked,
		"wrong":         wrong,
		"rehearsed":     rehearsed,
		"tests":         failing,
		"story":         story(),
		"problems":      {BaseName: "main", Head: headCommit, Base: baseCommit, Problems: problems(), When: now},
		"some":          stopped,
		"nothing":       pull(planOf("staging", digestA, table("stuff", 1, "id:int")), planOf("production", digestB)),
		"wide":          pull(planOf("staging", digestA, wide(), longTexts())),
		"huge":          pull(planOf("staging", digestA, huge(100_000), stuff())),
		"differing":     differing,
		"hold":          held,
		"past-limits":   limited,
		"way-back":      wayBack,
		"pending":       pending,
		"unowned":       filtered,
		"unreachable":   unreachable,
		"conflict":      {BaseName: "main", Head: headCommit, Base: baseCommit, Conflict: true, When: now},
		"fork":          {BaseName: "main", Head: headCommit, Fork: true, When: now},
		"first":         {BaseName: "main", Head: headCommit, PolicyMissing: true, When: now},
		"hostile":       hostilePull,
		"frozen":        frozen,
		"gated":         gated,
		"past":          past,
		"purges":        purgingPull(),
	}
}

func TestPullComment(t *testing.T) {
	for name, p := range pulls() {
		t.Run(name, func(t *testing.T) {
			got := PullComment(p)
			golden(t, "pull-"+name+".md", got)
			if again := PullComment(p); again != got {
				t.Error("the same pull request gives another comment")
			}
		})
	}
}

func TestPullStatus(t *testing.T) {
	pulls := pulls()
	for _, test := range []struct{ name, state, description string }{
		{"story", "success", "staging +3 -1 ~4, production +3 -1 ~3"},
		{"differing", "success", "staging +3 -1 ~4, production +3 -1 ~4"},
		{"huge", "success", "staging +100,003 -1 ~3"},
		{"nothing", "success", "nothing to do"},
		{"problems", "failure", "3 problems to fix"},
		{"some", "failure", "3 problems to fix"},
		{"hold", "success", "staging +3 -1 ~4, production +3 -1 ~3 (on hold)"},
		{"unreachable", "error", "not planned: production"},
		{"frozen", "success", "staging +3 -1 ~4, production +3 -1 ~3 (frozen)"},
		{"past", "success", "staging +3 -1 ~4, production +3 -1 ~3 (past a limit)"},
		{"conflict", "failure", "conflicts with main"},
		{"fork", "failure", "a fork: nothing is planned"},
		{"tests", "failure", "3 problems to fix"},
		{"workbooks", "error", "not planned: staging, production"},
		{"campaigns", "success", "staging +3 -1 ~4, 4 campaigns, production +3 -1 ~3, 4 campaigns"},
		{"campaign", "success", "staging 1 campaign"},
		{"first", "success", "no liveops.yaml on main yet: nothing is applied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if state, description := PullStatus(pulls[test.name]); state != test.state || description != test.description {
				t.Errorf("got %s, %q; want %s, %q", state, description, test.state, test.description)
			}
		})
	}
	same := pull(planOf("staging", digestA, stuff()), planOf("production", digestB, stuff()))
	if _, d := PullStatus(same); d != "staging +3 -1 ~3, production the same" {
		t.Errorf("alike environments: got %q", d)
	}
}

// merges are the comments of merges that the golden files show.
func merges() map[string]Merge {
	moved := progress(release.Applied, release.Stopped)
	moved.Steps[1].Reason, moved.Steps[1].Mend = "the rows moved since the plan was reviewed", "look at the new plan, then merge again"
	moved.Steps[1].Plan.Digest = digestB
	broken := progress(release.Stopped, release.Skipped)
	broken.Steps[0].Reason, broken.Steps[0].Mend = "the commit has 3 problems", "push a fix"
	broken.Steps[0].Plan, broken.Steps[0].Problems = nil, problems()
	cumulative := progress(release.Applied, release.Applying)
	cumulative.Steps[1].Commits = append([]release.Commit{{ID: baseCommit, Subject: "New cookies @everyone", Author: "kim"}}, cumulative.Steps[1].Commits...)
	same := progress(release.Same, release.Same)
	resumed := progress(release.Applied, release.Applied)
	resumed.Steps[0].Plan = nil
	part := progress(release.Applied, release.Applied)
	part.Steps[0].Plan.Part = &release.Part{Compared: 1, Of: 200, Release: 16, Commit: baseCommit}
	part.Steps[1].Plan.Part = &release.Part{Compared: 1, Of: 200, Release: 17, Commit: baseCommit}
	large := progress(release.Applied, release.Applied)
	for i := range large.Steps {
		large.Steps[i].Plan = planOf(large.Steps[i].Environment, digestA, huge(12_345))
		large.Steps[i].Count = large.Steps[i].Plan.Count()
	}
	waits := progress(release.Applied, release.Paused)
	waits.Zone = seoul()
	waits.Steps[1].Reason = "production is frozen (weekend); production takes it once someone who is not its author has approved it"
	waits.Steps[1].Waits = []release.Wait{
		{Kind: release.Frozen, Reason: "production is frozen (weekend @octocat)", Until: now.Add(14*time.Hour + 29*time.Minute + 30*time.Second)},
		{Kind: release.Unapproved, Reason: "production takes it once someone who is not its author has approved it; what jun approved was another plan (`77d0e5f2`), it has changed since"},
	}
	limited := progress(release.Paused, release.Queued)
	limited.Steps[0].Reason = "the plan deletes 612 rows (the limit is 500): a second person must confirm it"
	limited.Steps[0].Waits = []release.Wait{{Kind: release.Unconfirmed, Reason: limited.Steps[0].Reason}}
	limited.Steps[1].Reason = "comes after staging, which waits"
	soaking := progress(release.Applied, release.Paused)
	soaking.Steps[1].Reason = "staging must have had the commit for 30m before production takes it; the guard `game-health` is not healthy: it answers 503"
	soaking.Steps[1].Waits = []release.Wait{{Kind: release.Soaking, Reason: "staging must have had the commit for 30m before production takes it", Until: now.Add(30 * time.Minute)}}
	sick := progress(release.Applied, release.Paused)
	sick.Steps[1].Reason = "the guard `game-health` is not healthy: it answers 503"
	sick.Steps[1].Waits = []release.Wait{{Kind: release.Unhealthy, Reason: sick.Steps[1].Reason}}
	campaigns := progress(release.Same, release.Same)
	for i := range campaigns.Steps {
		campaigns.Steps[i].Plan = planOf(campaigns.Steps[i].Environment, digestA)
		campaigns.Steps[i].Plan.Campaigns, campaigns.Steps[i].Release = campaignChanges(campaigns.Steps[i].Environment), int64(17+i)
	}
	return map[string]Merge{
		"campaigns":  {Number: 41, Progress: campaigns, Now: now},
		"part":       {Number: 41, Progress: part, Now: now},
		"linked":     {Number: 41, Progress: large, Link: reportLink, Now: now},
		"waits":      {Number: 41, Progress: waits, Now: now},
		"limited":    {Number: 41, Progress: limited, Now: now},
		"soaking":    {Number: 41, Progress: soaking, Now: now},
		"sick":       {Number: 41, Progress: sick, Now: now},
		"progress":   {Number: 41, Progress: cumulative, Now: now.Add(65 * time.Second)},
		"start":      {Number: 41, Progress: progress(release.Planning, release.Waiting), Now: now.Add(time.Second)},
		"retrying":   {Number: 41, Progress: progress(release.Planning, release.Waiting), Retrying: "staging: dial tcp: connection refused", Now: now},
		"done":       {Number: 41, Progress: progress(release.Applied, release.Applied), Now: now},
		"nothing":    {Number: 41, Progress: same, Now: now},
		"resumed":    {Number: 41, Progress: resumed, Now: now},
		"moved":      {Number: 41, Progress: moved, Now: now},
		"problems":   {Number: 41, Progress: broken, Now: now},
		"purging":    purgingMerge(),
		"purged":     purgedMerge(),
		"conclusion": {Number: 41, Progress: progress(release.Applied, release.Same), Note: "applied by hand", Now: now},
	}
}

func TestLeavesOut(t *testing.T) {
	for name, p := range pulls() {
		if got, want := PullLeavesOut(p), name == "huge" || name == "many" || name == "linked" || name == "wrong"; got != want {
			t.Errorf("pull %s: %v, want %v", name, got, want)
		}
		p.Link = reportLink
		if got := strings.Contains(PullComment(p), "(<"+reportLink+">)"); got != PullLeavesOut(p) {
			t.Errorf("pull %s: the link is there: %v", name, got)
		}
	}
	for name, m := range merges() {
		if got, want := MergeLeavesOut(m), name == "linked"; got != want {
			t.Errorf("merge %s: %v, want %v", name, got, want)
		}
	}
}

func TestMergeComment(t *testing.T) {
	for name, m := range merges() {
		t.Run(name, func(t *testing.T) { golden(t, "merge-"+name+".md", MergeComment(m)) })
	}
}

func TestMergeStatus(t *testing.T) {
	for _, test := range []struct{ name, state, description string }{
		{"start", "pending", "staging planning, production waiting"},
		{"progress", "pending", "staging applied, production applying"},
		{"retrying", "pending", "trying again: staging: dial tcp: connection refused"},
		{"done", "success", "staging applied, production applied"},
		{"nothing", "success", "staging nothing to do, production nothing to do"},
		{"campaigns", "success", "staging 4 campaigns, production 4 campaigns"},
		{"moved", "failure", "production stopped: the rows moved since the plan was reviewed"},
		{"problems", "failure", "staging stopped: the commit has 3 problems"},
		{"waits", "pending", "production waits: production is frozen (weekend); production takes it once someone who is not its author has approved it"},
		{"soaking", "pending", "production waits until Sun 2026-11-22 10:00 UTC: staging must have had the commit for 30m before production takes it; the guard `game-healt…"},
		{"limited", "pending", "staging waits: the plan deletes 612 rows (the limit is 500): a second person must confirm it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if state, description := MergeStatus(merges()[test.name]); state != test.state || description != test.description {
				t.Errorf("got %s, %q; want %s, %q", state, description, test.state, test.description)
			}
		})
	}
}

// A release that waits has not said its last word: a later run writes over its comment.
func TestWaitingIsNotDone(t *testing.T) {
	for name, want := range map[string]bool{"done": true, "nothing": true, "campaigns": true, "waits": false, "limited": false, "progress": false} {
		if got := MergeDone(mergeCommit, MergeComment(merges()[name])); got != want {
			t.Errorf("%s is done: %t, want %t", name, got, want)
		}
	}
}

func TestProgressText(t *testing.T) {
	for name, m := range merges() {
		golden(t, "progress-"+name+".txt", written(t, func(w io.Writer) error { return ProgressText(w, m.Progress, TextOptions{}) }))
	}
}

func TestPushComment(t *testing.T) {
	golden(t, "push.md", PushComment(DirectPush{
		Commit: release.Commit{ID: headCommit, Subject: "hotfix <b>now</b> @team"}, Pusher: "dana",
		Paths: []string{"datasheets/items.xlsx", "datasheets/레벨.xlsx", "liveops.yaml"},
	}))
}

func TestMarkdown(t *testing.T) {
	golden(t, "markdown.md", Markdown(story().Plans, nil))
}

func TestText(t *testing.T) {
	p := pulls()
	for _, test := range []struct {
		file     string
		plans    []*release.Plan
		problems []datasheets.Problem
		options  TextOptions
	}{
		{"text.txt", p["pending"].Plans, nil, TextOptions{}},
		{"text-color.txt", p["pending"].Plans, nil, TextOptions{Color: true}},
		{"text-narrow.txt", p["wide"].Plans, nil, TextOptions{Width: 60}},
		{"text-problems.txt", p["some"].Plans, p["some"].Problems, TextOptions{}},
		{"text-rehearsed.txt", p["rehearsed"].Plans, nil, TextOptions{}},
		{"text-part.txt", p["part"].Plans, nil, TextOptions{}},
		{"text-tests.txt", p["tests"].Plans, nil, TextOptions{}},
		{"text-nothing.txt", p["nothing"].Plans, nil, TextOptions{}},
		{"text-unowned.txt", p["unowned"].Plans, nil, TextOptions{}},
		{"text-campaigns.txt", p["campaigns"].Plans, nil, TextOptions{}},
		{"text-campaign.txt", p["campaign"].Plans, nil, TextOptions{}},
		{"text-hostile.txt", p["hostile"].Plans, nil, TextOptions{}},
	} {
		t.Run(test.file, func(t *testing.T) {
			golden(t, test.file, written(t, func(w io.Writer) error { return Text(w, test.plans, test.problems, test.options) }))
		})
	}
}

func TestJSON(t *testing.T) {
	p := pulls()
	golden(t, "plan.json", written(t, func(w io.Writer) error { return JSON(w, p["pending"].Plans, problems()) }))
	golden(t, "part.json", written(t, func(w io.Writer) error { return JSON(w, p["part"].Plans, nil) }))
	golden(t, "rehearsed.json", written(t, func(w io.Writer) error { return JSON(w, p["rehearsed"].Plans, nil) }))
	golden(t, "campaigns.json", written(t, func(w io.Writer) error { return JSON(w, p["campaign"].Plans, nil) }))
	golden(t, "empty.json", written(t, func(w io.Writer) error { return JSON(w, nil, nil) }))
}

func TestProblemsText(t *testing.T) {
	golden(t, "problems.txt", written(t, func(w io.Writer) error { return ProblemsText(w, problems(), nil, false) }))
	golden(t, "problems-none.txt", written(t, func(w io.Writer) error { return ProblemsText(w, nil, nil, true) }))
}

func statuses() []EnvironmentStatus {
	until := now.Add(15 * time.Hour)
	return []EnvironmentStatus{
		{
			Name:  "staging",
			State: mysqlstore.State{Epoch: 9, Commit: mergeCommit, Release: 18, Hold: &mysqlstore.Hold{Reason: "rolled back", By: "dana", Since: now}},
			Last: []mysqlstore.Release{
				{ID: 18, Kind: mysqlstore.RollbackKind, Commit: baseCommit, Actor: "dana", State: mysqlstore.Applied, Undoes: 17, Inserted: 1, Deleted: 3, Updated: 3, Finished: now},
				{ID: 17, Kind: mysqlstore.ApplyKind, Commit: mergeCommit, Actor: "김하늘", Pull: 41, State: mysqlstore.RolledBack, Inserted: 3, Deleted: 1, Updated: 3, Finished: now.Add(-time.Hour)},
				{ID: 16, Kind: mysqlstore.ApplyKind, Commit: headCommit, Actor: "liveops", State: mysqlstore.Failed, Error: "data test\x1b[2J failed", Finished: now.Add(-2 * time.Hour)},
			},
			Audit: []mysqlstore.AuditEntry{
				{ID: 9, At: now, Actor: "dana", Action: mysqlstore.AuditRollback, Release: 18, Commit: baseCommit, Digest: digestA, Detail: "release 17: 3 deleted, 1 inserted, 3 updated"},
				{ID: 8, At: now, Actor: "김하늘", Action: mysqlstore.AuditConfirm, Pull: 41, Digest: digestA, Detail: "limits"},
				{ID: 7, At: now.Add(-time.Hour), Actor: "dana", Action: mysqlstore.AuditHold, Detail: "event\x1b[2J"},
			},
			Tables: []TableRows{{"level_guide", 240, "levels.xlsx › LevelContents", &plan.Count{}, ""}, {"stuff", 41230, "items.xlsx › TreasureItemData, Artifact", &plan.Count{Inserted: 3, Updated: 1200}, ""}, {"gone", 0, "", nil, "no such table"}},
		},
		{Name: "production", Freeze: &FreezeStatus{Reason: "winter\x1b[2J", Until: &until, Zone: seoul()}, Tables: []TableRows{{"level_guide", 238, "levels.xlsx › LevelContents", &plan.Count{Inserted: 2}, ""}, {"stuff", 40000, "items.xlsx › TreasureItemData, Artifact", nil, ""}}},
		{Name: "other", Error: "dial tcp 10.0.0.7:3306: connection refused"},
	}
}

func TestStatus(t *testing.T) {
	es := statuses()
	golden(t, "status.txt", written(t, func(w io.Writer) error { return StatusText(w, es, TextOptions{}) }))
	golden(t, "status-color.txt", written(t, func(w io.Writer) error { return StatusText(w, es, TextOptions{Color: true}) }))
	golden(t, "status.md", StatusMarkdown(es))
	golden(t, "status.json", written(t, func(w io.Writer) error { return StatusJSON(w, es) }))
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
