package bot_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/engine"
	"liveops/pushd/runs"
	"liveops/sandbox/github"
)

const (
	pushPermissions = "permissions: {plan: [write], apply: [write], lock: [maintain], confirm: [maintain, \"@mina\"], push: [maintain]}\n"
	pushes          = "    push: {tokens: {table: push_tokens, token: token, platform: platform}}\n"
	issueComments   = "/repos/*/*/issues/*/comments"
	crystalsPath    = "pushes/crystals.yaml"
	crystals        = "schedule: \"3 19 * * FRI\"\ntimezone: Asia/Seoul\nmessage: {default: {title: Come back!, body: Log in now for 100 crystals}}\nrate: 25000/s\n"
)

// pushWorld has released the campaign to both environments; n is an issue to comment on.
func pushWorld(t *testing.T, more string) (w *world, n int) {
	t.Helper()
	w = newWorld(t, options{more: more})
	pull := w.planned("crystals", files{crystalsPath: []byte(crystals)})
	w.merge(pull)
	w.settle()
	w.says(w.told(pull), "| production | ✓ campaigns |")
	n, err := w.repo.OpenIssue(github.NewIssue{Title: "On call", Author: "jun"})
	w.must(err)
	return w, n
}

// record is that of production's push runs, and the leader of them.
func (w *world) record() (*runs.Store, runs.Epoch) {
	w.Helper()
	store, err := w.Store(w.Context(), "production")
	w.must(err)
	record := runs.New(store.DB())
	w.must(record.Prepare(w.Context()))
	epoch, err := record.Lead(w.Context(), "test", 0, time.Hour)
	w.must(err)
	return record, epoch
}

// fired begins a run that was due so long ago, of which 24 of 100 tokens have their end.
func (w *world) fired(record *runs.Store, epoch runs.Epoch, campaign string, ago time.Duration) runs.Run {
	w.Helper()
	at := time.Now().UTC().Add(-ago)
	r, begun, err := record.Begin(w.Context(), epoch, runs.Run{Campaign: campaign, Time: at.Truncate(time.Second), Commit: "c", File: []byte("{}"), State: runs.Running, Started: at})
	w.must(err)
	if !begun {
		w.Fatalf("%s has a run for that time", campaign)
	}
	w.must(record.Extend(w.Context(), epoch, r.ID, []runs.Batch{{Seq: 1, To: "b", Tokens: 24}, {Seq: 2, To: "c", Tokens: 76}}, r.Cursor, true))
	w.must(record.Settle(w.Context(), epoch, r.ID, []runs.Result{{Seq: 1, Counts: runs.Counts{Accepted: 20, Rejected: 3, GaveUp: 1}}}))
	return r
}

func (w *world) states(record *runs.Store, campaign string) string {
	w.Helper()
	all, err := record.Newest(w.Context(), campaign, 10)
	w.must(err)
	var words []string
	for _, r := range all {
		words = append(words, strings.TrimSpace(string(r.State)+" "+r.Reason))
	}
	return strings.Join(words, ", ")
}

