package bot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v62/github"

	"liveops/bot/access"
	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// approved records, for a step that waits for approval, that of the person who let this workflow run go on to the
// environment of the same name at GitHub, and says whether the release may be run again. Who wrote the change does not
// count. Where nobody is left, the step says so.
//
// What was approved is the plan that the pull request showed: a step whose plan is another one stops before anybody is
// asked.
func (j *job) approved(ctx context.Context, part *release.Progress, q release.Request) (bool, error) {
	if j.Run == nil || j.Run.Approvals == 0 || len(part.Paused()) == 0 {
		return false, nil
	}
	s := part.Paused()[0]
	i := slices.IndexFunc(s.Waits, func(w release.Wait) bool { return w.Kind == release.Unapproved })
	if i < 0 {
		return false, nil
	}
	by, why, err := j.approver(ctx, s.Environment, q)
	if err != nil {
		return false, err
	}
	if by == "" {
		s.Waits[i].Reason += "; " + why
		s.Reason += "; " + why
		return false, nil
	}
	store, err := j.Stores.Store(ctx, s.Environment)
	if err != nil {
		return false, err
	}
	j.log.Info("approved by the environment at GitHub", "environment", s.Environment, "by", by)
	return true, store.SaveConfirmation(ctx, mysqlstore.Confirmation{Kind: mysqlstore.Approval, Repository: j.repository, Pull: q.Pull, Digest: s.Plan.Digest, By: by})
}

// approver is who approved this workflow run for an environment and did not write the pull request; "" for nobody, and
// why.
func (j *job) approver(ctx context.Context, environment string, q release.Request) (login, why string, err error) {
	relation, _, err := history{j}.Between(ctx, j.Run.Commit, q.Commit.ID)
	if err != nil {
		return "", "", err
	}
	if relation != datarepo.Same && relation != datarepo.Behind {
		return "", "this workflow run, and who approved it, is of " + release.ShortDigest(j.Run.Commit) + ", which has not this merge", nil
	}
	logins, err := j.reviewers(ctx, environment)
	if err != nil {
		return "", "", err
	}
	if len(logins) == 0 {
		return "", "nobody approved this workflow run for the environment " + environment + " at GitHub, which needs required reviewers for that", nil
	}
	pr, err := j.pull(ctx, q.Pull)
	if err != nil {
		return "", "", err
	}
	writers, err := j.writers(ctx, q.Pull)
	if err != nil {
		return "", "", err
	}
	var refused []string
	for _, login := range logins {
		err := access.SecondPerson(login, pr.GetUser().GetLogin(), writers)
		if err == nil {
			return login, "", nil
		}
		refused = append(refused, err.Error())
	}
	return "", strings.Join(refused, "; "), nil
}

// reviewers are those who approved the workflow run for an environment
// (https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run), whose name GitHub
// compares without regard to case.
func (j *job) reviewers(ctx context.Context, environment string) ([]string, error) {
	request, err := j.GitHub.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/actions/runs/%d/approvals", j.owner, j.name, j.Run.Approvals), nil)
	if err != nil {
		return nil, err
	}
	var reviews []struct {
		State        string `json:"state"`
		Environments []struct {
			Name string `json:"name"`
		} `json:"environments"`
		User struct {
			Login string `json:"login"`
		} `json:"user"`
	}
	if _, err := j.GitHub.Do(ctx, request, &reviews); err != nil {
		return nil, fmt.Errorf("ask who approved workflow run %d: %w", j.Run.Approvals, err)
	}
	var logins []string
	for _, r := range reviews {
		for _, e := range r.Environments {
			if r.State == "approved" && strings.EqualFold(e.Name, environment) {
				logins = append(logins, r.User.Login)
			}
		}
	}
	return logins, nil
}

// writers are the logins of those who wrote or committed the commits of a pull request.
func (j *job) writers(ctx context.Context, pull int) ([]string, error) {
	var logins []string
	o := &github.ListOptions{PerPage: 100}
	for {
		commits, response, err := j.GitHub.PullRequests.ListCommits(ctx, j.owner, j.name, pull, o)
		if err != nil {
			return nil, fmt.Errorf("list the commits of #%d: %w", pull, err)
		}
		for _, c := range commits {
			logins = append(logins, c.GetAuthor().GetLogin(), c.GetCommitter().GetLogin())
		}
		if response.NextPage == 0 {
			return logins, nil
		}
		o.Page = response.NextPage
	}
}
