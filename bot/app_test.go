package bot_test

import "testing"

// The bot does as a GitHub App, with no more than the permissions that it says it needs, what it does with a token.
func TestAsApp(t *testing.T) {
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

// A repository that the App is not installed on any more is told of in the log, and holds up nobody else.
func TestAppIsUninstalled(t *testing.T) {
	w := newWorld(t, options{app: true})
	w.app.Uninstall(w.installation)
	w.open("winter", files{itemsPath: items(winterItems)})
	w.must(w.github.WaitDelivered(w.deadline()))
	w.idle(w.deadline(), 1) // the pull request: a push to its branch leads to nothing
	w.says(w.log.all(), "the GitHub App is not installed on studio/game-data")
}
