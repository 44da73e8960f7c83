package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"liveops/bot/command"
	"liveops/bot/hub"
	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/release"
)

// kindCatchUp looks a repository through for what was missed.
const kindCatchUp = "catch-up"

// How far back is looked: GitHub remembers deliveries for three days. Comments are looked for by themselves, where the
// deliveries cannot be listed.
const (
	missedSince  = 72 * time.Hour
	commentSince = 24 * time.Hour
)

// catchUp finds what no delivery told, or what came to no end, while no bot ran: deliveries that failed, open pull requests
// whose plan is not of their newest head and base, merges that an environment has not got, and commands without an
// answer. Whatever is asked for twice is done once.
func (j *job) catchUp(ctx context.Context) error {
	missed, err := j.Hub.MissedDeliveries(ctx, j.repository, j.Now().Add(-missedSince))
	var none *hub.NoDeliveriesError
	if err != nil && !errors.As(err, &none) {
		return err
	}
	for _, m := range missed {
		if _, err := j.Queue.Deliver(ctx, engine.Delivery{ID: m.ID, Event: m.Event, Repository: j.repository, Received: j.Now(), Body: m.Payload}); err != nil {
			return fmt.Errorf("take up the delivery %s again: %w", m.ID, err)
		}
	}
	b, err := j.base(ctx)
	if err != nil || b.config == nil {
		return err
	}
	if err := j.catchUpPlans(ctx, b); err != nil {
		return err
	}
	if err := j.catchUpReleases(ctx, b); err != nil {
		return err
	}
	if none == nil {
		return nil
	}
	return j.catchUpComments(ctx)
}

// catchUpPlans has the open pull requests planned whose newest head, on the newest base, an environment has seen no
// plan of: once, where none has (some cannot be planned), and every hour where only some have.
func (j *job) catchUpPlans(ctx context.Context, b base) error {
	targets, failed := j.targets(ctx, b.config)
	for e, err := range failed {
		j.log.Warn("catching up: plans are not looked at", "environment", e, "error", err)
	}
	targets = slices.DeleteFunc(targets, func(t release.Target) bool { return failed[t.Name] != nil })
	o := &github.PullRequestListOptions{State: "open", Base: b.branch, ListOptions: github.ListOptions{PerPage: 100}}
	for {
		prs, response, err := j.GitHub.PullRequests.List(ctx, j.owner, j.name, o)
		if err != nil {
			return fmt.Errorf("list the open pull requests: %w", err)
		}
		for _, pr := range prs {
			have := 0
			for _, t := range targets {
				r, err := t.Store.Review(ctx, j.repository, pr.GetNumber())
				if err != nil {
					j.log.Warn("catching up: a plan is not looked at", "environment", t.Name, "pull", pr.GetNumber(), "error", err)
				}
				if err != nil || r != nil && r.Head == pr.GetHead().GetSHA() && r.Base == b.tip {
					have++
				}
			}
			if have == len(targets) {
				continue
			}
			cause := pr.GetHead().GetSHA() + "-" + b.tip
			if have > 0 {
				cause += fmt.Sprintf("-%d", j.Now().Truncate(time.Hour).Unix())
			}
			if err := j.askForPlan(ctx, cause, pullJob{Number: pr.GetNumber()}); err != nil {
				return err
			}
		}
		if response.NextPage == 0 {
			return nil
		}
		o.Page = response.NextPage
	}
}

// catchUpReleases takes up the newest merge that an environment has not got; those before it have their turn with it.
func (j *job) catchUpReleases(ctx context.Context, b base) error {
	targets, failed := j.targets(ctx, b.config)
	merges, err := j.merges(ctx, b.branch)
	if err != nil {
		return err
	}
	asked := map[int]bool{}
	for _, t := range targets {
		if err := failed[t.Name]; err != nil {
			j.log.Warn("catching up: an environment is not looked at", "environment", t.Name, "error", err)
			continue
		}
		st, err := t.Store.State(ctx)
		if err != nil {
			j.log.Warn("catching up: an environment is not looked at", "environment", t.Name, "error", err)
			continue
		}
		if st.Commit == "" || st.Commit == b.tip {
			continue
		}
		relation, commits, err := history{j}.Between(ctx, st.Commit, b.tip)
		if err != nil {
			return err
		}
		for i := len(commits) - 1; i >= 0 && relation == datarepo.Ahead; i-- {
			n := merges[commits[i].ID].GetNumber()
			if n == 0 {
				continue
			}
			if !asked[n] {
				asked[n] = true
				err = j.enqueue(ctx, goOnJob(j.repository, fmt.Sprintf("catch-up-%s-%d", commits[i].ID, j.Now().Truncate(time.Hour).Unix()), n))
			}
			if err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// catchUpComments finds commands of the last day that have no answer. One that was edited is not run: whoever may write
// to the repository may edit it, and its author would answer for their words.
func (j *job) catchUpComments(ctx context.Context) error {
	since, sort, direction := j.Now().Add(-commentSince), "created", "asc"
	o := &github.IssueListCommentsOptions{Since: &since, Sort: &sort, Direction: &direction, ListOptions: github.ListOptions{PerPage: 100}}
	for {
		comments, response, err := j.GitHub.Issues.ListComments(ctx, j.owner, j.name, 0, o) // of all issues
		if err != nil {
			return fmt.Errorf("list the newest comments: %w", err)
		}
		for _, c := range comments {
			edited := c.GetUpdatedAt().After(c.GetCreatedAt().Time)
			if edited || c.GetCreatedAt().Before(since) || c.GetUser().GetType() == "Bot" || len(command.Parse(c.GetBody())) == 0 {
				continue
			}
			at := numberOf(c.GetIssueURL())
			if at == 0 {
				continue
			}
			job := commandsJob(engine.Commands, j.repository, commandJob{Number: at, Pull: strings.Contains(c.GetHTMLURL(), "/pull/"),
				Comment: c.GetID(), Author: c.GetUser().GetLogin(), Body: c.GetBody()})
			if err := j.enqueue(ctx, job); err != nil {
				return err
			}
		}
		if response.NextPage == 0 {
			return nil
		}
		o.Page = response.NextPage
	}
}

// numberOf is the number at the end of an issue's address; 0 for none.
func numberOf(address string) int {
	var n int
	if _, err := fmt.Sscanf(address[strings.LastIndexByte(address, '/')+1:], "%d", &n); err != nil {
		return 0
	}
	return n
}
