package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"liveops/sandbox/github"
)

const permissions = `permissions: {plan: [write], apply: [write], export: [write], rollback: [maintain], promote: [maintain], lock: [maintain], confirm: [maintain]}
`

func TestCommandsAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.say(n, "mina", "What can I do?\n\n/liveops help\n").done("| ✓ | `/liveops plan` |", "| — | `/liveops rollback ENV")
	w.say(n, "jun", "/liveops help rollback").done("the permission `rollback`", "You may use it.")
	w.say(n, "mina", "/liveops rollback production").refused("**✗ Not done.**", "`mina` has the role write", "rollback needs maintain", "not: @mina")
	w.say(n, "jun", "/liveops rollbak production").refused("There is no command `rollbak`. Did you mean `/liveops rollback`?")
	w.say(n, "jun", "/liveops lock prod why").refused("There is no environment `prod`. `liveops.yaml` names `staging`, `production`.")
	w.say(n, "jun", "/liveops status").done("| staging |", "| production |", "newest releases", "tables")
	w.say(n, "jun", "/liveops apply production").refused("this is not merged", "Merge it first")
	w.say(n, "jun", "/liveops status\n/liveops nonsense\n/liveops help").refused("| staging |", "There is no command `nonsense`", "| you may |")
	w.say(n, "stranger", "/liveops help").refused("has no role in this repository")

	issue, err := w.repo.OpenIssue(github.NewIssue{Title: "On call", Author: "jun"})
	w.must(err)
	w.say(issue, "jun", "/liveops plan").refused("works in pull requests only")
	w.say(issue, "jun", "/LiveOps status").done("| staging |")
}

// What is no command, or no person's, gets neither a reaction nor an answer.
func TestWhatIsNoCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	for _, body := range []string{"liveops help", "> /liveops lock production no", "```\n/liveops lock production no\n```", "<!-- /liveops lock production no -->", "see `/liveops lock production no`"} {
		if s := w.say(n, "jun", body); s.answers != 0 || len(s.reactions) != 0 {
			t.Errorf("%q got %d answers and %v", body, s.answers, s.reactions)
		}
	}
	if s := w.say(n, "liveops-bot", "/liveops lock production no"); s.answers != 0 || len(s.reactions) != 0 {
		t.Errorf("the bot answers itself: %s", s.answer)
	}
	first := w.say(n, "jun", "/liveops status")
	first.done()
	w.must(w.repo.EditComment(first.id, "jun", "/liveops lock production no"))
	w.settle()
	w.equal("production's hold", w.envs["production"].hold(t), "")
}

func TestLockAndUnlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.say(n, "jun", "/liveops lock production the winter event @octocat").done("production takes no release until `/liveops unlock production`", "event `@octocat`")
	w.say(n, "jun", "/liveops lock production again").done("was on hold already", "by `jun`")
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "**Stopped** at production", "the winter event")
	w.status(merged, "failure")
	w.rows(winterItems, firstItems)
	w.say(n, "mina", "/liveops apply production").refused("production is as it was", "is on hold")
	w.say(n, "jun", "/liveops unlock production\n/liveops apply production").done("is lifted", "production has it")
	w.says(w.told(n), "is live in staging and production")
	w.status(merged, "success")
	w.rows(winterItems, winterItems)
	w.releases("1", "1")
}

func TestApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: "    requires: [approval]\n" + permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "waits at production", "/liveops apply production")
	w.status(merged, "pending")
	w.say(n, "mina", "/liveops apply production").refused("`mina` opened this pull request")
	w.rows(winterItems, firstItems)

	// What was shown has changed meanwhile: it is shown again, and nothing is applied.
	w.envs["production"].exec(t, "UPDATE items SET price = 101 WHERE id = 1")
	w.say(n, "jun", "/liveops apply production").refused("is not what was shown last", "price: 101 → 120", "say `/liveops apply production` again")
	w.equal("production", w.envs["production"].items(t), "1 Sword B 101, 2 Bow A 250, 3 Staff C 90")
	w.say(n, "jun", "/liveops apply production").done("production has it")
	w.says(w.told(n), "is live in staging and production")
	w.status(merged, "success")
	w.rows(winterItems, winterItems)
	w.say(n, "jun", "/liveops apply production").done("has it")
	w.releases("1", "1")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions + "limits: {deletedRows: 0}\n"})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.says(w.plan(n), "Past a limit")
	w.say(n, "mina", "/liveops confirm").refused("has the role write; confirm needs maintain")
	w.say(n, "jun", "/liveops confirm").done("Confirmed for staging", "production")
	w.says(w.plan(n), "Confirmed by `jun`", "not: a second person")
	// Another push makes another plan: nobody has confirmed that one.
	w.commit("winter", "One more", files{itemsPath: items("1 Sword B 120, 4 Cape S 900")})
	w.settle()
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "waits at staging", "a second person must confirm it", "was another plan")
	w.rows(firstItems, firstItems)
	w.say(n, "jun", "/liveops confirm").done("Confirmed for staging", "the release went on")
	w.status(merged, "success")
	w.rows("1 Sword B 120, 4 Cape S 900", "1 Sword B 120, 4 Cape S 900")
}

