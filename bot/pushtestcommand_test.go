package bot_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

const listedPushes = "    push: {tokens: {table: push_tokens, token: token, platform: platform, user: user_id}, lists: {qa: {users: [\"1\"]}, leads: {users: [\"2\"]}}}\n"

// testedWorld has released a campaign with a test, beside one without, and gives an issue.
func testedWorld(t *testing.T) (w *world, n int) {
	t.Helper()
	w, n = pushWorld(t, listedPushes+pushPermissions)
	pull := w.planned("tested", files{"pushes/tested.yaml": []byte(crystals + "test: {list: qa, before: 10m}\n")})
	w.says(w.plan(pull), "The list `qa` gets each run 10 min before the others. The others get it when that has arrived.")
	w.merge(pull)
	w.settle()
	return w, n
}

// leads has whoever leads send a test once the command waits for it.
func (w *world) leads(record *runs.Store, epoch runs.Epoch, campaignName string, messages ...runs.Outcome) {
	waits := 0
	w.onWait = func() {
		live, err := record.Live(w.Context())
		w.must(err)
		for _, r := range live {
			if waits++; r.Campaign != campaignName || r.State != runs.Running || waits < 3 {
				continue
			}
			var c runs.Counts
			var testers []runs.Tester
			for _, o := range messages {
				if o.Became == runs.Accepted {
					c.Accepted++
				} else {
					c.Rejected++
				}
				testers = append(testers, runs.Tester{Platform: o.Platform, Token: o.Reason})
			}
			w.must(record.Hand(w.Context(), epoch, r.ID, testers, []runs.Batch{{Seq: 1, To: "z", Tokens: len(messages)}}))
			w.must(record.Settle(w.Context(), epoch, r.ID, []runs.Result{{Seq: 1, Counts: c, Outcomes: messages}}))
			w.must(record.End(w.Context(), epoch, r.ID, runs.Done, "", time.Now()))
		}
	}
}

// A test is sent to its list at once, and what became of each message is the answer.
func TestPushTestCommand(t *testing.T) {
	w, n := testedWorld(t)
	record, epoch := w.record()
	accepted := runs.Outcome{Platform: campaign.Android, Became: runs.Accepted, N: 1}
	rejected := runs.Outcome{Platform: campaign.IOS, Became: "rejected", Reason: "<b>BadDeviceToken</b> @octocat", N: 1}
	const say = "/liveops push test tested production"
	w.say(n, "mina", say).refused("`mina` has the role write; push needs maintain")
	w.say(n, "jun", "/liveops push test testes production").refused("No campaign `testes` was released to production", "Did you mean `tested`?")
	w.say(n, "jun", "/liveops push test crystals production").refused("Campaign `crystals` names no test list", "`/liveops push test crystals production LIST`")
	w.say(n, "jun", "/liveops push test crystals production lead").refused("There is no test list `lead` in production. Did you mean `leads`?")
	w.say(n, "jun", "/liveops push test crystals staging").refused("Nothing is sent in staging")

	w.leads(record, epoch, "tested", accepted, accepted)
	w.say(n, "jun", say).done("The test of campaign `tested` in production: 2 of 2 messages accepted.\n\n- 2 to android accepted")
	w.leads(record, epoch, "crystals", accepted, rejected)
	w.say(n, "jun", "/liveops push test crystals production leads").refused("**✗ Failed.** The test of campaign `crystals` in production, to the list `leads`: 1 of 2 messages accepted.",
		"- 1 to ios rejected: `<b>BadDeviceToken</b> @octocat`")
	w.equal("the runs", w.states(record, "tested")+w.states(record, "crystals"), "")
	w.say(n, "mina", "/liveops push status tested production").done("| test **done** | 2 of 2 (100 %) | 2 |")

	w.say(n, "jun", "/liveops lock production the event").done()
	w.leads(record, epoch, "tested", accepted)
	w.later.Add(int64(2 * time.Second)) // a test is known by its second
	w.say(n, "jun", say).done("1 of 1 message accepted")

	// Tried again, it is not sent again.
	w.later.Add(int64(2 * time.Second))
	w.github.FailNext("POST", issueComments, http.StatusBadGateway, nil, 1)
	w.say(n, "jun", say).done("1 of 1 message accepted")
	all, err := record.Newly(t.Context(), "tested", 10)
	w.must(err)
	if len(all) != 3 {
		t.Errorf("%d tests", len(all))
	}
}

