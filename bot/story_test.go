package bot_test

import (
	"strings"
	"testing"

	"liveops/sandbox/github"
)

const winterItems = "1 Sword B 120, 3 Staff C 90, 4 Cape S 900"

func TestStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("winter", files{itemsPath: items("1 Sword B 110, 3 Staff C 90, 4 Cape S 900")})
	other := w.planned("levels", files{levelsPath: levels(10, 20, 31)})
	w.says(w.plan(n), "1 table changes", "items", "+1", "-1", "~1", "price: 100 → 110", "Cape", "On merge: staging at once, then production")
	w.status(w.repo.Tip("winter"), "success", "staging")

	second := w.commit("winter", "A better price", files{itemsPath: items(winterItems)})
	w.settle()
	w.says(w.plan(n), "price: 100 → 120", "not: 110", second[:8])
	w.status(second, "success")
	w.rows(firstItems, firstItems)

	before := w.plan(other)
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production", "✓ applied", merged[:8], "Merged by `jun`", "liveops rollback")
	w.status(merged, "success", "staging applied", "production applied")
	w.rows(winterItems, winterItems)
	w.releases("1", "1")
	w.equal("bot's comments", string(rune('0'+len(w.repo.Comments(n)))), "2")
	if list := w.repo.CommitComments(merged); len(list) > 0 {
		t.Errorf("a merge is told as a direct push: %s", list[0].Body)
	}

	w.says(w.plan(other), merged[:8], "exp: 30 → 31", "not: Cape") // on the new base, and this pull request's own change only
	w.says(before, "not: "+merged[:8])
	w.says(strings.Join(w.wire.written(), "\n"), pullMarker, mergeMarker, `"conclusion":"success"`) // what is searched for secrets
}

func TestSquashMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("winter", files{itemsPath: items("1 Sword B 110")})
	w.commit("winter", "All of them", files{itemsPath: items(winterItems)})
	w.settle()
	merged, err := w.repo.Merge(n, "squash", "jun")
	w.must(err)
	w.settle()
	w.says(w.told(n), "is live in staging and production")
	w.status(merged, "success")
	w.rows(winterItems, winterItems)
}

func TestMergeResult(t *testing.T) {
	t.Parallel()
	t.Run("a conflict is told", func(t *testing.T) {
		w := newWorld(t, options{})
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		w.commit("main", "Pushed meanwhile", files{itemsPath: items("1 Sword B 1")})
		w.settle()
		w.says(w.plan(n), "not planned, it conflicts with `main`", "not: price")
		w.status(w.repo.Tip("winter"), "failure", "conflicts with main")
	})
	t.Run("GitHub is late with it", func(t *testing.T) {
		w := newWorld(t, options{})
		mergeNow := w.github.HoldMerges()
		waits := 0
		w.onWait = func() {
			if waits++; waits == 2 {
				mergeNow()
				w.must(w.github.Settle(w.deadline()))
			}
		}
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		if waits != 2 {
			t.Errorf("the bot waited %d times, want 2", waits)
		}
		w.says(w.plan(n), "price: 100 → 120")
	})
	t.Run("the base moves while it is waited for", func(t *testing.T) {
		w := newWorld(t, options{})
		mergeNow := w.github.HoldMerges()
		moved := ""
		w.onWait = func() {
			if moved == "" {
				moved = w.commit("main", "Levels, pushed meanwhile", files{levelsPath: levels(10, 20, 99)})
				mergeNow()
				w.must(w.github.Settle(w.deadline()))
			}
		}
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		w.says(w.plan(n), moved[:8], "price: 100 → 120", "exp: 30 → 99", "already and wait for a release")
	})
	t.Run("it is closed while it is waited for", func(t *testing.T) {
		w := newWorld(t, options{})
		defer w.github.HoldMerges()()
		n, waits := 0, 0
		w.onWait = func() {
			if waits++; waits == 1 {
				w.must(w.repo.ClosePull(1, "mina"))
			}
		}
		n = w.planned("winter", files{itemsPath: items(winterItems)})
		if waits != 1 {
			t.Errorf("the bot waited %d times, want 1", waits)
		}
		w.status(w.repo.Tip("winter"), "error", "closed before it was planned")
		if list := w.repo.Comments(n); len(list) > 0 {
			t.Errorf("comments: %+v", list)
		}
	})
}

func TestDirectPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("levels", files{levelsPath: levels(10, 20, 31)})
	quiet := w.commit("main", "Docs", files{"README.md": []byte("hello")})
	w.settle()
	if list := w.repo.CommitComments(quiet); len(list) > 0 || len(w.repo.Statuses(quiet)) > 0 {
		t.Errorf("a push without data is told: %+v", list)
	}
	w.says(w.plan(n), quiet[:8])

	pushed := w.commit("main", "Hotfix\n\nlong story", files{itemsPath: items("1 Sword B 1")})
	w.settle()
	list := w.repo.CommitComments(pushed)
	if len(list) != 1 {
		t.Fatalf("%d comments on the commit, want 1\n%s", len(list), w.log)
	}
	w.says(list[0].Body, "pushed directly, nothing was applied", "Hotfix", "not: long story", "mina", itemsPath)
	w.status(pushed, "error", "nothing was applied")
	w.rows(firstItems, firstItems)
	w.says(w.plan(n), pushed[:8], "exp: 30 → 31", "price: 100 → 1", "3 of these changes are on `main` already")

	w.merge(n)
	w.settle()
	w.says(w.told(n), "It brings 3 commits", "Hotfix", "is live in")
	w.rows("1 Sword B 1", "1 Sword B 1")
}

