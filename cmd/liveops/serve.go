package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"
	"github.com/spf13/cobra"

	"liveops/bot"
	"liveops/bot/page"
	"liveops/datarepo"
	"liveops/engine"
)

// defaultListen is where webhooks are answered unless LIVEOPS_LISTEN says otherwise.
const defaultListen = ":8080"

// serveCommand is `serve`, the one process for one machine, or `bot`, the bot alone. While the bot is all there
// is, they are the same.
func (a *app) serveCommand(name string) *cobra.Command {
	short := map[string]string{
		"serve": "Run everything that one machine needs: the engine and the bot",
		"bot":   "Run the GitHub bot",
	}
	return &cobra.Command{
		Use:   name,
		Short: short[name],
		Long: short[name] + `.

It answers GitHub's webhooks at POST /webhook: plans pull requests in a comment, and takes merges to the
environments. Its settings are environment variables (NAME_FILE names a file that holds the value):

  LIVEOPS_WEBHOOK_SECRETS      secrets of the webhook, comma-separated; deliveries must be signed with one of them
  LIVEOPS_GITHUB_TOKEN         a token that may read the code and write comments and commit statuses
  LIVEOPS_REPOSITORIES         the data repos, as owner/name, comma-separated
  LIVEOPS_GITHUB_URL           of GitHub Enterprise, such as https://github.example.com; default github.com
  LIVEOPS_LISTEN               where to listen; default ` + defaultListen + `
  LIVEOPS_PUBLIC_URL           where people reach this process, such as https://liveops.example.com; then what is too
                               large for a comment is a page at a link
  LIVEOPS_STATE_DIR            a directory of its own, kept over restarts; default liveops-state
  LIVEOPS_NATS_URL             an external NATS cluster with JetStream instead of the embedded one; then also
    LIVEOPS_NATS_USER, _PASSWORD, _TOKEN, _CA (a certificate in PEM) and _REPLICAS
  LIVEOPS_<ENV>_MYSQL_DSN      the MySQL of each environment, as user:password@tcp(host:3306)/database

GET /healthz answers while it runs. On SIGTERM it finishes what is under way and ends.`,
		Example: "  LIVEOPS_REPOSITORIES=studio/game-data liveops " + name,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.serve(c.Context()) },
	}
}

func (a *app) serve(ctx context.Context) (err error) {
	log := slog.New(slog.NewTextHandler(a.err, nil))
	open := &stores{settings: a.settings}
	defer func() { err = errors.Join(err, open.Close()) }()
	options, err := a.botOptions(log, open)
	if err != nil {
		return err
	}
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
	log.Info("serving webhooks", "address", l.Addr().String(), "repositories", strings.Join(options.Repositories, ","))
	return b.Serve(ctx, l)
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
	var wrong [8]error
	for i, name := range []string{"LIVEOPS_GITHUB_APP_ID", "LIVEOPS_GITHUB_APP_KEY"} {
		var value string
		if value, wrong[i] = a.settings.get(name); value != "" {
			wrong[i] = &bot.SettingError{Setting: name, Reason: "is not supported by this version yet; use LIVEOPS_GITHUB_TOKEN"}
		}
	}
	o.Secrets, wrong[2] = a.settings.needList("LIVEOPS_WEBHOOK_SECRETS", "the webhook's secret, with which GitHub signs deliveries")
	o.Repositories, wrong[3] = a.repositories()
	token, err := a.settings.need("LIVEOPS_GITHUB_TOKEN", "the bot reads the data repo and writes comments with it")
	wrong[4] = err
	dir, err := a.stateDir()
	wrong[6] = err
	base, err := a.settings.get("LIVEOPS_GITHUB_URL")
	if err == nil {
		if o.GitHub, o.Git, err = gitHub(base, token, filepath.Join(dir, "lfs")); err != nil {
			err = &bot.SettingError{Setting: "LIVEOPS_GITHUB_URL", Reason: err.Error()}
		}
	}
	wrong[5] = err
	_, wrong[7] = a.publicURL()
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

// gitHub makes the clients of GitHub's API and of its git servers. base is the address of a GitHub Enterprise
// server; "" means github.com. largeDir is where files of Git LFS are kept.
func gitHub(base, token, largeDir string) (*github.Client, func(repository string) *datarepo.Remote, error) {
	client := github.NewClient(&http.Client{Timeout: time.Minute}).WithAuthToken(token)
	clone := "https://github.com"
	if base != "" {
		u, err := url.Parse(base)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, nil, fmt.Errorf("is %q; expected an address such as https://github.example.com", base)
		}
		clone = strings.TrimSuffix(base, "/")
		if client, err = client.WithEnterpriseURLs(clone, clone); err != nil {
			return nil, nil, err
		}
	}
	return client, func(repository string) *datarepo.Remote {
		return &datarepo.Remote{URL: clone + "/" + repository + ".git", Username: "x-access-token", Password: token, LargeDir: largeDir}
	}, nil
}
