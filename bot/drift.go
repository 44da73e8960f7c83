package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/release"
	"liveops/sync/report"
)

// The kinds of jobs about drift: whether the schedule says that it is time, and the comparing itself.
const (
	kindDriftDue = "drift-due"
	kindDrift    = "drift"
)

// driftDue has the environments compared where the default branch's schedule fires in the minute in which the job was
// asked for. It is done behind the releases: none may change rows meanwhile.
func (j *job) driftDue(ctx context.Context, w engine.Job) error {
	b, err := j.base(ctx)
	if err != nil || b.config == nil || b.config.Drift == nil {
		return err
	}
	minute := w.Asked.Truncate(time.Minute)
	if b.config.Drift.Cron.Next(minute.Add(-time.Nanosecond)).After(minute) {
		return nil
	}
	return j.LookForDrift(ctx, fmt.Sprintf("drift-%s-%d", strings.ToLower(j.repository), minute.Unix()), j.repository)
}

// LookForDrift asks for the environments of a repository to be compared with their commits, and for the issues about them to
// be brought up to date, where its liveops.yaml has a drift schedule. id names the request, so that asking twice is
// asking once.
func (b *Bot) LookForDrift(ctx context.Context, id, repository string) error {
	return b.enqueue(ctx, engine.Job{ID: id, Lane: engine.Releases, Key: strings.ToLower(repository), Kind: kindDrift, Repository: repository, About: repository, Supersede: kindDrift})
}

// lookForDrift compares every environment with the commit that it was released from, and keeps one issue for each that
// differs up to date.
func (j *job) lookForDrift(ctx context.Context) error {
	b, err := j.base(ctx)
	if err != nil || b.config == nil || b.config.Drift == nil {
		return err
	}
	all, failed, err := j.compareWithCommits(ctx, b.config)
	if err != nil {
		return err
	}
	for e, why := range failed {
		j.log.Warn("drift: an environment gave no answer", "environment", e, "reason", why)
	}
	_, err = j.tellDrift(ctx, all)
	return err
}

// drift is the same on command, with an answer.
func (t *talk) drift(ctx context.Context) (reply, error) {
	all, failed, err := t.compareWithCommits(ctx, t.config)
	if err != nil {
		return reply{}, err
	}
	issues, err := t.tellDrift(ctx, all)
	if err != nil {
		return reply{}, err
	}
	return done(report.DriftMarkdown(all, issues, failed)), nil
}

// compareWithCommits plans each environment for the commit that it has: a plan with changes is drift. failed says of the
// others why they could not be asked.
func (j *job) compareWithCommits(ctx context.Context, config *datarepo.Config) (all []report.Drift, failed map[string]string, err error) {
	failed = map[string]string{}
	targets, unopened := j.targets(ctx, config)
	for _, t := range targets {
		p, err := (*release.Plan)(nil), unopened[t.Name]
		if err == nil {
			p, err = j.compareWithCommit(ctx, t)
		}
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			j.log.Warn("an environment is not compared with its commit", "environment", t.Name, "error", err)
			failed[t.Name] = reason(err)
		case p != nil:
			all = append(all, report.Drift{Environment: t.Name, Plan: p, When: j.Now()})
		}
	}
	return all, failed, nil
}

// compareWithCommit is nil for an environment that has no commit yet.
func (j *job) compareWithCommit(ctx context.Context, t release.Target) (*release.Plan, error) {
	snap, err := t.Store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	if snap.State.Commit == "" {
		return nil, nil
	}
	c, err := j.fetch(ctx, snap.State.Commit)
	if err != nil {
		return nil, err
	}
	desired, err := release.Read(ctx, c.ID, c.Files)
	if err != nil {
		return nil, err
	}
	return release.MakePlan(ctx, desired, t.Name, snap, nil)
}

// tellDrift opens, updates and closes the issues, and gives the numbers of those that are open.
func (j *job) tellDrift(ctx context.Context, all []report.Drift) (map[string]int, error) {
	open, err := j.driftIssues(ctx)
	if err != nil {
		return nil, err
	}
	numbers := map[string]int{}
	for i := range all {
		d := &all[i]
		issue := open[d.Environment]
		if issue == nil && d.Gone() {
			continue
		}
		n, err := j.tellDriftOf(ctx, d, issue)
		if err != nil {
			return nil, fmt.Errorf("tell of the drift of %s: %w", d.Environment, err)
		}
		if n > 0 {
			numbers[d.Environment] = n
		}
	}
	return numbers, nil
}

// driftIssues are the bot's own open issues about drift, by environment.
func (j *job) driftIssues(ctx context.Context) (map[string]*github.Issue, error) {
	found := map[string]*github.Issue{}
	o := &github.IssueListByRepoOptions{State: "open", Creator: j.self, ListOptions: github.ListOptions{PerPage: 100}}
	for {
		issues, response, err := j.GitHub.Issues.ListByRepo(ctx, j.owner, j.name, o)
		if err != nil {
			return nil, fmt.Errorf("look for the issues about drift: %w", err)
		}
		for _, i := range issues {
			rest, is := strings.CutPrefix(i.GetBody(), "<!-- liveops:drift ")
			environment, _, whole := strings.Cut(rest, " -->")
			if is && whole && !i.IsPullRequest() && i.GetUser().GetLogin() == j.self && found[environment] == nil {
				found[environment] = i
			}
		}
		if response.NextPage == 0 {
			return found, nil
		}
		o.Page = response.NextPage
	}
}

// tellDriftOf writes one issue, and gives its number; 0 where it is closed.
func (j *job) tellDriftOf(ctx context.Context, d *report.Drift, issue *github.Issue) (int, error) {
	if d.Gone() {
		gone, closed, why := report.DriftGone(*d), "closed", "completed"
		if _, _, err := j.GitHub.Issues.CreateComment(ctx, j.owner, j.name, issue.GetNumber(), &github.IssueComment{Body: &gone}); err != nil {
			return 0, err
		}
		_, _, err := j.GitHub.Issues.Edit(ctx, j.owner, j.name, issue.GetNumber(), &github.IssueRequest{State: &closed, StateReason: &why})
		return 0, err
	}
	title := report.DriftTitle(d.Environment)
	if issue == nil {
		body := report.DriftIssue(*d)
		made, _, err := j.GitHub.Issues.Create(ctx, j.owner, j.name, &github.IssueRequest{Title: &title, Body: &body})
		return made.GetNumber(), err
	}
	d.Since = issue.GetCreatedAt().Time
	body := report.DriftIssue(*d)
	_, _, err := j.GitHub.Issues.Edit(ctx, j.owner, j.name, issue.GetNumber(), &github.IssueRequest{Body: &body})
	return issue.GetNumber(), err
}
