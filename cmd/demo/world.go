package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"liveops/bot"
	"liveops/engine"
	"liveops/pushd/audience"
	"liveops/pushd/runs"
	"liveops/sandbox/apns"
	"liveops/sandbox/aws"
	"liveops/sandbox/couchbase"
	"liveops/sandbox/fcm"
	"liveops/sandbox/github"
	"liveops/sandbox/mysql"
	"liveops/sync/couchstore"
	"liveops/sync/mysqlstore"
)

// The accounts of the story.
const (
	botLogin, botToken = "liveops-bot", "ghs_demo"
	designer           = "mina"
	lead               = "jun"
	owner, name        = "studio", "game-data"
	secret             = "a secret that GitHub and liveops share"
)

// world is all that the story runs on.
type world struct {
	out                    io.Writer
	stores                 map[string]*mysqlstore.Store
	dbs                    map[string]*sql.DB           // as the game's servers have them
	couchbase              *couchbase.Server            // with a bucket of accounts for each environment
	users                  map[string]*couchstore.Store // the same as the bot has them
	github                 *github.Server
	repo                   *github.Repo
	queue                  *engine.Engine
	clock                  *clock
	log                    *slog.Logger
	embedded               map[string]*mysql.Server // by environment, where its database is none of its own
	dsns                   map[string]string
	tokens                 []mysql.Token // of production's phones, as they were at first
	renewed                mysql.Token   // the dead one whose player came back
	audience               *audience.Store
	fcm                    *fcm.Gateway
	apns                   *apns.Gateway
	aws                    *aws.Server
	kept                   *keptServers
	record                 *runs.Store       // of production's pushes
	winter, back, drifting int               // the numbers of the designers' pull request, of that after the rollback, of the issue about drift
	purge, campaign        int               // the numbers of the pull requests with a purge, and with a campaign
	shown                  map[string]string // what was printed: parts that GitHub can fold, by their summary, and comments as they were last
	close                  []func() error    // undone last first
}

// environments in promotion order, with the setting that may put a real database in place of the stand-in.
var environments = []struct{ name, setting string }{
	{"staging", "LIVEOPS_DEMO_STAGING_MYSQL_DSN"},
	{"production", "LIVEOPS_DEMO_PRODUCTION_MYSQL_DSN"},
}

func newWorld(ctx context.Context) (w *world, err error) {
	w = &world{out: os.Stdout, stores: map[string]*mysqlstore.Store{}, dbs: map[string]*sql.DB{}, users: map[string]*couchstore.Store{}, clock: newClock(), shown: map[string]string{},
		log: slog.New(slog.DiscardHandler), embedded: map[string]*mysql.Server{}, dsns: map[string]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	for _, e := range environments {
		if err := w.addEnvironment(ctx, e.name, os.Getenv(e.setting)); err != nil {
			return w, fmt.Errorf("%s: %w", e.name, err)
		}
	}
	if err := w.addAccounts(); err != nil {
		return w, fmt.Errorf("stand-in Couchbase: %w", err)
	}
	if err := w.addPhones(ctx); err != nil {
		return w, fmt.Errorf("push tokens: %w", err)
	}
	if err := w.addGateways(ctx); err != nil {
		return w, fmt.Errorf("stand-ins for FCM, APNs and AWS: %w", err)
	}
	if err := w.addGitHub(); err != nil {
		return w, fmt.Errorf("stand-in GitHub: %w", err)
	}
	return w, nil
}

// Close ends everything, the newest first.
func (w *world) Close() error {
	var err error
	for i := len(w.close) - 1; i >= 0; i-- {
		err = errors.Join(err, w.close[i]())
	}
	w.close = nil
	return err
}

// addEnvironment starts an environment's database, or takes a real one that is empty, and makes the game's tables.
func (w *world) addEnvironment(ctx context.Context, name, dsn string) error {
	if dsn == "" {
		s, err := mysql.Start(ctx, "game")
		if err != nil {
			return err
		}
		w.close = append(w.close, func() error { s.Close(); return nil })
		w.embedded[name], dsn = s, s.DSN("game")
	}
	store, err := mysqlstore.Open(ctx, name, dsn, mysqlstore.Options{})
	if err != nil {
		return err
	}
	w.close = append(w.close, store.Close)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return errors.New("its DSN cannot be read")
	}
	w.close = append(w.close, db.Close)
	var tables int
	err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()").Scan(&tables)
	if err != nil {
		return err
	}
	if tables > 0 {
		return fmt.Errorf("its database has %d tables; the demo takes an empty one only", tables)
	}
	for _, ddl := range schema {
		if _, err := db.ExecContext(ctx, ddl); err != nil {
			return err
		}
	}
	w.stores[name], w.dbs[name], w.dsns[name] = store, db, dsn
	return nil
}

func (w *world) addGitHub() error {
	server, err := github.New(github.Options{Users: []github.User{
		{Login: botLogin, Token: botToken, Permission: github.Write, Bot: true},
		{Login: designer, Name: "Mina Kim", Permission: github.Write},
		{Login: lead, Name: "Jun Sato", Permission: github.Maintain},
	}})
	if err != nil {
		return err
	}
	w.github = server
	w.close = append(w.close, server.Close)
	files, err := newGame().files()
	if err != nil {
		return err
	}
	files["liveops.yaml"] = []byte(config)
	files["checks/gashapon.sql"] = []byte(ratesAddUp)
	w.repo, err = server.CreateRepo(owner, name, files)
	return err
}

// Store gives the bot an environment's database.
func (w *world) Store(_ context.Context, environment string) (*mysqlstore.Store, error) {
	if s := w.stores[environment]; s != nil {
		return s, nil
	}
	return nil, &bot.SettingError{Setting: environment, Reason: "is not an environment of the demo"}
}