// Where nobody leads, the answer says so, and nobody gets the test later.
func TestPushTestWithoutADaemon(t *testing.T) {
	w, n := testedWorld(t)
	record, epoch := w.record()
	w.onWait = func() {}
	w.say(n, "jun", "/liveops push test tested production").refused("**✗ Failed.** The test has not come to its end, and is canceled", "Look whether `liveops pushd` runs for production")
	live, err := record.Live(t.Context())
	w.must(err)
	if len(live) != 1 || live[0].State != runs.Canceling || live[0].Reason != "nobody waited for it any more" {
		t.Fatalf("%+v", live)
	}
	w.must(record.End(t.Context(), epoch, live[0].ID, runs.Canceled, live[0].Reason, time.Now()))

	// One that the gateway stops is told of, and ended.
	w.later.Add(int64(2 * time.Second))
	w.onWait = func() {
		live, err := record.Live(t.Context())
		w.must(err)
		for _, r := range live {
			if r.State == runs.Running {
				_, err = record.Wish(t.Context(), r.ID, runs.Paused, "SENDER_ID_MISMATCH: check the account")
			} else {
				err = record.End(t.Context(), epoch, r.ID, runs.Canceled, r.Reason, time.Now())
			}
			w.must(err)
		}
	}
	w.say(n, "jun", "/liveops push test tested production").refused("**✗ Failed.** The test of campaign `tested` in production: canceled (`SENDER_ID_MISMATCH`: check the account).")
}

// While a test's answer waits for its end, a cancel and all else on the same issue is carried out.
func TestPushTestHoldsNoCommandUp(t *testing.T) {
	w, n := testedWorld(t)
	record, epoch := w.record()
	w.fired(record, epoch, "crystals", 100*time.Second)
	waits, gate := make(chan struct{}), make(chan struct{})
	let := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(let)
	var first atomic.Bool
	w.onWait = func() { // the test's comes first, and stays; the cancel's finds a leader
		if first.CompareAndSwap(false, true) {
			close(waits)
			<-gate
		}
		live, err := record.Live(context.Background())
		w.must(err)
		for _, r := range live {
			to := runs.Canceled
			if r.Test != "" {
				to = runs.Done
			} else if r.State != runs.Canceling {
				continue
			}
			w.must(record.End(context.Background(), epoch, r.ID, to, r.Reason, time.Now()))
		}
	}
	_, err := w.repo.AddComment(n, "jun", "/liveops push test tested production")
	w.must(err)
	select {
	case <-waits:
	case <-w.deadline().Done():
		t.Fatalf("the test is not waited for\n%s", w.log)
	}
	for _, say := range []string{"/liveops push preview crystals production", "/liveops push cancel crystals production"} {
		_, err = w.repo.AddComment(n, "jun", say)
		w.must(err)
	}
	w.until("the run is canceled", func() bool { return w.states(record, "crystals") == "canceled by jun" })
	let()
	w.settle()
}

// What was released is shown as in the pull request.
func TestPushPreviewCommand(t *testing.T) {
	w, n := testedWorld(t)
	w.say(n, "mina", "/liveops push preview tested production").done("Campaign `tested` in `production`: ", "| due | in `Asia/Seoul` | UTC |", "The list `qa` gets each run 10 min before the others.", "Come back!",
		"**Overlap** with `crystals`")
	w.say(n, "mina", "/liveops push preview testes production").refused("Did you mean `tested`?")
	w.say(n, "mina", "/liveops push preview tested staging").refused("Nothing is sent in staging")
}

// A cancel after a test that was sent ahead is of its run.
func TestPushCancelAfterATest(t *testing.T) {
	w, n := testedWorld(t)
	record, epoch := w.record()
	due := time.Now().UTC().Add(5 * time.Minute).Truncate(time.Second)
	_, err := record.BeginTest(t.Context(), epoch, runs.Run{Campaign: "tested", Time: due, Commit: "c", File: []byte("{}"), State: runs.Running, Started: time.Now(), Test: "a1", Follows: due})
	w.must(err)
	test, err := record.Test(t.Context(), "tested", due, "a1")
	w.must(err)
	w.must(record.Wait(t.Context(), epoch, test.ID))
	w.say(n, "mina", "/liveops push status tested production").done("test **waiting**; the others follow at " + due.Format("Mon 2006-01-02 15:04:05 UTC"))
	w.onWait = func() {
		if now, err := record.Run(t.Context(), test.ID); err == nil && now.State == runs.Canceling {
			w.must(record.End(t.Context(), epoch, test.ID, runs.Canceled, now.Reason, time.Now()))
		}
	}
	w.say(n, "jun", "/liveops push cancel tested production").done("Nothing of it is sent any more. The test of campaign `tested` of ", "is canceled in production (by jun)")
	w.equal("the run", w.states(record, "tested"), "canceled by jun")
}

// The status says what waits for a worker that can send it.
func TestPushStatusOfWhatNoWorkerCanSend(t *testing.T) {
	w, n := testedWorld(t)
	record, epoch := w.record()
	now := time.Now().UTC().Truncate(time.Second)
	r, _, err := record.Begin(t.Context(), epoch, runs.Run{Campaign: "tested", Time: now, State: runs.Running, Started: now})
	w.must(err)
	w.must(record.Extend(t.Context(), epoch, r.ID, []runs.Batch{{Seq: 1, After: audience.Cursor{Platform: campaign.IOS}, To: "a", Tokens: 1}}, audience.Cursor{}, true))
	w.must(record.RecordLacking(t.Context(), epoch, map[campaign.Platform]campaign.Gateway{campaign.IOS: campaign.APNs}))
	w.say(n, "mina", "/liveops push status tested production").done("**running**; no worker can send by APNs, and 1 batch waits for one |")
}
