package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"liveops/bot"
	"liveops/bot/hub"
)

// setup is what `liveops bot --setup` was asked for.
type setup struct {
	on           bool
	organization string
	name         string
	out          string
}

const setupHelp = `

With --setup it registers a GitHub App for the bot instead, once: open the page that it prints in a browser and confirm
what GitHub shows. The App's id, private key and webhook secret are then in files that only you can read, and the
settings that name them are printed, with the link for installing the App on the data repos. It needs LIVEOPS_PUBLIC_URL,
takes LIVEOPS_GITHUB_URL, and serves its page on a free port of this machine alone, or, where LIVEOPS_LISTEN is set, there: then the page
is shown by its address below LIVEOPS_PUBLIC_URL.`

func (s *setup) flags(c *cobra.Command) {
	c.Flags().BoolVar(&s.on, "setup", false, "register a GitHub App for the bot, in a browser")
	c.Flags().StringVar(&s.organization, "organization", "", "with --setup: the organisation that the App is to belong to (default: you)")
	c.Flags().StringVar(&s.name, "name", "", "with --setup: the App's name, which must be unique on GitHub (default: liveops-ORGANISATION)")
	c.Flags().StringVar(&s.out, "out", "", "with --setup: the directory for its files (default: github-app in LIVEOPS_STATE_DIR)")
}

// The files of an App.
const (
	idFile     = "app-id"
	keyFile    = "private-key.pem"
	secretFile = "webhook-secret"
)

// setup registers a GitHub App and keeps its secrets.
func (a *app) setup(ctx context.Context, s setup) error {
	o := hub.RegisterOptions{Organization: s.organization, Name: cmp.Or(s.name, "liveops-"+s.organization)}
	if s.name == "" && s.organization == "" {
		o.Name = "liveops"
	}
	var wrong [4]error
	if o.PublicURL, wrong[0] = a.publicURL(); wrong[0] == nil && o.PublicURL == "" {
		wrong[0] = &bot.SettingError{Setting: "LIVEOPS_PUBLIC_URL", Reason: "is not set: where GitHub is to reach the bot, such as https://liveops.example.com"}
	}
	o.URL, wrong[1] = a.settings.get("LIVEOPS_GITHUB_URL")
	address, err := a.settings.get("LIVEOPS_LISTEN")
	wrong[2] = err
	if len([]rune(o.Name)) > 34 { // https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/registering-a-github-app
		wrong[3] = fmt.Errorf("the name %q has more than the 34 characters that an App's may have: choose one with --name", o.Name)
	}
	if err := errors.Join(wrong[:]...); err != nil {
		return err
	}
	dir, err := a.setupDir(s.out)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cmp.Or(address, "127.0.0.1:0"))
	if err != nil {
		return &bot.SettingError{Setting: "LIVEOPS_LISTEN", Reason: err.Error()}
	}
	o.Opened = func(page string) {
		fmt.Fprintf(a.out, "Open this page in a browser, as someone who may register Apps for %s:\n\n  %s\n\n", cmp.Or(s.organization, "yourself"), page)
	}
	made, err := hub.Register(ctx, l, o)
	if errors.Is(err, hub.ErrAddress) {
		return &bot.SettingError{Setting: "LIVEOPS_GITHUB_URL", Reason: fmt.Sprintf("is %q; expected an address such as https://github.example.com", o.URL)}
	}
	if err != nil {
		return err
	}
	return a.keepApp(dir, made)
}

// setupDir makes the directory for an App's files, and refuses one that has another App's.
func (a *app) setupDir(out string) (string, error) {
	dir := out
	if dir == "" {
		state, err := a.stateDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(state, "github-app")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the directory of the App's files: %w", err)
	}
	for _, name := range []string{idFile, keyFile, secretFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s is there already: of an App that was registered before? Choose another directory with --out", filepath.Join(dir, name))
		}
	}
	return dir, nil
}

// keepApp writes an App's files and says what to do with them.
func (a *app) keepApp(dir string, made *hub.Registered) error {
	for _, f := range []struct{ name, content string }{{idFile, strconv.FormatInt(made.ID, 10) + "\n"}, {keyFile, made.Key}, {secretFile, made.WebhookSecret + "\n"}} {
		if err := writePrivate(filepath.Join(dir, f.name), f.content); err != nil {
			return fmt.Errorf("the App is registered, but its secrets are not kept: %w; make new ones on %s", err, made.Page)
		}
	}
	fmt.Fprintf(a.out, `Registered the GitHub App %s of %s. The bot's settings:

  LIVEOPS_GITHUB_APP_ID=%d
  LIVEOPS_GITHUB_APP_KEY_FILE=%s
  LIVEOPS_WEBHOOK_SECRETS_FILE=%s

Install it on the data repos:

  %s/installations/new
`, printable(made.Slug), printable(made.Owner), made.ID, filepath.Join(dir, keyFile), filepath.Join(dir, secretFile), printable(made.Page))
	return nil
}

// writePrivate makes a file that only its owner can read, and that is on disk when it returns.
func writePrivate(path, content string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	return errors.Join(err, f.Sync(), f.Close())
}
