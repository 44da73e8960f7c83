package bot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/release"
)

// mergeWait is how long the bot waits for GitHub to make a pull request's merge ref, which happens in the
// background (https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request), before it leaves the job for later.
const mergeWait = time.Minute

// fetch reads a commit with the git credentials of the repository. A commit by its id is fetched once in a delivery.
// It is the job's to close.
func (j *job) fetch(ctx context.Context, ref string) (*datarepo.Commit, error) {
	if c := j.commits[ref]; c != nil {
		return c, nil
	}
	c, err := j.git.Fetch(ctx, ref)
	if err != nil {
		return nil, err
	}
	if known := j.commits[c.ID]; known != nil {
		c.Close()
		return known, nil
	}
	j.commits[c.ID] = c
	return c, nil
}

// files are those of a commit that an environment has (see release.Files).
func (j *job) files(ctx context.Context, commit string) (fs.FS, error) {
	c, err := j.fetch(ctx, commit)
	if err != nil {
		return nil, err
	}
	return c.Files, nil
}

// close gives back what the job fetched.
func (j *job) close() {
	for _, c := range j.commits {
		if err := c.Close(); err != nil {
			j.log.Warn("a fetched commit is not removed", "commit", c.ID, "error", err)
		}
	}
}

// pull is a pull request as it stands, with the tip of the branch it goes into.
func (j *job) pull(ctx context.Context, number int) (*github.PullRequest, error) {
	pr, _, err := j.GitHub.PullRequests.Get(ctx, j.owner, j.name, number)
	if err != nil {
		return nil, fmt.Errorf("read pull request #%d: %w", number, err)
	}
	return pr, nil
}

// tip is the newest commit of a branch.
func (j *job) tip(ctx context.Context, branch string) (string, error) {
	ref, _, err := j.GitHub.Git.GetRef(ctx, j.owner, j.name, "heads/"+branch)
	if err != nil {
		return "", fmt.Errorf("read the branch %s: %w", branch, err)
	}
	return ref.GetObject().GetSHA(), nil
}

// errClosed is a pull request that was closed, or merged, while its plan was being made.
var errClosed = errors.New("the pull request is no longer open")

// errConflict is a pull request that cannot be merged as it stands.
var errConflict = errors.New("the pull request conflicts with its base")

