package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"liveops/pushd"
	"liveops/pushd/capacity"
	sandbox "liveops/sandbox/aws"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
)

const littlePush = `
    push: {tokens: {table: push_tokens, token: token, platform: platform}}
`

const littleCampaign = `at: 2020-01-01T00:00
message: {default: {title: Come back!, body: Crystals}}
capacity: {factor: 2, ifLate: hold}
`

// released is a process, and an environment to which liveops.yaml and a campaign were released.
type released struct {
	*testing.T
	app   *app
	out   *bytes.Buffer
	aws   *sandbox.Server
	store *mysqlstore.Store
}

func newReleased(t *testing.T, capacity string) *released {
	t.Helper()
	s, err := sandbox.Start(sandbox.Options{Region: "ap-northeast-2"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	key, secret := s.Access()
	t.Setenv("AWS_ACCESS_KEY_ID", key) // AWS's own chain begins there
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	dsn := mariadb.NewDatabase(t)
	set := map[string]string{"LIVEOPS_STAGING_MYSQL_DSN": dsn, "LIVEOPS_STAGING_AWS_ENDPOINT": s.URL()}
	r := &released{T: t, aws: s, out: &bytes.Buffer{}}
	r.app = &app{settings: settings{func(name string) (string, bool) { v, ok := set[name]; return v, ok }}, in: strings.NewReader(""), out: r.out, err: r.out}
	if r.store, err = mysqlstore.Open(t.Context(), "staging", dsn, mysqlstore.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.store.Close() })
	if err := r.store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.exec("UPDATE liveops_environment SET commit_id = 'c1'")
	r.exec("INSERT INTO liveops_files (commit_id, path, data) VALUES ('c1', 'liveops.yaml', ?), ('c1', 'pushes/crystals.yaml', ?)",
		"environments:\n  - name: staging"+littlePush+capacity, littleCampaign)
	return r
}

func (r *released) exec(query string, args ...any) {
	r.Helper()
	if _, err := r.store.DB().ExecContext(r.Context(), query, args...); err != nil {
		r.Fatal(err)
	}
}

// lead is what a daemon leads with.
func (r *released) lead() pushd.Options {
	r.Helper()
	open := &stores{settings: r.app.settings}
	r.Cleanup(func() { open.Close() })
	documents := &buckets{settings: r.app.settings}
	r.Cleanup(func() { documents.Close() })
	l, err := r.app.led(r.Context(), "staging", nil, open, documents, slog.New(slog.DiscardHandler))
	if err != nil {
		r.Fatal(err)
	}
	return l.options
}

// raise has servers added for a run, and gives how many there are to be and may be in all.
func (r *released) raise() (raised capacity.Raised, most int) {
	r.Helper()
	o := r.lead()
	raised, err := o.Servers.Raise(r.Context(), capacity.Want{Run: "staging/crystals/x", Factor: 2, Max: o.MostServers, Until: time.Now().Add(time.Hour)})
	if err != nil {
		r.Fatal(err)
	}
	return raised, o.MostServers
}

func (r *released) leases() (n int) {
	r.Helper()
	if err := r.store.DB().QueryRowContext(r.Context(), "SELECT COUNT(*) FROM liveops_push_leases WHERE environment = 'staging'").Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}

// A daemon adds to the servers that liveops.yaml names, with AWS's own credentials.
func TestServersOfLiveopsYAML(t *testing.T) {
	group := func(r *released) {
		if err := r.aws.AddGroup(sandbox.Group{Name: "game-servers", Min: 1, Max: 100, Desired: 10}); err != nil {
			r.Fatal(err)
		}
	}
	t.Run("a group", func(t *testing.T) {
		r := newReleased(t, "    capacity: {autoScalingGroup: game-servers, max: 15, region: ap-northeast-2}\n")
		group(r)
		if raised, most := r.raise(); most != 15 || raised.To != 15 || r.aws.Group("game-servers").Desired != 15 || r.leases() != 1 {
			t.Errorf("%+v, at most %d, %d leases", raised, most, r.leases())
		}
	})
	t.Run("a dry run", func(t *testing.T) {
		r := newReleased(t, "    capacity: {autoScalingGroup: game-servers, max: 15, region: ap-northeast-2, dryRun: true}\n")
		group(r)
		if raised, _ := r.raise(); !raised.DryRun || r.aws.Group("game-servers").Desired != 10 || r.leases() != 0 {
			t.Errorf("%+v, %d leases", raised, r.leases())
		}
	})
	t.Run("plain servers", func(t *testing.T) {
		r := newReleased(t, "    capacity: {launchTemplate: game-server, tag: {role: game, stage: \"1\"}, max: 15, region: ap-northeast-2}\n")
		r.aws.AddTemplate(sandbox.Template{Name: "game-server", InstanceType: "c7g.large", ImageID: "ami-1"})
		tags := map[string]string{"role": "game", "stage": "1"}
		r.aws.AddInstances(3, tags)
		if raised, _ := r.raise(); raised.To != 6 || r.aws.Alive(tags) != 6 {
			t.Errorf("%+v, %d are alive", raised, r.aws.Alive(tags))
		}
	})
	t.Run("a template by its id", func(t *testing.T) {
		r := newReleased(t, "")
		id := r.aws.AddTemplate(sandbox.Template{Name: "game-server", InstanceType: "c7g.large", ImageID: "ami-1"})
		r.exec("UPDATE liveops_files SET data = CONCAT(data, ?) WHERE path = 'liveops.yaml'", "    capacity: {launchTemplate: "+id+", tag: {role: game}, max: 15, region: ap-northeast-2}\n")
		r.aws.AddInstances(3, map[string]string{"role": "game"})
		if raised, _ := r.raise(); raised.To != 6 {
			t.Errorf("%s: %+v", id, raised)
		}
	})
	t.Run("none", func(t *testing.T) {
		if o := newReleased(t, "").lead(); o.Servers != nil {
			t.Errorf("servers are %v", o.Servers)
		}
	})
}

// What is sent now waits for its servers, where its campaign says so and the environment has any.
func TestSendNowWaitsForServers(t *testing.T) {
	for capacity, want := range map[string]string{
		"": " running",
		"    capacity: {autoScalingGroup: game-servers, max: 15}\n": " paused (the servers are not in service: they are asked for as the run begins)",
	} {
		r := newReleased(t, capacity)
		checkout := &purging{T: t, repo: t.TempDir()}
		checkout.commit("liveops.yaml", "environments: [{name: staging}]\n")
		if code := r.app.run(t.Context(), []string{"push", "send-now", "--repo", checkout.repo, "--env", "staging", "--yes", "crystals"}); code != 0 || !strings.Contains(r.out.String(), want) {
			t.Errorf("exit code %d, said %q, want %q", code, r.out, want)
		}
	}
}

// The preview of what was released says how many servers would be added, where AWS answers; and that it is not known where it does not.
func TestServersInAPreview(t *testing.T) {
	r := newReleased(t, "    capacity: {autoScalingGroup: game-servers, max: 15, region: ap-northeast-2}\n")
	if err := r.aws.AddGroup(sandbox.Group{Name: "game-servers", Min: 1, Max: 100, Desired: 10}); err != nil {
		t.Fatal(err)
	}
	r.exec("CREATE TABLE push_tokens (token VARCHAR(100) NOT NULL, platform VARCHAR(10) NOT NULL, PRIMARY KEY (platform, token))")
	r.exec("UPDATE liveops_files SET data = REPLACE(data, '2020-01-01', '2099-01-01')")
	checkout := &purging{T: t, repo: t.TempDir()}
	checkout.commit("liveops.yaml", "environments: [{name: staging}]\n")
	preview := func(want string) {
		t.Helper()
		r.out.Reset()
		if code := r.app.run(t.Context(), []string{"push", "preview", "--repo", checkout.repo, "--env", "staging", "crystals"}); code != 0 || !strings.Contains(r.out.String(), want) {
			t.Errorf("exit code %d, said %s\nwant %q", code, r.out, want)
		}
	}
	preview("- 5 game servers would be added to the 10 that run now, 10 min before it begins, until 30 min after its end. Fewer than asked for: 2 times would be 20, and 15 are the most. If they are late, the run waits for them.")
	var tables int
	if err := r.store.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'liveops_push_leases%'").Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables were made, %v", tables, err)
	}
	r.aws.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	preview("- Game servers: 2 times as many as run then; how many that is, is not known here.")
}