// The commands about pushes that only look, and those that stop a run and let it go on.
func TestPushCommands(t *testing.T) {
	t.Parallel()
	w, n := pushWorld(t, pushes+pushPermissions)
	w.say(n, "mina", "/liveops push list production").done("1 campaign in production", "| `crystals` | Fri ", " 19:03 Asia/Seoul (", "| never sent |")
	w.say(n, "mina", "/liveops push status crystals production").done("Campaign `crystals` was never sent in production.")
	w.say(n, "jun", "/liveops push status cristals production").refused("No campaign `cristals` was released to production", "Did you mean `crystals`?")
	w.say(n, "jun", "/liveops push pause nothing production").refused("No campaign `nothing` was released to production. `/liveops push list production` lists them.")
	for _, what := range []string{"pause", "resume", "cancel"} {
		w.say(n, "mina", "/liveops push "+what+" crystals production").refused("`mina` has the role write; push needs maintain")
		w.say(n, "jun", "/liveops push "+what+" cristals production").refused("Did you mean `crystals`?")
		w.say(n, "jun", "/liveops push "+what+" crystals production").refused("No run of campaign `crystals` is under way in production", "`/liveops push status crystals production` shows")
	}

	record, epoch := w.record()
	w.fired(record, epoch, "crystals", 100*time.Second)
	w.say(n, "mina", "/liveops push status crystals production").done("| **running** | 24 of 100 (24 %) | 20 | 0 | 3 | 1 |")
	w.say(n, "jun", "/liveops push pause crystals production").done("The run of campaign `crystals` of ", " is paused in production (by jun): 24 of 100 tokens (24 %), 20 accepted, 0 dead, 3 rejected, 1 failed")
	w.equal("the run", w.states(record, "crystals"), "paused by jun")
	w.say(n, "mina", "/liveops push list production").done("**paused** (by jun): 24 of 100 tokens")
	w.say(n, "jun", "/liveops push resume crystals production").done("is running in production: 24 of 100 tokens")
	w.equal("the run", w.states(record, "crystals"), "running")

	w.say(n, "jun", "/liveops push pause crystals production\n/liveops push status crystals production").done("is paused in production", "| **paused**: by jun |")
	w.say(n, "jun", "/liveops push list staging").done("1 campaign in staging")
	w.say(n, "jun", "/liveops push pause crystals staging").refused("is under way in staging")
	w.equal("the run", w.states(record, "crystals"), "paused by jun")
}

// A cancel is answered once the leader has said that nothing is sent any more, and says so plainly where it has not.
func TestPushCancelCommand(t *testing.T) {
	t.Parallel()
	w, n := pushWorld(t, pushes+pushPermissions)
	record, epoch := w.record()
	r, other := w.fired(record, epoch, "crystals", 100*time.Second), w.fired(record, epoch, "others", 50*time.Second)
	late := w.fired(record, epoch, "crystals", 20*time.Second)

	w.say(n, "jun", "/liveops push cancel crystals production").refused("**✗ Failed.** The cancel is asked for, and is not answered yet: messages may still be sent", "`liveops pushd` runs", "is canceling in production (by jun)")
	w.equal("the runs", w.states(record, "crystals"), "canceling by jun, canceling by jun")
	w.say(n, "jun", "/liveops push pause crystals production").refused("is canceling and cannot be made paused")
	w.equal("the other campaign", w.states(record, "others"), "running")

	looks := 0
	w.onWait = func() { // the leader, who takes a moment
		looks++
		if end := map[int]runs.Run{3: r, 5: late}[looks]; end.ID != 0 {
			w.must(record.End(w.Context(), epoch, end.ID, runs.Canceled, "by jun", time.Now()))
		}
	}
	w.say(n, "jun", "/liveops push cancel crystals production").done("Nothing of it is sent any more. The run of campaign `crystals`", "is canceled in production (by jun)", "not: canceling")
	if looks < 5 {
		t.Errorf("it is answered after %d looks, before the second run had ended", looks)
	}
	w.equal("the runs", w.states(record, "crystals"), "canceled by jun, canceled by jun")
	w.say(n, "jun", "/liveops push cancel crystals production").refused("No run of campaign `crystals` is under way")
	w.say(n, "jun", "/liveops push cancel other production").refused("Did you mean `others`?")
	if now, err := record.Run(t.Context(), other.ID); err != nil || now.State != runs.Running {
		t.Errorf("%+v, %v", now, err)
	}
}

