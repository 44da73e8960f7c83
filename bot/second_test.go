package bot_test

import (
	"testing"

	"liveops/sandbox/github"
)

// Who had the bot open a pull request is an author of it.
func TestWhoAskedForAPullRequestIsNoSecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: "    requires: [approval]\n" + permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.envs["staging"].exec(t, "UPDATE items SET price = 111 WHERE id = 1")
	w.say(n, "jun", "/liveops export staging items").done("changed workbook")
	pulls := w.repo.Pulls()
	asked := pulls[len(pulls)-1].Number
	w.settle()
	w.merge(asked)
	w.settle()
	w.says(w.told(asked), "waits at production")
	w.say(asked, "jun", "/liveops apply production").refused("`jun` wrote a commit of this pull request")
	w.say(asked, "mina", "/liveops apply production").done("production has it")
}

// A release brings what was merged before it too: who wrote that cannot let it go on by another's pull request.
func TestWhoWroteWhatComesAlongIsNoSecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: "    requires: [approval]\n" + permissions})
	first := w.planned("winter", files{itemsPath: items(winterItems)})
	w.merge(first)
	w.settle()
	_, err := w.repo.Commit("levels", "Levels", "jun", files{levelsPath: levels(10, 20, 31)})
	w.must(err)
	second, err := w.repo.OpenPull(github.NewPull{Title: "Levels", Head: "levels", Author: "jun"})
	w.must(err)
	w.settle()
	w.merge(second)
	w.settle()
	w.say(second, "mina", "/liveops apply production").refused("`mina` opened this pull request", "This is said of `#1`, which comes along with it")
	w.rows(winterItems, firstItems)
	w.say(first, "jun", "/liveops apply production").done("production has it")
	w.say(second, "mina", "/liveops apply production").refused("is not what was shown last") // less comes along now
	w.say(second, "mina", "/liveops apply production").done("production has it")
}
