package report

import (
	"strings"
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/control"
	"liveops/pushd/runs"
)

var runNow = time.Date(2026, 11, 27, 10, 3, 10, 0, time.UTC)

func underWay() runs.Run {
	return runs.Run{Campaign: "crystals", Time: runNow.Add(-10 * time.Second), State: runs.Running, Started: runNow.Add(-10 * time.Second), Read: true, Tokens: 50_000,
		Counts: runs.Counts{Accepted: 19_000, Dead: 900, Rejected: 40, GaveUp: 60}}
}

func TestCampaignRun(t *testing.T) {
	paused := underWay()
	paused.State, paused.Reason, paused.Read, paused.Counts = runs.Paused, "by jun", false, runs.Counts{Accepted: 5, Unknown: 2, Repeats: 1}
	finished := underWay()
	finished.State, finished.Tokens, finished.Finished = runs.Done, 20_000, runNow.Add(-5*time.Second)
	missed := runs.Run{Campaign: "crystals", Time: runNow, State: runs.Missed, Reason: "nobody was there"}
	asked := paused
	asked.Actor = "mina (command line)"
	for _, test := range []struct {
		run  runs.Run
		want string
	}{
		{underWay(), "Fri 2026-11-27 10:03:00 UTC running: 20,000 of 50,000 tokens (40 %), 19,000 accepted, 900 dead, 40 rejected, 60 failed; 2,000/s, 10.0 s, about 15.0 s left"},
		{paused, "Fri 2026-11-27 10:03:00 UTC paused (by jun): 7 tokens so far, 5 accepted, 0 dead, 0 rejected, 0 failed, 2 without an answer, 1 perhaps twice; 0/s, 10.0 s"},
		{asked, "Fri 2026-11-27 10:03:00 UTC paused (by jun), asked for by mina (command line): 7 tokens so far, 5 accepted, 0 dead, 0 rejected, 0 failed, 2 without an answer, 1 perhaps twice; 0/s, 10.0 s"},
		{finished, "Fri 2026-11-27 10:03:00 UTC done: 20,000 of 20,000 tokens (100 %), 19,000 accepted, 900 dead, 40 rejected, 60 failed; 4,000/s, 5.0 s"},
		{missed, "Fri 2026-11-27 10:03:10 UTC missed (nobody was there)"},
		{runs.Run{Time: runNow, State: runs.Running, Started: runNow, Read: true, Tokens: 1200, Stuck: []runs.Stuck{{Gateway: campaign.APNs, Batches: 1}, {Gateway: campaign.FCM, Batches: 1200}}},
			"Fri 2026-11-27 10:03:10 UTC running: 0 of 1,200 tokens (0 %), 0 accepted, 0 dead, 0 rejected, 0 failed; no worker can send by APNs, and 1 batch waits for one; no worker can send by FCM, and 1,200 batches wait for one"},
		{runs.Run{Time: runNow, State: runs.Done, Read: true, Started: runNow, Finished: runNow}, "Fri 2026-11-27 10:03:10 UTC done: 0 of 0 tokens, 0 accepted, 0 dead, 0 rejected, 0 failed"},
	} {
		if got := CampaignRun(test.run, runNow); got != test.want {
			t.Errorf("%s\nwant %s", got, test.want)
		}
	}
}

func TestCampaignRunsMarkdown(t *testing.T) {
	asked := underWay()
	asked.State, asked.Actor, asked.Reason = runs.Paused, "jun|x", "@mina said <b>stop</b> | now"
	asked.Stuck = []runs.Stuck{{Gateway: campaign.FCM, Batches: 2}}
	missed := runs.Run{Campaign: "crystals", Time: runNow, State: runs.Missed, Reason: "nobody was there"}
	got := CampaignRunsMarkdown("production", "crystals", []runs.Run{asked, underWay(), missed}, runNow)
	want := "Campaign `crystals` in production:\n\n" +
		"| due | state | done | accepted | dead | rejected | failed | no answer | perhaps twice | rate | took | left | asked for by |\n" +
		"| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |\n" +
		"| Fri 2026-11-27 10:03:00 UTC | **paused**: `@mina` said `<b>stop</b> \\|` now; no worker can send by FCM, and 2 batches wait for one | 20,000 of 50,000 (40 %) | 19,000 | 900 | 40 | 60 | 0 | 0 | 2,000/s | 10.0 s |  | `jun\\|x` |\n" +
		"| Fri 2026-11-27 10:03:00 UTC | **running** | 20,000 of 50,000 (40 %) | 19,000 | 900 | 40 | 60 | 0 | 0 | 2,000/s | 10.0 s | 15.0 s |  |\n" +
		"| Fri 2026-11-27 10:03:10 UTC | **missed**: nobody was there |  |  |  |  |  |  |  |  |  |  |  |\n"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := CampaignRunsMarkdown("production", "crystals", nil, runNow); got != "Campaign `crystals` was never sent in production." {
		t.Error(got)
	}
	sentence := CampaignRunSentence("production", asked, runNow)
	if !strings.HasPrefix(sentence, "The run of campaign `crystals` of Fri 2026-11-27 10:03:00 UTC is paused in production (`@mina` said `<b>stop</b> |` now), asked for by `jun|x`: 20,000 of") || !strings.HasSuffix(sentence, ".") {
		t.Error(sentence)
	}
}

