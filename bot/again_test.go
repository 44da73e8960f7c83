package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	oneComment = "/repos/*/*/issues/comments/*"
	onePull    = "/repos/*/*/pulls"
)

// A plan that somebody is bound to was shown to them first, whatever happens before the answer is there.
func TestApplyIsBoundToWhatWasShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: "    requires: [approval]\n" + permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.merge(n)
	w.settle()
	w.envs["production"].exec(t, "UPDATE items SET price = 101 WHERE id = 1")
	w.github.FailNext("PATCH", oneComment, http.StatusNotFound, nil, 1)
	w.say(n, "jun", "/liveops apply production").refused("is not what was shown last", "price: 101 → 120")
	w.releases("1", "0")
	w.say(n, "jun", "/liveops apply production").done("production has it")
}

// Who takes rows back hears of it, also where the pull request cannot be opened.
func TestRollbackWithoutPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.merge(n)
	w.settle()
	w.github.FailNext("POST", onePull, http.StatusForbidden, nil, 1)
	w.say(n, "jun", "/liveops rollback production").refused("**✗ Failed.**", "**Release `2` of production is taken back:**", "was not opened: GitHub does not let the bot do this",
		"`liveops rollback --env production 2 --write-files`")
	w.rows(winterItems, firstItems)
}

// A promotion that is tried again opens the pull request that the first try did not come to.
func TestPromoteTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	for _, e := range []string{"staging", "production"} {
		w.envs[e].exec(t, "CREATE TABLE drop_rate (id INT PRIMARY KEY, rate INT NOT NULL)")
	}
	w.envs["staging"].exec(t, "INSERT INTO drop_rate VALUES (1, 10), (2, 20)")
	w.envs["staging"].exec(t, "UPDATE items SET price = 111 WHERE id = 1")
	w.github.FailNext("POST", onePull, http.StatusBadGateway, nil, 1)
	w.say(n, "jun", "/liveops promote staging production drop_rate items").done("**Promoted from staging to production:** +2", "changed workbook")
}

// A promotion over a limit needs someone else, on a pull request too, whatever that one's own plan is.
func TestPromotionOverALimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: strings.ReplaceAll(permissions, "confirm: [maintain]", "confirm: [write]") + "limits: {deletedRows: 1}\n"})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	for _, e := range []string{"staging", "production"} {
		w.envs[e].exec(t, "CREATE TABLE drop_rate (id INT PRIMARY KEY, rate INT NOT NULL)")
	}
	w.envs["production"].exec(t, "INSERT INTO drop_rate VALUES (1, 10), (2, 20)")
	w.say(n, "jun", "/liveops promote staging production drop_rate").refused("deletes 2 rows (the limit is 1)", "Someone else comments `/liveops confirm`")
	w.say(n, "mina", "/liveops confirm").done("Confirmed for production")
	w.say(n, "jun", "/liveops confirm").done("Confirmed for production") // takes nothing away from mina's
	w.say(n, "jun", "/liveops promote staging production drop_rate").done("−2")
	w.equal("rows in production", w.envs["production"].text(t, "SELECT COUNT(*) FROM drop_rate"), "0")
	w.says(w.plan(n), "price: 100 → 120")
	w.say(n, "jun", "/liveops confirm").refused("No limit is passed")
}

// What comes behind a command that failed was written for what it would have left behind.
func TestNothingFollowsAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.envs["production"].cut()
	w.say(n, "jun", "/liveops lock production why\n/liveops lock staging why").refused("**✗ Failed.**", "database cannot be reached", "A command before it failed")
	w.equal("staging's hold", w.envs["staging"].hold(t), "")
	w.envs["production"].mend()
}

// What is kept of a job that failed is shown by /liveops status: it says no more than a comment may.
func TestReasonsOfJobsSayNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.envs["production"].cut()
	w.merge(n)
	w.must(w.github.WaitDelivered(w.deadline()))
	w.idle(w.deadline(), 1)
	parked, err := w.queue.Parked(t.Context())
	w.must(err)
	w.equal("the reason", parked[0].Reason, "the database of production cannot be reached")
}

// A plan that somebody asks for is rehearsed like any other.
func TestPlanOnCommandIsRehearsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.says(w.plan(n), "Rehearsed")
	w.say(n, "mina", "/liveops plan").done()
	w.says(w.plan(n), "Rehearsed")
}

// Whoever may write may edit what others wrote: such a comment is not its author's command.
func TestEditedCommentIsNotCaughtUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions, token: true})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.end()
	w.github.SetWebhook("", "")
	id, err := w.repo.AddComment(n, "jun", "Good morning")
	w.must(err)
	for now := time.Now(); time.Since(now) < 1100*time.Millisecond; { // GitHub tells whole seconds
		w.must(w.github.Settle(w.deadline()))
	}
	w.must(w.repo.EditComment(id, "mina", "/liveops lock production no"))
	w.start()
	w.pass(0)
	w.equal("production's hold", w.envs["production"].hold(t), "")
	for _, c := range w.repo.Comments(n) {
		if strings.HasPrefix(c.Body, fmt.Sprintf("<!-- liveops:answer %d -->", id)) {
			t.Errorf("an edited comment is answered: %s", c.Body)
		}
	}
}

// A command that was carried out is not carried out again because a later one of its comment is tried again.
func TestOnlyWhatFailedIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.say(n, "jun", "/liveops lock staging one").done()
	var once sync.Once
	w.envs["production"].cut()
	w.wire.onWrite(func(_ *http.Request, body string) {
		if strings.Contains(body, "Trying again") { // and somebody holds it anew meanwhile
			once.Do(func() {
				store, err := w.Store(t.Context(), "staging")
				w.must(err)
				_, err = store.SetHold(t.Context(), "two", "mina")
				w.must(err)
				w.envs["production"].mend()
			})
		}
	})
	w.say(n, "jun", "/liveops unlock staging\n/liveops unlock production").done("is lifted", "Reason: one.", "production was not on hold")
	w.says(w.envs["staging"].hold(t), "two")
}

// A confirmation whose release went on before its answer was there is told as what it was.
func TestConfirmTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions + "limits: {deletedRows: 0}\n"})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.merge(n)
	w.settle()
	var once sync.Once
	w.wire.onWrite(func(_ *http.Request, body string) {
		if strings.Contains(body, "is live in staging and production") {
			once.Do(func() { w.github.FailNext("PATCH", oneComment, http.StatusNotFound, nil, 1) })
		}
	})
	w.say(n, "jun", "/liveops confirm").done("Confirmed for staging", "the release went on")
	w.says(w.told(n), "is live in staging and production")
}
