package main

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"

	"liveops/engine"
	"liveops/pushd"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
)

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
	work := pushd.WorkOptions{Environment: "production", Name: "bench", Batches: batches, Decode: decode, Senders: senders, Log: log,
		AtWork: func(runs int) { debug.SetMemoryLimit(pushd.MemoryLimit(runs)) }}
	running, end := context.WithCancel(ctx)
	defer end()
	g, running := errgroup.WithContext(running)
	g.Go(func() error { return pushd.Work(running, work) })
	g.Go(func() error { return pushd.Lead(running, lead) })
	g.Go(func() error { defer end(); return awaitRun(running, record) })
	return g.Wait()
}

// awaitRun waits for the end of the run, and until its dead tokens are taken out.
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
			if dead, err := record.WithDead(ctx); err != nil || len(dead) == 0 {
				return err
			}
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