// A pause waits behind no release.
func TestPushPauseBesideARelease(t *testing.T) {
	t.Parallel()
	w, n := pushWorld(t, pushes+pushPermissions)
	record, epoch := w.record()
	w.fired(record, epoch, "crystals", 100*time.Second)
	pull := w.planned("winter", files{itemsPath: items(winterItems)})
	tx, err := w.envs["staging"].db.BeginTx(t.Context(), nil)
	w.must(err)
	defer tx.Rollback()
	_, err = tx.Exec("SELECT * FROM items FOR UPDATE")
	w.must(err)
	w.merge(pull)
	w.until("the release is in hand", func() bool {
		jobs, err := w.queue.Jobs(t.Context())
		w.must(err)
		return slices.ContainsFunc(jobs, func(s engine.Standing) bool { return s.Kind == "release" && s.State == engine.InHand })
	})
	_, err = w.repo.AddComment(n, "jun", "/liveops push pause crystals production")
	w.must(err)
	w.until("the run is paused", func() bool { return w.states(record, "crystals") == "paused by jun" })
	w.rows(firstItems, firstItems)
	w.must(tx.Rollback())
	w.settle()
	w.says(w.told(pull), "is live in staging and production")
	w.rows(winterItems, winterItems)
}

// until waits for something that is to come.
func (w *world) until(what string, is func() bool) {
	w.Helper()
	ctx := w.deadline()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.Fatalf("not in time: %s\n%s", what, w.log)
		}
	}
}

// A campaign is sent besides its times when someone else has confirmed what would be sent; once for each confirmation.
func TestPushSendNowCommand(t *testing.T) {
	t.Parallel()
	w, n := pushWorld(t, pushes+pushPermissions)
	record, epoch := w.record()
	const say = "/liveops push send-now crystals production"
	w.say(n, "mina", say).refused("`mina` has the role write; push needs maintain")
	w.say(n, "jun", "/liveops push send-now cristals production").refused("No campaign `cristals` was released to production", "Did you mean `crystals`?")
	w.say(n, "jun", "/liveops push send-now crystals staging").refused("Nothing is sent in staging. Give it `push` in `liveops.yaml`")
	w.say(n, "mina", "/liveops confirm").refused("Nothing here waits for a confirmation")

	w.say(n, "jun", say).refused("This would send campaign `crystals` to all of its audience in production now", "Someone else comments `/liveops confirm`; then say it again", "Come back!")
	w.say(n, "jun", "/liveops confirm").done("Confirmed for production (push `", "their own confirmation does not count")
	w.say(n, "jun", say).refused("This would send")
	w.equal("the runs", w.states(record, "crystals"), "")
	w.say(n, "mina", "/liveops confirm").done("Confirmed for production (push `")

	w.say(n, "jun", "/liveops lock production the event").done()
	w.say(n, "jun", say).refused("Production is on hold (the event, by jun)", "`/liveops unlock production`")
	w.say(n, "jun", "/liveops unlock production").done()
	w.equal("the runs", w.states(record, "crystals"), "")

	w.say(n, "jun", say+"\n"+say).done("The run of campaign `crystals` of ", "is running in production, asked for by `jun`")
	w.equal("the runs", w.states(record, "crystals"), "running")
	run, err := record.Newest(t.Context(), "crystals", 1)
	w.must(err)
	if r := run[0]; r.Actor != "jun" || r.Commit != w.repo.Tip("main") || !strings.Contains(string(r.File), `"Path":"pushes/crystals.yaml"`) {
		t.Errorf("%+v", r)
	}
	w.say(n, "mina", "/liveops confirm").refused("Nothing here waits for a confirmation")
	w.must(record.End(t.Context(), epoch, run[0].ID, runs.Failed, "no tokens", time.Now()))

	// The confirmation was for that one; and one that is a day old is for none.
	w.say(n, "jun", say).refused("This would send", "The newest before it: The run of campaign `crystals`", "is failed in production (no tokens)")
	w.say(n, "mina", "/liveops confirm").done("Confirmed for production (push `")
	w.later.Add(int64(25 * time.Hour))
	w.say(n, "jun", say).refused("This would send")
	w.equal("the runs", w.states(record, "crystals"), "failed no tokens")
}

