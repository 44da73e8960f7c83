package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"liveops/bot"
	"liveops/bot/action"
	"liveops/bot/hub"
)

// actionFlags are what `liveops action` was asked for.
type actionFlags struct {
	env       string
	approvals bool
	artifacts string
	drift     bool
}

func (a *app) actionCommand() *cobra.Command {
	var f actionFlags
	c := &cobra.Command{
		Use:   "action",
		Short: "Do the bot's work for one event, in GitHub Actions",
		Long: `Do the bot's work for the event of a GitHub Actions run, with no server: plan a pull request (pull_request), take
merges to the environments (push to the default branch, a pull request closed by its merge, schedule,
workflow_dispatch), carry out the commands of a comment (issue_comment). What the bot's comment says is also in the
job's summary, and each problem is an annotation.

A run may be cancelled for a newer one before it began, and events may be missed. So a run releases all merges that the
ledgers of the environments say are owed, oldest first, each held to the plan that its own pull request showed.

With --env NAME releases go to that environment alone, and only when the one before it has the commit: a job for each,
with GitHub's environments, and their required reviewers. With --approved-by-environment the reviewer who let the job
go on has given the approval that liveops.yaml asks for (requires: [approval]), unless they wrote the change.

The runner sets GITHUB_EVENT_NAME, GITHUB_EVENT_PATH, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_SHA,
GITHUB_SERVER_URL and GITHUB_API_URL, and where the summary and the outputs go. The workflow sets:

  GITHUB_TOKEN                 the run's own token, ${{ github.token }}; or in its place
  LIVEOPS_GITHUB_TOKEN         a personal access token, or LIVEOPS_GITHUB_APP_ID with LIVEOPS_GITHUB_APP_KEY
  LIVEOPS_<ENV>_MYSQL_DSN      the MySQL of each environment, as user:password@tcp(host:3306)/database
  LIVEOPS_<ENV>_PUSH_DSN       for campaigns: the MySQL with the push tokens, where that is another one
  LIVEOPS_<ENV>_COUCHBASE_URL  for purges, and push tokens by a query: the bucket of each environment, with …_USER,
                               …_PASSWORD and …_CA

Outputs: changed (true or false), digests (of the plans, as JSON by environment), owed (the environments that are still
owed a merge, as a JSON list), artifacts (true or false: files are in the directory of --artifacts).

Exit codes: 0 done or nothing to do; 2 an error, a problem, a release that was stopped or waits, or a job that was tried
several times and given up.`,
		Example: `  liveops action
  liveops action --env production --approved-by-environment
  liveops action --artifacts liveops-artifacts`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.action(c.Context(), f) },
	}
	c.Flags().StringVar(&f.env, "env", "", "release to this environment alone")
	c.Flags().BoolVar(&f.approvals, "approved-by-environment", false, "with --env: the approval of GitHub's environment of that name is the one that liveops.yaml requires")
	c.Flags().BoolVar(&f.drift, "drift", false, "compare environments with their commits, and release nothing")
	c.MarkFlagsMutuallyExclusive("drift", "env")
	c.Flags().StringVar(&f.artifacts, "artifacts", "", "the directory for files that the workflow uploads as an artifact")
	return c
}

// action reads what the runner and the workflow set; all that is missing or wrong is told at once.
func (a *app) action(ctx context.Context, f actionFlags) (err error) {
	open := &stores{settings: a.settings}
	defer func() { err = errors.Join(err, open.Close()) }()
	documents := &buckets{settings: a.settings}
	defer func() { err = errors.Join(err, documents.Close()) }()
	o, err := a.actionOptions(f)
	tokens := &phones{settings: a.settings}
	defer func() { err = errors.Join(err, tokens.Close()) }()
	o.Stores, o.Buckets, o.Phones, o.Servers = open, documents, tokens, a.standing(open)
	h, wrong := a.actionHub()
	if err := errors.Join(err, wrong); err != nil {
		return err
	}
	o.Hub = h
	unwell, err := action.Run(ctx, o)
	if err == nil && unwell {
		return exitCode(exitError)
	}
	return err
}

