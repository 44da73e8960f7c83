package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"liveops/bot"
	"liveops/engine"
	"liveops/health"
	"liveops/pushd"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/control"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
	"liveops/sync/mysqlstore"
)

func (a *app) pushdCommand() *cobra.Command {
	var worker bool
	var environments []string
	c := &cobra.Command{
		Use:   "pushd --env ENV",
		Short: "Send the push campaigns that were released to an environment",
		Long: `Send the push campaigns that were released to an environment, each at its times, once to every token of its audience.

However many of them run, one leads the runs of an environment and all send. They share an engine: on one machine
that of LIVEOPS_STATE_DIR, which one process can have open, on several that of LIVEOPS_NATS_URL. With --worker it sends
what others lead, and needs no database. Its settings are environment variables (NAME_FILE names a file with the value):

  LIVEOPS_<ENV>_MYSQL_DSN        the environment's MySQL, with what was released and the record of the runs
  LIVEOPS_<ENV>_PUSH_DSN         where the tokens are; by default the same
  LIVEOPS_<ENV>_COUCHBASE_URL    in its place, where liveops.yaml has a query for the tokens: their bucket, as
                                 couchbases://host/bucket, with …_COUCHBASE_USER, …_COUCHBASE_PASSWORD and …_COUCHBASE_CA
  LIVEOPS_<ENV>_FCM_CREDENTIALS  the JSON file of a Google service account
  LIVEOPS_<ENV>_APNS_KEY         an APNs key (.p8), with …_APNS_KEY_ID, …_APNS_TEAM_ID and …_APNS_TOPIC
  LIVEOPS_<ENV>_FCM_URL, _APNS_URL   of stand-ins, with their certificates in …_FCM_CA and …_APNS_CA. The second goes before
                                 apns: {sandbox: true} of liveops.yaml, which has tokens of development builds sent to Apple's sandbox
  LIVEOPS_<ENV>_AWS_ENDPOINT     of a stand-in for AWS, where liveops.yaml has capacity for the environment. Who liveops is
                                 at AWS, AWS's own settings say: a role of the machine, AWS_ACCESS_KEY_ID, AWS_REGION, …
  LIVEOPS_<ENV>_PUSH_EVERYONE    yes, for an environment that is not the last and yet sends to all of its tokens

On SIGTERM it finishes what it has in hand and ends; another one goes on.`,
		Example: `  liveops pushd --env production
  LIVEOPS_NATS_URL=nats://nats:4222 liveops pushd --env production --worker`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log := slog.New(slog.NewTextHandler(a.err, nil))
			e, err := a.openEngine(c.Context(), log)
			if err != nil {
				return err
			}
			open := &stores{settings: a.settings}
			err = a.push(c.Context(), e, open, log, environments, worker, newHeap())
			return errors.Join(err, open.Close(), e.Close())
		},
	}
	c.Flags().StringArrayVarP(&environments, "env", "e", nil, "an `environment`; may be repeated")
	c.Flags().BoolVar(&worker, "worker", false, "send only, and lead nothing")
	if err := c.MarkFlagRequired("env"); err != nil {
		panic(err) // the flag is there
	}
	return c
}

// push leads the pushes of some environments and works for them, until ctx ends. h may be nil.
func (a *app) push(ctx context.Context, e *engine.Engine, open *stores, log *slog.Logger, environments []string, workerOnly bool, h *heap) (err error) {
	var parts []func(context.Context) error
	var closers []func() error
	defer func() {
		for _, closeAll := range closers {
			err = errors.Join(err, closeAll())
		}
	}()
	documents := &buckets{settings: a.settings}
	closers = append(closers, documents.Close)
	for _, environment := range environments {
		batches, err := e.Batches(ctx, environment)
		if err != nil {
			return err
		}
		senders, sandbox, closeAll, err := a.senders(environment, log)
		if err != nil {
			return err
		}
		closers = append(closers, closeAll)
		if len(senders) == 0 {
			return fmt.Errorf("environment %s has neither %s nor %s", environment, environmentSetting(environment, "FCM_CREDENTIALS"), environmentSetting(environment, "APNS_KEY"))
		}
		work := pushd.WorkOptions{Environment: environment, Name: processName() + "/" + rand.Text(), Batches: batches, Decode: control.Decode, Senders: senders, Sandbox: sandbox, AtWork: h.atWork(environment), Log: log}
		parts = append(parts, func(ctx context.Context) error { return pushd.Work(ctx, work) })
		if workerOnly {
			continue
		}
		next := func(ctx context.Context) (led, error) { return a.led(ctx, environment, batches, open, documents, log) }
		first, err := next(ctx)
		if err != nil {
			return err
		}
		leading := terms{next: next, lead: pushd.Lead, wait: waitFor, log: log}
		parts = append(parts, func(ctx context.Context) error { return leading.run(ctx, first) })
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		g.Go(func() error { return part(ctx) })
	}
	return g.Wait()
}

// processName is what a process is called where several work together.
func processName() string {
	host, _ := os.Hostname() // the process's id must do where it has no name
	return host + "/" + strconv.Itoa(os.Getpid())
}

