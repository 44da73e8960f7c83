package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"liveops/bot"
	"liveops/bot/page"
	"liveops/engine"
)

// defaultListen is where webhooks are answered unless LIVEOPS_LISTEN says otherwise.
const defaultListen = ":8080"

// serveCommand is `serve`, the one process for one machine, or `bot`. They differ in what they are called: either sends the push
// campaigns of the environments that a setting names, and none otherwise.
func (a *app) serveCommand(name string) *cobra.Command {
	short := map[string]string{
		"serve": "Run everything that one machine needs: the engine, the bot, and the sending of pushes",
		"bot":   "Run the GitHub bot",
	}
	var s setup
	help := ""
	if name == "bot" {
		help = setupHelp
	}
	c := &cobra.Command{
		Use:   name,
		Short: short[name],
		Long: short[name] + `.

It answers GitHub's webhooks at POST /webhook: plans pull requests in a comment, and takes merges to the
environments. Its settings are environment variables (NAME_FILE names a file that holds the value):

  LIVEOPS_WEBHOOK_SECRETS      secrets of the webhook, comma-separated; deliveries must be signed with one of them
  LIVEOPS_GITHUB_APP_ID        the number of a GitHub App (liveops bot --setup registers one), with
    LIVEOPS_GITHUB_APP_KEY     its private key, in PEM; or in their place
  LIVEOPS_GITHUB_TOKEN         a token that may read the code and write comments and commit statuses
  LIVEOPS_REPOSITORIES         the data repos, as owner/name, comma-separated
  LIVEOPS_GITHUB_URL           of GitHub Enterprise, such as https://github.example.com; default github.com
  LIVEOPS_LISTEN               where to listen; default ` + defaultListen + `
  LIVEOPS_PUBLIC_URL           where GitHub and people reach the bot, such as https://liveops.example.com; then what is
                               too large for a comment is a page at a link
  LIVEOPS_STATE_DIR            a directory of its own, kept over restarts; default liveops-state
  LIVEOPS_NATS_URL             an external NATS cluster with JetStream instead of the embedded one; then also
    LIVEOPS_NATS_USER, _PASSWORD, _TOKEN, _CA (a certificate in PEM) and _REPLICAS
  LIVEOPS_<ENV>_MYSQL_DSN      the MySQL of each environment, as user:password@tcp(host:3306)/database
  LIVEOPS_<ENV>_PUSH_DSN       for campaigns: the MySQL with the push tokens, where that is another one
  LIVEOPS_PUSH_ENVIRONMENTS    environments whose push campaigns this process sends, comma-separated; for these the
                               settings that liveops pushd --help names
  LIVEOPS_<ENV>_COUCHBASE_URL  for purges, and push tokens by a query: the bucket of each environment, with …_USER,
                               …_PASSWORD and …_CA

GET /healthz answers while it runs. On SIGTERM it finishes what is under way and ends.` + help,
		Example: "  LIVEOPS_REPOSITORIES=studio/game-data liveops " + name,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if s.on {
				return a.setup(c.Context(), s)
			}
			return a.serve(c.Context())
		},
	}
	if name == "bot" {
		c.Example += "\n  LIVEOPS_PUBLIC_URL=https://liveops.example.com liveops bot --setup --organization studio"
		s.flags(c)
	}
	return c
}

func (a *app) serve(ctx context.Context) (err error) {
	log := slog.New(slog.NewTextHandler(a.err, nil))
	open := &stores{settings: a.settings}
	defer func() { err = errors.Join(err, open.Close()) }()
	options, err := a.botOptions(log, open)
	if err != nil {
		return err
	}
	documents := &buckets{settings: a.settings}
	defer func() { err = errors.Join(err, documents.Close()) }()
	tokens := &phones{settings: a.settings}
	defer func() { err = errors.Join(err, tokens.Close()) }()
	options.Buckets, options.Phones, options.Servers = documents, tokens, a.standing(open)
	queue, err := a.openEngine(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, queue.Close()) }()
	options.Queue = queue
	if options.Pages, err = a.pages(ctx, queue, log); err != nil {
		return err
	}
	b, err := bot.New(ctx, options)
	if err != nil {
		return err
	}
	address, err := a.settings.get("LIVEOPS_LISTEN")
	if err != nil {
		return err
	}
	if address == "" {
		address = defaultListen
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return &bot.SettingError{Setting: "LIVEOPS_LISTEN", Reason: err.Error()}
	}
	pushes, err := a.settings.list("LIVEOPS_PUSH_ENVIRONMENTS")
	if err != nil {
		return errors.Join(err, l.Close())
	}
	log.Info("serving webhooks", "address", l.Addr().String(), "repositories", strings.Join(options.Repositories, ","))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.Serve(ctx, l) })
	g.Go(func() error { return a.push(ctx, queue, open, log, pushes, false, nil) })
	return g.Wait()
}