func (a *app) actionOptions(f actionFlags) (action.Options, error) {
	o := action.Options{Only: f.env, Approvals: f.approvals, Artifacts: f.artifacts, Drift: f.drift, Out: a.out}
	var wrong [6]error
	if f.approvals && f.env == "" {
		wrong[0] = errors.New("--approved-by-environment needs --env: it is about the environment of one job")
	}
	o.Event, wrong[1] = a.settings.need("GITHUB_EVENT_NAME", "the runner of GitHub Actions sets it")
	o.Payload, wrong[2] = a.payload()
	o.Repository, wrong[3] = a.settings.need("GITHUB_REPOSITORY", "the data repo, as owner/name; the runner of GitHub Actions sets it")
	o.RunID, wrong[4] = a.runID()
	if f.approvals {
		o.Commit, wrong[5] = a.settings.need("GITHUB_SHA", "the commit of the workflow run; the runner of GitHub Actions sets it")
	}
	for _, s := range []struct {
		name string
		into *string
	}{{"GITHUB_STEP_SUMMARY", &o.Summary}, {"GITHUB_OUTPUT", &o.Output}, {"GITHUB_RUN_ATTEMPT", &o.Attempt}} {
		*s.into, _ = a.settings.lookup(s.name)
	}
	o.Attempt = cmp.Or(o.Attempt, "1")
	return o, errors.Join(wrong[:]...)
}

// payload is what the event brought.
func (a *app) payload() ([]byte, error) {
	path, err := a.settings.need("GITHUB_EVENT_PATH", "the file with the event; the runner of GitHub Actions sets it")
	if err != nil {
		return nil, err
	}
	payload, err := os.ReadFile(path)
	if err != nil {
		return nil, &bot.SettingError{Setting: "GITHUB_EVENT_PATH", Reason: "names a file that cannot be read: " + err.Error()}
	}
	return payload, nil
}

func (a *app) runID() (int64, error) {
	text, err := a.settings.need("GITHUB_RUN_ID", "the number of the workflow run; the runner of GitHub Actions sets it")
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, &bot.SettingError{Setting: "GITHUB_RUN_ID", Reason: fmt.Sprintf("is %q; expected a number", text)}
	}
	return id, nil
}

// actionHub is the way to GitHub: as the account that the workflow gives liveops, or as the run's own.
func (a *app) actionHub() (*hub.Hub, error) {
	o, err := a.actionIdentity()
	o.Log = slog.New(slog.DiscardHandler)
	url, wrong := a.settings.get("LIVEOPS_GITHUB_URL")
	err = errors.Join(err, wrong)
	o.URL = url
	if url == "" {
		o.URL, _ = a.settings.lookup("GITHUB_SERVER_URL")
		o.API, _ = a.settings.lookup("GITHUB_API_URL")
	}
	if strings.TrimSuffix(o.URL, "/") == "https://github.com" {
		o.URL = ""
	}
	dir, wrong := a.settings.get("LIVEOPS_STATE_DIR")
	err = errors.Join(err, wrong)
	if dir == "" {
		temporary, _ := a.settings.lookup("RUNNER_TEMP")
		dir = filepath.Join(cmp.Or(temporary, os.TempDir()), "liveops-state")
	}
	o.LargeDir = filepath.Join(dir, "lfs")
	if err != nil {
		return nil, err
	}
	h, err := hub.New(o)
	if errors.Is(err, hub.ErrAddress) {
		err = &bot.SettingError{Setting: "GITHUB_SERVER_URL, GITHUB_API_URL", Reason: fmt.Sprintf("are %q and %q; expected addresses such as https://github.example.com and https://github.example.com/api/v3", o.URL, o.API)}
	}
	return h, err
}

// actionIdentity is an account of the workflow's choice, else that of the run's token.
func (a *app) actionIdentity() (hub.Options, error) {
	for _, name := range []string{"LIVEOPS_GITHUB_TOKEN", "LIVEOPS_GITHUB_APP_ID", "LIVEOPS_GITHUB_APP_KEY"} {
		if value, err := a.settings.get(name); value != "" || err != nil {
			return a.identity()
		}
	}
	token, err := a.settings.get("GITHUB_TOKEN")
	if err == nil && token == "" {
		err = &bot.SettingError{Setting: "GITHUB_TOKEN", Reason: "is not set: in the workflow, give it ${{ github.token }}"}
	}
	return hub.Options{Token: token, Login: hub.ActionsLogin}, err
}