// mergeResult waits until GitHub has merged the pull request's current head into the current tip of its base,
// and reads the result. It gives the pull request and the base commit as they were then.
func (j *job) mergeResult(ctx context.Context, number int) (pr *github.PullRequest, base string, c *datarepo.Commit, err error) {
	pause := 250 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		if pr, err = j.pull(ctx, number); err != nil {
			return nil, "", nil, err
		}
		if pr.GetState() != "open" {
			return pr, "", nil, errClosed
		}
		if base, err = j.tip(ctx, pr.GetBase().GetRef()); err != nil {
			return nil, "", nil, err
		}
		if pr.Mergeable != nil && !pr.GetMergeable() {
			return pr, base, nil, errConflict
		}
		c, err = j.fetch(ctx, fmt.Sprintf("refs/pull/%d/merge", number))
		switch {
		case err == nil && slices.Equal(c.Parents, []string{base, pr.GetHead().GetSHA()}):
			return pr, base, c, nil
		case err == nil: // of an earlier base or head
		case !errors.Is(err, datarepo.ErrNotFound):
			return nil, "", nil, err
		}
		if waited >= mergeWait {
			return nil, "", nil, fmt.Errorf("GitHub has not merged #%d with its base after %s", number, mergeWait)
		}
		if err := j.Wait(ctx, pause); err != nil {
			return nil, "", nil, err
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// policy reads the configuration that holds for a change: that of a commit which the change comes after.
// It is nil where that commit has none, or a broken one.
func (j *job) policy(ctx context.Context, commit string) (*datarepo.Config, error) {
	c, err := j.fetch(ctx, commit)
	if err != nil {
		return nil, err
	}
	config, problems := datarepo.LoadConfig(c.Files)
	if len(problems) > 0 {
		return nil, nil
	}
	return config, nil
}

// history answers release.History by GitHub's comparison of two commits
// (https://docs.github.com/en/rest/commits/commits#compare-two-commits).
type history struct{ *job }

// Between is described at datarepo.Checkout.Between.
func (h history) Between(ctx context.Context, from, to string) (datarepo.Relation, []datarepo.Summary, error) {
	if from == to {
		return datarepo.Same, nil, nil
	}
	if from == "" {
		c, _, err := h.GitHub.Repositories.GetCommit(ctx, h.owner, h.name, to, nil)
		if err != nil {
			return 0, nil, fmt.Errorf("read commit %s: %w", to, err)
		}
		return datarepo.Ahead, []datarepo.Summary{summary(c)}, nil
	}
	byID := map[string]*github.RepositoryCommit{}
	o := &github.ListOptions{PerPage: 100}
	for {
		c, response, err := h.GitHub.Repositories.CompareCommits(ctx, h.owner, h.name, from, to, o)
		if response != nil && response.StatusCode == http.StatusNotFound {
			return datarepo.Diverged, nil, nil // from is in no branch any more
		}
		if err != nil {
			return 0, nil, fmt.Errorf("compare %s with %s: %w", from, to, err)
		}
		switch c.GetStatus() {
		case "identical":
			return datarepo.Same, nil, nil
		case "behind":
			return datarepo.Behind, nil, nil
		case "diverged":
			return datarepo.Diverged, nil, nil
		}
		for _, commit := range c.Commits {
			byID[commit.GetSHA()] = commit
		}
		if response.NextPage == 0 {
			return firstParents(byID, from, to)
		}
		o.Page = response.NextPage
	}
}

// firstParents picks, of the commits between two, those that the branch took one after another.
func firstParents(byID map[string]*github.RepositoryCommit, from, to string) (datarepo.Relation, []datarepo.Summary, error) {
	var chain []datarepo.Summary
	for id := to; id != from; {
		c := byID[id]
		if c == nil || len(c.Parents) == 0 {
			return datarepo.Diverged, nil, nil // from came in by another parent than the first
		}
		chain = append(chain, summary(c))
		id = c.Parents[0].GetSHA()
	}
	slices.Reverse(chain)
	return datarepo.Ahead, chain, nil
}

func summary(c *github.RepositoryCommit) datarepo.Summary {
	subject, _, _ := strings.Cut(c.GetCommit().GetMessage(), "\n")
	return datarepo.Summary{ID: c.GetSHA(), Subject: subject, Author: c.GetCommit().GetAuthor().GetName()}
}

// targets opens the environments that a policy names, in promotion order. Those that cannot be opened are told
// apart; one that may come back makes err, so that the job is tried again.
func (j *job) targets(ctx context.Context, config *datarepo.Config) (targets []release.Target, failed map[string]error) {
	failed = map[string]error{}
	for _, e := range config.Environments {
		store, err := j.Stores.Store(ctx, e.Name)
		if err != nil {
			failed[e.Name] = err
		}
		targets = append(targets, release.Target{Name: e.Name, After: e.After, Store: store})
	}
	return targets, failed
}

// planAgain asks for a new plan of every open pull request, since the base or an environment has moved. cause
// makes the jobs' ids, so that asking twice for one cause is asking once.
func (j *job) planAgain(ctx context.Context, branch, cause string) error {
	o := &github.PullRequestListOptions{State: "open", Base: branch, ListOptions: github.ListOptions{PerPage: 100}}
	for {
		prs, response, err := j.GitHub.PullRequests.List(ctx, j.owner, j.name, o)
		if err != nil {
			return fmt.Errorf("list the open pull requests: %w", err)
		}
		for _, pr := range prs {
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

// askForPlan enqueues a plan, behind whatever waits by now.
func (j *job) askForPlan(ctx context.Context, cause string, p pullJob) error {
	return j.enqueue(ctx, j.replanJob(cause, p))
}

func (j *job) replanJob(cause string, p pullJob) engine.Job {
	return planJob(j.repository, fmt.Sprintf("replan-%s-%s-%d", j.repository, cause, p.Number), p)
}
