package bot_test

import (
	"testing"
	"time"

	"liveops/sandbox/github"
)

// The bot does as a GitHub App, with no more than the permissions that it says it needs, what it does with a token.
func TestAsApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{app: true})
	n := w.planned("winter", files{itemsPath: items("1 Sword B 110")})
	w.app.RevokeTokens(w.installation)
	second := w.commit("winter", "A better price", files{itemsPath: items(winterItems)})
	w.settle()
	w.says(w.plan(n), "price: 100 → 120", second[:8])
	w.status(second, "success")
	pushed := w.commit("main", "Pushed", files{"README.md": []byte("hello"), levelsPath: levels(10, 20, 31)})
	w.settle()
	if list := w.repo.CommitComments(pushed); len(list) != 1 {
		t.Errorf("%d comments on a direct push, want 1", len(list))
	}
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production")
	w.status(merged, "success")
	w.rows(winterItems, winterItems)
	w.releases("1", "1")
}

// So are commands, check runs, deployments, proposed pull requests and the issues about drift; and a team's members are asked about.
func TestCommandsAsApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{app: true, more: "permissions: {plan: [write], rollback: ['@studio/liveops'], export: ['@studio/liveops']}\ndrift: {schedule: \"* * * * *\"}\n"})
	w.must(w.github.SetTeam("studio", github.Team{Name: "liveops", Slug: "liveops", Members: []string{"mina"}}))
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	merged := w.merge(n)
	w.settle()
	w.status(merged, "success")
	if runs := w.repo.CheckRuns(merged); len(runs) != 1 || len(w.repo.Statuses(merged)) > 0 {
		t.Errorf("check runs %+v, statuses %+v", runs, w.repo.Statuses(merged))
	}
	if list := w.repo.Deployments(); len(list) != 2 {
		t.Errorf("deployments: %+v", list)
	}
	w.say(n, "jun", "/liveops rollback production").refused("`jun` has the role maintain; rollback needs a member of `@studio/liveops`")
	w.say(n, "mina", "/liveops rollback production").done("is taken back", "next:**")
	w.rows(winterItems, firstItems)
	w.envs["staging"].exec(t, "UPDATE items SET price = 5 WHERE id = 1")
	w.pass(time.Minute)
	if issues := w.repo.Issues(); len(issues) != 1 {
		t.Errorf("issues: %+v\n%s", issues, w.log)
	}
	w.say(n, "mina", "/liveops export staging items").done("changed workbook")
}

// A repository that the App is not installed on any more is told of in the log, and holds up nobody else.
func TestAppIsUninstalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{app: true})
	w.app.Uninstall(w.installation)
	w.open("winter", files{itemsPath: items(winterItems)})
	w.must(w.github.WaitDelivered(w.deadline()))
	w.idle(w.deadline(), 1) // the pull request: a push to its branch leads to nothing
	w.says(w.log.all(), "the GitHub App is not installed on studio/game-data")
}
