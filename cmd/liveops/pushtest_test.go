package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/sandbox/apns"
	"liveops/sandbox/fcm"
	"liveops/sandbox/push"
	"liveops/sync/mysqlstore"
)

const testedConfig = `timezone: Asia/Seoul
environments:
  - name: staging
    push:
      tokens: {table: t, token: token, platform: platform, user: user, language: language}
      lists: {qa: {users: [mina]}, wrong: {tokens: [{platform: ios, token: 00ff}]}, nobody: {users: [none]}}
      only: [qa, wrong]
  - {name: production, after: staging, push: {tokens: {table: t, token: token, platform: platform, user: user, language: language}, lists: {qa: {users: [mina]}}}}
`

// daemon is `liveops pushd` with stand-ins of the gateways, and an environment whose campaigns it sends.
type daemon struct {
	*purging
	fcm   *fcm.Gateway
	apns  *apns.Gateway
	store *mysqlstore.Store
	log   bytes.Buffer // to be read when it has ended
}

// newDaemon has released the files to staging, whose one user of the list qa has a phone of each platform, and nobody else has any.
func newDaemon(t *testing.T, files ...string) *daemon {
	t.Helper()
	d := &daemon{purging: newPurging(t, "staging", "production")}
	var err error
	if d.fcm, err = fcm.Start(t.Context(), fcm.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.fcm.Close() })
	if d.apns, err = apns.Start(t.Context(), apns.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.apns.Close() })
	key, keyID, teamID := d.apns.Key()
	for name, value := range map[string]string{"FCM_CREDENTIALS": string(d.fcm.ServiceAccount()), "FCM_URL": d.fcm.URL(), "FCM_CA": string(d.fcm.CAPEM()),
		"APNS_KEY": string(key), "APNS_KEY_ID": keyID, "APNS_TEAM_ID": teamID, "APNS_TOPIC": d.apns.Topic(), "APNS_URL": d.apns.URL(), "APNS_CA": string(d.apns.CAPEM())} {
		d.set[d.setting("staging", name)] = value
	}
	d.set["LIVEOPS_STATE_DIR"] = t.TempDir()
	if d.store, err = mysqlstore.Open(t.Context(), "staging", d.set[d.setting("staging", "MYSQL_DSN")], mysqlstore.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.store.Close() })
	production, err := mysqlstore.Open(t.Context(), "production", d.set[d.setting("production", "MYSQL_DSN")], mysqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { production.Close() })
	for _, s := range []*mysqlstore.Store{d.store, production} {
		for _, statement := range []string{
			"CREATE TABLE t (token VARCHAR(200) NOT NULL, platform VARCHAR(10) NOT NULL, user VARCHAR(20), language VARCHAR(10), PRIMARY KEY (platform, token))",
			"INSERT INTO t VALUES ('" + string(push.FCMToken(nil, 1)) + "', 'android', 'mina', 'ko'), ('" + string(push.APNsToken(nil, 1)) + "', 'ios', 'mina', NULL)"} {
			if _, err := s.DB().ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.commit(append([]string{"liveops.yaml", testedConfig}, files...)...)
	d.liveops(0, "", "apply", "--yes", "--env", "staging")
	return d
}

// pushd runs it until the test ends.
func (d *daemon) pushd() {
	a := &app{settings: settings{func(name string) (string, bool) { v, ok := d.set[name]; return v, ok }}, in: strings.NewReader(""), out: &d.log, err: &d.log}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- a.run(ctx, []string{"pushd", "--env", "staging"}) }()
	d.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			d.Errorf("exit code %d\n%s", code, &d.log)
		}
	})
}

// await asks until a command says something.
func (d *daemon) await(want string, args ...string) string {
	d.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var out bytes.Buffer
		a := &app{settings: settings{func(name string) (string, bool) { v, ok := d.set[name]; return v, ok }}, in: strings.NewReader(""), out: &out, err: &out}
		a.run(d.Context(), append(args, "--repo", d.repo))
		if strings.Contains(out.String(), want) {
			return out.String()
		}
		select {
		case <-tick.C:
		case <-deadline:
			d.Fatalf("%s: not in time: %s\n%s", args, want, out.String())
		}
	}
}

const testedCampaign = "schedule: \"3 19 * * FRI\"\nmessage:\n  default: {title: Come back!, body: Log in now}\n  ko: {title: 돌아와요!, body: 지금 접속하세요}\nrate: 1000/s\n"

