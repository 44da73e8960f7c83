package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sync/mysqlstore"
)

// A campaign that was released is listed, sent now, paused, resumed, and canceled.
func TestPushInAShell(t *testing.T) {
	p := newPurging(t, "production")
	p.commit("pushes/crystals.yaml", "schedule: \"3 19 * * FRI\"\nmessage: {default: {title: Come back!, body: Log in now}}\nrate: 1000/s\n",
		"liveops.yaml", "timezone: Asia/Seoul\nenvironments: [{name: production, push: {tokens: {table: t, token: token, platform: platform}}}]\n")
	store, err := mysqlstore.Open(t.Context(), "production", p.set[p.setting("production", "MYSQL_DSN")], mysqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.DB().ExecContext(t.Context(), "CREATE TABLE t (token VARCHAR(100) NOT NULL, platform VARCHAR(10) NOT NULL, PRIMARY KEY (platform, token))"); err != nil {
		t.Fatal(err)
	}
	push := func(code int, want string, args ...string) {
		t.Helper()
		p.liveops(code, want, append([]string{"push"}, append(args, "--env", "production")...)...)
	}
	p.liveops(0, "", "apply", "--yes", "--env", "production")
	push(0, "production: 1 campaign\n  crystals: next Fri ", "list")
	push(0, "no runs", "status")
	push(0, "no runs", "status", "crystals")
	push(2, "no campaign `cristals` was released to production; did you mean `crystals`?", "status", "cristals")
	push(2, "no campaign `cristals` was released to production; did you mean `crystals`?", "status", "cristals", "--watch")
	push(2, "no campaign `cristals` was released to production; did you mean `crystals`?", "send-now", "--yes", "cristals")
	push(2, "no campaign `cristals` was released to production; did you mean `crystals`?", "cancel", "cristals")
	push(2, "no run of campaign `crystals` is under way in production", "pause", "crystals")
	push(0, " UTC running, asked for by "+actor()+": 0 tokens so far", "send-now", "--yes", "crystals")
	push(0, " UTC paused (by ", "pause", "crystals")
	push(0, " UTC running, asked for by "+actor()+": 0 tokens so far", "resume", "crystals")
	push(0, "; ", "list")

	stopped := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	go func() { stopped <- endCanceled(ctx, runs.New(store.DB())) }()
	push(0, " UTC canceled (every worker has stopped), asked for by "+actor()+": 0 tokens so far", "cancel", "crystals")
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	push(2, "no run of campaign `crystals` is under way", "cancel", "crystals")
	push(0, " UTC canceled (every worker has stopped), asked for by "+actor()+": ", "status", "crystals")
}

// Who orders the words as a comment has them is told how a shell does.
func TestPushAsInAComment(t *testing.T) {
	p := &purging{T: t, repo: t.TempDir()}
	for _, test := range []struct {
		args, want string
	}{
		{"pause crystals production", "liveops: in a shell --env says which environment: liveops push pause --env production crystals\n"},
		{"send-now crystals production", "liveops: in a shell --env says which environment: liveops push send-now --env production crystals\n"},
		{"status crystals production", "liveops: in a shell --env says which environment: liveops push status --env production crystals\n"},
		{"test crystals production qa", "liveops: in a shell --env says which environment: liveops push test --env production crystals --list qa\n"},
		{"list production", "liveops: in a shell --env says which environment: liveops push list --env production\n"},
		{"list --env production crystals", "liveops: liveops push list lists all campaigns, and takes no name; of one, liveops push status --env ENV NAME\n"},
		{"cancel", "liveops: say which campaign: liveops push cancel --env ENV NAME\n"},
		{"cancel --env production crystals cookies", "liveops: one campaign at a time: liveops push cancel --env ENV NAME\n"},
	} {
		p.liveops(2, test.want, append([]string{"push"}, strings.Fields(test.args)...)...)
	}
}

// What is sent besides its times is held to holds and freezes, and is in the audit.
func TestSendNowGates(t *testing.T) {
	p := newPushing(t, pushingConfig, weekly)
	push := func(code int, want string, args ...string) {
		t.Helper()
		p.liveops(code, want, append([]string{"push", "send-now", "crystals", "--env", "production"}, args...)...)
	}
	push(2, `"Send crystals to its whole audience in production now, also to those who had it?": add --yes`)
	p.liveops(0, "", "lock", "--env", "production", "a bad day")
	push(2, "production is on hold (a bad day, by "+actor()+"); lift the hold first, with liveops unlock --env production\n", "--yes", "--despite-freeze", "no matter")
	p.liveops(0, "", "unlock", "--env", "production")
	p.commit("liveops.yaml", strings.Replace(pushingConfig, "push:", "freeze: [{from: 2020-01-01T00:00, to: 2099-01-01T00:00, reason: the event}], push:", 1))
	push(2, "production is frozen (the event); --despite-freeze REASON passes over it", "--yes")
	push(2, "say why: --despite-freeze REASON", "--yes", "--despite-freeze", " ")
	p.liveops(0, "no runs", "push", "status", "--env", "production")
	push(0, " UTC running, asked for by "+actor()+": ", "--yes", "--despite-freeze", "the servers are back")
	p.liveops(0, "push crystals: sent besides its times, without a second person; despite the freeze: the servers are back", "status", "--env", "production", "--audit", "1")
}

// By each user's own zone, the next time is the first of those that the tokens have; a zone that cannot be read is not passed off as theirs.
func TestPushListByUsersClocks(t *testing.T) {
	tomorrow := time.Now().UTC().Add(36 * time.Hour).Truncate(24 * time.Hour)
	p := newPushing(t, pushingConfig, strings.Replace(weekly, "schedule: \"3 19 * * FRI\"", "timezone: user\nat: "+tomorrow.Format("2006-01-02")+"T12:00", 1))
	p.exec("INSERT INTO t VALUES ('a', 'ios', 'Pacific/Kiritimati'), ('b', 'ios', 'Asia/Seoul'), ('c', 'ios', NULL)") // 14 hours before UTC
	p.liveops(0, "  crystals: next "+tomorrow.Add(-2*time.Hour).Format("Mon 2006-01-02 15:04")+" UTC, in the first of its users' own zones\n", "push", "list", "--env", "production")
	p.exec("ALTER TABLE t DROP COLUMN zone")
	p.liveops(0, "The time zones of users are not known: ", "push", "list", "--env", "production")
	p.liveops(0, " in the fallback zone Asia/Seoul; other zones have their own times\n", "push", "list", "--env", "production")
}

// Who watches a test that waits goes on to its run, and sees how that has ended.
func TestWatchFromATestToItsRun(t *testing.T) {
	p := newPurging(t, "production")
	store, err := mysqlstore.Open(t.Context(), "production", p.set[p.setting("production", "MYSQL_DSN")], mysqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	p.commit("liveops.yaml", "environments: [{name: production}]\n")
	p.liveops(0, "no runs", "push", "status", "--watch", "--env", "production")
	record := runs.New(store.DB())
	if err := record.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	epoch, err := record.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	due := time.Date(2026, 11, 27, 10, 3, 0, 0, time.UTC)
	run := runs.Run{Campaign: "crystals", Time: due, State: runs.Running, Started: due}
	test := run
	test.Test, test.Follows = "a1", due
	if begun, err := record.BeginTest(t.Context(), epoch, test); err != nil || !begun {
		t.Fatal(begun, err)
	}
	if test, err = record.Test(t.Context(), "crystals", due, "a1"); err != nil {
		t.Fatal(err)
	}
	if err := record.Wait(t.Context(), epoch, test.ID); err != nil {
		t.Fatal(err)
	}
	if run, _, err = record.Begin(t.Context(), epoch, run); err != nil {
		t.Fatal(err)
	}
	if err := record.End(t.Context(), epoch, run.ID, runs.Done, "", due); err != nil {
		t.Fatal(err)
	}
	const counts = ": 0 tokens so far, 0 accepted, 0 dead, 0 rejected, 0 failed"
	p.liveops(0, "crystals: Fri 2026-11-27 10:03:00 UTC test waiting"+counts+"; the others follow at Fri 2026-11-27 10:03:00 UTC\ncrystals: Fri 2026-11-27 10:03:00 UTC done"+counts+"\n",
		"push", "status", "--watch", "--env", "production", "crystals")

	run.Time = due.Add(time.Hour)
	if run, _, err = record.Begin(t.Context(), epoch, runs.Run{Campaign: "crystals", Time: run.Time, State: runs.Running, Started: due}); err != nil {
		t.Fatal(err)
	}
	batches := []runs.Batch{{Seq: 1, After: audience.Cursor{Platform: campaign.IOS}, To: "a", Tokens: 1}}
	if err := record.Extend(t.Context(), epoch, run.ID, batches, audience.Cursor{}, true); err != nil {
		t.Fatal(err)
	}
	if err := record.RecordLacking(t.Context(), epoch, map[campaign.Platform]campaign.Gateway{campaign.IOS: campaign.APNs}); err != nil {
		t.Fatal(err)
	}
	p.liveops(0, "0 of 1 tokens (0 %), 0 accepted, 0 dead, 0 rejected, 0 failed; no worker can send by APNs, and 1 batch waits for one\n", "push", "status", "--env", "production")
}

// endCanceled leads until a run that is canceling is there, and says that every worker has stopped.
func endCanceled(ctx context.Context, record *runs.Store) error {
	epoch, err := record.Lead(ctx, "test", 0, time.Hour)
	if err != nil {
		return err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		live, err := record.Live(ctx)
		if err != nil {
			return err
		}
		for _, r := range live {
			if r.State == runs.Canceling {
				return record.End(ctx, epoch, r.ID, runs.Canceled, "every worker has stopped", time.Now())
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