// led reads how an environment's pushes are led.
func (a *app) led(ctx context.Context, environment string, batches *engine.Batches, open *stores, documents *buckets, log *slog.Logger) (led, error) {
	store, err := open.Store(ctx, environment)
	if err != nil {
		return led{}, err
	}
	if err := store.Prepare(ctx); err != nil {
		return led{}, err
	}
	table := store
	if dsn, err := a.settings.get(environmentSetting(environment, "PUSH_DSN")); err != nil {
		return led{}, err
	} else if dsn != "" {
		if table, err = open.tokens(ctx, environment, dsn); err != nil {
			return led{}, err
		}
	}
	files := &pushFiles{settings: a.settings, store: store}
	released, err := files.read(ctx)
	if err != nil {
		return led{}, err
	}
	changed := files.follow(released)
	push, err := released.Push()
	if err != nil {
		return led{}, fmt.Errorf("environment %s: %w", environment, err)
	}
	of := &tokens{environment: environment, table: &audience.Store{DB: table.DB()}, documents: documents, log: log}
	if push.Tokens.Query != "" { // what cannot be reached is told now
		if _, err := of.couchbase(ctx); err != nil {
			return led{}, err
		}
	}
	o := pushd.Options{
		Environment: environment, Name: processName(), Batches: batches, Runs: runs.New(store.DB()), Tokens: of, Decode: control.Decode,
		Query: files.query, Testers: files.testers(of), Released: files.released, Gateways: push.Gateways(), Sandbox: push.Sandbox, Quotas: push.Quotas, Log: log,
		Healthy:  health.New(released.Config.Guards).Healthy,
		KeepDead: !push.Dead.Delete && push.Dead.Mark == "",
	}
	if c := capacityOf(released.Config, environment); c != nil {
		servers, err := a.gameServers(ctx, environment, c, store.DB())
		if err != nil {
			return led{}, err
		}
		o.Servers, o.MostServers = servers, c.Max
	}
	if push.Tokens.Timezone != "" {
		o.Zones = func(ctx context.Context) ([]string, error) {
			push, err := files.lastPush()
			if err != nil {
				return nil, err
			}
			return of.zones(ctx, push)
		}
	}
	return led{o, changed}, nil
}

// tokens opens the database of an environment's tokens, which Close closes too.
func (s *stores) tokens(ctx context.Context, environment, dsn string) (*mysqlstore.Store, error) {
	const mark = " (tokens)" // no environment's name has a blank
	if there := s.opened(environment+mark, nil); there != nil {
		return there, nil
	}
	store, err := mysqlstore.Open(ctx, environment, dsn, mysqlstore.Options{})
	if err != nil {
		return nil, err
	}
	return s.opened(environment+mark, store), nil
}

// senders are those of the gateways that an environment has credentials for. sandbox is of APNs's sandbox, which has the same; nil where a
// setting says where APNs is: that goes before what liveops.yaml says.
func (a *app) senders(environment string, log *slog.Logger) (senders map[campaign.Gateway]pushd.Sender, sandbox pushd.Sender, closeAll func() error, err error) {
	get := func(setting string) (value string) {
		v, wrong := a.settings.get(setting)
		err = errors.Join(err, wrong)
		return v
	}
	credentials, fcm, fcmErr := get(environmentSetting(environment, "FCM_CREDENTIALS")), gateway.Options{URL: get(environmentSetting(environment, "FCM_URL")), Log: log}, error(nil)
	fcm.RootCAs, fcmErr = pool(environmentSetting(environment, "FCM_CA"), get(environmentSetting(environment, "FCM_CA")))
	key := gateway.APNs{Key: []byte(get(environmentSetting(environment, "APNS_KEY"))), KeyID: get(environmentSetting(environment, "APNS_KEY_ID")), TeamID: get(environmentSetting(environment, "APNS_TEAM_ID")), Topic: get(environmentSetting(environment, "APNS_TOPIC"))}
	apns, apnsErr := gateway.Options{URL: get(environmentSetting(environment, "APNS_URL")), Log: log}, error(nil)
	apns.RootCAs, apnsErr = pool(environmentSetting(environment, "APNS_CA"), get(environmentSetting(environment, "APNS_CA")))
	if err = errors.Join(err, fcmErr, apnsErr); err != nil {
		return nil, nil, nil, err
	}
	senders = map[campaign.Gateway]pushd.Sender{}
	var all []*gateway.Sender
	closeAll = func() error {
		var err error
		for _, s := range all {
			err = errors.Join(err, s.Close())
		}
		return err
	}
	if credentials != "" {
		s, err := gateway.NewFCM(gateway.FCM{ServiceAccount: []byte(credentials)}, fcm)
		if err != nil {
			return nil, nil, nil, &bot.SettingError{Setting: environmentSetting(environment, "FCM_CREDENTIALS"), Reason: err.Error()}
		}
		all, senders[campaign.FCM] = append(all, s), s
	}
	if len(key.Key) > 0 {
		s, err := gateway.NewAPNs(key, apns)
		if err != nil {
			return nil, nil, nil, errors.Join(&bot.SettingError{Setting: environmentSetting(environment, "APNS_KEY"), Reason: err.Error()}, closeAll())
		}
		all, senders[campaign.APNs] = append(all, s), s
		if apns.URL == "" {
			apns.URL = gateway.APNsDevelopmentURL
			s, err := gateway.NewAPNs(key, apns)
			if err != nil { // the key was in order
				return nil, nil, nil, errors.Join(err, closeAll())
			}
			all, sandbox = append(all, s), s
		}
	}
	return senders, sandbox, closeAll, nil
}

// pool is certificates in PEM; nil, which is the system's, for "".
func pool(setting, pem string) (*x509.CertPool, error) {
	if pem == "" {
		return nil, nil
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM([]byte(pem)) {
		return nil, &bot.SettingError{Setting: setting, Reason: "holds no certificate in PEM"}
	}
	return p, nil
}