// A release that waits for a freeze goes on by itself when the freeze is over.
func TestFreeze(t *testing.T) {
	t.Parallel()
	until := time.Now().UTC().Add(2 * time.Hour).Truncate(time.Minute)
	w := newWorld(t, options{more: fmt.Sprintf("    freeze: [{from: 2020-01-01T00:00, to: %s, reason: holidays}]\n", until.Format("2006-01-02T15:04")) + permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "waits at production", "production is frozen (holidays)", "It goes on by itself on", until.Format("2006-01-02 15:04 UTC"))
	w.status(merged, "pending")
	w.pass(time.Hour)
	w.rows(winterItems, firstItems)
	w.pass(time.Hour + time.Minute)
	w.status(merged, "success")
	w.rows(winterItems, winterItems)
	w.releases("1", "1")
}

// A waiting release that is canceled stays where it is until someone takes it up again.
func TestCancel(t *testing.T) {
	t.Parallel()
	until := time.Now().UTC().Add(2 * time.Hour).Truncate(time.Minute)
	w := newWorld(t, options{more: fmt.Sprintf("    freeze: [{from: 2020-01-01T00:00, to: %s}]\n", until.Format("2006-01-02T15:04")) + permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.say(n, "jun", "/liveops cancel").refused("Nothing waits here")
	w.merge(n)
	w.settle()
	w.say(n, "jun", "/liveops cancel").done("Dropped: 1 that waited")
	w.later.Add(int64(3 * time.Hour))
	w.say(n, "jun", "/liveops apply production").done("production has it")
	w.rows(winterItems, winterItems)
}

// A rollback restores the rows, holds the environment and opens the pull request that brings Git back; its merge lifts
// the hold.
func TestRollbackCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.merge(n)
	w.settle()
	w.rows(winterItems, winterItems)

	w.envs["production"].exec(t, "UPDATE items SET price = 7 WHERE id = 4")
	w.say(n, "jun", "/liveops rollback production").refused("are not as the release left them", "`items id=4", "by the game, or by hand", "`/liveops rollback production 2 --keep-changed`")
	w.rows(winterItems, "1 Sword B 120, 3 Staff C 90, 4 Cape S 7")
	w.envs["production"].exec(t, "UPDATE items SET price = 900 WHERE id = 4")

	s := w.say(n, "jun", "/liveops rollback production")
	s.done("**Release `2` of production is taken back:**", "**On hold:** production", "next:** it brings Git to the same state, and its merge lifts the hold of production by itself", itemsPath, "as it was before the release")
	w.rows(winterItems, firstItems)
	pulls := w.repo.Pulls()
	back := pulls[len(pulls)-1]
	w.equal("the pull request's branch", back.Head, "liveops/rollback-production-3")
	w.settle()
	w.says(w.plan(back.Number), "1 table changes", "| `items` |", "+1 −1 ~1", "nothing to do")
	merged := w.merge(back.Number)
	w.settle()
	w.says(w.told(back.Number), "is live in staging and production")
	w.status(merged, "success")
	w.rows(firstItems, firstItems)
	w.equal("production's hold", w.envs["production"].hold(t), "")
}

func TestExportAndPromote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	issue, err := w.repo.OpenIssue(github.NewIssue{Title: "On call", Author: "jun"})
	w.must(err)
	w.envs["staging"].exec(t, "UPDATE items SET price = 111 WHERE id = 1")
	w.say(issue, "jun", "/liveops export staging itmes").refused("`staging` has no table `itmes`", "Did you mean `items`")
	w.say(issue, "jun", "/liveops export staging items").done("has 1 changed workbook", "Merge it")
	pulls := w.repo.Pulls()
	w.equal("the pull request", pulls[len(pulls)-1].Title, "Bring what staging holds into the sheets of items")
	w.settle()
	w.says(w.plan(pulls[len(pulls)-1].Number), "price: 100 → 111")

	for _, e := range []string{"staging", "production"} {
		w.envs[e].exec(t, "CREATE TABLE drop_rate (id INT PRIMARY KEY, rate INT NOT NULL)")
	}
	w.envs["staging"].exec(t, "INSERT INTO drop_rate VALUES (1, 10), (2, 20)")
	w.say(issue, "jun", "/liveops promote production staging drop_rate").refused("does not come after")
	w.say(issue, "mina", "/liveops promote staging production drop_rate").refused("promote needs maintain")
	w.say(issue, "jun", "/liveops promote staging production drop_rate").done("**Promoted from staging to production:** +2", "/liveops rollback production")
	w.equal("rows in production", w.envs["production"].text(t, "SELECT GROUP_CONCAT(rate ORDER BY id) FROM drop_rate"), "10,20")
	w.say(issue, "jun", "/liveops promote staging production items").done("changed workbook")
	w.rows("1 Sword B 111, 2 Bow A 250, 3 Staff C 90", firstItems)
}

func TestDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions + "drift: {schedule: \"* * * * *\"}\n"})
	w.envs["production"].exec(t, "UPDATE items SET price = 1 WHERE id = 2")
	w.pass(time.Minute)
	issues := w.repo.Issues()
	if len(issues) != 1 || issues[0].Title != "liveops: production differs from its commit" {
		t.Fatalf("issues: %+v\n%s", issues, w.log)
	}
	w.says(issues[0].Body, "price: 1 → 250", "Someone changed them besides the data repo")
	w.pass(time.Minute)
	if issues = w.repo.Issues(); len(issues) != 1 {
		t.Fatalf("%d issues, want the one kept up to date", len(issues))
	}
	w.says(issues[0].Body, ", since ")
	w.envs["production"].exec(t, "UPDATE items SET price = 250 WHERE id = 2")
	w.say(issues[0].Number, "jun", "/liveops drift").done("| production |", "nothing")
	if issues = w.repo.Issues(); issues[0].State != "closed" {
		t.Errorf("the issue is %s", issues[0].State)
	}
	w.rows(firstItems, firstItems)
}

