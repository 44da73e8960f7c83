package main

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"

	"liveops/engine"
	"liveops/pushd"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
	"liveops/sandbox/mariadb"
	"liveops/sandbox/push"
)

// The tokens of the benchmark: four in five are Android's. The story to beat sends 25,000 a second.
const (
	pushTokens = 3_000_000
	pushStory  = 25_000
)

// pushSetting tells a process of this program to lead and to work for one run until it has ended: a pushSide.
const pushSetting = "LIVEOPS_BENCH_PUSHD"

// A pushSide is what that process must know.
type pushSide struct {
	DSN, Dir  string
	FCM, APNs gatewayFacts
}

// benchPush times a campaign end to end: from MariaDB through JetStream on disk to gateways in processes of their own, and
// the results back into MariaDB, all on this machine; and once more at a fifth of the tokens, for the memory.
func benchPush(ctx context.Context, dir string) error {
	server, err := mariadb.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	few, err := timePushes(ctx, server, dir, pushTokens/5)
	if err != nil {
		return err
	}
	many, err := timePushes(ctx, server, dir, pushTokens)
	if err != nil {
		return err
	}
	perSecond := pushTokens / many.wall.Seconds()
	fmt.Printf("figure push-rate: %.1fx of %d/s (want >= 8x) %.0f/s, %d tokens in %.2f s from MariaDB through JetStream to gateways and back, median of %d\n",
		perSecond/pushStory, pushStory, perSecond, pushTokens, many.wall.Seconds(), benchRuns)
	fmt.Printf("figure push-memory: %d MB (want <= 160 MB) %d tokens, leader, worker and engine in one process, median of %d\n", many.peak>>20, pushTokens, benchRuns)
	fmt.Printf("figure push-memory-flat: %.2fx (want <= 1.2x) %d MB at %d tokens, %d MB at %d, median of %d, same run\n",
		float64(many.peak)/float64(few.peak), many.peak>>20, pushTokens, few.peak>>20, pushTokens/5, benchRuns)
	return nil
}

// timePushes sends to so many tokens, several times.
func timePushes(ctx context.Context, server *mariadb.Server, dir string, tokens int) (cost, error) {
	name := fmt.Sprintf("push%d", tokens)
	db, err := sql.Open("mysql", server.DSN(""))
	if err != nil {
		return cost{}, err
	}
	defer db.Close()
	for _, q := range []string{"SET GLOBAL innodb_buffer_pool_size = 1 << 30", "CREATE DATABASE " + name, "CREATE TABLE " + name + `.push_tokens (
		id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, token VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, platform VARCHAR(10) CHARACTER SET ascii NOT NULL,
		language VARCHAR(10) CHARACTER SET ascii NULL, updated_at DATETIME NULL)`} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return cost{}, err
		}
	}
	if err := insertTokens(ctx, db, name, tokens); err != nil {
		return cost{}, err
	}
	var all []cost
	for range benchRuns {
		k, err := timePush(ctx, db, server.DSN(name), dir, tokens)
		if err != nil {
			return cost{}, err
		}
		all = append(all, k)
		if _, err := db.ExecContext(ctx, "DROP TABLE "+name+".liveops_push_leader, "+name+".liveops_push_runs, "+name+".liveops_push_campaigns"); err != nil {
			return cost{}, err
		}
	}
	return median(all), nil
}

// insertTokens fills a table of tokens, and then makes the index that they are read by, as `liveops plan` says that it should be.
func insertTokens(ctx context.Context, db *sql.DB, name string, tokens int) error {
	languages := []string{"ko", "ja", "en", "th", "de"}
	for from := 0; from < tokens; from += 5000 {
		var q strings.Builder
		q.WriteString("INSERT INTO " + name + ".push_tokens (token, platform, language, updated_at) VALUES ")
		var b []byte
		for i := from; i < min(from+5000, tokens); i++ {
			if i > from {
				q.WriteByte(',')
			}
			platform := "android"
			if i%5 == 4 {
				platform, b = "ios", push.APNsToken(b[:0], uint64(i))
			} else {
				b = push.FCMToken(b[:0], uint64(i))
			}
			fmt.Fprintf(&q, "('%s','%s','%s','2026-01-01')", b, platform, languages[i%len(languages)])
		}
		if _, err := db.ExecContext(ctx, q.String()); err != nil {
			return err
		}
	}
	_, err := db.ExecContext(ctx, "ALTER TABLE "+name+".push_tokens ADD KEY push_order (platform, token, language)")
	return err
}