func (a *app) openEngine(ctx context.Context, log *slog.Logger) (*engine.Engine, error) {
	dir, err := a.stateDir()
	if err != nil {
		return nil, err
	}
	options, err := a.nats()
	if err != nil {
		return nil, err
	}
	options.Dir, options.Logger = dir, log
	return engine.Open(ctx, options)
}

// publicURL is where people reach the process; "" where that is not set.
func (a *app) publicURL() (string, error) {
	const setting = "LIVEOPS_PUBLIC_URL"
	address, err := a.settings.get(setting)
	if err == nil && address != "" {
		if wrong := page.CheckURL(address); wrong != nil {
			err = &bot.SettingError{Setting: setting, Reason: fmt.Sprintf("is %q, which %s", address, wrong)}
		}
	}
	return address, err
}

// pages are what comments link to; nil where no link can be made.
func (a *app) pages(ctx context.Context, e *engine.Engine, log *slog.Logger) (*page.Shelf, error) {
	address, err := a.publicURL()
	if err != nil || address == "" {
		return nil, err
	}
	kept, err := e.Pages(ctx)
	if err != nil {
		return nil, err
	}
	return page.New(page.Options{Pages: kept, Key: kept.Key(), PublicURL: address, Log: log})
}

// stateDir is where the process keeps its files.
func (a *app) stateDir() (string, error) {
	dir, err := a.settings.get("LIVEOPS_STATE_DIR")
	return cmp.Or(dir, "liveops-state"), err
}

// nats is the external NATS cluster, if there is one.
func (a *app) nats() (o engine.Options, err error) {
	var roots, replicas string
	for _, s := range []struct {
		name string
		into *string
	}{{"LIVEOPS_NATS_URL", &o.URL}, {"LIVEOPS_NATS_USER", &o.User}, {"LIVEOPS_NATS_PASSWORD", &o.Password}, {"LIVEOPS_NATS_TOKEN", &o.Token},
		{"LIVEOPS_NATS_CA", &roots}, {"LIVEOPS_NATS_REPLICAS", &replicas}} {
		value, wrong := a.settings.get(s.name)
		*s.into, err = value, errors.Join(err, wrong)
	}
	if roots != "" {
		o.RootCAs = x509.NewCertPool()
		if !o.RootCAs.AppendCertsFromPEM([]byte(roots)) {
			err = errors.Join(err, &bot.SettingError{Setting: "LIVEOPS_NATS_CA", Reason: "holds no certificate in PEM"})
		}
	}
	if replicas != "" {
		n, wrong := strconv.Atoi(replicas)
		if wrong != nil || n < 1 || n > 5 {
			err = errors.Join(err, &bot.SettingError{Setting: "LIVEOPS_NATS_REPLICAS", Reason: fmt.Sprintf("is %q; expected 1 to 5", replicas)})
		}
		o.Replicas = n
	}
	return o, err
}

// botOptions makes the bot's options of the settings. All that is missing or wrong is told at once.
func (a *app) botOptions(log *slog.Logger, open *stores) (bot.Options, error) {
	o := bot.Options{Log: log, Stores: open}
	var wrong [3]error
	o.Secrets, wrong[0] = a.settings.needList("LIVEOPS_WEBHOOK_SECRETS", "the webhook's secret, with which GitHub signs deliveries")
	o.Repositories, wrong[1] = a.repositories()
	o.Hub, wrong[2] = a.hub(log)
	return o, errors.Join(wrong[:]...)
}

// repositories are the data repos. A name without its owner would match no delivery, and nothing would ever happen.
func (a *app) repositories() ([]string, error) {
	const setting = "LIVEOPS_REPOSITORIES"
	names, err := a.settings.needList(setting, "the data repos, as owner/name")
	for _, n := range names {
		if owner, name, _ := strings.Cut(n, "/"); owner == "" || name == "" || strings.Contains(name, "/") {
			err = errors.Join(err, &bot.SettingError{Setting: setting, Reason: fmt.Sprintf("names %q; expected owner/name", n)})
		}
	}
	return names, err
}