// A fork is planned when someone allowed says so, for the head that it has then, and never rehearsed.
func TestForkIsPlannedOnCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	fork, err := w.repo.Fork("stranger")
	w.must(err)
	_, err = fork.Commit("gift", "A gift", "stranger", files{itemsPath: items(winterItems)})
	w.must(err)
	n, err := w.repo.OpenPull(github.NewPull{Title: "A gift", Head: "stranger:gift", Author: "stranger"})
	w.must(err)
	w.settle()
	w.says(w.plan(n), "not planned, it comes from a fork")
	w.say(n, "stranger", "/liveops plan").refused("has no role")
	w.say(n, "jun", "/liveops plan").done("Planned anew")
	w.says(w.plan(n), "price: 100 → 120", "not: Rehearsed")
	_, err = fork.Commit("gift", "Another", "stranger", files{itemsPath: items("1 Sword B 1")})
	w.must(err)
	w.settle()
	w.says(w.plan(n), "not planned, it comes from a fork")
}

// With a person's token there are no check runs: commit statuses take their place.
func TestTokenWithoutChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{token: true, more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.status(w.repo.Tip("winter"), "success", "staging +1 -1 ~1")
	merged := w.merge(n)
	w.settle()
	w.status(merged, "success", "production applied")
	if runs := w.repo.CheckRuns(merged); len(runs) > 0 {
		t.Errorf("check runs: %+v", runs)
	}
	w.say(n, "jun", "/liveops status").done()
}

func TestChecksAndDeployments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items("1 Sword SS 100"), levelsPath: levels(10, 20, 31)})
	runs := w.repo.CheckRuns(w.repo.Tip("winter"))
	if len(runs) != 1 || runs[0].Conclusion != "failure" || len(runs[0].Annotations) != 1 {
		t.Fatalf("check runs: %+v", runs)
	}
	a := runs[0].Annotations[0]
	w.says(a.Path+" "+a.Title+" "+a.Message, itemsPath, "items.xlsx › items › C2", "SS")
	w.must(w.repo.RerunCheck(runs[0].ID, "mina"))
	w.settle()
	if runs = w.repo.CheckRuns(w.repo.Tip("winter")); len(runs) != 2 {
		t.Errorf("%d check runs after Re-run, want a new one", len(runs))
	}
	w.commit("winter", "Mend", files{itemsPath: items(winterItems)})
	w.settle()
	merged := w.merge(n)
	w.settle()
	w.status(merged, "success")
	var shown []string
	for _, d := range w.repo.Deployments() {
		shown = append(shown, d.Environment+" "+d.State())
	}
	w.equal("deployments", strings.Join(shown, ", "), "staging success, production success")
}

// What came while no bot ran, and no delivery tells any more, is found.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	w.end()
	w.github.SetWebhook("", "")
	n := w.open("winter", files{itemsPath: items(winterItems)})
	other := w.open("levels", files{levelsPath: levels(10, 20, 31)})
	id, err := w.repo.AddComment(other, "jun", "/liveops status")
	w.must(err)
	w.must(w.github.Settle(w.deadline()))
	w.start()
	w.pass(0)
	w.says(w.plan(n), "price: 100 → 120")
	w.says(w.plan(other), "exp: 30 → 31")
	found := false
	for _, c := range w.repo.Comments(other) {
		found = found || strings.HasPrefix(c.Body, fmt.Sprintf("<!-- liveops:answer %d -->", id))
	}
	if !found {
		t.Errorf("the command has no answer\n%s", w.log)
	}

	w.end()
	w.github.SetWebhook("", "")
	w.merge(n)
	w.start()
	w.pass(time.Hour)
	w.says(w.told(n), "is live in staging and production")
	w.rows(winterItems, winterItems)
}