func TestCampaignsMarkdown(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	run := underWay()
	run.Reason = "by jun"
	all := []control.Standing{{Name: "crystals", Zone: seoul, Next: time.Date(2026, 12, 4, 10, 3, 0, 0, time.UTC), Newest: &run}, {Name: "once", Zone: seoul}}
	got := CampaignsMarkdown("production", all, runNow)
	want := "2 campaigns in production:\n\n| campaign | next | newest run |\n| --- | --- | --- |\n" +
		"| `crystals` | Fri 2026-12-04 19:03 Asia/Seoul (2026-12-04 10:03 UTC) | Fri 2026-11-27 10:03:00 UTC **running** (by jun): 20,000 of 50,000 tokens (40 %), 19,000 accepted, 900 dead, 40 rejected, 60 failed; 2,000/s, 10.0 s, about 15.0 s left |\n" +
		"| `once` | not due any more | never sent |\n"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := CampaignsMarkdown("production", nil, runNow); got != "No campaign was released to production." {
		t.Error(got)
	}
	ahead := runs.Run{Time: runNow.Add(time.Hour), Test: "a1", State: runs.Waiting, Follows: runNow.Add(time.Hour), Started: runNow, Read: true}
	all[1].Tests = []runs.Run{ahead}
	const told = "Fri 2026-11-27 11:03:10 UTC test waiting: 0 of 0 tokens, 0 accepted, 0 dead, 0 rejected, 0 failed; the others follow at Fri 2026-11-27 11:03:10 UTC"
	if got := CampaignStanding(all[1], runNow); got != "once: not due any more; "+told {
		t.Error(got)
	}
	if got, want := CampaignsMarkdown("production", all[1:], runNow), "| `once` | not due any more | "+strings.Replace(told, "waiting", "**waiting**", 1)+" |\n"; !strings.HasSuffix(got, want) {
		t.Error(got)
	}
	all[1].Newest = &run
	if got := CampaignStanding(all[1], runNow); !strings.HasPrefix(got, "once: not due any more; "+told+"; Fri 2026-11-27 10:03:00 UTC running (by jun): ") {
		t.Error(got)
	}
	if got := CampaignsMarkdown("production", all[1:], runNow); !strings.Contains(got, " follow at Fri 2026-11-27 11:03:10 UTC; Fri 2026-11-27 10:03:00 UTC **running** (by jun): ") {
		t.Error(got)
	}
	all[1].Tests, all[1].Newest = nil, nil
	if got := CampaignStanding(all[1], runNow); got != "once: not due any more" {
		t.Error(got)
	}
	if got := CampaignStanding(all[0], runNow); !strings.HasPrefix(got, "crystals: next Fri 2026-12-04 19:03 Asia/Seoul (2026-12-04 10:03 UTC); Fri 2026-11-27 10:03:00 UTC running (by jun): ") {
		t.Error(got)
	}
}

func TestNextTime(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 12, 4, 10, 3, 0, 0, time.UTC)
	for _, test := range []struct {
		of   control.Standing
		want string
	}{
		{control.Standing{Zone: seoul}, "not due any more"},
		{control.Standing{Zone: seoul, Next: at}, "Fri 2026-12-04 19:03 Asia/Seoul (2026-12-04 10:03 UTC)"},
		{control.Standing{Zone: seoul, Next: at, Clocks: control.UserClocks}, "Fri 2026-12-04 10:03 UTC, in the first of its users' own zones"},
		{control.Standing{Zone: seoul, Next: at, Clocks: control.OtherClocks}, "Fri 2026-12-04 19:03 Asia/Seoul (2026-12-04 10:03 UTC) in the fallback zone Asia/Seoul; other zones have their own times"},
		{control.Standing{Zone: seoul, Until: at, Clocks: control.OtherClocks}, "past in the fallback zone Asia/Seoul; other zones have their own times, until Fri 2026-12-04 10:03 UTC at the latest"},
		{control.Standing{Zone: seoul, Clocks: control.UserClocks}, "not due any more"},
	} {
		if got := nextTime(test.of); got != test.want {
			t.Errorf("%s\nwant %s", got, test.want)
		}
	}
}