// timePush times one run, from its beginning to its end as the record has them, and sees to it that each token got it once.
func timePush(ctx context.Context, db *sql.DB, dsn, dir string, tokens int) (k cost, err error) {
	side := pushSide{DSN: dsn}
	if side.Dir, err = os.MkdirTemp(dir, "push-"); err != nil {
		return k, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(side.Dir)) }()
	fcm, err := startGateway(ctx, "fcm", 100)
	if err != nil {
		return k, err
	}
	defer func() { err = errors.Join(err, fcm.close()) }()
	apns, err := startGateway(ctx, "apns", 1000)
	if err != nil {
		return k, err
	}
	defer func() { err = errors.Join(err, apns.close()) }()
	side.FCM, side.APNs = fcm.facts, apns.facts
	setting, err := json.Marshal(side)
	if err != nil {
		return k, err
	}
	c := exec.CommandContext(ctx, os.Args[0])
	c.Env = append(os.Environ(), pushSetting+"="+string(setting))
	k, _, err = timed(c)
	if err != nil {
		return k, err
	}
	f, err := fcm.counts(0)
	if err != nil {
		return k, err
	}
	a, err := apns.counts(0)
	if err != nil {
		return k, err
	}
	if f.Tokens+a.Tokens != int64(tokens) || f.Repeated+a.Repeated != 0 {
		return k, fmt.Errorf("of %d tokens %d got the message, and %d more than once", tokens, f.Tokens+a.Tokens, f.Repeated+a.Repeated)
	}
	c2, err := mysql.ParseDSN(dsn)
	if err != nil {
		return k, err
	}
	var seconds float64
	err = db.QueryRowContext(ctx, "SELECT TIMESTAMPDIFF(MICROSECOND, started, finished) / 1e6 FROM "+c2.DBName+".liveops_push_runs").Scan(&seconds)
	k.wall = time.Duration(seconds * float64(time.Second))
	return k, err
}

// pushProcess is the process that leads and works.
func pushProcess(ctx context.Context, setting string) error {
	var side pushSide
	if err := json.Unmarshal([]byte(setting), &side); err != nil {
		return err
	}
	debug.SetGCPercent(pushd.GCPercent) // as `liveops pushd` does
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e, err := engine.Open(ctx, engine.Options{Dir: side.Dir, Logger: log})
	if err != nil {
		return err
	}
	defer e.Close()
	batches, err := e.Batches(ctx, "production")
	if err != nil {
		return err
	}
	c, err := mysql.ParseDSN(side.DSN)
	if err != nil {
		return err
	}
	c.InterpolateParams, c.Params = true, map[string]string{"time_zone": "'+00:00'"}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		return err
	}
	defer db.Close()
	senders, err := side.senders()
	if err != nil {
		return err
	}
	crystals, problems := campaign.New(campaign.Spec{Name: "crystals", At: time.Now().UTC().Add(-time.Second).Truncate(time.Second), Deadline: time.Hour, Missed: campaign.SkipMissed,
		Push: campaign.Push{TimeToLive: time.Hour}, Messages: map[string]campaign.Text{
			campaign.Default: {Title: "Come back!", Body: "Log in now for 100 crystals"}, "ko": {Title: "돌아와요!", Body: "지금 접속하시면 크리스탈 100개를 드려요"}}})
	if len(problems) > 0 {
		return &problems[0]
	}
	decode := func(string, []byte) (*campaign.Campaign, error) { return crystals, nil }
	record := runs.New(db)
	if err := record.Prepare(ctx); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "INSERT INTO liveops_push_campaigns (campaign, since) VALUES ('crystals', '2026-01-01')"); err != nil {
		return err
	}
	lead := pushd.Options{Environment: "production", Name: "bench", Batches: batches, Runs: record, Tokens: &audience.Store{DB: db}, Decode: decode, Log: log,
		Gateways: map[campaign.Platform]campaign.Gateway{campaign.Android: campaign.FCM, campaign.IOS: campaign.APNs},
		Query: func(*campaign.Campaign, runs.Run) (audience.Query, error) {
			return audience.Query{Table: audience.Table{Name: "push_tokens", Token: "token", Platform: "platform", Language: "language", UpdatedAt: "updated_at"}}, nil
		},
		Released: func(context.Context) (pushd.Released, error) {
			return pushd.Released{Commit: "c1", Campaigns: []pushd.File{{Name: "crystals"}}}, nil
		}}
	work := pushd.WorkOptions{Environment: "production", Name: "bench", Batches: batches, Decode: decode, Senders: senders, Log: log}
	running, end := context.WithCancel(ctx)
	defer end()
	g, running := errgroup.WithContext(running)
	g.Go(func() error { return pushd.Work(running, work) })
	g.Go(func() error { return pushd.Lead(running, lead) })
	g.Go(func() error { defer end(); return awaitRun(running, record) })
	return g.Wait()
}

// awaitRun waits for the end of the run.
func awaitRun(ctx context.Context, record *runs.Store) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		all, err := record.Newest(ctx, "", 1)
		if err != nil {
			return err
		}
		if len(all) == 1 && all[0].State.Ended() {
			if all[0].State != runs.Done {
				return fmt.Errorf("the run is %s: %s", all[0].State, all[0].Reason)
			}
			return nil
		}
	}
}

// senders are those of both gateways.
func (s *pushSide) senders() (map[campaign.Gateway]pushd.Sender, error) {
	pool := func(pem []byte) *x509.CertPool {
		p := x509.NewCertPool()
		p.AppendCertsFromPEM(pem)
		return p
	}
	f, err := gateway.NewFCM(gateway.FCM{ServiceAccount: s.FCM.Account}, gateway.Options{URL: s.FCM.URL, RootCAs: pool(s.FCM.CA)})
	if err != nil {
		return nil, err
	}
	a, err := gateway.NewAPNs(gateway.APNs{Key: s.APNs.Key, KeyID: s.APNs.KeyID, TeamID: s.APNs.TeamID, Topic: s.APNs.Topic}, gateway.Options{URL: s.APNs.URL, RootCAs: pool(s.APNs.CA)})
	if err != nil {
		return nil, err
	}
	return map[campaign.Gateway]pushd.Sender{campaign.FCM: f, campaign.APNs: a}, nil
}