// What changes between the confirmation and the sending is asked for again.
func TestPushSendNowIsBoundToTheFile(t *testing.T) {
	t.Parallel()
	w, n := pushWorld(t, pushes+pushPermissions)
	const say = "/liveops push send-now crystals production"
	w.say(n, "jun", say).refused("This would send")
	w.say(n, "mina", "/liveops confirm").done("Confirmed for production")
	pull := w.planned("other", files{crystalsPath: []byte(strings.Replace(crystals, "100 crystals", "1000 crystals", 1))})
	w.merge(pull)
	w.settle()
	w.says(w.told(pull), "| production | ✓ campaigns |")
	w.say(n, "jun", say).refused("This would send", "1000 crystals")
	w.say(n, "mina", "/liveops confirm").done("Confirmed for production")
	w.say(n, "jun", say).done("is running in production")
}

func TestPushSendNowWhereItMayNot(t *testing.T) {
	t.Parallel()
	frozen := "    freeze: [{from: 2020-01-01T00:00, to: 2099-01-01T00:00, reason: holidays}]\n"
	w := newWorld(t, options{more: frozen + pushes + pushPermissions})
	n, err := w.repo.OpenIssue(github.NewIssue{Title: "On call", Author: "jun"})
	w.must(err)
	w.say(n, "jun", "/liveops push send-now crystals production").refused("Production is frozen (holidays)", "Wait for its end")

	// Not the last environment, and not held to lists.
	staging := strings.Replace(config, "  - name: staging\n", "  - name: staging\n"+pushes, 1)
	w = newWorld(t, options{files: map[string][]byte{"liveops.yaml": []byte(staging + pushPermissions), crystalsPath: []byte(crystals)}})
	n, err = w.repo.OpenIssue(github.NewIssue{Title: "On call", Author: "jun"})
	w.must(err)
	for _, what := range []string{"list", "status crystals", "cancel crystals", "send-now crystals"} {
		w.say(n, "jun", "/liveops push "+what+" staging").refused("Nothing is sent in staging. Give it `push` in `liveops.yaml`")
	}
	w.releaseFirst()
	w.say(n, "jun", "/liveops push send-now crystals staging").refused("Staging is not the last environment, and this would reach everyone whose token it has", "`push.only`")
}

// Without `push` in `permissions`, campaigns are an admin's.
func TestPushCommandsAreForAdminsByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n, err := w.repo.OpenIssue(github.NewIssue{Title: "On call", Author: "jun"})
	w.must(err)
	for _, what := range []string{"pause", "resume", "cancel", "send-now"} {
		w.say(n, "jun", fmt.Sprintf("/liveops push %s crystals production", what)).refused("`jun` has the role maintain; push needs admin")
	}
	w.say(n, "jun", "/liveops push list production").done("No campaign was released to production.")
}

// A campaign is sent once, also where the answer about it has to be written again; so is a cancel that was answered by then.
func TestPushCommandsTriedAgain(t *testing.T) {
	t.Parallel()
	w, n := pushWorld(t, pushes+pushPermissions)
	record, epoch := w.record()
	const say = "/liveops push send-now crystals production"
	w.say(n, "jun", say).refused("This would send")
	w.say(n, "mina", "/liveops confirm").done()
	w.github.FailNext("POST", issueComments, http.StatusBadGateway, nil, 1)
	w.say(n, "jun", say).done("is running in production")
	w.equal("the runs", w.states(record, "crystals"), "running")
	if !strings.Contains(w.log.all(), "job not done") {
		t.Errorf("nothing was tried again\n%s", w.log)
	}

	run, err := record.Newest(t.Context(), "crystals", 1)
	w.must(err)
	w.onWait = func() { w.must(record.End(t.Context(), epoch, run[0].ID, runs.Canceled, "by jun", time.Now())) }
	w.github.FailNext("POST", issueComments, http.StatusBadGateway, nil, 1)
	w.say(n, "jun", "/liveops push cancel crystals production").done("is canceled in production (by jun)")
}