// A test that is asked for reaches its list, and what became of it is told; it is no run.
func TestPushTestInAShell(t *testing.T) {
	d := newDaemon(t, "pushes/crystals.yaml", testedCampaign+"test: {list: qa}\n", "pushes/plain.yaml", testedCampaign)
	d.liveops(2, "the campaign names no test list: add `test` to its file, or name a list with --list", "push", "test", "--env", "staging", "plain")
	d.liveops(2, "`push.lists` has no list `qq`; did you mean `qa`?", "push", "test", "--env", "staging", "plain", "--list", "qq")
	d.liveops(2, "no campaign `cristals` was released to staging; did you mean `crystals`?", "push", "test", "--env", "staging", "cristals")
	d.pushd()
	d.liveops(0, "crystals in staging: test 2 of 2 messages accepted\n  1 to android accepted\n  1 to ios accepted\n", "push", "test", "--env", "staging", "crystals")
	d.liveops(0, "plain in staging: test 2 of 2 messages accepted", "push", "test", "--env", "staging", "plain", "--list", "qa")
	d.liveops(2, "nobody who would get it has a phone here", "push", "test", "--env", "staging", "crystals", "--list", "nobody")
	d.liveops(2, "plain in staging: test 0 of 1 message accepted\n  1 to ios rejected (BadDeviceToken)\n", "push", "test", "--env", "staging", "plain", "--list", "wrong")
	d.fcm.Set(string(push.FCMToken(nil, 1)), push.Foreign, time.Time{})
	d.liveops(2, "crystals in staging: test canceled (SENDER_ID_MISMATCH: ", "push", "test", "--env", "staging", "crystals")
	d.liveops(0, "crystals: next Fri ", "push", "list", "--env", "staging")
	d.liveops(0, " UTC test done, asked for by "+actor()+": 2 of 2 tokens (100 %), 2 accepted", "push", "status", "--env", "staging", "crystals")
	if f, a := d.fcm.Counts(), d.apns.Counts(); f.Accepted != 2 || a.Accepted < 2 || a.Accepted > 3 {
		t.Errorf("FCM %+v\nAPNs %+v", f, a)
	}
}

// A test ahead of a run shows, and so does when the others follow; a cancel in between is of the run.
func TestPushTestAheadOfARun(t *testing.T) {
	d := newDaemon(t, "pushes/crystals.yaml", strings.Replace(testedCampaign, "schedule: \"3 19 * * FRI\"", "at: "+time.Now().In(time.FixedZone("", 9*3600)).Add(23*time.Hour).Format("2006-01-02T15:04"), 1)+"test: {list: qa, before: 1d}\n")
	d.pushd()
	d.await(" UTC test waiting: 2 of 2 tokens (100 %), 2 accepted, 0 dead, 0 rejected, 0 failed", "push", "status", "--env", "staging", "crystals")
	d.await("; the others follow at ", "push", "status", "--env", "staging", "crystals")
	d.liveops(0, " UTC test waiting: 2 of 2 tokens (100 %), 2 accepted", "push", "list", "--env", "staging")
	d.liveops(0, " UTC test canceled (by ", "push", "cancel", "--env", "staging", "crystals")
	d.liveops(0, " UTC canceled (by ", "push", "status", "--env", "staging", "crystals")
	d.liveops(0, " UTC canceled (by ", "push", "status", "--env", "staging", "crystals", "--watch")
	d.liveops(2, "no run of campaign `crystals` is under way", "push", "cancel", "--env", "staging", "crystals")
}

// What liveops.yaml says of APNs's sandbox counts where no setting says where APNs is.
func TestSendersOfTheSandbox(t *testing.T) {
	gateway, err := apns.Start(t.Context(), apns.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	key, keyID, teamID := gateway.Key()
	set := map[string]string{"LIVEOPS_STAGING_APNS_KEY": string(key), "LIVEOPS_STAGING_APNS_KEY_ID": keyID, "LIVEOPS_STAGING_APNS_TEAM_ID": teamID, "LIVEOPS_STAGING_APNS_TOPIC": gateway.Topic()}
	a := &app{settings: settings{func(name string) (string, bool) { v, ok := set[name]; return v, ok }}}
	for url, want := range map[string]bool{"": true, gateway.URL(): false} {
		set["LIVEOPS_STAGING_APNS_URL"] = url
		senders, sandbox, closeAll, err := a.senders("staging", slog.New(slog.DiscardHandler))
		if err != nil || senders[campaign.APNs] == nil || (sandbox != nil) != want {
			t.Errorf("%q: senders %v, sandbox %v, %v", url, senders, sandbox, err)
			continue
		}
		if err := closeAll(); err != nil {
			t.Error(err)
		}
	}
}