func TestWhatIsNotPlanned(t *testing.T) {
	t.Parallel()
	t.Run("a fork", func(t *testing.T) {
		w := newWorld(t, options{})
		fork, err := w.repo.Fork("stranger")
		w.must(err)
		_, err = fork.Commit("gift", "A gift", "stranger", files{itemsPath: items(winterItems)})
		w.must(err)
		n, err := w.repo.OpenPull(github.NewPull{Title: "A gift", Head: "stranger:gift", Author: "stranger"})
		w.must(err)
		w.settle()
		w.says(w.plan(n), "not planned, it comes from a fork", "not: Cape")
		w.status(fork.Tip("gift"), "failure", "fork")

		merged := w.merge(n)
		w.settle()
		w.says(w.told(n), "stopped at staging", "showed no plan for staging")
		w.status(merged, "failure")
		w.rows(firstItems, firstItems)
	})
	t.Run("a draft is", func(t *testing.T) {
		w := newWorld(t, options{})
		w.commit("winter", "Winter", files{itemsPath: items(winterItems)})
		n, err := w.repo.OpenPull(github.NewPull{Title: "Winter", Head: "winter", Author: "mina", Draft: true})
		w.must(err)
		w.settle()
		w.says(w.plan(n), "price: 100 → 120", "It is a draft")
		w.must(w.repo.MarkReady(n, "mina"))
		w.settle()
		w.says(w.plan(n), "price: 100 → 120", "not: It is a draft")
	})
	t.Run("into another branch", func(t *testing.T) {
		w := newWorld(t, options{})
		w.commit("next", "Next season", files{"README.md": []byte("next")})
		w.commit("winter", "Winter", files{itemsPath: items(winterItems)})
		n, err := w.repo.OpenPull(github.NewPull{Title: "Winter", Head: "winter", Base: "next", Author: "mina"})
		w.must(err)
		w.settle()
		w.merge(n)
		w.settle()
		if list := w.repo.Comments(n); len(list) > 0 {
			t.Errorf("comments: %+v", list)
		}
		w.rows(firstItems, firstItems)
	})
	t.Run("a base without liveops.yaml", func(t *testing.T) {
		w := newWorld(t, options{files: files{"liveops.yaml": nil}})
		n := w.planned("policy", files{"liveops.yaml": []byte(config)})
		w.says(w.plan(n), "nothing is planned yet", "no valid `liveops.yaml` yet")
		w.status(w.repo.Tip("policy"), "success", "nothing is applied")
		merged := w.merge(n)
		w.settle()
		w.says(w.told(n), "was not applied", "no valid `liveops.yaml`", "not: changes no row")
		w.status(merged, "success", "nothing was applied")
		w.rows("", "")
	})
}

func TestEnvironmentMoved(t *testing.T) {
	t.Parallel()
	t.Run("a row changed by hand", func(t *testing.T) {
		w := newWorld(t, options{})
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		w.envs["staging"].exec(t, "UPDATE items SET price = 111 WHERE id = 1")
		merged := w.merge(n)
		w.settle()
		w.says(w.told(n), "stopped at staging", "not the one that was reviewed", "price: 111 → 120", "**On hold:** staging", "not reached")
		w.status(merged, "failure", "staging stopped")
		w.rows("1 Sword B 111, 2 Bow A 250, 3 Staff C 90", firstItems)
		w.releases("0", "0")
	})
	t.Run("a push that was not planned before the merge", func(t *testing.T) {
		w := newWorld(t, options{})
		n := w.planned("winter", files{itemsPath: items("1 Sword B 110")})
		release := w.github.HoldDeliveries()
		w.commit("winter", "Sneaked in", files{itemsPath: items(winterItems)})
		w.merge(n)
		release()
		w.settle()
		w.says(w.told(n), "stopped at staging", "showed no plan for staging", "**On hold:**")
		w.rows(firstItems, firstItems)
	})
	t.Run("a later merge stops at the hold and leaves the reason told", func(t *testing.T) {
		w := newWorld(t, options{})
		n := w.planned("winter", files{itemsPath: items(winterItems)})
		w.envs["staging"].exec(t, "UPDATE items SET price = 111 WHERE id = 1")
		w.merge(n)
		w.settle()
		first := w.told(n)
		next := w.planned("levels", files{levelsPath: levels(10, 20, 31)})
		w.says(w.plan(next), "**On hold:** staging", "price: 111 → 120", "exp: 30 → 31")
		w.merge(next)
		w.settle()
		w.says(w.told(next), "stopped at staging", "on hold")
		w.equal("the first merge's comment", w.told(n), first)

		w.must(lift(w, "staging"))
		last := w.planned("levels2", files{levelsPath: levels(10, 20, 32)})
		w.merge(last)
		w.settle()
		w.says(w.told(last), "is live in staging and production")
		w.rows(winterItems, winterItems)
	})
}

func lift(w *world, environment string) error {
	s, err := w.Store(w.Context(), environment)
	if err == nil {
		_, err = s.LiftHold(w.Context(), "jun")
	}
	return err
}
